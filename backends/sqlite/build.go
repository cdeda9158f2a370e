package sqlite

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/query"
)

// buildStep is how long one step of building an index keeps other writers
// waiting, but for the last record of the step.
const buildStep = 20 * time.Millisecond

var errCollectionDropped = errors.New("the collection was dropped meanwhile")

// build is an index on its way. From the start on every change of a record
// changes the index too; the steps add the records that were there before.
type build struct {
	table *table
	id    int64
	done  int64 // the last record that is in the index
	end   int64 // the last record that was there at the start
}

// CreateIndex is taskdb.Backend's. The records that are there enter the index in
// steps, and others write between them. What is left half done by a crash is
// removed when the store is opened again.
func (s *Store) CreateIndex(ctx context.Context, collection string, index *query.Index) error {
	release, err := s.declare(ctx)
	if err != nil {
		return err
	}
	defer release()
	var b *build
	err = s.write(ctx, func(tx *transaction) (err error) {
		b, err = tx.startBuild(collection, index)
		return err
	})
	if b == nil || err != nil {
		return err
	}
	for b.done < b.end && err == nil {
		err = s.write(ctx, func(tx *transaction) error { return tx.stepBuild(b) })
	}
	if err == nil {
		err = s.write(ctx, func(tx *transaction) error { return tx.endBuild(b) })
	}
	if err != nil {
		return errors.Join(err, s.abandonBuild(b))
	}
	return nil
}

// startBuild declares an index. It returns nil if it is there already.
func (tx *transaction) startBuild(collection string, index *query.Index) (*build, error) {
	t, err := tx.table(collection)
	if err != nil {
		return nil, err
	}
	v := t.view.Load()
	if same, err := v.conflict(index); same || err != nil {
		return nil, err
	}
	var partial any
	if index.Partial != nil {
		partial = []byte(index.Partial.Source())
	}
	if err := tx.execute("insert into indexes (collection, name, pattern, uniqueness, partial) values (?, ?, ?, ?, ?)",
		t.id, index.Name, []byte(index.KeyPattern()), int(index.Unique), partial); err != nil {
		return nil, err
	}
	own := *index
	own.Multikey, own.Unordered = false, false
	d := declared{id: tx.conn.LastInsertRowID(), index: &own}
	tx.show(t, &view{odd: v.odd, ids: v.ids, declared: append(slices.Clone(v.declared), d)})
	return &build{table: t, id: d.id, end: t.nextSeq - 1}, nil
}

// at returns the place of the build's index among the table's.
func (b *build) at(tx *transaction) (int, error) {
	at := slices.IndexFunc(b.table.view.Load().declared, func(d declared) bool { return d.id == b.id })
	if tx.tables[b.table.name] != b.table || at < 0 {
		return 0, errCollectionDropped
	}
	return at, nil
}

// stepBuild adds the next records to the index, for as long as a step takes.
func (tx *transaction) stepBuild(b *build) error {
	at, err := b.at(tx)
	if err != nil {
		return err
	}
	done := b.done
	for start := time.Now(); done < b.end && time.Since(start) < buildStep; {
		seq, doc, err := b.table.nextWhole(tx.conn, done, b.end)
		if err != nil {
			return err
		}
		if done = seq; doc == nil {
			break
		}
		keys, err := b.table.view.Load().declared[at].index.Keys(doc)
		if err != nil {
			return err
		}
		if err := tx.addIndexKeys(b.table, at, seq, doc, keys); err != nil {
			return err
		}
	}
	tx.onCommit = append(tx.onCommit, func() { b.done = done })
	return nil
}

// nextWhole returns the first record after a place, whole, and its place; at the
// end, no record and the end.
func (t *table) nextWhole(conn *sqlite.Conn, after, end int64) (int64, bson.Raw, error) {
	seq, err := number(conn, "select min(seq) from "+t.sql+" where seq > ? and seq <= ?", after, end)
	if err != nil || seq == 0 {
		return end, nil, err
	}
	doc, err := t.whole(conn, seq)
	return seq, doc, err
}

// endBuild makes the index one that is used.
func (tx *transaction) endBuild(b *build) error {
	at, err := b.at(tx)
	if err != nil {
		return err
	}
	if err := tx.execute("update indexes set state = 'ready' where id = ?", b.id); err != nil {
		return err
	}
	v := b.table.view.Load()
	list := slices.Clone(v.declared)
	list[at].ready = true
	tx.onCommit = append(tx.onCommit, func() { b.table.show(&view{odd: v.odd, ids: v.ids, declared: list}) })
	return nil
}

// abandonBuild removes an index that cannot be built. If that fails, the next
// process that opens the store removes it.
func (s *Store) abandonBuild(b *build) error {
	err := s.write(context.Background(), func(tx *transaction) error {
		if _, err := b.at(tx); err != nil {
			return nil // it went with its collection
		}
		return tx.forget(b.table, b.id)
	})
	if err == nil {
		s.sweeper.wake()
	}
	return err
}
