package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// addition is a document on its way into a table. What can be known of it
// without the writer is found out by the caller.
type addition struct {
	whole  bson.Raw
	rest   bson.Raw // without the arrays that are kept apart
	lifted []taskdb.Lifted
	upload upload
	row    row
	keys   []query.Keys // in the declared indexes of view
	view   *view
}

// newAddition prepares a document for a collection, which may have no table yet.
func newAddition(doc bson.Raw, tasks bool, t *table) (*addition, error) {
	a := &addition{whole: doc, row: rowOf(doc, tasks)}
	a.rest, a.lifted = taskdb.Lift(doc)
	if t == nil {
		return a, nil
	}
	return a, a.index(t.view.Load())
}

// index computes the document's keys in the declared indexes.
func (a *addition) index(v *view) (err error) {
	a.view, a.keys = v, make([]query.Keys, len(v.declared))
	for i, d := range v.declared {
		if a.keys[i], err = d.index.Keys(a.whole); err != nil {
			return fmt.Errorf("index %q: %w", d.index.Name, err)
		}
	}
	return nil
}

// prepare makes additions of documents and stores what is too large to go with
// the records themselves. The caller must discard them unless they are stored.
func (s *Store) prepare(ctx context.Context, collection string, docs []bson.Raw) ([]*addition, error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	t, err := s.table(ctx, collection)
	if err != nil {
		return nil, err
	}
	additions := make([]*addition, len(docs))
	for i, doc := range docs {
		if additions[i], err = newAddition(doc, taskdb.IsTasks(collection), t); err != nil {
			return nil, err
		}
	}
	for _, a := range additions {
		if err := s.uploadLifted(ctx, a); err != nil {
			s.discard(additions)
			return nil, err
		}
	}
	return additions, nil
}

// Add is taskdb.Backend's.
func (s *Store) Add(ctx context.Context, collection string, docs []bson.Raw) error {
	additions, err := s.prepare(ctx, collection, docs)
	if err != nil || len(docs) == 0 {
		return err
	}
	err = s.submit(ctx, func(tx *transaction) error { return tx.addAll(collection, additions) })
	if err != nil {
		s.discard(additions)
	}
	return err
}

// addAll stores documents, all of them or none, and makes room for them.
func (tx *transaction) addAll(collection string, additions []*addition) error {
	return tx.inTable(collection, func(t *table) error {
		growth := bounds.Size{Records: int64(len(additions))}
		for _, a := range additions {
			growth.Bytes += sizeOf(a.rest, a.lifted)
		}
		first := t.nextSeq
		return tx.within(t, growth, func(seq int64) bool { return seq < first },
			func(tx *transaction) error { return tx.addEach(t, additions) })
	})
}

