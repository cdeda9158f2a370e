package sqlite

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Write is taskdb.Backend's.
func (s *Store) Write(ctx context.Context, collection string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	w := &writable{store: s, name: collection, prepared: map[*byte]*addition{}}
	defer w.discard()
	if err := w.prepare(ctx, changes); err != nil {
		return nil, err
	}
	return execute.Write(ctx, w, changes, ordered)
}

// writable is a collection, which need not have a table, for some changes.
type writable struct {
	store *Store
	name  string
	// prepared are the documents to insert, by their first byte, that are not
	// stored.
	prepared map[*byte]*addition
	operands []*operand
}

// prepare does what can be done without the writer: for the documents to insert, and
// for large buffers that an update sets.
func (w *writable) prepare(ctx context.Context, changes []taskdb.Change) error {
	for _, c := range changes {
		if c.Kind == taskdb.UpdateDocuments && !c.Many {
			if err := w.uploadOperands(ctx, c.Update); err != nil {
				return err
			}
		}
		if c.Kind != taskdb.InsertDocument || w.prepared[&c.Doc[0]] != nil {
			continue
		}
		additions, err := w.store.prepare(ctx, w.name, []bson.Raw{c.Doc})
		if cannotWrite(ctx, err) {
			return err
		}
		if err == nil { // else the writer finds it wrong too, in its turn
			w.prepared[&c.Doc[0]] = additions[0]
		}
	}
	return nil
}

// discard leaves to the sweeper what was prepared and not stored.
func (w *writable) discard() {
	for _, a := range w.prepared {
		w.store.abandon(&a.upload)
	}
	for _, o := range w.operands {
		if !o.used {
			w.store.abandon(&o.upload)
		}
	}
}

// Read is execute.Collection's.
func (w *writable) Read(ctx context.Context) (execute.Source, error) {
	source, err := w.store.source(ctx, w.name, 0)
	if err != nil {
		return nil, err
	}
	if source == nil {
		return execute.Nothing{}, nil
	}
	return source, nil
}

// Step is execute.Collection's.
func (w *writable) Step(ctx context.Context, read execute.Source, work func(t execute.Target) error) error {
	return w.store.submit(ctx, func(tx *transaction) error {
		t := &target{tx: tx, writable: w, read: read}
		t.look()
		return work(t)
	})
}

// target is a collection in a transaction.
type target struct {
	execute.Source
	tx       *transaction
	writable *writable
	// read, if not nil, is what was read from: its places mean nothing in another
	// table of the same collection.
	read execute.Source
}

// look has the target see what is there now.
func (t *target) look() {
	table := t.tx.tables[t.writable.name]
	read, isRead := t.read.(*source)
	if table == nil || t.read != nil && !(isRead && read.table == table) {
		t.Source = execute.Nothing{}
		return
	}
	own := func(ctx context.Context, use func(conn *sqlite.Conn) error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return use(t.tx.conn)
	}
	source := t.tx.store.sourceOf(table, reading{own, own}, 1)
	source.lastSeq = table.nextSeq - 1
	t.Source = source
}

// Insert is execute.Target's.
func (t *target) Insert(doc bson.Raw) error {
	if err := t.tx.broken(); err != nil {
		return err
	}
	prepared := t.writable.prepared
	a := prepared[&doc[0]]
	if a == nil {
		var err error
		if a, err = newAddition(doc, taskdb.IsTasks(t.writable.name), t.tx.tables[t.writable.name]); err != nil {
			return err
		}
		a.upload.tail = bytesOf(a.lifted)
	}
	if err := t.tx.addAll(t.writable.name, []*addition{a}); err != nil {
		return err
	}
	if a == prepared[&doc[0]] { // the same document may be inserted again, once it is removed
		delete(prepared, &doc[0])
		t.tx.onRollback = append(t.tx.onRollback, func() { prepared[&doc[0]] = a })
	}
	t.look()
	return nil
}

// Replace is execute.Target's.
func (t *target) Replace(e execute.Entry, before, after bson.Raw) error {
	if err := t.tx.broken(); err != nil {
		return err
	}
	table := t.tx.tables[t.writable.name]
	err := t.tx.within(table, bounds.Size{Bytes: int64(len(before) + len(after))}, butFor(e.ID),
		func(tx *transaction) error { return tx.replace(table, e, before, after, t.writable.operands...) })
	t.look()
	return err
}

// Remove is execute.Target's.
func (t *target) Remove(entries ...execute.Entry) error {
	if err := t.tx.broken(); err != nil {
		return err
	}
	table := t.tx.tables[t.writable.name]
	var bytes int64
	for _, e := range entries {
		bytes += int64(len(e.Doc))
		if err := t.tx.forgetExpired(table, e.Doc); err != nil {
			return err
		}
	}
	return t.tx.remove(table, bytes, entries...)
}

// Watches is execute.Target's.
func (t *target) Watches() *execute.Watches {
	if source, ok := t.Source.(*source); ok {
		return &source.table.watches
	}
	return nil
}

// Knows is execute.Remover's. What is to be removed from declared indexes, only
// documents tell, and so with the msg_ids that may have expired, where no column has
// them.
func (t *target) Knows(filter *query.Filter) bool {
	source, ok := t.Source.(*source)
	switch {
	case !ok || len(source.view.declared) > 0:
		return false
	case filter == nil:
		return source.table.tasks || source.table.culled == 0
	}
	return source.table.narrow(source.view, filter) != nil
}

// RemoveSelected is execute.Remover's.
func (t *target) RemoveSelected(ids []int64, filter *query.Filter) (removed int64, err error) {
	if err := t.tx.broken(); err != nil {
		return 0, err
	}
	source := t.Source.(*source)
	if filter != nil {
		return t.tx.removeAmong(source.table, listed(ids), source.table.narrow(source.view, filter))
	}
	for _, some := range placesIn(ids) {
		now, err := t.tx.removeAmong(source.table, some, nil)
		if removed += now; err != nil {
			return removed, err
		}
	}
	return removed, nil
}
