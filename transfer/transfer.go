// Package transfer moves records between stores, and tells how stores differ.
//
// [Copy] stores records that come from a store ([Collection]) or from a file (a
// [source.Reader]). It can be run again after it was interrupted, or killed: what
// is there already, byte for byte, is found so and left. [Verify] compares records
// with what a store has of them. [Pairs] walks two collections side by side, and
// [Compare] tells where two documents differ.
//
// All of them go through their records in batches, so that any number takes the
// memory of one batch: a thousand records or 4 MiB and, since a record is handled
// whole, the largest record several times.
package transfer

import (
	"context"
	"errors"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/source"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Records are records from somewhere, as a source.Reader has them: beside an error
// a record has no Doc.
type Records = iter.Seq2[source.Record, error]

// Fate is what became of a record, or what was found of it.
type Fate uint8

// The fates of a record.
const (
	Added     Fate = iota // it was not there, and is stored now
	Same                  // it was there, byte for byte
	Different             // another record with its _id or msg_id is there
	Replaced              // it has taken the place of another with its _id
	Missing               // it is not there
	Refused               // it could not be read or stored: Err says why
)

// Result tells of one record what became of it.
type Result struct {
	Record source.Record
	// Doc is the record as it is to be stored: with its _id. It is nil if the
	// record is refused by any store.
	Doc  bson.Raw
	Fate Fate
	// Where tells where a record that is Different, or was until it was Replaced,
	// differs from the other.
	Where Discrepancy
	// Err is why a record is Refused. Of one that is Different it is set if the
	// other has its msg_id and not its _id: a *taskdb.DuplicateKeyError.
	Err error
}

// Collection returns the records that a filter selects in a collection, written as
// in a taskdb.Query; nil is all, in the order in which they were inserted as far as
// the store keeps that. An error of the store ends them, and whoever copies them
// fails with it.
func Collection(ctx context.Context, db *taskdb.DB, filter any) Records {
	return func(yield func(source.Record, error) bool) {
		record := source.Record{Source: db.Collection()}
		for doc, err := range db.FindRaw(ctx, taskdb.Query{Filter: filter, Projection: bson.D{}}) {
			if err != nil {
				yield(record, &brokenOff{err})
				return
			}
			record.Row++
			record.Doc = doc
			if !yield(record, nil) {
				return
			}
		}
	}
}

// brokenOff is an error that ends the records, and not one record's.
type brokenOff struct{ error }

func (e *brokenOff) Unwrap() error { return e.error }

// Selected returns the records that a filter selects, and the errors.
func Selected(records Records, filter *query.Filter) Records {
	return func(yield func(source.Record, error) bool) {
		for record, err := range records {
			selected := true
			if err == nil {
				selected, err = filter.Match(record.Doc)
			}
			if (selected || err != nil) && !yield(record, err) {
				return
			}
		}
	}
}

// HasName tells whether a record, as it was read, will be known when it is read
// again: by an _id, or by a msg_id that is a string.
func HasName(doc bson.Raw) bool {
	_, err := doc.LookupErr("_id")
	_, named := doc.Lookup("msg_id").StringValueOK()
	return err == nil || named
}

// Records are handled in batches of so many and, but for the last record, so many
// bytes: each batch is one commit.
const (
	batchRecords = 1000
	batchBytes   = 4 << 20
)

// eachBatch has do decide the fates of records, a batch at a time, and tells them
// in their order. Records that cannot be read, or that no store takes, are refused
// before. The records of a batch that was not decided are not told.
func eachBatch(ctx context.Context, records Records, do func(batch []*Result) error, tell func(Result) error) error {
	var batch []Result
	size := 0
	for record, err := range records {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var broken *brokenOff
		if errors.As(err, &broken) {
			return errors.Join(broken.error, finish(batch, do, tell))
		}
		batch = append(batch, resultOf(record, err))
		size += len(record.Doc)
		if len(batch) < batchRecords && size < batchBytes {
			continue
		}
		if err := finish(batch, do, tell); err != nil {
			return err
		}
		clear(batch)
		batch, size = batch[:0], 0
	}
	return finish(batch, do, tell)
}

// resultOf prepares a record that was read.
func resultOf(record source.Record, err error) Result {
	r := Result{Record: record, Err: err}
	if err == nil {
		r.Doc, r.Err = taskdb.Prepare(record.Doc)
	}
	if r.Err != nil {
		r.Fate = Refused
	}
	return r
}

// finish decides the fates of a batch and tells them.
func finish(batch []Result, do func(batch []*Result) error, tell func(Result) error) error {
	var undecided []*Result
	for i := range batch {
		if batch[i].Fate != Refused {
			undecided = append(undecided, &batch[i])
		}
	}
	if len(undecided) > 0 {
		if err := do(undecided); err != nil {
			return err
		}
	}
	for _, r := range batch {
		if err := tell(r); err != nil {
			return err
		}
	}
	return nil
}
