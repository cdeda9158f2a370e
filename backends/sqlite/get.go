package sqlite

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Get is taskdb.Backend's.
func (s *Store) Get(ctx context.Context, collection, msgID string) (bson.Raw, error) {
	t, err := s.table(ctx, collection)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, taskdb.ErrNotFound
	}
	if !t.tasks {
		return s.getByScan(ctx, t, msgID)
	}
	var e execute.Entry
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		e, err = t.byMsgID(conn, msgID)
		return err
	})
	if err != nil || len(e.Apart) == 0 {
		return e.Doc, err
	}
	return s.whole(ctx, t, e.ID)
}

// whole returns a record with what is kept apart from it.
func (s *Store) whole(ctx context.Context, t *table, seq int64) (doc bson.Raw, err error) {
	err = s.snapshot(ctx, func(conn *sqlite.Conn) error {
		doc, err = t.whole(conn, seq)
		return err
	})
	return doc, err
}

// getByScan is Get for a collection that is not one of tasks.
func (s *Store) getByScan(ctx context.Context, t *table, msgID string) (bson.Raw, error) {
	seq, err := s.seqOf(ctx, t, msgID)
	if err != nil {
		return nil, err
	}
	return s.whole(ctx, t, seq)
}

// seqOf returns the place of the record that was stored first with a msg_id.
func (s *Store) seqOf(ctx context.Context, t *table, msgID string) (seq int64, err error) {
	if t.tasks {
		err = s.read(ctx, func(conn *sqlite.Conn) error {
			seq, err = number(conn, "select seq from "+t.sql+" where msg_id = ?", msgID)
			if err == nil && seq == 0 {
				err = t.absent(conn, msgID)
			}
			return err
		})
		return seq, err
	}
	has := func(e *execute.Entry) bool {
		text, ok := e.Doc.Lookup("msg_id").StringValueOK()
		return ok && text == msgID
	}
	for e, err := range s.sourceOf(t, reading{s.read, s.snapshot}, 0).Walk(ctx, query.Scan{}, nil, true, has) {
		return e.ID, err
	}
	return 0, s.read(ctx, func(conn *sqlite.Conn) error { return t.absent(conn, msgID) })
}
