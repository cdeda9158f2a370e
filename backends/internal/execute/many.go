package execute

import (
	"context"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Promiser is a Target of a store that outlives the process, and so has to remember
// what it began to remove.
type Promiser interface {
	Target

	// Promise has a selection removed, see Remove, even if the process ends before it
	// is done. It is kept with the step, or not made. wait waits for that, and returns
	// how many documents were removed, until then if there is an error.
	Promise(s *Selection) (wait func(ctx context.Context) (removed int64, err error), err error)
}

// Remover is a Target that may know what a filter selects without looking at
// documents.
type Remover interface {
	Target

	// Knows tells whether it knows what the filter selects; nil selects all.
	Knows(filter *query.Filter) bool

	// RemoveSelected removes those of the documents with some ids, which are in order,
	// that a filter, of which it knows that, selects. It returns how many were, with an
	// error too.
	RemoveSelected(ids []int64, filter *query.Filter) (removed int64, err error)
}

// Selection is what a filter was found to select.
type Selection struct {
	Source Source
	Filter *query.Filter
	IDs    *roaring64.Bitmap
	// ByIndex tells that indexes alone told what is selected: so it is for as long as
	// the source tells of no changes.
	ByIndex bool
}

// holds tells that the filter selects all of the documents that are still there.
func (s *Selection) holds() bool { return s.ByIndex && s.Source.Since() == Changes{} }

// many is an attempt at a change of all documents that it selects. They are found, and
// then changed in steps.
func (w *writing) many(ctx context.Context, c *taskdb.Change, source Source, watch *Watch) (outcome taskdb.Outcome, done bool) {
	selected, err := found(ctx, source, c.Filter)
	switch {
	case err != nil:
		return taskdb.Outcome{Err: err}, true
	case !selected.IDs.IsEmpty():
		return all(ctx, w.collection, c, selected), true
	case !c.Upsert:
		return taskdb.Outcome{}, true
	}
	return w.upsertNone(ctx, c, watch)
}

// found returns what a filter selects.
func found(ctx context.Context, source Source, filter *query.Filter) (*Selection, error) {
	s, err := foundByIndex(ctx, source, filter)
	if s != nil || err != nil {
		return s, err
	}
	return start(ctx, source, taskdb.Request{Filter: filter, Sort: &query.Sort{}}).selection(ctx)
}

// foundByIndex returns what a filter selects if indexes tell. Those for which A and
// not B hold are then those for which A holds, without those for which A and B hold,
// as countDifference counts them. It returns nil if indexes do not tell.
func foundByIndex(ctx context.Context, source Source, filter *query.Filter) (*Selection, error) {
	if x := start(ctx, source, taskdb.Request{Filter: filter, Sort: &query.Sort{}}); x.plan.Exact {
		return x.selection(ctx)
	}
	all, excepted, ok := filter.Difference()
	if !ok {
		return nil, nil
	}
	s, err := foundByIndex(ctx, source, all)
	if s == nil || err != nil {
		return nil, err
	}
	others, err := found(ctx, source, excepted)
	if err != nil {
		return nil, err
	}
	s.IDs.AndNot(others.IDs)
	s.Filter, s.ByIndex = filter, s.ByIndex && others.ByIndex
	return s, nil
}

// selection returns what the execution's filter selects.
func (x *execution) selection(ctx context.Context) (*Selection, error) {
	s := &Selection{Source: x.source, Filter: x.request.Filter, IDs: roaring64.New()}
	for e, err := range x.selected(ctx, false) {
		if err != nil {
			return nil, err
		}
		s.IDs.Add(uint64(e.ID))
	}
	s.ByIndex = x.plan.Exact && !x.asked
	return s, nil
}

// all changes those of the selected documents that the change still selects, in
// steps. A deletion that has begun is carried through.
func all(ctx context.Context, collection Collection, c *taskdb.Change, selected *Selection) (done taskdb.Outcome) {
	for left := selected.IDs.Iterator(); left.HasNext() && done.Err == nil; {
		var wait func(ctx context.Context) (int64, error)
		now, err := step(ctx, collection, c, selected, left, func(t Target) (err error) {
			if promiser, ok := t.(Promiser); ok && c.Kind == taskdb.DeleteDocuments {
				wait, err = promiser.Promise(selected.from(left))
			}
			return err
		})
		done.Matched, done.Modified, done.Err = done.Matched+now.Matched, done.Modified+now.Modified, err
		if wait != nil && err == nil {
			now.Matched, done.Err = wait(ctx)
			done.Matched += now.Matched
			return done
		}
		if c.Kind == taskdb.DeleteDocuments {
			ctx = context.WithoutCancel(ctx)
		}
	}
	return done
}

// from returns what of the selection an iterator has not come to.
func (s *Selection) from(left roaring64.IntPeekable64) *Selection {
	rest := *s
	rest.IDs = s.IDs.Clone()
	rest.IDs.RemoveRange(0, left.PeekNext())
	return &rest
}

// Remove removes those of the selected documents that the filter still selects, in
// steps, until the context ends. It notes after each how many more were removed.
func Remove(ctx context.Context, collection Collection, selected *Selection, note func(removed int64)) (err error) {
	c := &taskdb.Change{Kind: taskdb.DeleteDocuments, Filter: selected.Filter}
	for left := selected.IDs.Iterator(); left.HasNext() && err == nil; {
		var now taskdb.Outcome
		now, err = step(ctx, collection, c, selected, left, nil)
		note(now.Matched)
	}
	return err
}

// step changes the next documents, as many as a step takes, up to the first that
// fails. If some are left then, it calls more, if that is not nil, within the step.
func step(ctx context.Context, collection Collection, c *taskdb.Change, selected *Selection, left roaring64.IntPeekable64,
	more func(t Target) error) (done taskdb.Outcome, err error) {
	err = collection.Step(ctx, selected.Source, func(t Target) error {
		done = some(context.WithoutCancel(ctx), t, c, selected, left)
		if more != nil && done.Err == nil && left.HasNext() {
			done.Err = more(t)
		}
		return nil
	})
	if err != nil {
		return taskdb.Outcome{}, err
	}
	return done, done.Err
}

func some(ctx context.Context, t Target, c *taskdb.Change, selected *Selection, left roaring64.IntPeekable64) (done taskdb.Outcome) {
	for start := time.Now(); left.HasNext() && done.Err == nil && time.Since(start) < stepTime; {
		if c.Kind == taskdb.DeleteDocuments {
			removed, err := removeSome(ctx, t, selected, left)
			done.Matched += removed
			done.Err = err
			continue
		}
		outcome, _ := recheck(ctx, t, c, int64(left.Next()))
		done.Matched += outcome.Matched
		done.Modified += outcome.Modified
		done.Err = outcome.Err
	}
	return done
}

// How many documents are removed together, if each is looked at and if none is, and
// with how many bytes, if they are read.
const (
	removedAtOnce = 128
	unseenAtOnce  = 512
	bytesAtOnce   = 4 << 20
)

// removeSome removes those of the next selected documents that the filter still
// selects, up to the first that it fails on.
func removeSome(ctx context.Context, t Target, selected *Selection, left roaring64.IntPeekable64) (removed int64, err error) {
	filter, most := selected.Filter, removedAtOnce
	if selected.holds() {
		filter, most = nil, unseenAtOnce
	}
	if remover, ok := t.(Remover); ok && remover.Knows(filter) {
		return remover.RemoveSelected(next(left, unseenAtOnce), filter)
	}
	return removeMatching(ctx, t, filter, left, most)
}

// next returns the next ids, so many at the most.
func next(left roaring64.IntPeekable64, most int) []int64 {
	ids := make([]int64, 0, most)
	for len(ids) < most && left.HasNext() {
		ids = append(ids, int64(left.Next()))
	}
	return ids
}

// removeMatching removes those of the next documents, so many at the most, that a
// filter selects; nil selects all.
func removeMatching(ctx context.Context, t Target, filter *query.Filter, left roaring64.IntPeekable64, most int) (removed int64, failed error) {
	doomed, bytes := make([]Entry, 0, most), 0
	for looked := 0; looked < most && bytes < bytesAtOnce && left.HasNext() && failed == nil; looked++ {
		e, err := t.Fetch(ctx, int64(left.Next()))
		bytes += len(e.Doc)
		ok := err == nil
		if ok && filter != nil {
			ok, err = match(ctx, t, filter, e)
		}
		if failed = ignoreDropped(err); ok {
			doomed = append(doomed, e)
		}
	}
	if len(doomed) > 0 {
		if err := t.Remove(doomed...); err != nil {
			return 0, err
		}
	}
	return int64(len(doomed)), failed
}