// addEach stores documents, all of them or none.
func (tx *transaction) addEach(t *table, additions []*addition) error {
	if len(additions) == 1 {
		return tx.add(t, additions[0])
	}
	return tx.atomically(func(tx *transaction) error {
		for _, a := range additions {
			if err := tx.add(t, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// add stores a document, all that it takes or nothing.
func (tx *transaction) add(t *table, a *addition) error {
	if v := t.view.Load(); a.view != v {
		if err := a.index(v); err != nil {
			return err
		}
	}
	if err := tx.checkIDs(t, a); err != nil {
		return err
	}
	if len(a.keys) == 0 && len(a.lifted) == 0 && tx.store.bounds.LostAfter == 0 {
		return tx.put(t, a)
	}
	return tx.atomically(func(tx *transaction) error { return tx.put(t, a) })
}

func (tx *transaction) put(t *table, a *addition) error {
	seq := t.nextSeq
	err := tx.insert(t, seq, a)
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint {
		return tx.duplicateOf(t, a, err)
	}
	if err != nil {
		return err
	}
	t.nextSeq++
	tx.count(t, 1, sizeOf(a.rest, a.lifted))
	if err := tx.addKeys(t, seq, a); err != nil {
		return err
	}
	if err := tx.addLifted(t, seq, a); err != nil {
		return err
	}
	if err := tx.touch(t, seq, a.row); err != nil {
		return err
	}
	tx.noteRow(t, a.row)
	t.watches.Note(seq)
	tx.onCommit = append(tx.onCommit, func() { t.lastSeq.Store(seq) })
	return nil
}

// cannotWrite tells whether an error is one of the store or the context, and none
// of a document.
func cannotWrite(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, taskdb.ErrClosed) || errors.Is(err, taskdb.ErrReadOnly)
}

// ofStore tells whether an error is one of the store or the context, as of a full disk or
// a file that was moved, and none of a document.
func ofStore(ctx context.Context, err error) bool {
	code := sqlite.ErrCode(err)
	return cannotWrite(ctx, err) || errors.Is(err, errShared) || errors.Is(err, errMoved) || code != sqlite.ResultOK && code != sqlite.ResultError
}

// noteRow keeps the table's view true of a row that was added.
func (tx *transaction) noteRow(t *table, r row) {
	v := t.view.Load()
	odd, ids := v.odd || r.odd, v.ids || t.tasks && r.id != nil
	if odd != v.odd || ids != v.ids {
		tx.show(t, &view{odd: odd, ids: ids, declared: v.declared})
	}
}

// show changes a table's view until the transaction is taken back.
func (tx *transaction) show(t *table, v *view) {
	before := t.view.Load()
	t.show(v)
	tx.onRollback = append(tx.onRollback, func() { t.view.Store(before) })
}

// insertSQL is the statement that insert binds.
func (t *table) insertSQL() string {
	names := "seq, id, lifted, doc"
	if t.tasks {
		names += ", odd"
		for _, c := range columns {
			names += ", " + c.name
		}
	}
	return "insert into " + t.sql + " (" + names + ") values (?" + strings.Repeat(", ?", strings.Count(names, ",")) + ")"
}

func (tx *transaction) insert(t *table, seq int64, a *addition) error {
	stmt, err := tx.conn.Prepare(t.insert)
	if err != nil {
		return err
	}
	stmt.BindInt64(1, seq)
	bindID(stmt, 2, a.row.id)
	bindApart(stmt, 3, keysOf(a.lifted))
	stmt.BindBytes(4, a.rest)
	if t.tasks {
		stmt.BindBool(5, a.row.odd)
		for i, c := range a.row.cells {
			c.bind(stmt, 6+i, columns[i].kind)
		}
	}
	_, err = stmt.Step()
	return err
}

func (c cell) bind(stmt *sqlite.Stmt, at int, kind columnKind) {
	switch {
	case c.isNull:
		stmt.BindNull(at)
	case kind == textColumn:
		stmt.BindText(at, string(c.text))
	default:
		stmt.BindInt64(at, c.number)
	}
}

func bindID(stmt *sqlite.Stmt, at int, id []byte) {
	if id == nil {
		stmt.BindNull(at)
		return
	}
	stmt.BindBytes(at, id)
}

// checkIDs refuses a document whose _id is another's, where one stands in the
// column of the _id and the other is a msg_id.
func (tx *transaction) checkIDs(t *table, a *addition) error {
	if !t.tasks {
		return nil
	}
	var taken int64
	var err error
	id := a.whole.Lookup("_id")
	text, isText := textValue(id)
	switch {
	case a.row.id == nil && t.view.Load().ids:
		taken, err = number(tx.conn, "select count(*) from "+t.sql+" where id = ?", query.AppendKey(nil, id))
	case a.row.id != nil && isText:
		taken, err = number(tx.conn, "select count(*) from "+t.sql+" where msg_id = ? and id is null", text)
	}
	if err == nil && taken > 0 {
		err = t.duplicate("_id", id)
	}
	return err
}

func textValue(v bson.RawValue) (string, bool) {
	if v.Type != bson.TypeString && v.Type != bson.TypeSymbol {
		return "", false
	}
	return string(textOf(bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})), true
}

// duplicateOf tells which key of a document made SQLite refuse it.
func (tx *transaction) duplicateOf(t *table, a *addition, refused error) error {
	sql := "select count(*) from " + t.sql + " where id = ?"
	key := any(a.row.id)
	if a.row.id == nil {
		sql = "select count(*) from " + t.sql + " where id is null and msg_id = ?"
		key = string(a.row.cells[msgIDColumn].text)
	}
	taken, err := number(tx.conn, sql, key)
	if err != nil {
		return errors.Join(refused, err)
	}
	if taken > 0 {
		return t.duplicate("_id", a.whole.Lookup("_id"))
	}
	return t.duplicate("msg_id", a.whole.Lookup("msg_id"))
}

// duplicate is the error of a value that another record has under _id or msg_id.
func (t *table) duplicate(key string, v bson.RawValue) error {
	index := "msg_id_1"
	if key == "_id" {
		index = "_id_"
	}
	return &taskdb.DuplicateKeyError{
		Collection: t.name,
		Index:      index,
		KeyPattern: bson.Raw(bsoncore.NewDocumentBuilder().AppendInt32(key, 1).Build()),
		KeyValue: bson.Raw(bsoncore.NewDocumentBuilder().
			AppendValue(key, bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value}).Build()),
	}
}
