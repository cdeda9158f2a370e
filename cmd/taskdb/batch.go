package main

import (
	"context"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/taskdb"
)

// Records are stored in batches of so many and, but for the last record, so many
// bytes: each batch is one commit.
const (
	batchRecords = 1000
	batchBytes   = 4 << 20
)

// outcome is what became of a record: it was stored, or there is an error.
type outcome struct {
	record importers.Record
	err    error
}

// storeEach stores each record by itself, those that can be, and tells what became
// of each in their order. Its own errors are those of tell and those that keep the
// following records from being stored.
func storeEach(ctx context.Context, db *taskdb.DB, records iter.Seq2[importers.Record, error], tell func(outcome) error) error {
	var batch []outcome
	size := 0
	for record, err := range records {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		batch = append(batch, outcome{record, err})
		size += len(record.Doc)
		if len(batch) < batchRecords && size < batchBytes {
			continue
		}
		if err := storeBatch(ctx, db, batch, tell); err != nil {
			return err
		}
		batch, size = batch[:0], 0
	}
	return storeBatch(ctx, db, batch, tell)
}

// storeBatch stores the records that could be read.
func storeBatch(ctx context.Context, db *taskdb.DB, batch []outcome, tell func(outcome) error) error {
	var docs []bson.Raw
	for _, o := range batch {
		if o.err == nil {
			docs = append(docs, o.record.Doc)
		}
	}
	stored, err := db.AddEach(ctx, docs...)
	if err != nil {
		return err
	}
	for _, o := range batch {
		if o.err == nil {
			o.err, stored = stored[0], stored[1:]
		}
		if err := tell(o); err != nil {
			return err
		}
	}
	return nil
}
