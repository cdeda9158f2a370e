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

	// Promise has those of the documents with some ids removed that a filter
	// selects, see Remove, even if the process ends before it is done. It is kept
	// with the step, or not made. wait waits for that, and returns how many were.
	Promise(ids *roaring64.Bitmap, filter *query.Filter) (wait func(ctx context.Context) (removed int64, err error), err error)
}

// Remover is a Target that may know what a filter selects without looking at
// documents.
type Remover interface {
	Target

	// Knows tells whether it knows what the filter selects.
	Knows(filter *query.Filter) bool

	// RemoveSelected removes those of the documents with some ids that a filter, of
	// which it knows that, selects: all of them or none. It returns how many were.
	RemoveSelected(ids []int64, filter *query.Filter) (removed int64, err error)
}

// many carries out a change of all documents that it selects. They are found
// while others write, and then changed in steps.
func (w *writing) many(ctx context.Context, c *taskdb.Change) taskdb.Outcome {
	for {
		source, err := w.collection.Read(ctx)
		if err != nil {
			return taskdb.Outcome{Err: err}
		}
		ids, err := found(ctx, source, c.Filter)
		if err != nil {
			return taskdb.Outcome{Err: err}
		}
		if !ids.IsEmpty() {
			return all(ctx, w.collection, source, c, ids)
		}
		if !c.Upsert {
			return taskdb.Outcome{}
		}
		if outcome, done := w.upsertNone(ctx, c); done {
			return outcome
		}
	}
}

// found returns the ids of the documents that a filter selects.
func found(ctx context.Context, source Source, filter *query.Filter) (*roaring64.Bitmap, error) {
	ids, ok, err := foundDifference(ctx, source, filter)
	if ok || err != nil {
		return ids, err
	}
	return start(ctx, source, taskdb.Request{Filter: filter, Sort: &query.Sort{}}).ids(ctx)
}

// foundDifference finds those for which A and not B holds as those for which A
// holds, if indexes tell these, without those for which A and B hold, as
// countDifference counts them.
func foundDifference(ctx context.Context, source Source, filter *query.Filter) (ids *roaring64.Bitmap, ok bool, err error) {
	if x := start(ctx, source, taskdb.Request{Filter: filter, Sort: &query.Sort{}}); x.plan.Exact {
		ids, err = x.ids(ctx)
		return ids, true, err
	}
	all, excepted, ok := filter.Difference()
	if !ok {
		return nil, false, nil
	}
	if ids, ok, err = foundDifference(ctx, source, all); !ok || err != nil {
		return nil, false, err
	}
	others, err := found(ctx, source, excepted)
	if err != nil {
		return nil, false, err
	}
	ids.AndNot(others)
	return ids, true, nil
}

func (x *execution) ids(ctx context.Context) (*roaring64.Bitmap, error) {
	ids := roaring64.New()
	for e, err := range x.selected(ctx, false) {
		if err != nil {
			return nil, err
		}
		ids.Add(uint64(e.ID))
	}
	return ids, nil
}

// upsertNone inserts a document if there is still none that the change selects.
func (w *writing) upsertNone(ctx context.Context, c *taskdb.Change) (outcome taskdb.Outcome, done bool) {
	err := w.collection.Step(ctx, nil, func(t Target) error {
		_, found, err := first(context.WithoutCancel(ctx), t, c, 0)
		if done = !found; err == nil && done {
			outcome = upsert(t, c)
		}
		return err
	})
	if err != nil {
		return taskdb.Outcome{Err: err}, true
	}
	return outcome, done
}

// all changes those of the documents with some ids of a source that the change
// selects, in steps. A deletion that has begun is carried through.
func all(ctx context.Context, collection Collection, source Source, c *taskdb.Change, ids *roaring64.Bitmap) (done taskdb.Outcome) {
	for left := ids.Iterator(); left.HasNext() && done.Err == nil; {
		var wait func(ctx context.Context) (int64, error)
		now, err := step(ctx, collection, source, c, left, func(t Target) (err error) {
			if promiser, ok := t.(Promiser); ok && c.Kind == taskdb.DeleteDocuments {
				wait, err = promiser.Promise(rest(ids, left), c.Filter)
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

// Remove removes those of the documents with some ids of a source that a filter
// selects, in steps, until the context ends. It returns how many were.
func Remove(ctx context.Context, collection Collection, source Source, ids *roaring64.Bitmap, filter *query.Filter) (removed int64, err error) {
	c := &taskdb.Change{Kind: taskdb.DeleteDocuments, Filter: filter}
	for left := ids.Iterator(); left.HasNext() && err == nil; {
		var now taskdb.Outcome
		now, err = step(ctx, collection, source, c, left, nil)
		removed += now.Matched
	}
	return removed, err
}

// step changes the next documents, as many as a step takes, up to the first that
// fails. If some are left then, it calls more, if that is not nil, within the step.
func step(ctx context.Context, collection Collection, source Source, c *taskdb.Change, left roaring64.IntPeekable64,
	more func(t Target) error) (done taskdb.Outcome, err error) {
	err = collection.Step(ctx, source, func(t Target) error {
		done = some(context.WithoutCancel(ctx), t, c, left)
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

func some(ctx context.Context, t Target, c *taskdb.Change, left roaring64.IntPeekable64) (done taskdb.Outcome) {
	for start := time.Now(); left.HasNext() && done.Err == nil && time.Since(start) < stepTime; {
		if c.Kind == taskdb.DeleteDocuments {
			removed, err := removeSome(ctx, t, c.Filter, left)
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

// How many documents are removed together, if each is looked at and if none is.
const (
	removedAtOnce = 128
	unseenAtOnce  = 512
)

// removeSome removes those of the next documents that the filter selects now, up to
// the first that it fails on.
func removeSome(ctx context.Context, t Target, filter *query.Filter, left roaring64.IntPeekable64) (removed int64, err error) {
	if remover, ok := t.(Remover); ok && remover.Knows(filter) {
		return remover.RemoveSelected(next(left, unseenAtOnce), filter)
	}
	return removeMatching(ctx, t, filter, next(left, removedAtOnce))
}

// next returns the next ids, so many at the most.
func next(left roaring64.IntPeekable64, most int) []int64 {
	ids := make([]int64, 0, most)
	for len(ids) < most && left.HasNext() {
		ids = append(ids, int64(left.Next()))
	}
	return ids
}

func removeMatching(ctx context.Context, t Target, filter *query.Filter, ids []int64) (removed int64, failed error) {
	var doomed []Entry
	for i := 0; i < len(ids) && failed == nil; i++ {
		e, err := t.Fetch(ctx, ids[i])
		ok := false
		if err == nil {
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

// rest returns the ids that an iterator has not come to.
func rest(ids *roaring64.Bitmap, left roaring64.IntPeekable64) *roaring64.Bitmap {
	rest := ids.Clone()
	rest.RemoveRange(0, left.PeekNext())
	return rest
}
