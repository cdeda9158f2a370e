package taskdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// Bulk carries out operations one after another, each by itself, and returns what
// became of each. If they are ordered, the first that fails ends them, and those
// behind it have the outcome ErrNotTried; else all are tried. The error is one
// that kept the operations from being tried at all; operations that fail tell so
// by Outcome.Err alone. An operation that is wrong in itself fails when its turn
// comes.
//
// A context that ends leaves undone what was not begun. A deletion of many that
// has begun goes on to its end.
func (db *DB) Bulk(ctx context.Context, ordered bool, operations ...Operation) ([]Outcome, error) {
	if err := db.invalid; err != nil {
		return nil, fmt.Errorf("bulk: %w", err)
	}
	changes, refused := db.checked(ordered, operations)
	outcomes, err := db.write(ctx, changes, ordered)
	if err != nil {
		return nil, fmt.Errorf("bulk: %w", err)
	}
	return merge(outcomes, refused, ordered), nil
}

// checked returns the changes that are sound, and the outcomes of the operations
// that are not, by their places. Behind the first of these, if they are ordered,
// none is tried.
func (db *DB) checked(ordered bool, operations []Operation) (changes []Change, refused []Outcome) {
	refused = make([]Outcome, len(operations))
	stopped := false
	for i, operation := range operations {
		var c Change
		err := ErrNotTried
		if !stopped {
			c, err = operation.change()
		}
		if err == nil {
			changes = append(changes, c)
			continue
		}
		if !stopped {
			err = c.failed(err)
		}
		refused[i].Err = err
		stopped = ordered
	}
	return changes, refused
}

// merge puts the outcomes of what was tried between those of what was refused.
func merge(tried, refused []Outcome, ordered bool) []Outcome {
	ended := false
	for i := range refused {
		switch {
		case refused[i].Err == nil:
			refused[i], tried = tried[0], tried[1:]
		case ended:
			refused[i].Err = ErrNotTried
		}
		ended = ended || ordered && refused[i].Err != nil
	}
	return refused
}

// write has the backend carry out changes.
func (db *DB) write(ctx context.Context, changes []Change, ordered bool) ([]Outcome, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	outcomes, err := db.backend.Write(withoutBudget(ctx), db.collection, changes, ordered)
	if err != nil {
		return nil, err
	}
	for i := range outcomes {
		if failed := outcomes[i].Err; failed != nil && !errors.Is(failed, ErrNotTried) {
			outcomes[i].Err = changes[i].failed(failed)
		}
	}
	return outcomes, nil
}

// one carries out one change.
func (db *DB) one(ctx context.Context, operation Operation, prepare func(*Change) error) (Outcome, error) {
	if err := db.invalid; err != nil {
		return Outcome{}, err
	}
	change, err := operation.change()
	if err == nil && prepare != nil {
		err = prepare(&change)
	}
	if err != nil {
		return Outcome{}, change.failed(err)
	}
	outcomes, err := db.write(ctx, []Change{change}, true)
	if err != nil {
		return Outcome{}, change.failed(err)
	}
	return outcomes[0], outcomes[0].Err
}

// Update changes the documents that it selects: one, unless it says many.
func (db *DB) Update(ctx context.Context, update Update) (Outcome, error) {
	return db.one(ctx, update, nil)
}

// Delete removes the documents that it selects: one, unless it says many.
func (db *DB) Delete(ctx context.Context, deletion Delete) (Outcome, error) {
	return db.one(ctx, deletion, nil)
}

// FindAndModify carries out an Update or a Delete of one document and returns it,
// as it was or has become, in Outcome.Doc; that is nil if there was none. Nobody
// else changes the document between the search and the change, so that of many
// who ask at once for a task that is free each gets another.
func (db *DB) FindAndModify(ctx context.Context, operation Operation, found Found) (Outcome, error) {
	return db.one(ctx, operation, found.returning)
}

// UpdateRecord changes the record of a task, by operators or by a document that
// takes its place. If there is none the error is ErrNotFound, and an *ExpiredError
// if the store's bounds removed it. An update that says nothing, nil or an empty
// document, changes nothing.
func (db *DB) UpdateRecord(ctx context.Context, msgID string, update any) error {
	parsed, err := query.ParseUpdateValue(update)
	switch {
	case err != nil: // Update tells it
	case bytes.Equal(parsed.Source(), emptyDocument):
		update = nil
	default:
		update = parsed
	}
	outcome, err := db.Update(ctx, Update{Filter: byMsgID(msgID), Update: update})
	if err == nil && outcome.Matched == 0 {
		err = db.absent(ctx, msgID)
	}
	if err != nil {
		return fmt.Errorf("update %q: %w", msgID, err)
	}
	return nil
}

// DropRecord removes the record of a task. If there is none the error is
// ErrNotFound, and an *ExpiredError if the store's bounds removed it.
func (db *DB) DropRecord(ctx context.Context, msgID string) error {
	outcome, err := db.Delete(ctx, Delete{Filter: byMsgID(msgID)})
	if err == nil && outcome.Matched == 0 {
		err = db.absent(ctx, msgID)
	}
	if err != nil {
		return fmt.Errorf("drop %q: %w", msgID, err)
	}
	return nil
}

var emptyDocument = bson.Raw{5, 0, 0, 0, 0}

func byMsgID(msgID string) bson.Raw {
	const others = 4 + 1 + len("msg_id") + 1 + 4 + 1 + 1 // bytes
	start, dst := bsoncore.AppendDocumentStart(make([]byte, 0, others+len(msgID)))
	dst = append(bsoncore.AppendStringElement(dst, "msg_id", msgID), 0)
	return bson.Raw(bsoncore.UpdateLength(dst, start, int32(len(dst))))
}

// absent is the error of a record that was not there: that it has expired, if the
// store knows, or ErrNotFound.
func (db *DB) absent(ctx context.Context, msgID string) error {
	if _, err := db.backend.Get(ctx, db.collection, msgID); err != nil {
		return err
	}
	return ErrNotFound // it was added since
}

// AddEach stores each document by itself and returns what became of each: nil, or
// the error that AddRaw would give for it alone. The second result is an error
// that kept all from being stored.
func (db *DB) AddEach(ctx context.Context, docs ...bson.Raw) ([]error, error) {
	inserts := make([]Operation, len(docs))
	for i, doc := range docs {
		inserts[i] = Insert{doc}
	}
	outcomes, err := db.Bulk(ctx, false, inserts...)
	if err != nil {
		return nil, err
	}
	results := make([]error, len(outcomes))
	for i, outcome := range outcomes {
		results[i] = outcome.Err
	}
	return results, nil
}

// CheckSize refuses a document that is larger than MaxRecordSize without the
// buffers that a store may keep beside it, and with the bytes of it that are kept
// beside it otherwise. The error is ErrTooLarge, and MongoDB's with a code:
// query.CodeUpdateTooLarge or query.CodeUpsertTooLarge.
func CheckSize(doc bson.Raw, beside, code int) error {
	err := checkSize(doc, beside)
	if err != nil {
		err = &query.Error{Code: code, Message: err.Error(), Cause: err}
	}
	return err
}
