package execute

import (
	"bytes"
	"context"
	"fmt"
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
		return x.resumed(ctx, true)
	}
	x.stats.SortedInMemory = true
	return x.sortedInRuns(ctx, sort.Head(x.plan.Sorted))
}

// resumed yields the selected entries that lie behind the key to go on after.
func (x *execution) resumed(ctx context.Context, docs bool) iter.Seq2[Entry, error] {
	if len(x.request.After) == 0 {
		return x.selected(ctx, docs)
	}
	return func(yield func(Entry, error) bool) {
		for e, err := range x.selected(ctx, true) {
			var key []byte
			if err == nil {
				key, err = x.sortKey(ctx, x.request.Sort, e)
			}
			if dropped(err) || err == nil && !x.beyond(key) {
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
			if err == nil {
				key, err = x.sortKey(ctx, x.request.Sort, e)
			}
			if dropped(err) {
				continue
			}
			if err == nil && !bytes.Equal(headKey, at) {
				if !run.yield(ctx, yield) {
					return
				}
				run, at = x.newRun(), headKey
			}
			if err == nil && x.beyond(key) {
				err = run.add(key, e)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
		}
		run.yield(ctx, yield)
	}
}

// maxRunDocs is how many bytes of documents a run keeps. With more it keeps none
// and fetches each again.
const maxRunDocs = 4 << 20

// run is what is sorted together.
type run struct {
	x     *execution
	items []sortItem
	most  int // how many of the first are wanted; 0 is all
	bytes int // of keys and ids
	docs  int // bytes of documents; -1 if they are not kept
}

type sortItem struct {
	key   []byte
	entry Entry
}

// itemBytes is what an item takes besides its key and its document.
const itemBytes = 128

func (x *execution) newRun() *run {
	r := &run{x: x}
	if x.request.Limit > 0 && x.request.Limit < 1<<20 && x.request.Skip < 1<<20 {
		r.most = int(x.request.Skip + x.request.Limit)
	}
	return r
}

func (r *run) add(key []byte, e Entry) error {
	r.items = append(r.items, sortItem{key, e})
	r.bytes += len(key) + itemBytes
	r.keepDocs(e)
	if r.most > 0 && len(r.items) >= 2*r.most+64 {
		r.cut()
	}
	if r.bytes > maxSortBytes {
		return &query.Error{
			Code: query.CodeMemoryLimit,
			Message: fmt.Sprintf("Executor error during find command :: caused by :: Sort exceeded memory limit of %d bytes; "+
				"an index on the sort's keys, or a limit, would do without", maxSortBytes),
		}
	}
	return nil
}

// keepDocs counts the document of the last item, and lets go of all if they are
// too many.
func (r *run) keepDocs(e Entry) {
	if r.docs >= 0 {
		r.docs += len(e.Doc)
	}
	if r.docs > maxRunDocs {
		r.docs = -1
		for i := range r.items {
			r.items[i].entry.Doc = nil
		}
	}
	if r.docs < 0 {
		r.items[len(r.items)-1].entry.Doc = nil
	}
}

// cut keeps the first items that are wanted.
func (r *run) cut() {
	r.sort()
	for _, item := range r.items[r.most:] {
		r.bytes -= len(item.key) + itemBytes
		if r.docs >= 0 {
			r.docs -= len(item.entry.Doc)
		}
	}
	r.items = slices.Delete(r.items, r.most, len(r.items))
}

func (r *run) sort() {
	slices.SortStableFunc(r.items, func(a, b sortItem) int { return bytes.Compare(a.key, b.key) })
}

// yield yields the run's entries in order, and tells whether to go on.
func (r *run) yield(ctx context.Context, yield func(Entry, error) bool) bool {
	r.sort()
	for _, item := range r.items {
		e, err := item.entry, ctx.Err()
		if e.Doc == nil {
			e, err = r.x.source.Fetch(ctx, e.ID)
		}
		if !yield(e, err) {
			return false
		}
	}
	return true
}
