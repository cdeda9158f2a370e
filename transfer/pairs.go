package transfer

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Pair is what two collections have under one _id. One of the two is nil if only
// the other has a record there.
type Pair struct{ A, B bson.Raw }

// Pairs yields what two collections have, of what a filter selects, in the order of
// _id. The filter is written as in a taskdb.Query; nil is all. It ends with the
// first error.
//
// Both are read while it goes on. What is written meanwhile may be seen in one of
// them and not in the other.
func Pairs(ctx context.Context, a, b *taskdb.DB, filter any) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		inA, inB := walk(ctx, a, filter), walk(ctx, b, filter)
		defer inA.stop()
		defer inB.stop()
		for {
			switch err := inA.err; {
			case err != nil:
				yield(Pair{}, fmt.Errorf("the first of the two: %w", err))
				return
			case inB.err != nil:
				yield(Pair{}, fmt.Errorf("the second of the two: %w", inB.err))
				return
			case inA.doc == nil && inB.doc == nil:
				return
			}
			var pair Pair
			order := before(inA, inB)
			if order <= 0 {
				pair.A = inA.doc
				inA.advance()
			}
			if order >= 0 {
				pair.B = inB.doc
				inB.advance()
			}
			if !yield(pair, nil) {
				return
			}
		}
	}
}

// walker stands at a document of a collection, in the order of _id.
type walker struct {
	next func() (bson.Raw, error, bool)
	stop func()
	doc  bson.Raw // nil at the end
	key  []byte   // of its _id
	err  error
}

func walk(ctx context.Context, db *taskdb.DB, filter any) *walker {
	q := taskdb.Query{Filter: filter, Projection: bson.D{}, Sort: bson.D{{Key: "_id", Value: 1}}}
	var w walker
	w.next, w.stop = iter.Pull2(db.FindRaw(ctx, q))
	w.advance()
	return &w
}

func (w *walker) advance() {
	var ok bool
	if w.doc, w.err, ok = w.next(); ok && w.err == nil {
		w.key = idKey(w.doc)
	}
}

// before orders two walkers by their documents, of which at least one is there.
func before(a, b *walker) int {
	switch {
	case a.doc == nil:
		return 1
	case b.doc == nil:
		return -1
	}
	return bytes.Compare(a.key, b.key)
}
