package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/internal/settings"
	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/taskdb"
)

// storeFlags say which collection of which store a command is about.
type storeFlags struct {
	which      whichStore
	collection string
	readOnly   bool
	orFile     bool // the command can ask a file instead
}

func (f *storeFlags) register(cmd *cobra.Command) {
	f.registerStore(cmd)
	f.registerCollection(cmd)
}

func (f *storeFlags) registerCollection(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.collection, "collection", taskdb.DefaultCollection, "use this collection of the store, `DATABASE.NAME`")
	settings.Let(cmd.Flags(), "", "collection")
}

// registerStore adds the flags of commands that are about the whole store.
func (f *storeFlags) registerStore(cmd *cobra.Command) {
	f.collection = taskdb.DefaultCollection
	flags := cmd.Flags()
	flags.SortFlags = false
	f.which.register(cmd)
	flags.BoolVar(&f.readOnly, "read-only", false, "refuse to write; commands that only read never do")
}

// alwaysWrites is for a command that does nothing with --read-only: it is refused as
// everywhere, and not offered.
func (f *storeFlags) alwaysWrites(cmd *cobra.Command) {
	if err := cmd.Flags().MarkHidden("read-only"); err != nil {
		panic(err) // it is not registered
	}
}

// locate checks the flags and returns where the store is.
func (f *storeFlags) locate() (location, error) {
	if err := checkCollection(f.which.place("collection"), f.collection); err != nil {
		return location{}, err
	}
	return f.which.locate()
}

// checkCollection refuses what is no name of a collection, and stands in a place.
func checkCollection(place, collection string) error {
	database, name, dotted := strings.Cut(collection, ".")
	if !dotted || database == "" || name == "" {
		return usage("write it as "+taskdb.DefaultCollection, "wrong %s: %q is no DATABASE.NAME", place, collection)
	}
	return nil
}

// read opens the store so that another process may write to it meanwhile, does
// something with it, and closes it.
func (f *storeFlags) read(ctx context.Context, p *program, do func(db *taskdb.DB) error) error {
	at, err := f.locate()
	if err != nil {
		return err
	}
	db, err := at.openToRead(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return f.noStore(at)
	}
	if err != nil {
		return err
	}
	err = f.pointOutCollection(ctx, p, db)
	if err == nil {
		err = do(db.In(f.collection))
	}
	return errors.Join(whyNotAnswered(at, err), db.Close())
}

// noStore is the error of a store that does not exist.
func (f *storeFlags) noStore(at location) error {
	hint := "fill it: taskdb import FILE"
	if f.orFile {
		hint += "; or ask a file: --in FILE"
	}
	return &hinted{fmt.Errorf("there is no store yet at %s", at), hint}
}

// change is write for what is there already: no store is created.
func (f *storeFlags) change(ctx context.Context, p *program, do func(db *taskdb.DB) error) error {
	at, err := f.locate()
	if err != nil {
		return err
	}
	if path := at.path(); path != "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return f.noStore(at)
		}
	}
	return f.write(ctx, p, func(db *taskdb.DB) error {
		if err := f.pointOutCollection(ctx, p, db); err != nil {
			return err
		}
		return do(db)
	})
}

// write opens the store for reading and writing, creates it if it is the default
// one, does something with it, and closes it.
func (f *storeFlags) write(ctx context.Context, p *program, do func(db *taskdb.DB) error) error {
	if f.readOnly {
		return usage("leave --read-only out", "this writes to the store, and --read-only forbids it")
	}
	at, err := f.locate()
	if err != nil {
		return err
	}
	return at.write(ctx, p, func(db *taskdb.DB) error { return do(db.In(f.collection)) })
}

// write opens the store at a location for reading and writing, does something with
// it, and closes it.
func (l location) write(ctx context.Context, p *program, do func(db *taskdb.DB) error) error {
	isNew, err := l.prepare()
	if err != nil {
		return err
	}
	db, err := taskdb.Open(ctx, l.url.String())
	if err != nil {
		return whyNotOpen(ctx, l, err)
	}
	if isNew {
		p.note("taskdb", "created the store %s", l)
	}
	err = whyNotAnswered(l, do(db))
	if errors.Is(err, taskdb.ErrReadOnly) {
		err = &hinted{err, "to write to it, leave mode=ro out of its URL"}
	}
	return errors.Join(err, db.Close())
}

// openToRead opens the store at a location so that another process may write to it
// meanwhile. If there is none the error is fs.ErrNotExist.
func (l location) openToRead(ctx context.Context) (*taskdb.DB, error) {
	db, err := taskdb.Open(ctx, l.readOnly())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		err = whyNotOpen(ctx, l, err)
	}
	return db, err
}

// whyNotOpen adds to an error what to do about it.
func whyNotOpen(ctx context.Context, at location, err error) error {
	if errors.Is(err, taskdb.ErrLocked) {
		return &hinted{err, "one process at a time writes to a store; others can read it meanwhile, or write through it if it is a hub: --hub URL"}
	}
	if at.path() == "" {
		return err
	}
	switch info, statErr := os.Stat(at.path()); {
	case statErr != nil, info.Size() == 0:
		return err
	case info.IsDir():
		return &hinted{err, "it is a directory; a store is a file: sqlite:" + at.path() + "/tasks.db"}
	}
	other, openErr := importers.Open(ctx, at.path())
	if openErr != nil {
		return err
	}
	hint := "it can be imported: taskdb import " + at.path() + "; or asked as it is: --in " + at.path()
	return errors.Join(&hinted{err, hint}, other.Close())
}

// whyNotAnswered adds to an error of a hub that does not answer, or not this user, what
// to do about it.
func whyNotAnswered(at location, err error) error {
	switch {
	case !at.isHub():
	case errors.Is(err, taskdb.ErrUnreachable):
		return &hinted{err, "no hub answers at " + at.String() + "; start it there, taskdb serve, or name another: --hub URL"}
	case errors.Is(err, client.ErrUnauthorized):
		return &hinted{err, "put your token into " + tokenVariable + "; where the hub runs \"taskdb user add\" makes one"}
	}
	return err
}

// pointOutCollection tells the user of a collection that does not exist, which is
// as one that is empty.
func (f *storeFlags) pointOutCollection(ctx context.Context, p *program, db *taskdb.DB) error {
	if f.collection == taskdb.DefaultCollection {
		return nil
	}
	names, err := db.Collections(ctx)
	if err != nil || slices.Contains(names, f.collection) {
		return err
	}
	p.note("taskdb", "the store has no collection %s%s", printable(f.collection),
		meant(spelling.Nearest(f.collection, slices.Values(names))))
	return nil
}

// storeCommand tells where the store is.
func (p *program) storeCommand() *cobra.Command {
	var which whichStore
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Print the URL of the store that commands use",
		Long: `Store prints the URL of the store that commands use: that of --store, else of the
environment variable ` + storeVariable + ` or of the file of settings, else of a file in
your state directory.`,
		Example: "  taskdb store\n  taskdb store --node node1",
		Args:    noArguments,
	}
	which.register(cmd)
	cmd.RunE = p.action(func(context.Context, []string) error {
		at, err := which.locate()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.stdout, at)
		return err
	})
	return cmd
}
