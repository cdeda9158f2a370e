package sqlite

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// inTable carries out a change of a collection's table. If there is none, one is
// made, unless the change fails.
func (tx *transaction) inTable(collection string, change func(t *table) error) error {
	if t := tx.tables[collection]; t != nil {
		return change(t)
	}
	return tx.atomically(func(tx *transaction) error {
		t, err := tx.table(collection)
		if err != nil {
			return err
		}
		return change(t)
	})
}

// table returns a collection's table, which is made if there is none.
func (tx *transaction) table(collection string) (t *table, err error) {
	if t := tx.tables[collection]; t != nil {
		return t, nil
	}
	err = tx.atomically(func(tx *transaction) error {
		t, err = tx.createTable(collection)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create collection %s: %w", collection, err)
	}
	return t, nil
}

func (tx *transaction) createTable(collection string) (*table, error) {
	if err := tx.execute("insert into collections (name, table_name) values (?, '')", collection); err != nil {
		return nil, err
	}
	id := tx.conn.LastInsertRowID()
	name, err := tableNameFor(tx.conn, id, collection)
	if err != nil {
		return nil, err
	}
	t := newTable(id, collection, name)
	t.totals = totals{nextSeq: 1}
	t.committed.Store(&totals{nextSeq: 1})
	if err := tx.execute("update collections set table_name = ? where id = ?", name, id); err != nil {
		return nil, err
	}
	for _, definition := range t.definitions() {
		if err := tx.execute(definition); err != nil {
			return nil, err
		}
	}
	tx.tables[collection] = t
	tx.onRollback = append(tx.onRollback, func() { delete(tx.tables, collection) })
	tx.onCommit = append(tx.onCommit, func() { tx.store.publish(collection, t) })
	return t, nil
}

// publish lets readers see a collection, or, with nil, no longer see it.
func (s *Store) publish(collection string, t *table) {
	s.tablesMu.Lock()
	defer s.tablesMu.Unlock()
	if t == nil {
		delete(s.tables, collection)
		return
	}
	s.tables[collection] = t
}

// Collections is taskdb.Backend's.
func (s *Store) Collections(ctx context.Context) (names []string, err error) {
	err = s.withTables(ctx, func(tables map[string]*table) { names = slices.Sorted(maps.Keys(tables)) })
	return names, err
}

// Drop is taskdb.Backend's. The collection is gone at once; the sweeper frees its
// space.
func (s *Store) Drop(ctx context.Context, collection string) error {
	err := s.write(ctx, func(tx *transaction) error {
		t := tx.tables[collection]
		if t == nil {
			return nil
		}
		return tx.drop(t)
	})
	if err == nil {
		s.sweeper.wake()
	}
	return err
}

func (tx *transaction) drop(t *table) error {
	dropped := droppedName(t.id)
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"alter table " + t.sql + " rename to " + quoted(dropped), nil},
		{"update collections set name = null, table_name = ? where id = ?", []any{dropped, t.id}},
		{"update indexes set state = 'dropping' where collection = ?", []any{t.id}},
	} {
		if err := tx.execute(step.sql, step.args...); err != nil {
			return fmt.Errorf("drop collection %s: %w", t.name, err)
		}
	}
	delete(tx.tables, t.name)
	tx.onRollback = append(tx.onRollback, func() { tx.tables[t.name] = t })
	tx.onCommit = append(tx.onCommit, func() {
		tx.store.publish(t.name, nil)
		tx.forgotten++
	})
	return nil
}

// droppedName is the name of the table of a collection that is being dropped.
func droppedName(id int64) string { return fmt.Sprintf("dropped %d", id) }
