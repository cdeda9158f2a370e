package transfer

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Existing says what is to become of another record that is there under the _id of
// one that is copied.
type Existing uint8

// What can become of a record that is there.
const (
	Keep      Existing = iota // it stays, and the copied one is Different
	Overwrite                 // it is Replaced
)

// Copy stores records in a collection, in their order, and tells what became of
// each. A record that cannot be stored keeps no other from it. The error is tell's,
// or what kept the rest from being copied: then what was told so far is stored, and
// to copy the records again goes on there.
func Copy(ctx context.Context, to *taskdb.DB, records Records, existing Existing, tell func(Result) error) error {
	store := func(batch []*Result) error { return copyBatch(ctx, to, batch, existing) }
	return eachBatch(ctx, records, store, tell)
}

// Add stores records in a collection, each by itself, and tells what became of each:
// it was Added or Refused, though it is there already. The error is as Copy's.
func Add(ctx context.Context, to *taskdb.DB, records Records, tell func(Result) error) error {
	store := func(batch []*Result) error { return addBatch(ctx, to, batch) }
	return eachBatch(ctx, records, store, tell)
}

// copyBatch stores what is not there. What then turns out to be there was added
// meanwhile, by somebody else or by the batch itself.
func copyBatch(ctx context.Context, to *taskdb.DB, batch []*Result, existing Existing) error {
	absent, err := find(ctx, to, batch)
	if err != nil {
		return err
	}
	if err := addBatch(ctx, to, absent); err != nil {
		return err
	}
	var present []*Result
	for _, r := range absent {
		if errors.Is(r.Err, taskdb.ErrExists) {
			present = append(present, r)
		}
	}
	if _, err := find(ctx, to, present); err != nil {
		return err
	}
	for _, r := range present {
		if r.Fate == Refused && isMsgID(r.Err) {
			r.Fate = Different
		}
	}
	if existing == Overwrite {
		return replace(ctx, to, batch)
	}
	return nil
}

// isMsgID tells whether a record was refused for its msg_id.
func isMsgID(err error) bool {
	var duplicate *taskdb.DuplicateKeyError
	if !errors.As(err, &duplicate) {
		return false
	}
	elements, _ := duplicate.KeyPattern.Elements()
	return len(elements) == 1 && elements[0].Key() == "msg_id"
}

// addBatch adds each record by itself.
func addBatch(ctx context.Context, to *taskdb.DB, batch []*Result) error {
	docs := make([]bson.Raw, len(batch))
	for i, r := range batch {
		docs[i] = r.Doc
	}
	errs, err := to.AddEach(ctx, docs...)
	if err != nil {
		return err
	}
	for i, r := range batch {
		if r.Fate, r.Err = Added, errs[i]; r.Err != nil {
			r.Fate = Refused
		}
	}
	return nil
}

// replace puts the records that are different in the places of the others.
func replace(ctx context.Context, to *taskdb.DB, batch []*Result) error {
	var replaced []*Result
	var updates []taskdb.Operation
	for _, r := range batch {
		if r.Fate == Different && r.Err == nil {
			replaced = append(replaced, r)
			updates = append(updates, taskdb.Update{Filter: byID(r.Doc.Lookup("_id")), Update: r.Doc})
		}
	}
	outcomes, err := to.Bulk(ctx, false, updates...)
	if err != nil {
		return fmt.Errorf("replace in %s: %w", to.Collection(), err)
	}
	for i, r := range replaced {
		r.Fate, r.Err = Replaced, outcomes[i].Err
		if r.Err == nil && outcomes[i].Matched == 0 {
			r.Err = fmt.Errorf("the record in its place was dropped meanwhile: %w", taskdb.ErrNotFound)
		}
		if r.Err != nil {
			r.Fate = Refused
		}
	}
	return nil
}
