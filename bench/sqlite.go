package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/taskdb"
)

var sqliteLimits = limits{
	reads:          atMost(1.25, ""),
	adds:           atMost(1.3, ""),
	ipythonReads:   atLeast(30, "×"),
	ipythonHistory: atLeast(5, "×"),
	ipythonAdds:    atLeast(0.7, "×"),
	changes:        atMost(1.3, ""),
	ipythonChanges: atLeast(0.5, "×"),
	ipythonPurge:   atLeast(2, "×"),
}

func benchSQLite(ctx context.Context, o options, r *report) (err error) {
	a := newArena("sqlite", sqliteLimits, o, r)
	path := filepath.Join(o.dir, "taskdb.db")
	if err := loadFile(ctx, path, a); err != nil {
		return err
	}
	peak, err := memoryOf(ctx, o, "sqlite://"+path)
	if err != nil {
		return err
	}
	r.add("memory of a process that answers all of these questions", a.kind, exactly(peak/(1<<20)), atMost(64, "MiB"))

	db, err := taskdb.Open(ctx, "sqlite://"+path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	a.db = db

	byHand := filepath.Join(o.dir, "by-hand.db")
	if err := copyFile(byHand, path); err != nil {
		return err
	}
	writer, err := newHandWriter(byHand)
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	hand := newHandSQLite(path, writer)
	defer func() { err = errors.Join(err, hand.Close()) }()
	a.hand = hand
	return a.run(ctx, o)
}

// loadFile makes a store with all records, and reports the size of its file when
// it is closed.
func loadFile(ctx context.Context, path string, a *arena) error {
	db, err := taskdb.Open(ctx, "sqlite://"+path)
	if err != nil {
		return err
	}
	stored, err := load(ctx, db, a.set)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	a.report.add("size of the file to that of the BSON in it", a.kind, exactly(float64(info.Size())/float64(stored)), atMost(1.5, ""))
	return nil
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
