package transfer

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Verify compares records with those that a collection has under their _ids, and
// tells of each whether it is there: Same, Different or Missing. One that has
// nothing to be known by (HasName) is Refused, and so is one that could not be read.
func Verify(ctx context.Context, in *taskdb.DB, records Records, tell func(Result) error) error {
	return eachBatch(ctx, records, func(batch []*Result) error { return verify(ctx, in, batch) }, tell)
}

var errNameless = errors.New("it has neither _id nor msg_id to be known by")

func verify(ctx context.Context, in *taskdb.DB, batch []*Result) error {
	absent, err := find(ctx, in, batch)
	if err != nil {
		return err
	}
	for _, r := range absent {
		r.Fate = Missing
		if !HasName(r.Record.Doc) {
			r.Fate, r.Err = Refused, errNameless
		}
	}
	return nil
}

// find compares records with those that a collection has under their _ids, one
// after another. It returns those that have none there, undecided.
func find(ctx context.Context, in *taskdb.DB, batch []*Result) (absent []*Result, err error) {
	if len(batch) == 0 {
		return nil, nil
	}
	byKey := map[string][]*Result{} // a batch may have records with one _id
	for _, r := range batch {
		key := string(idKey(r.Doc))
		byKey[key] = append(byKey[key], r)
	}
	for stored, err := range in.FindRaw(ctx, taskdb.Query{Filter: byIDs(batch), Projection: bson.D{}}) {
		if errors.Is(err, taskdb.ErrNoData) { // a store that keeps nothing
			return batch, nil
		}
		if err != nil {
			return nil, fmt.Errorf("look for records in %s: %w", in.Collection(), err)
		}
		key := string(idKey(stored))
		for _, r := range byKey[key] {
			r.compare(stored)
		}
		delete(byKey, key)
	}
	for _, r := range batch {
		if _, ok := byKey[string(idKey(r.Doc))]; ok {
			absent = append(absent, r)
		}
	}
	return absent, nil
}

// compare decides the fate of a record of which another is stored.
func (r *Result) compare(stored bson.Raw) {
	var same bool
	r.Fate, r.Err = Same, nil
	if r.Where, same = Compare(r.Doc, stored); !same {
		r.Fate = Different
	}
}

// idKey is the key of a document's _id: the same for values that are equal.
func idKey(doc bson.Raw) []byte { return query.AppendKey(nil, doc.Lookup("_id")) }

func byID(id bson.RawValue) bson.D {
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$eq", Value: id}}}}
}

// byIDs is the filter of the records' _ids. Documents are asked for by themselves:
// $in takes none that begin with a $.
func byIDs(batch []*Result) bson.D {
	plain, branches := bson.A{}, bson.A{}
	for _, r := range batch {
		id := r.Doc.Lookup("_id")
		if id.Type == bson.TypeEmbeddedDocument {
			branches = append(branches, byID(id))
		} else {
			plain = append(plain, id)
		}
	}
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: plain}}}}
	if len(branches) == 0 {
		return filter
	}
	return bson.D{{Key: "$or", Value: append(branches, filter)}}
}
