package dict

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Write is taskdb.Backend's.
func (s *Store) Write(ctx context.Context, name string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	return execute.Write(ctx, writable{s, name}, changes, ordered)
}

// writable is a collection of a store, which need not exist.
type writable struct {
	store *Store
	name  string
}

// Read is execute.Collection's.
func (w writable) Read(ctx context.Context) (execute.Source, error) {
	return w.store.view(w.name, firstBatch), ctx.Err()
}

// errUnwritten says that a step put nothing into a collection that never had
// anything.
var errUnwritten = errors.New("nothing was written")

// Step is execute.Collection's. A collection that is not there is made if it gets
// a document.
func (w writable) Step(ctx context.Context, source execute.Source, work func(t execute.Target) error) error {
	err := w.store.write(ctx, w.name, func(c *collection) error {
		err := work(newTarget(c, source))
		if err == nil && c.docs.empty() {
			err = errUnwritten
		}
		return err
	})
	if errors.Is(err, errUnwritten) {
		return nil
	}
	return err
}

// target is a collection while nobody else reads or writes.
type target struct {
	*view
	collection *collection
}

// newTarget returns a collection for a step, see execute.Collection. The ids of a
// source mean nothing in another collection of the same name.
func newTarget(c *collection, source execute.Source) target {
	v := newView(c)
	v.read = func(ctx context.Context, use func(c *collection) error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if source != nil && source.(*view).c != c {
			return use(nil)
		}
		return use(c)
	}
	return target{v, c}
}

// Insert is execute.Target's.
func (t target) Insert(doc bson.Raw) error {
	err := t.collection.addAll([]bson.Raw{doc})
	t.end = t.collection.docs.nextID()
	return err
}

// Replace is execute.Target's.
func (t target) Replace(e execute.Entry, before, after bson.Raw) error {
	return t.collection.change(uint64(e.ID), before, after)
}

// Remove is execute.Target's.
func (t target) Remove(entries ...execute.Entry) error {
	c, ids := t.collection, make([]uint64, len(entries))
	for i, e := range entries {
		ids[i] = uint64(e.ID)
		if c.expired.count > 0 {
			c.expired.forget(msgIDOf(e.Doc))
		}
	}
	c.removeAll(ids)
	return nil
}

// Watches is execute.Target's. A collection that is not there is one without
// documents.
func (t target) Watches() *execute.Watches {
	if t.collection.docs.empty() {
		return nil
	}
	return &t.collection.watches
}

// Only is execute.Finder's.
func (t target) Only(filter *query.Filter) (e execute.Entry, known bool) {
	for _, x := range t.collection.indexes {
		key, ok := x.definition.Point(filter)
		if !ok {
			continue
		}
		if p, found := x.find(key); found {
			e = t.collection.entryOf(p.ids)
		}
		return e, true
	}
	return execute.Entry{}, false
}

// maxLent is how much memory is kept to be lent again.
const maxLent = 64 << 10

// Lend is execute.Lender's.
func (t target) Lend(size int) []byte {
	room := &t.collection.room
	switch {
	case size > maxLent:
		return make([]byte, 0, size)
	case size > cap(room.lent):
		room.lent = make([]byte, 0, size)
	}
	return room.lent
}
