package main

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/taskdb"
)

// loader reads one file into a collection. A record that cannot be read or stored
// is noted, and keeps no other from being stored.
type loader struct {
	db    *taskdb.DB
	path  string
	notes notes

	read, added, doubles, unread int
	nameless                     int // of those added, without an id to know them by
}

// load reads the whole file. If the context ends, what was counted as added stays.
func (l *loader) load(ctx context.Context) error {
	reader, err := l.open(ctx)
	if err != nil {
		return err
	}
	err = storeEach(ctx, l.db, reader.Records(ctx), l.count)
	l.notes.end()
	if err == nil && l.read == 0 {
		l.notes.p.note("taskdb", "%s: no records", l.path)
	}
	return errors.Join(err, reader.Close())
}

func (l *loader) open(ctx context.Context) (importers.Reader, error) {
	if l.path == "-" {
		return l.notes.p.readInput(ctx)
	}
	return importers.Open(ctx, l.path)
}

// count counts a record.
func (l *loader) count(o outcome) error {
	l.read++
	for _, warning := range o.record.Warnings {
		l.noteRecord(o.record, warning)
	}
	switch {
	case o.err == nil:
		l.added++
		if !hasName(o.record.Doc) {
			l.nameless++
		}
	case isSameRecord(o.err):
		l.doubles++
	case o.record.Doc == nil:
		l.unread++
		l.notes.add("%v", o.err)
	default:
		l.unread++
		l.noteRecord(o.record, o.err)
	}
	l.notes.p.showProgress(l.read)
	return nil
}

func (l *loader) noteRecord(record importers.Record, err error) {
	l.notes.add("%s: %s, row %d: %v", l.path, record.Source, record.Row, err)
}

// hasName tells whether a record will be known when it is read again.
func hasName(doc bson.Raw) bool {
	_, err := doc.LookupErr("_id")
	_, named := doc.Lookup("msg_id").StringValueOK()
	return err == nil || named
}

// isSameRecord tells whether a record was refused because one with its id is
// stored, and not for a key in another unique index.
func isSameRecord(err error) bool {
	var duplicate *taskdb.DuplicateKeyError
	if !errors.As(err, &duplicate) {
		return false
	}
	elements, _ := duplicate.KeyPattern.Elements()
	return len(elements) == 1 && (elements[0].Key() == "_id" || elements[0].Key() == "msg_id")
}
