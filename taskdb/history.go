package taskdb

import (
	"context"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Historian is a Backend that knows the history of a collection without looking at
// its records.
type Historian interface {
	Backend

	// History yields what DB.History does. It is not ok if it has to be found out
	// by Find.
	History(ctx context.Context, collection string) (ids iter.Seq2[string, error], ok bool, err error)
}

// History yields the msg_ids of all records, by the time at which they were
// submitted, then by their insertion; those without a time come last.
func (db *DB) History(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ids, err := db.history(ctx)
		if err != nil {
			yield("", fmt.Errorf("history: %w", err))
			return
		}
		for id, err := range ids {
			if err != nil {
				yield("", fmt.Errorf("history: %w", err))
				return
			}
			if !yield(id, nil) {
				return
			}
		}
	}
}

func (db *DB) history(ctx context.Context) (iter.Seq2[string, error], error) {
	if err := db.invalid; err != nil {
		return nil, err
	}
	if historian, is := db.backend.(Historian); is {
		if ids, ok, err := historian.History(ctx, db.collection); ok || err != nil {
			return ids, err
		}
	}
	return db.findHistory(ctx), nil
}

// findHistory is the history as queries find it.
func (db *DB) findHistory(ctx context.Context) iter.Seq2[string, error] {
	keys := bson.D{{Key: "_id", Value: 0}, {Key: "msg_id", Value: 1}}
	submitted := func(condition any) Query {
		return Query{
			Filter:     bson.D{{Key: "submitted", Value: condition}},
			Projection: keys,
			Sort:       bson.D{{Key: "submitted", Value: 1}},
		}
	}
	return func(yield func(string, error) bool) {
		for _, q := range []Query{submitted(bson.D{{Key: "$ne", Value: nil}}), submitted(nil)} {
			for doc, err := range db.FindRaw(ctx, q) {
				if err != nil {
					yield("", err)
					return
				}
				if id, ok := doc.Lookup("msg_id").StringValueOK(); ok && !yield(id, nil) {
					return
				}
			}
		}
	}
}
