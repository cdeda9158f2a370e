package main

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// loadBatch is how many records are added at once to a store that is loaded.
const loadBatch = 1000

// load adds all records to a store, and returns how many bytes of BSON they are.
func load(ctx context.Context, db *taskdb.DB, set taskSet) (stored int64, err error) {
	batch := make([]bson.Raw, 0, loadBatch)
	err = set.each(func(doc bson.Raw) error {
		stored += int64(len(doc))
		if batch = append(batch, doc); len(batch) < loadBatch {
			return nil
		}
		err := db.AddRaw(ctx, batch...)
		batch = batch[:0]
		return err
	})
	if err != nil {
		return 0, err
	}
	return stored, db.AddRaw(ctx, batch...)
}
