package execute

import (
	"context"
	"errors"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Collection is a collection that is written to.
type Collection interface {
	// Read returns the collection as it is now.
	Read(ctx context.Context) (Source, error)

	// Step calls work while nobody else writes. If it returns nil, what work did
	// is kept, else nothing of it. Work fails only before it has changed anything.
	// If source is not nil, work is about its documents: should the collection have
	// been dropped since, and maybe made again, there are none.
	Step(ctx context.Context, source Source, work func(t Target) error) error
}

// Target is a collection within a step: what is there, the changes of the step
// included. Each change is done whole or, with an error, not at all.
type Target interface {
	Source

	Insert(doc bson.Raw) error

	// Replace stores after in the place of an entry's document, and before is
	// what after was made of: the document with or without what is kept apart.
	Replace(e Entry, before, after bson.Raw) error

	// Remove removes the documents of entries, all of them or none.
	Remove(entries ...Entry) error

	// Watches are those of the collection, to be told of each document that is inserted
	// or changed; nil if the collection is not there.
	Watches() *Watches
}

// stepTime is how long a step goes on to take up changes, while other writers
// wait. Committing takes about as long again, at the worst.
const stepTime = 25 * time.Millisecond

// maxWhole is how many bytes a document may have while it is updated, with what is
// kept apart from it. What rests is checked by itself.
const maxWhole = math.MaxInt32

// writing is a list of changes on its way.
type writing struct {
	collection Collection
	changes    []taskdb.Change
	ordered    bool
	outcomes   []taskdb.Outcome
	next       int // the first change that is not done
}

// Write carries out changes as taskdb.Backend says.
func Write(ctx context.Context, c Collection, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	w := &writing{collection: c, changes: changes, ordered: ordered, outcomes: make([]taskdb.Outcome, len(changes))}
	for w.next < len(changes) && !w.ended() {
		var err error
		if changes[w.next].Many {
			w.outcomes[w.next] = w.beside(ctx, &changes[w.next], w.many)
			w.next++
		} else {
			err = w.run(ctx)
		}
		if err != nil && w.next == 0 {
			return nil, err
		}
		if err != nil {
			w.giveUp(err)
			return w.outcomes, nil
		}
	}
	w.giveUp(taskdb.ErrNotTried)
	return w.outcomes, nil
}

// ended tells whether a change failed behind which no other is to be tried.
func (w *writing) ended() bool {
	return w.ordered && w.next > 0 && w.outcomes[w.next-1].Err != nil
}

// giveUp says of the changes that are left why they were not done.
func (w *writing) giveUp(err error) {
	for ; w.next < len(w.changes); w.next++ {
		w.outcomes[w.next].Err = err
	}
}

// run carries out the next changes of one document each, as many as a step takes.
func (w *writing) run(ctx context.Context) error {
	first, far, within := w.next, false, context.WithoutCancel(ctx)
	err := w.collection.Step(ctx, nil, func(t Target) error {
		far = w.take(within, t)
		return nil
	})
	if err != nil {
		clear(w.outcomes[first:w.next])
		w.next = first
		return err
	}
	if far {
		w.outcomes[w.next] = w.beside(ctx, &w.changes[w.next], w.far)
		w.next++
	}
	return nil
}

// take carries out changes for as long as a step takes, and tells whether it came
// upon one whose document is far.
func (w *writing) take(ctx context.Context, t Target) (far bool) {
	for start := time.Now(); w.next < len(w.changes) && time.Since(start) < stepTime; {
		c := &w.changes[w.next]
		if c.Many || w.ended() {
			return false
		}
		outcome := single(ctx, t, c)
		if errors.Is(outcome.Err, errFar) {
			return true
		}
		w.outcomes[w.next] = outcome
		w.next++
	}
	return false
}

// single carries out a change of one document, which is not far.
func single(ctx context.Context, t Target, c *taskdb.Change) taskdb.Outcome {
	if c.Kind == taskdb.InsertDocument {
		return taskdb.Outcome{Err: t.Insert(c.Doc)}
	}
	e, found, err := first(ctx, t, c, maxHeld)
	switch {
	case err != nil:
		return taskdb.Outcome{Err: err}
	case found:
		return change(ctx, t, c, e)
	case c.Upsert:
		return upsert(t, c)
	}
	return taskdb.Outcome{}
}

// attempt is one at a change whose documents are looked for in source while others
// write. It is false if these changed what it found; the watch tells an upsert that.
type attempt func(ctx context.Context, c *taskdb.Change, source Source, watch *Watch) (outcome taskdb.Outcome, done bool)

// beside makes attempts at a change until one is done.
func (w *writing) beside(ctx context.Context, c *taskdb.Change, try attempt) taskdb.Outcome {
	for {
		if outcome, done := w.once(ctx, c, try); done {
			return outcome
		}
	}
}

// once makes one attempt at a change.
func (w *writing) once(ctx context.Context, c *taskdb.Change, try attempt) (outcome taskdb.Outcome, done bool) {
	watch, err := w.watch(ctx, c)
	if err != nil {
		return taskdb.Outcome{Err: err}, true
	}
	defer watch.end()
	source, err := w.collection.Read(ctx)
	if err != nil {
		return taskdb.Outcome{Err: err}, true
	}
	return try(ctx, c, source, watch)
}

// far is an attempt at a change of one document that is far. It is asked about again
// before it is changed.
func (w *writing) far(ctx context.Context, c *taskdb.Change, source Source, watch *Watch) (outcome taskdb.Outcome, done bool) {
	e, found, err := first(ctx, source, c, 0)
	switch {
	case err != nil || !found && !c.Upsert:
		return taskdb.Outcome{Err: err}, true
	case !found:
		return w.upsertNone(ctx, c, watch)
	}
	err = w.collection.Step(ctx, source, func(t Target) error {
		outcome, done = recheck(context.WithoutCancel(ctx), t, c, e.ID)
		return nil
	})
	if err != nil {
		return taskdb.Outcome{Err: err}, true
	}
	return outcome, done
}

// recheck carries out a change of the document with an id, if it is still one that
// the change selects.
func recheck(ctx context.Context, t Target, c *taskdb.Change, id int64) (outcome taskdb.Outcome, done bool) {
	e, err := t.Fetch(ctx, id)
	if dropped(err) {
		return taskdb.Outcome{}, false
	}
	ok := false
	if err == nil {
		ok, err = match(ctx, t, c.Filter, e)
	}
	switch {
	case err != nil:
		return taskdb.Outcome{Err: err}, true
	case !ok:
		return taskdb.Outcome{}, false
	}
	return change(ctx, t, c, e), true
}

// change updates or removes an entry's document. What is to be returned is made
// first: where that fails, nothing is changed.
func change(ctx context.Context, t Target, c *taskdb.Change, e Entry) taskdb.Outcome {
	before, err := whole(ctx, t, e, c.Needs)
	if err != nil {
		return taskdb.Outcome{Err: err}
	}
	after, modified := before, false
	if c.Kind == taskdb.UpdateDocuments {
		if after, modified, err = update(t, c, before); err != nil {
			return taskdb.Outcome{Err: err}
		}
	}
	outcome := taskdb.Outcome{Matched: 1}
	if outcome.Doc, err = returned(c, before, after); err != nil {
		return taskdb.Outcome{Err: err}
	}
	switch {
	case c.Kind == taskdb.DeleteDocuments:
		err = t.Remove(e)
	case modified:
		outcome.Modified = 1
		err = t.Replace(e, before, after)
	}
	if err != nil {
		return taskdb.Outcome{Err: err}
	}
	return outcome
}

// returned shows the state of a document that the change is to return.
func returned(c *taskdb.Change, before, after bson.Raw) (bson.Raw, error) {
	switch {
	case c.Return == taskdb.ReturnBefore && before != nil:
		return c.Projection.Apply(nil, before, c.Filter)
	case c.Return == taskdb.ReturnAfter:
		return c.Projection.Apply(nil, after, c.Filter)
	}
	return nil, nil
}

// Lender is a Target that copies what becomes of a document to where it stays, and so
// has memory to lend for it.
type Lender interface {
	Target

	// Lend lends so many bytes, until the next change.
	Lend(size int) []byte
}

// update returns what a document becomes.
func update(t Target, c *taskdb.Change, before bson.Raw) (after bson.Raw, modified bool, err error) {
	var room []byte
	if lender, ok := t.(Lender); ok {
		room = lender.Lend(len(before) + len(c.Update.Source()))
	}
	after, modified, err = c.Update.WithMaxSize(maxWhole).ApplyIn(room, before, c.Filter, time.Now())
	if err == nil && modified {
		err = taskdb.CheckSize(after, 0, query.CodeUpdateTooLarge)
	}
	return after, modified, err
}
