package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// loadDeclared reads the indexes of a collection that are not being dropped.
func loadDeclared(conn *sqlite.Conn, collection int64) (list []declared, err error) {
	err = sqlitex.Execute(conn, `select id, name, pattern, uniqueness, partial, multikey, unordered, state from indexes
		where collection = ? and state <> 'dropping' order by id`, &sqlitex.ExecOptions{
		Args: []any{collection},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			index, err := query.NewIndex(stmt.ColumnText(1), blob(stmt, 2))
			if err == nil && !stmt.ColumnIsNull(4) {
				index.Partial, err = query.ParseFilter(blob(stmt, 4))
			}
			if err != nil {
				return fmt.Errorf("index %q: %w", stmt.ColumnText(1), err)
			}
			index.Unique = query.Uniqueness(stmt.ColumnInt64(3))
			index.Multikey, index.Unordered = stmt.ColumnBool(5), stmt.ColumnBool(6)
			list = append(list, declared{id: stmt.ColumnInt64(0), ready: stmt.ColumnText(7) == "ready", index: index})
			return nil
		},
	})
	return list, err
}

// Indexes is taskdb.Backend's.
func (s *Store) Indexes(ctx context.Context, collection string) ([]taskdb.IndexInfo, error) {
	t, err := s.table(ctx, collection)
	if t == nil || err != nil {
		return nil, err
	}
	var infos []taskdb.IndexInfo
	for i, index := range t.view.Load().indexes {
		infos = append(infos, taskdb.InfoOf(index, i < t.standard))
	}
	return infos, nil
}

// addKeys adds a document's keys to the declared indexes.
func (tx *transaction) addKeys(t *table, seq int64, a *addition) error {
	for i, keys := range a.keys {
		if err := tx.addIndexKeys(t, i, seq, a.whole, keys); err != nil {
			return err
		}
	}
	return nil
}

// addIndexKeys adds a document's keys to the i-th declared index.
func (tx *transaction) addIndexKeys(t *table, i int, seq int64, doc bson.Raw, keys query.Keys) error {
	d := t.view.Load().declared[i]
	for _, key := range keys.List {
		if d.index.Guards(key) {
			if err := tx.checkUnique(t, d, seq, doc, key, keys.Cut); err != nil {
				return err
			}
		}
	}
	// A record that is changed while the index is built has its keys there before
	// the build comes to it.
	stmt, err := tx.conn.Prepare("insert or ignore into index_keys (index_id, key, seq) values (?, ?, ?)")
	if err != nil {
		return err
	}
	for _, key := range keys.List {
		stmt.BindInt64(1, d.id)
		stmt.BindBytes(2, key)
		stmt.BindInt64(3, seq)
		if _, err := stmt.Step(); err != nil {
			return err
		}
		if err := stmt.Reset(); err != nil {
			return err
		}
	}
	return tx.noteKeys(t, i, keys)
}

// checkUnique refuses a key that another record has.
func (tx *transaction) checkUnique(t *table, d declared, seq int64, doc bson.Raw, key []byte, cut bool) error {
	var others []int64
	err := sqlitex.Execute(tx.conn, "select seq from index_keys where index_id = ? and key = ? and seq <> ?", &sqlitex.ExecOptions{
		Args: []any{d.id, key, seq},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			others = append(others, stmt.ColumnInt64(0))
			return nil
		},
	})
	if err != nil {
		return err
	}
	value := d.index.KeyValue(key, doc)
	for _, other := range others {
		same := true
		if cut {
			if same, err = tx.sameValue(t, d, other, key, value); err != nil {
				return err
			}
		}
		if same {
			return &taskdb.DuplicateKeyError{Collection: t.name, Index: d.index.Name, KeyPattern: d.index.KeyPattern(), KeyValue: value}
		}
	}
	return nil
}

// sameValue tells whether a record has a value whose key, which is cut, does not
// tell.
func (tx *transaction) sameValue(t *table, d declared, seq int64, key []byte, value bson.Raw) (bool, error) {
	doc, err := t.whole(tx.conn, seq)
	if err != nil {
		return false, err
	}
	document := func(doc bson.Raw) bson.RawValue { return bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc} }
	return query.Compare(document(value), document(d.index.KeyValue(key, doc))) == 0, nil
}

// noteKeys keeps what the planner knows of the i-th declared index true.
func (tx *transaction) noteKeys(t *table, i int, keys query.Keys) error {
	v := t.view.Load()
	d := v.declared[i]
	if (d.index.Multikey || !keys.Multikey) && (d.index.Unordered || !keys.Cut) {
		return nil
	}
	changed := *d.index
	changed.Multikey = changed.Multikey || keys.Multikey
	changed.Unordered = changed.Unordered || keys.Cut
	d.index = &changed
	list := slices.Clone(v.declared)
	list[i] = d
	tx.show(t, &view{odd: v.odd, ids: v.ids, declared: list})
	return tx.execute("update indexes set multikey = ?, unordered = ? where id = ?", changed.Multikey, changed.Unordered, d.id)
}

// conflict returns an index that stands in the way of a new one, and whether it is
// the same.
func (v *view) conflict(index *query.Index) (same bool, err error) {
	existing := slices.Clone(v.indexes)
	for _, d := range v.declared {
		if !d.ready {
			existing = append(existing, d.index)
		}
	}
	for _, x := range existing {
		switch {
		case taskdb.SameIndex(x, index):
			return true, nil
		case x.Name == index.Name:
			return false, fmt.Errorf("index %q: another has the name: %w", index.Name, taskdb.ErrIndexConflict)
		case bytes.Equal(x.KeyPattern(), index.KeyPattern()) && x.Partial == nil && index.Partial == nil:
			return false, fmt.Errorf("index %q: %q has the same keys: %w", index.Name, x.Name, taskdb.ErrIndexConflict)
		}
	}
	return false, nil
}

// DropIndex is taskdb.Backend's. The index is gone at once; the sweeper frees its
// space.
func (s *Store) DropIndex(ctx context.Context, collection, name string) error {
	release, err := s.declare(ctx)
	if err != nil {
		return err
	}
	defer release()
	err = s.write(ctx, func(tx *transaction) error {
		t := tx.tables[collection]
		if t == nil {
			return fmt.Errorf("index %q: %w", name, taskdb.ErrNotFound)
		}
		v := t.view.Load()
		if slices.ContainsFunc(v.indexes[:t.standard], func(x *query.Index) bool { return x.Name == name }) {
			return fmt.Errorf("index %q is a standard one: %w", name, taskdb.ErrIndexConflict)
		}
		at := slices.IndexFunc(v.declared, func(d declared) bool { return d.index.Name == name })
		if at < 0 {
			return fmt.Errorf("index %q: %w", name, taskdb.ErrNotFound)
		}
		return tx.forget(t, v.declared[at].id)
	})
	if err == nil {
		s.sweeper.wake()
	}
	return err
}

// forget takes a declared index away from a table.
func (tx *transaction) forget(t *table, id int64) error {
	v := t.view.Load()
	rest := slices.DeleteFunc(slices.Clone(v.declared), func(d declared) bool { return d.id == id })
	tx.show(t, &view{odd: v.odd, ids: v.ids, declared: rest})
	tx.onCommit = append(tx.onCommit, func() { tx.forgotten++ })
	return tx.execute("update indexes set state = 'dropping' where id = ?", id)
}

// declare waits until nobody else makes or removes an index.
func (s *Store) declare(ctx context.Context) (release func(), err error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	select {
	case s.declaring <- struct{}{}:
		return func() { <-s.declaring }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
