package execute

import (
	"context"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// upsert inserts the document of a change that found none.
func upsert(t Target, c *taskdb.Change) taskdb.Outcome {
	doc, err := c.Update.WithMaxSize(maxWhole).Upsert(c.Filter, time.Now())
	if err != nil {
		return taskdb.Outcome{Err: err}
	}
	if _, err := doc.LookupErr("_id"); err != nil {
		id := bsoncore.AppendObjectIDElement(nil, "_id", bson.NewObjectID())
		doc = bson.Raw(bsoncore.BuildDocument(nil, id, doc[4:len(doc)-1]))
	}
	if err := taskdb.CheckSize(doc, 0, query.CodeUpsertTooLarge); err != nil {
		return taskdb.Outcome{Err: err}
	}
	outcome := taskdb.Outcome{UpsertedID: doc.Lookup("_id")}
	if outcome.Doc, err = returned(c, nil, doc); err == nil {
		err = t.Insert(doc)
	}
	if err != nil {
		return taskdb.Outcome{Err: err}
	}
	return outcome
}

// watch begins a watch of what others change while the documents of an upsert are
// looked for. Other changes have none.
func (w *writing) watch(ctx context.Context, c *taskdb.Change) (watch *Watch, err error) {
	if !c.Upsert {
		return nil, nil
	}
	err = w.collection.Step(ctx, nil, func(t Target) error {
		watch = t.Watches().begin()
		return nil
	})
	if err != nil {
		watch.end()
		return nil, err
	}
	return watch, nil
}

// maxAsked is how many documents are asked about while other writers wait, before
// one is inserted beside them.
const maxAsked = 1000

// upsertNone inserts a document for a change that was found to select none, unless it
// may select one that was changed since the watch began: then it is false.
func (w *writing) upsertNone(ctx context.Context, c *taskdb.Change, watch *Watch) (outcome taskdb.Outcome, done bool) {
	for {
		var changed *roaring64.Bitmap
		found := false
		err := w.collection.Step(ctx, nil, func(t Target) (err error) {
			if t.Watches() != watch.of {
				found = true // in a collection that was made meanwhile, maybe
				return nil
			}
			if changed = watch.take(); changed.GetCardinality() > maxAsked {
				return nil
			}
			if found, err = selectsAny(context.WithoutCancel(ctx), t, c.Filter, changed); err == nil && !found {
				outcome, done = upsert(t, c), true
			}
			return err
		})
		if err == nil && !done && !found {
			found, err = w.selectsAny(ctx, c.Filter, changed)
		}
		switch {
		case err != nil:
			return taskdb.Outcome{Err: err}, true
		case done || found:
			return outcome, done
		}
	}
}

// selectsAny tells whether a filter selects one of some documents, as they are now.
func (w *writing) selectsAny(ctx context.Context, filter *query.Filter, ids *roaring64.Bitmap) (bool, error) {
	source, err := w.collection.Read(ctx)
	if err != nil {
		return false, err
	}
	return selectsAny(ctx, source, filter, ids)
}

func selectsAny(ctx context.Context, source Source, filter *query.Filter, ids *roaring64.Bitmap) (bool, error) {
	for it := ids.Iterator(); it.HasNext(); {
		e, err := source.Fetch(ctx, int64(it.Next()))
		if dropped(err) {
			continue
		}
		ok := false
		if err == nil {
			ok, err = match(ctx, source, filter, e)
		}
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
