package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	_ "github.com/taskdb/taskdb/backends/dict" // what --in files are read into
	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/importers/jsonlines"
	"github.com/taskdb/taskdb/taskdb"
)

// sourceFlags say which records a command is about.
type sourceFlags struct {
	in []string
}

func (f *sourceFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.in, "in", nil,
		"read `FILE`: a database of IPython, or JSON lines; - is standard input (repeat it for several files)")
	if err := cmd.MarkFlagFilename("in"); err != nil {
		panic(err) // the flag is the one above
	}
}

// use opens the records, does something with them, and closes them. Files that
// could be read in part only are an error in the end, after all was done.
func (f *sourceFlags) use(ctx context.Context, p *program, do func(db *taskdb.DB) error) error {
	if len(f.in) == 0 {
		return usage("name a file: --in tasks.db", "no records to ask")
	}
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		return err
	}
	unread, err := f.load(ctx, p, db)
	if err == nil {
		err = do(db)
	}
	if err == nil && unread > 0 {
		err = fmt.Errorf("records that could not be read and are left out: %d", unread)
	}
	return errors.Join(err, db.Close())
}

// load reads the files into a store and returns how many records it could not
// read.
func (f *sourceFlags) load(ctx context.Context, p *program, db *taskdb.DB) (unread int, err error) {
	for _, path := range f.in {
		l := loader{db: db, path: path, notes: notes{p: p}}
		if err := l.load(ctx); err != nil {
			return unread, err
		}
		unread += l.unread
	}
	return unread, nil
}

// loader reads one file into a store.
type loader struct {
	db                    *taskdb.DB
	path                  string
	notes                 notes
	read, unread, doubles int
}

func (l *loader) load(ctx context.Context) error {
	reader, err := l.open(ctx)
	if err != nil {
		return err
	}
	for record, readErr := range reader.Records(ctx) {
		if err = ctx.Err(); err != nil {
			break
		}
		if err = l.record(ctx, record, readErr); err != nil {
			break
		}
	}
	if err == nil {
		l.summarize()
	}
	return errors.Join(err, reader.Close())
}

func (l *loader) open(ctx context.Context) (importers.Reader, error) {
	if l.path == "-" {
		reader, err := jsonlines.NewReader("standard input", io.NopCloser(l.notes.p.stdin))
		if errors.Is(err, jsonlines.ErrFormat) {
			err = fmt.Errorf("%w; a database must be named as a file", err)
		}
		return reader, err
	}
	return importers.Open(ctx, l.path)
}

// record stores what was read. Only an error of the store is one here: a record
// that cannot be read does not keep the others from being asked.
func (l *loader) record(ctx context.Context, record importers.Record, readErr error) error {
	l.read++
	if readErr != nil {
		l.unread++
		l.notes.add("%v", readErr)
		return nil
	}
	for _, warning := range record.Warnings {
		l.notes.add("%s: %s, row %d: %v", l.path, record.Source, record.Row, warning)
	}
	switch err := l.db.AddRaw(ctx, record.Doc); {
	case errors.Is(err, taskdb.ErrExists):
		l.doubles++
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		l.unread++
		l.notes.add("%s: %s, row %d: %v", l.path, record.Source, record.Row, err)
	}
	return nil
}

func (l *loader) summarize() {
	l.notes.end()
	if l.doubles > 0 {
		l.notes.p.note("taskdb", "%s: records whose id was read before, of which the first counts: %d", l.path, l.doubles)
	}
	if l.read == 0 {
		l.notes.p.note("taskdb", "%s: no records", l.path)
	}
}

// shownNotes is how many notes about one file are shown.
const shownNotes = 10

// notes shows the first few notes and counts the others.
type notes struct {
	p     *program
	count int
}

func (n *notes) add(format string, args ...any) {
	if n.count++; n.count <= shownNotes {
		n.p.note("taskdb", format, args...)
	}
}

func (n *notes) end() {
	if n.count > shownNotes {
		n.p.note("taskdb", "and warnings of this kind that are not shown: %d", n.count-shownNotes)
	}
}
