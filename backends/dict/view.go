package dict

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// view is a collection as one request sees it: by its name, since it may come
// and go, and without the documents that are added later, of which the plan may
// not be true (they may make an index multikey).
type view struct {
	store *Store
	name  string
	end   uint64 // the id of the first document to be added later
}

func (s *Store) view(name string) *view {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v := &view{store: s, name: name}
	if c := s.collections[name]; c != nil {
		v.end = c.docs.nextID()
	}
	return v
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

// Count is execute.Source's. An index that has changed since the plan was made
// must be walked.
func (v *view) Count(ctx context.Context, scan query.Scan, rest *query.Filter) (n int64, ok bool, err error) {
	if rest != nil {
		return 0, false, nil
	}
	err = v.store.read(ctx, v.name, func(c *collection) error {
		switch {
		case c == nil:
			ok = true
		case scan.Index == nil:
			n, ok = c.docs.count, true
		default:
			if x := c.index(scan.Index.Name); x != nil && x.definition == scan.Index {
				n, ok = x.count(scan.Ranges), true
			}
		}
		return nil
	})
	return n, ok, err
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
