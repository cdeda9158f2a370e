package dict

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// The sizes of the batches that a walk reads under the lock. The first is small if
// few documents are likely to be wanted, as the one that is to be changed.
const (
	smallBatch = 8
	firstBatch = 64
	maxBatch   = 1024
)

// batchFor is the size of the first batch of a request.
func batchFor(r taskdb.Request) int {
	if r.Limit == 0 {
		return firstBatch
	}
	return int(max(smallBatch, min(r.Skip+r.Limit, maxBatch)))
}

// walk is a walk over a scan, between two batches: what it holds is no more than
// where it stands.
type walk struct {
	scan   query.Scan
	end    uint64        // documents from this id on are left out
	ranges []query.Range // those still to be walked, in the order of the walk
	begun  bool          // the first of them, up to key
	key    string        // of the last entry read
	id     uint64        // of the last entry read
	batch  []execute.Entry
}

func newWalk(scan query.Scan, end uint64, batch int) *walk {
	ranges := slices.Clone(scan.Ranges)
	if scan.Reverse {
		slices.Reverse(ranges)
	}
	return &walk{scan: scan, end: end, ranges: ranges, batch: make([]execute.Entry, 0, batch)}
}

// Walk is execute.Source's.
func (v *view) Walk(ctx context.Context, scan query.Scan, _ *query.Filter, _ bool, keep func(*execute.Entry) bool) iter.Seq2[execute.Entry, error] {
	return func(yield func(execute.Entry, error) bool) {
		w := newWalk(scan, v.end, v.batch)
		for {
			more, err := w.next(ctx, v)
			if err != nil {
				yield(execute.Entry{}, err)
				return
			}
			for i := range w.batch {
				if keep(&w.batch[i]) && !yield(w.batch[i], nil) {
					return
				}
			}
			if !more {
				return
			}
			w.batch = slices.Grow(w.batch[:0], min(2*cap(w.batch), maxBatch))
		}
	}
}

var errDropped = errors.New("the index was dropped while it was read")

// next fills the batch under the lock, and tells whether there may be more.
func (w *walk) next(ctx context.Context, v *view) (more bool, err error) {
	err = v.read(ctx, func(c *collection) (err error) {
		if c != nil {
			more, err = w.read(c)
		}
		return err
	})
	return more, err
}

// read fills the batch, and tells whether there may be more.
func (w *walk) read(c *collection) (more bool, err error) {
	if w.scan.Index == nil {
		return w.readAll(c), nil
	}
	x := c.index(w.scan.Index.Name)
	if x == nil || !taskdb.SameIndex(x.definition, w.scan.Index) {
		return false, errDropped
	}
	for len(w.ranges) > 0 {
		if !w.readRange(c, x, w.ranges[0]) {
			return true, nil
		}
		w.ranges, w.begun = w.ranges[1:], false
	}
	return false, nil
}

func (w *walk) readAll(c *collection) (more bool) {
	for w.id++; w.id < w.end; w.id++ {
		if !w.take(c, w.id) {
			return true
		}
	}
	return false
}

// take adds a document to the batch, and tells whether there is room for more.
func (w *walk) take(c *collection, id uint64) bool {
	w.id = id
	if id < w.end && c.docs.get(id) != nil {
		w.batch = append(w.batch, c.entryOf(id))
	}
	return len(w.batch) < cap(w.batch)
}

// readRange reads on in a range, and tells whether its end was reached.
func (w *walk) readRange(c *collection, x *index, r query.Range) (ended bool) {
	var from *string
	if w.begun {
		key := w.key
		from = &key
	}
	ended = true
	x.over(r, from, w.scan.Reverse, func(p posting) bool {
		var after *uint64
		if from != nil && *from == p.key {
			id := w.id
			after = &id
		}
		from, w.begun, w.key = nil, true, p.key
		ended = x.each(p, after, w.scan.Reverse, func(id uint64) bool { return w.take(c, id) })
		return ended
	})
	return ended
}
