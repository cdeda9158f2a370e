package sqlite

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/backends/internal/tail"
	"github.com/taskdb/taskdb/taskdb"
)

// Append is taskdb.Backend's. A record that is small is written anew. To others
// pieces are added beside it, until they are as large as the record: then they
// become part of it.
func (s *Store) Append(ctx context.Context, collection, msgID, key string, added bson.RawValue) error {
	t, err := s.table(ctx, collection)
	if err != nil {
		return err
	}
	if t == nil {
		return taskdb.ErrNotFound
	}
	seq := int64(0)
	if !t.tasks { // who has the id takes long to find
		if seq, err = s.seqOf(ctx, t, msgID); err != nil {
			return err
		}
	}
	return s.submit(ctx, func(tx *transaction) error {
		if tx.tables[collection] != t {
			return taskdb.ErrNotFound // the collection was dropped
		}
		g, err := tx.growing(t, msgID, seq, key)
		if err != nil {
			return err
		}
		most := int64(g.size + 2*len(added.Value)) // elements may get longer keys
		return tx.enlarge(t, g.seq, most, func(tx *transaction) error { return tx.append(t, g, added) })
	})
}

// growing is a record that is appended to, as far as can be known of it without
// reading its document.
type growing struct {
	seq   int64
	key   string
	apart []string
	size  int              // of its document
	tails map[string]piece // the last pieces, by key
}

// piece is a piece of a tail, without its bytes.
type piece struct {
	n     int64
	kind  bson.Type
	size  int
	total int // bytes of the tail up to its end
}

// growing finds a record by its msg_id, or by its place where there is no index of
// those.
func (tx *transaction) growing(t *table, msgID string, seq int64, key string) (*growing, error) {
	column := "seq"
	if t.tasks {
		column = "msg_id"
	}
	stmt, err := tx.conn.Prepare("select seq, lifted, length(doc) from " + t.sql + " where " + column + " = ?")
	if err != nil {
		return nil, err
	}
	defer stmt.Reset()
	if t.tasks {
		stmt.BindText(1, msgID)
	} else {
		stmt.BindInt64(1, seq)
	}
	found, err := stmt.Step()
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, t.absent(tx.conn, msgID)
	}
	g := &growing{seq: stmt.ColumnInt64(0), key: key, apart: apart(stmt, 1), size: stmt.ColumnInt(2), tails: map[string]piece{}}
	for _, key := range g.apart {
		last, err := t.lastPiece(tx.conn, g.seq, key)
		if err != nil {
			return nil, err
		}
		if last.total > 0 {
			g.tails[key] = last
		}
	}
	return g, nil
}

// lastPiece returns the last piece of a record's tail; one of no bytes in all if
// it has none.
func (t *table) lastPiece(conn *sqlite.Conn, seq int64, key string) (p piece, err error) {
	stmt, err := conn.Prepare("select n, kind, length(data), total from tails where collection = ? and seq = ? and key = ? order by n desc limit 1")
	if err != nil {
		return p, err
	}
	defer stmt.Reset()
	stmt.BindInt64(1, t.id)
	stmt.BindInt64(2, seq)
	stmt.BindText(3, key)
	found, err := stmt.Step()
	if found {
		p = piece{stmt.ColumnInt64(0), bson.Type(stmt.ColumnInt(1)), stmt.ColumnInt(2), stmt.ColumnInt(3)}
	}
	return p, err
}

// append adds to a record, all that it takes or nothing.
func (tx *transaction) append(t *table, g *growing, added bson.RawValue) error {
	if err := g.checkSize(len(added.Value)); err != nil {
		return err
	}
	last, hasTail := g.tails[g.key]
	switch {
	case g.isWritten(t, len(tail.Bytes(added))):
		return tx.appendWritten(t, g, added)
	case !hasTail:
		return tx.atomically(func(tx *transaction) error { return tx.startTail(t, g, added) })
	case last.kind != added.Type:
		e, err := t.fetch(tx.conn, g.seq)
		if err != nil {
			return err
		}
		return tail.Check(e.Doc, g.key, added.Type)
	}
	return tx.addToTail(t, g, last, added)
}

// checkSize refuses what would make the record too large.
func (g *growing) checkSize(added int) error {
	size := g.size + added
	for _, last := range g.tails {
		size += last.total
	}
	if size > taskdb.MaxRecordSize {
		return fmt.Errorf("%d bytes, of %d: %w", size, taskdb.MaxRecordSize, taskdb.ErrTooLarge)
	}
	return nil
}

