package taskdb

import (
	"context"
	"fmt"
)

// Stats are figures about a collection. They are not of one moment, if others
// write meanwhile.
type Stats struct {
	Records int64
	Bytes   int64           // of BSON, buffers included; on MongoDB without those in GridFS
	States  map[State]int64 // how many records are in each state
	Bounds  Bounds          // in force
	Culled  int64           // records that the bounds have removed since the collection exists
	Lost    int64           // tasks that became aborted since nobody touched them

	// FileBytes is the size of the store's file, with all of its collections, and
	// FreeBytes is how much of that is free for what comes. They are 0 if there is
	// no file.
	FileBytes, FreeBytes int64
}

// Stats returns figures about the collection. Counting the states takes the longer
// the more records there are.
func (db *DB) Stats(ctx context.Context) (Stats, error) {
	stats, err := db.Totals(ctx)
	if err != nil {
		return Stats{}, err
	}
	stats.States = map[State]int64{}
	for state, filter := range stateFilters {
		if stats.States[state], err = db.Count(ctx, Query{Filter: filter}); err != nil {
			return Stats{}, fmt.Errorf("stats of %s: %s: %w", db.collection, state, err)
		}
	}
	return stats, nil
}

// Totals returns the figures about the collection that are known without counting:
// all but the States.
func (db *DB) Totals(ctx context.Context) (Stats, error) {
	if err := db.invalid; err != nil {
		return Stats{}, fmt.Errorf("stats: %w", err)
	}
	stats, err := db.backend.Stats(ctx, db.collection)
	if err != nil {
		return Stats{}, fmt.Errorf("stats of %s: %w", db.collection, err)
	}
	return stats, nil
}
