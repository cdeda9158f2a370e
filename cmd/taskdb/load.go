package main

import (
	"context"
	"errors"

	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/importers/ipython"
	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

// loader reads one file into a collection. A record that cannot be read or stored
// is noted, and keeps no other from being stored.
type loader struct {
	tally
	db    *taskdb.DB
	isCSV bool // whatever the file's name
}

func (p *program) loader(db *taskdb.DB, path string) *loader {
	return &loader{tally: tally{what: path, isFile: true, notes: notes{p: p}}, db: db}
}

// load reads the whole file. If the context ends, what was counted as added stays.
func (l *loader) load(ctx context.Context) error {
	reader, err := l.notes.p.openRecords(ctx, l.what, l.isCSV)
	if err != nil {
		return err
	}
	err = transfer.Copy(ctx, l.db, reader.Records(ctx), transfer.Keep, l.count)
	l.notes.end()
	if err == nil && l.read == 0 {
		l.notes.p.note("taskdb", "%s: no records", l.what)
	}
	return errors.Join(err, reader.Close())
}

// openRecords opens a file, or standard input if that is its name.
func (p *program) openRecords(ctx context.Context, path string, isCSV bool) (importers.Reader, error) {
	switch {
	case path == "-":
		return p.readInput(ctx, isCSV)
	case isCSV:
		return importers.OpenCSV(path)
	}
	reader, err := importers.Open(ctx, path)
	if errors.Is(err, ipython.ErrNoTasks) {
		err = &hinted{err, "if it is a store: --store sqlite:" + path + "; to take its records: taskdb copy sqlite:" + path + " TO"}
	}
	return reader, err
}
