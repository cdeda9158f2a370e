package dict

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// view is a collection as one request sees it: without the documents that are
// added later, of which the plan may not be true (they may make an index
// multikey).
type view struct {
	// read calls use with the collection, which is nil if it is not there any more.
	read  func(ctx context.Context, use func(c *collection) error) error
	end   uint64      // the id of the first document to be added later
	c     *collection // at the start
	moves uint64      // of the collection, at the start
	turns uint64
	batch int // how many documents to read first
}

// view returns a collection, which may be dropped meanwhile, for walks that read so
// many documents first.
func (s *Store) view(name string, batch int) *view {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v := newView(s.collections[name])
	v.batch = batch
	v.read = func(ctx context.Context, use func(c *collection) error) error {
		return s.read(ctx, name, func(c *collection) error {
			if c != v.c { // it was dropped, and made again maybe
				c = nil
			}
			return use(c)
		})
	}
	return v
}

func newView(c *collection) *view {
	if c == nil {
		return &view{batch: smallBatch}
	}
	return &view{end: c.docs.nextID(), c: c, moves: c.moves.Load(), turns: c.turns.Load(), batch: smallBatch}
}

// Indexes is execute.Source's.
func (v *view) Indexes() (indexes []*query.Index) {
	_ = v.read(context.Background(), func(c *collection) error {
		if c != nil {
			indexes = c.definitions
		}
		return nil
	})
	return indexes
}

// Count is execute.Source's. An index that has changed since the plan was made
// must be walked.
func (v *view) Count(ctx context.Context, scan query.Scan, rest *query.Filter) (n int64, ok bool, err error) {
	if rest != nil {
		return 0, false, nil
	}
	err = v.read(ctx, func(c *collection) error {
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

// Census is execute.Source's.
func (v *view) Census(ctx context.Context, scan query.Scan, limit int64) int64 {
	n := limit
	_ = v.read(ctx, func(c *collection) error {
		switch {
		case c == nil:
			n = 0
		case scan.Index == nil:
			n = min(limit, c.docs.count)
		default:
			if x := c.index(scan.Index.Name); x != nil {
				n = x.countUpTo(scan.Ranges, limit)
			}
		}
		return nil
	})
	return n
}

// Fetch is execute.Source's.
func (v *view) Fetch(ctx context.Context, id int64) (e execute.Entry, err error) {
	err = v.read(ctx, func(c *collection) error {
		if c != nil {
			e = c.entryOf(uint64(id))
		}
		if e.Doc == nil {
			return taskdb.ErrNotFound
		}
		return nil
	})
	return e, err
}

// Complete is execute.Source's.
func (v *view) Complete(ctx context.Context, e execute.Entry) (doc bson.Raw, err error) {
	err = v.read(ctx, func(c *collection) error {
		if c != nil {
			doc = c.whole(uint64(e.ID))
		}
		if doc == nil {
			return taskdb.ErrNotFound
		}
		return nil
	})
	return doc, err
}

// Since is execute.Source's.
func (v *view) Since() execute.Changes {
	if v.c == nil {
		return execute.Changes{}
	}
	return execute.Changes{Moved: v.c.moves.Load() != v.moves, Turned: v.c.turns.Load() != v.turns}
}
