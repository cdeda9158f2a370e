package dict

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// view is a collection as the executor reads it: by its name, since it may come
// and go.
type view struct {
	store *Store
	name  string
}

// Indexes is execute.Source's.
func (v *view) Indexes() (indexes []*query.Index) {
	v.store.mu.RLock()
	defer v.store.mu.RUnlock()
	if c := v.store.collections[v.name]; c != nil {
		for _, x := range c.indexes {
			indexes = append(indexes, x.definition)
		}
	}
	return indexes
}

// Count is execute.Source's.
func (v *view) Count(ctx context.Context, scan query.Scan) (n int64, ok bool, err error) {
	err = v.store.read(ctx, v.name, func(c *collection) error {
		switch {
		case c == nil:
		case scan.Index == nil:
			n = c.docs.count
		case c.index(scan.Index.Name) != nil:
			n = c.index(scan.Index.Name).count(scan.Ranges)
		}
		return nil
	})
	return n, true, err
}

// Fetch is execute.Source's.
func (v *view) Fetch(ctx context.Context, id int64) (e execute.Entry, err error) {
	err = v.store.read(ctx, v.name, func(c *collection) error {
		if c != nil {
			e = execute.Entry{ID: id, Doc: c.docs.get(uint64(id))}
		}
		if e.Doc == nil {
			return taskdb.ErrNotFound
		}
		return nil
	})
	return e, err
}

// Complete is execute.Source's: nothing is kept apart.
func (v *view) Complete(_ context.Context, e execute.Entry) (bson.Raw, error) { return e.Doc, nil }
