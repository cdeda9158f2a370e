package sqlite

import (
	"bytes"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/backends/internal/tail"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// replace stores after in the place of a record's document, all that it takes or
// nothing; before is what after was made of. What is kept apart from the record
// and is the same in both stays where it is. Operands are what the update may have
// uploaded of after.
func (tx *transaction) replace(t *table, e execute.Entry, before, after bson.Raw, operands ...*operand) error {
	ends, after, err := tx.endingTails(t, e, before, after)
	if err != nil {
		return err
	}
	var stays, goes []string
	for _, key := range e.Apart {
		if !slices.Contains(ends, key) && before.Lookup(key).Equal(after.Lookup(key)) {
			stays = append(stays, key)
		} else {
			goes = append(goes, key)
		}
	}
	rest, lifted := taskdb.Lift(withValuesOf(after, stays, e.Doc))
	if len(rest) > len(e.Doc) {
		if err := t.checkSize(tx.conn, e.ID, rest, stays); err != nil {
			return err
		}
	}
	next := execute.Entry{ID: e.ID, Doc: rest, Apart: append(stays, keysOf(lifted)...)}
	if len(goes) == 0 && len(lifted) == 0 && len(t.view.Load().declared) == 0 && tx.store.bounds.LostAfter == 0 {
		return tx.rewrite(t, e, next)
	}
	return tx.atomically(func(tx *transaction) error {
		if err := tx.rekey(t, e, stays, before, after); err != nil {
			return err
		}
		if err := tx.rewrite(t, e, next); err != nil {
			return err
		}
		if err := tx.removeApart(t, e.ID, goes); err != nil {
			return err
		}
		for i := range lifted {
			a := &addition{lifted: lifted[i : i+1], upload: tx.uploadOf(lifted[i:i+1], operands)}
			if err := tx.addLifted(t, e.ID, a); err != nil {
				return err
			}
		}
		tx.count(t, 0, sizeOf(nil, lifted))
		return nil
	})
}

// checkSize refuses a document that is too large with a record's tails under some
// keys.
func (t *table) checkSize(conn *sqlite.Conn, seq int64, rest bson.Raw, keys []string) error {
	beside := 0
	for _, key := range keys {
		last, err := t.lastPiece(conn, seq, key)
		if err != nil {
			return err
		}
		beside += last.total
	}
	return taskdb.CheckSize(rest, beside, query.CodeUpdateTooLarge)
}

// endingTails returns the keys of the tails that become part of the document
// since the record is finished by the change, and is only read from then on, and
// after with their values.
func (tx *transaction) endingTails(t *table, e execute.Entry, before, after bson.Raw) (ends []string, _ bson.Raw, err error) {
	const unfinished = taskdb.StateIncomplete
	if len(e.Apart) == 0 || !unfinished.Has(before) || unfinished.Has(after) {
		return nil, after, nil
	}
	whole, buffered, err := t.withTails(tx.conn, e)
	if err != nil {
		return nil, nil, err
	}
	for _, key := range e.Apart {
		if !slices.Contains(buffered, key) && before.Lookup(key).Equal(after.Lookup(key)) {
			ends = append(ends, key)
		}
	}
	after = withValuesOf(after, ends, whole)
	return ends, after, taskdb.CheckSize(after, 0, query.CodeUpdateTooLarge)
}

// rewrite stores a record's row in the place of another, and touches only the
// columns, and so the indexes, that differ.
func (tx *transaction) rewrite(t *table, old, next execute.Entry) error {
	before, after := rowOf(old.Doc, t.tasks), rowOf(next.Doc, t.tasks)
	names := []string{"doc = ?"}
	bind := []func(stmt *sqlite.Stmt, at int){func(stmt *sqlite.Stmt, at int) { stmt.BindBytes(at, next.Doc) }}
	change := func(name string, value func(stmt *sqlite.Stmt, at int)) {
		names, bind = append(names, name+" = ?"), append(bind, value)
	}
	if !slices.Equal(old.Apart, next.Apart) {
		change("lifted", func(stmt *sqlite.Stmt, at int) { bindApart(stmt, at, next.Apart) })
	}
	if t.tasks && !bytes.Equal(before.id, after.id) {
		change("id", func(stmt *sqlite.Stmt, at int) { bindID(stmt, at, after.id) })
	}
	if t.tasks && before.odd != after.odd {
		change("odd", func(stmt *sqlite.Stmt, at int) { stmt.BindBool(at, after.odd) })
	}
	for i, c := range columns {
		if t.tasks && !before.cells[i].equal(after.cells[i]) {
			change(c.name, func(stmt *sqlite.Stmt, at int) { after.cells[i].bind(stmt, at, c.kind) })
		}
	}
	stmt, err := tx.conn.Prepare("update " + t.sql + " set " + strings.Join(names, ", ") + " where seq = ?")
	if err != nil {
		return err
	}
	for i, value := range bind {
		value(stmt, i+1)
	}
	stmt.BindInt64(len(bind)+1, old.ID)
	_, err = stmt.Step()
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint {
		return t.duplicate("msg_id", next.Doc.Lookup("msg_id")) // the _id is the same as before
	}
	if err != nil {
		return err
	}
	if len(names) > 1 {
		tx.move(t)
	}
	t.watches.Note(old.ID)
	tx.count(t, 0, int64(len(next.Doc)-len(old.Doc)))
	tx.noteRow(t, after)
	return tx.touch(t, old.ID, after)
}

func (c cell) equal(other cell) bool {
	return c.isNull == other.isNull && c.number == other.number && bytes.Equal(c.text, other.text)
}

// rekey brings the declared indexes from a record's document to the one that
// takes its place. Both may lack the values of the keys that stay apart.
func (tx *transaction) rekey(t *table, e execute.Entry, stays []string, before, after bson.Raw) error {
	v := t.view.Load()
	if slices.ContainsFunc(e.Apart, v.asksAbout) {
		whole, err := t.whole(tx.conn, e.ID)
		if err != nil {
			return err
		}
		before, after = whole, withValuesOf(after, stays, whole)
	}
	for i, d := range v.declared {
		old, err := d.index.Keys(before)
		if err != nil {
			return err
		}
		next, err := d.index.Keys(after)
		if err != nil {
			return err
		}
		if slices.EqualFunc(old.List, next.List, bytes.Equal) && old.Multikey == next.Multikey && !next.Cut {
			continue // keys that were cut may be of different values
		}
		if err := tx.removeKeys(d, e.ID, old); err != nil {
			return err
		}
		if err := tx.addIndexKeys(t, i, e.ID, after, next); err != nil {
			return err
		}
		tx.move(t)
	}
	return nil
}

// asksAbout tells whether the keys in a declared index may depend on a top-level
// key.
func (v *view) asksAbout(key string) bool {
	return slices.ContainsFunc(v.declared, func(d declared) bool { return d.index.Needs(key) })
}

var emptyArray = bson.RawValue{Type: bson.TypeArray, Value: bsoncore.NewArrayBuilder().Build()}

// withValuesOf returns a document with the values that another one has for some
// top-level keys, which it has too.
func withValuesOf(doc bson.Raw, keys []string, other bson.Raw) bson.Raw {
	for _, key := range keys {
		doc = tail.WithValue(doc, key, other.Lookup(key))
	}
	return doc
}
