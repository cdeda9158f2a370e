package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	_ "github.com/taskdb/taskdb/backends/dict" // what --in files are read into
	_ "github.com/taskdb/taskdb/backends/mongo"
	_ "github.com/taskdb/taskdb/backends/nodb"
	_ "github.com/taskdb/taskdb/backends/remote"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

// sourceFlags say which records a command reads: those of files or of a store.
type sourceFlags struct {
	in    []string
	store storeFlags
}

func (f *sourceFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.in, "in", nil,
		"read `FILE`, not a store: a database of IPython, JSON lines, BSON or CSV; - is standard input (repeat it for several files)")
	completeFiles(cmd, "in")
	f.store.orFile = true
	f.store.register(cmd)
}

// use opens the records, does something with them, and closes them.
func (f *sourceFlags) use(ctx context.Context, p *program, cmd *cobra.Command, do func(db *taskdb.DB) error) error {
	if len(f.in) == 0 {
		return f.store.read(ctx, p, do)
	}
	for _, other := range []string{"store", "hub", "store-type", "store-path", "node", "collection"} {
		if cmd.Flags().Changed(other) {
			return usage("import the file into the store, or ask it alone", "--in and --%s exclude each other", other)
		}
	}
	return f.useFiles(ctx, p, do)
}

// useFiles reads the files into memory. Files that could be read in part only are
// an error in the end, after all was done.
func (f *sourceFlags) useFiles(ctx context.Context, p *program, do func(db *taskdb.DB) error) error {
	db, err := taskdb.Open(ctx, "dict:?max_bytes=0")
	if err != nil {
		return err
	}
	var unread int
	for _, path := range f.in {
		l := p.loader(db, path)
		if err = l.load(ctx); err != nil {
			break
		}
		unread += l.fates[transfer.Refused]
		if l.there() > 0 {
			p.note("taskdb", "%s: records whose id was read before, of which the first counts: %d", path, l.there())
		}
	}
	if err == nil {
		err = do(db)
	}
	if err == nil {
		err = unreadError(unread)
	}
	return errors.Join(err, db.Close())
}

// unreadError is for records that are missing in what was done.
func unreadError(count int) error {
	if count == 0 {
		return nil
	}
	return fmt.Errorf("records that could not be read and are left out: %d", count)
}
