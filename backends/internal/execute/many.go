package execute

import (
	"context"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Promiser is a Collection that outlives the process, and so has to remember what
// it began to remove.
type Promiser interface {
	Collection

	// Promise has those of the documents with some ids removed that a filter
	// selects, see Remove, also if the context or the process ends before it is
	// done. It returns how many were.
	Promise(ctx context.Context, ids *roaring64.Bitmap, filter *query.Filter) (removed int64, err error)
}

// maxUnpromised is how many documents are removed without a promise: about so many
// as one step takes.
const maxUnpromised = 200

// many carries out a change of all documents that it selects. They are found
// while others write, and then changed in steps.
func (w *writing) many(ctx context.Context, c *taskdb.Change) taskdb.Outcome {
	for {
		ids, err := w.found(ctx, c.Filter)
		if err != nil {
			return taskdb.Outcome{Err: err}
		}
		if !ids.IsEmpty() {
			return w.all(ctx, c, ids)
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
func (w *writing) found(ctx context.Context, filter *query.Filter) (*roaring64.Bitmap, error) {
	ids := roaring64.New()
	source, err := w.collection.Read(ctx)
	if err != nil {
		return nil, err
	}
	for e, err := range start(source, taskdb.Request{Filter: filter, Sort: &query.Sort{}}).selected(ctx, false) {
		if err != nil {
			return nil, err
		}
		ids.Add(uint64(e.ID))
	}
	return ids, nil
}

// upsertNone inserts a document if there is still none that the change selects.
func (w *writing) upsertNone(ctx context.Context, c *taskdb.Change) (outcome taskdb.Outcome, done bool) {
	err := w.collection.Step(ctx, func(t Target) error {
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

// all changes the documents with some ids.
func (w *writing) all(ctx context.Context, c *taskdb.Change, ids *roaring64.Bitmap) taskdb.Outcome {
	promiser, promises := w.collection.(Promiser)
	if c.Kind == taskdb.DeleteDocuments && promises && ids.GetCardinality() > maxUnpromised {
		n, err := promiser.Promise(ctx, ids, c.Filter)
		return taskdb.Outcome{Matched: n, Err: err}
	}
	return changeThese(ctx, w.collection, c, ids)
}

// Remove removes those of the documents with some ids that a filter selects, in
// steps. It returns how many were.
func Remove(ctx context.Context, c Collection, ids *roaring64.Bitmap, filter *query.Filter) (removed int64, err error) {
	outcome := changeThese(ctx, c, &taskdb.Change{Kind: taskdb.DeleteDocuments, Filter: filter}, ids)
	return outcome.Matched, outcome.Err
}

// changeThese changes those of the documents with some ids that the change
// selects.
func changeThese(ctx context.Context, collection Collection, c *taskdb.Change, ids *roaring64.Bitmap) (done taskdb.Outcome) {
	for left := ids.Iterator(); left.HasNext(); {
		var now taskdb.Outcome // of the step
		err := collection.Step(ctx, func(t Target) error {
			now = changeSome(context.WithoutCancel(ctx), t, c, left)
			return nil
		})
		if err != nil {
			done.Err = err
			return done
		}
		done.Matched, done.Modified, done.Err = done.Matched+now.Matched, done.Modified+now.Modified, now.Err
		if done.Err != nil {
			return done
		}
		if c.Kind == taskdb.DeleteDocuments {
			ctx = context.WithoutCancel(ctx) // it has begun, and is carried through
		}
	}
	return done
}

// changeSome changes the next documents, as many as a step takes, up to the first
// that fails.
func changeSome(ctx context.Context, t Target, c *taskdb.Change, left roaring64.IntPeekable64) (done taskdb.Outcome) {
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

// removedAtOnce is how many documents are removed together.
const removedAtOnce = 128

// removeSome removes those of the next documents that the filter selects, up to the
// first that it fails on.
func removeSome(ctx context.Context, t Target, filter *query.Filter, left roaring64.IntPeekable64) (removed int64, failed error) {
	var doomed []Entry
	for n := 0; n < removedAtOnce && left.HasNext() && failed == nil; n++ {
		e, err := t.Fetch(ctx, int64(left.Next()))
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
