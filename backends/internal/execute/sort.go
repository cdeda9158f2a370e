package execute

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/taskdb/taskdb/query"
)

// maxSortBytes is how much memory a sort may take, for the keys and ids that it
// keeps.
const maxSortBytes = 64 << 20

// ordered yields the selected entries in the order of the sort, behind the key
// to go on after.
func (x *execution) ordered(ctx context.Context) iter.Seq2[Entry, error] {
	sort := x.request.Sort
	switch {
	case sort.Empty():
		return x.selected(ctx, true)
	case x.plan.Sorted == sort.Len():
		return x.resumed(ctx)
	}
	x.stats.SortedInMemory = true
	return x.sortedInRuns(ctx, sort.Head(x.plan.Sorted))
}

// resumed yields the entries, which are in order, behind the key to go on after.
func (x *execution) resumed(ctx context.Context) iter.Seq2[Entry, error] {
	if len(x.request.After) == 0 {
		return x.selected(ctx, true)
	}
	return func(yield func(Entry, error) bool) {
		for e, err := range x.selected(ctx, true) {
			var key []byte
			if err == nil {
				key, err = x.sortKey(ctx, x.request.Sort, e)
			}
			if err == nil && !x.beyond(key) {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// sortedInRuns sorts entries that come in the order of the sort's head: those
// that the head does not tell apart are a run, sorted by itself. Without a head
// all are one run.
func (x *execution) sortedInRuns(ctx context.Context, head *query.Sort) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		run := x.newRun()
		var at []byte // the run's key of the head
		for e, err := range x.selected(ctx, true) {
			var key, headKey []byte
			if err == nil {
				headKey, err = x.sortKey(ctx, head, e)
			}
			if err == nil && !bytes.Equal(headKey, at) {
				if !run.yield(ctx, yield) {
					return
				}
				run, at = x.newRun(), headKey
			}
			if err == nil {
				key, err = x.sortKey(ctx, x.request.Sort, e)
			}
			if err == nil && x.beyond(key) {
				err = run.add(key, e.ID)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
		}
		run.yield(ctx, yield)
	}
}

// run is what is sorted together: keys and ids only, in 64 MiB.
type run struct {
	x     *execution
	items []sortItem
	bytes int
	most  int // how many of the first are wanted; 0 is all
}

type sortItem struct {
	key []byte
	id  int64
}

func (x *execution) newRun() *run {
	r := &run{x: x}
	if x.request.Limit > 0 && x.request.Limit < 1<<20 && x.request.Skip < 1<<20 {
		r.most = int(x.request.Skip + x.request.Limit)
	}
	return r
}

func (r *run) add(key []byte, id int64) error {
	const overhead = 48
	r.items = append(r.items, sortItem{key, id})
	r.bytes += len(key) + overhead
	if r.most > 0 && len(r.items) >= 2*r.most+64 {
		r.sort()
		r.items = slices.Delete(r.items, r.most, len(r.items))
		r.bytes = 0
		for _, item := range r.items {
			r.bytes += len(item.key) + overhead
		}
	}
	if r.bytes > maxSortBytes {
		return &query.Error{
			Code: query.CodeMemoryLimit,
			Message: "Executor error during find command :: caused by :: " +
				"Sort exceeded memory limit of 67108864 bytes; an index on the sort's keys would do without",
		}
	}
	return nil
}

func (r *run) sort() {
	slices.SortStableFunc(r.items, func(a, b sortItem) int { return bytes.Compare(a.key, b.key) })
}

// yield yields the run's entries in order, and tells whether to go on.
func (r *run) yield(ctx context.Context, yield func(Entry, error) bool) bool {
	r.sort()
	for _, item := range r.items {
		e, err := r.x.source.Fetch(ctx, item.id)
		if !yield(e, err) {
			return false
		}
	}
	return true
}