// isWritten tells whether the record is to be written anew: it is small, or what
// is added has to do with an index, or is no tail of its value, or is nothing.
func (g *growing) isWritten(t *table, added int) bool {
	last, hasTail := g.tails[g.key]
	switch {
	case columnOf([]byte(g.key)) >= 0 || t.view.Load().asksAbout(g.key):
		return true
	case hasTail:
		return tail.Worth(g.size, last.total+added)
	}
	return added == 0 || g.size+added <= tail.Small || slices.Contains(g.apart, g.key)
}

// appendWritten writes the record anew, with what was appended before.
func (tx *transaction) appendWritten(t *table, g *growing, added bson.RawValue) error {
	e, err := t.fetch(tx.conn, g.seq)
	if err != nil {
		return err
	}
	before := e.Doc
	if slices.Contains(e.Apart, g.key) {
		if before, err = t.whole(tx.conn, g.seq); err != nil {
			return err
		}
	}
	after, err := tail.Append(before, g.key, added)
	if err != nil {
		return err
	}
	return tx.replace(t, e, before, after)
}

// maxPiece is up to how many bytes a piece is added to: small ones would make
// reading slow.
const maxPiece = 4 << 10

// startTail gives a record its first tail under a key, whose value is an empty one
// at the least.
func (tx *transaction) startTail(t *table, g *growing, added bson.RawValue) error {
	e, err := t.fetch(tx.conn, g.seq)
	if err != nil {
		return err
	}
	if err := tail.Check(e.Doc, g.key, added.Type); err != nil {
		return err
	}
	next := execute.Entry{ID: e.ID, Doc: tail.Join(e.Doc, g.key, added.Type, nil), Apart: append(slices.Clone(e.Apart), g.key)}
	if err := tx.rewrite(t, e, next); err != nil {
		return err
	}
	return tx.addToTail(t, g, piece{n: -1, size: maxPiece}, added)
}

// addToTail adds to the last piece of a tail, or a piece behind it.
func (tx *transaction) addToTail(t *table, g *growing, last piece, added bson.RawValue) error {
	data := tail.Bytes(added)
	tx.count(t, 0, int64(len(data)))
	total := last.total + len(data)
	if last.size+len(data) <= maxPiece {
		return tx.execute("update tails set data = cast(data || ? as blob), total = ? where collection = ? and seq = ? and key = ? and n = ?",
			data, total, t.id, g.seq, g.key, last.n)
	}
	return tx.execute("insert into tails (collection, seq, key, n, kind, total, data) values (?, ?, ?, ?, ?, ?, ?)",
		t.id, g.seq, g.key, last.n+1, int(added.Type), total, data)
}

// tailOf returns the type and the bytes of a record's tail.
func (t *table) tailOf(conn *sqlite.Conn, seq int64, key string) (kind bson.Type, data []byte, err error) {
	stmt, err := conn.Prepare("select kind, data from tails where collection = ? and seq = ? and key = ? order by n")
	if err != nil {
		return 0, nil, err
	}
	defer stmt.Reset()
	stmt.BindInt64(1, t.id)
	stmt.BindInt64(2, seq)
	stmt.BindText(3, key)
	for {
		found, err := stmt.Step()
		if !found || err != nil {
			return kind, data, err
		}
		kind, data = bson.Type(stmt.ColumnInt(0)), append(data, blob(stmt, 1)...)
	}
}

// withTails returns a record's document with its tails, and the keys that are
// apart otherwise.
func (t *table) withTails(conn *sqlite.Conn, e execute.Entry) (doc bson.Raw, others []string, err error) {
	doc = e.Doc
	for _, key := range e.Apart {
		kind, data, err := t.tailOf(conn, e.ID, key)
		if err != nil {
			return nil, nil, err
		}
		if kind == 0 {
			others = append(others, key)
		} else {
			doc = tail.Join(doc, key, kind, data)
		}
	}
	return doc, others, nil
}

// endTails makes a record's tails part of its document, and returns what it then
// is.
func (tx *transaction) endTails(t *table, e execute.Entry) (execute.Entry, error) {
	doc, buffered, err := t.withTails(tx.conn, e)
	if err != nil || len(buffered) == len(e.Apart) {
		return e, err
	}
	next := execute.Entry{ID: e.ID, Doc: doc, Apart: buffered}
	if err := tx.rewrite(t, e, next); err != nil {
		return e, err
	}
	return next, tx.removeTails(t, e.ID, e.Apart)
}

// removeTails removes the tails that a record has under some keys.
func (tx *transaction) removeTails(t *table, seq int64, keys []string) error {
	for _, key := range keys {
		last, err := t.lastPiece(tx.conn, seq, key)
		if err != nil {
			return err
		}
		if last.total == 0 {
			continue
		}
		if err := tx.execute("delete from tails where collection = ? and seq = ? and key = ?", t.id, seq, key); err != nil {
			return err
		}
		tx.count(t, 0, -int64(last.total))
	}
	return nil
}
