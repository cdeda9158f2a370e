package mongowire_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/query"
)

// operations are those of the CRUD specification of MongoDB's drivers: each is done to a
// collection of {_id: 1, x: 11}, {_id: 2, x: 22} and {_id: 3, x: 33}, and has an
// outcome; then the collection has what is left, or what it had.
var operations = []struct {
	name    string
	do      func(ctx context.Context, c *mongo.Collection) (any, error)
	outcome string // the documents, or the result
	left    string // what the collection has then; empty for what it had
}{
	{"aggregate in several batches", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return all(ctx)(c.Aggregate(ctx, parse(`[{$sort: {x: 1}}, {$match: {_id: {$gt: 1}}}]`), options.Aggregate().SetBatchSize(1)))
	}, `[{_id: 2, x: 22}, {_id: 3, x: 33}]`, ""},
	{"aggregate with let", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return all(ctx)(c.Aggregate(ctx, parse(`[{$match: {$expr: {$eq: ["$_id", "$$id"]}}}, {$project: {_id: 0, y: "$$id"}}]`), options.Aggregate().SetLet(bson.D{{Key: "id", Value: 2}})))
	}, `[{y: 2}]`, ""},
	{"count with a filter", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return number(c.CountDocuments(ctx, parse(`{_id: {$gt: 1}}`)))
	}, `[2]`, ""},
	{"count with skip and limit", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return number(c.CountDocuments(ctx, bson.D{}, options.Count().SetSkip(1).SetLimit(3)))
	}, `[2]`, ""},
	{"count of an empty answer", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return number(c.CountDocuments(ctx, parse(`{x: 5}`)))
	}, `[0]`, ""},
	{"estimated count", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return number(c.EstimatedDocumentCount(ctx))
	}, `[3]`, ""},
	{"distinct", func(ctx context.Context, c *mongo.Collection) (any, error) {
		values := bson.A{}
		err := c.Distinct(ctx, "x", parse(`{_id: {$lt: 3}}`)).Decode(&values)
		return values, err
	}, `[11, 22]`, ""},
	{"delete many", func(ctx context.Context, c *mongo.Collection) (any, error) {
		result, err := c.DeleteMany(ctx, parse(`{_id: {$gt: 1}}`))
		return bson.A{result.DeletedCount}, err
	}, `[2]`, `[{_id: 1, x: 11}]`},
	{"delete one of several", func(ctx context.Context, c *mongo.Collection) (any, error) {
		result, err := c.DeleteOne(ctx, parse(`{_id: 2}`), options.DeleteOne().SetHint("_id_"))
		return bson.A{result.DeletedCount}, err
	}, `[1]`, `[{_id: 1, x: 11}, {_id: 3, x: 33}]`},
	{"delete one of none", func(ctx context.Context, c *mongo.Collection) (any, error) {
		result, err := c.DeleteOne(ctx, parse(`{_id: 5}`))
		return bson.A{result.DeletedCount}, err
	}, `[0]`, ""},
	{"find with skip, sort and limit", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return all(ctx)(c.Find(ctx, parse(`{_id: {$gt: 0}}`), options.Find().SetSkip(1).SetSort(parse(`{_id: -1}`)).SetLimit(2).SetBatchSize(1)))
	}, `[{_id: 2, x: 22}, {_id: 1, x: 11}]`, ""},
	{"find with a negative limit", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return all(ctx)(c.Find(ctx, bson.D{}, options.Find().SetSort(parse(`{_id: 1}`)).SetLimit(-2)))
	}, `[{_id: 1, x: 11}, {_id: 2, x: 22}]`, ""},
	{"find with let", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return all(ctx)(c.Find(ctx, parse(`{$expr: {$eq: ["$_id", "$$id"]}}`), options.Find().SetLet(bson.D{{Key: "id", Value: 1}}).SetComment("why")))
	}, `[{_id: 1, x: 11}]`, ""},
	{"find one with a projection", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return returned(c.FindOne(ctx, parse(`{x: 22}`), options.FindOne().SetProjection(parse(`{_id: 0}`))))
	}, `[{x: 22}]`, ""},
	{"find one and delete", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return returned(c.FindOneAndDelete(ctx, parse(`{_id: {$gt: 1}}`), options.FindOneAndDelete().SetSort(parse(`{x: -1}`)).SetProjection(parse(`{_id: 0, x: 1}`))))
	}, `[{x: 33}]`, `[{_id: 1, x: 11}, {_id: 2, x: 22}]`},
	{"find one and delete of none", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return returned(c.FindOneAndDelete(ctx, parse(`{_id: 4}`)))
	}, `[]`, ""},
	{"find one and replace, before", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return returned(c.FindOneAndReplace(ctx, parse(`{_id: {$gt: 1}}`), parse(`{x: 32}`), options.FindOneAndReplace().SetSort(parse(`{x: 1}`))))
	}, `[{_id: 2, x: 22}]`, `[{_id: 1, x: 11}, {_id: 2, x: 32}, {_id: 3, x: 33}]`},
	{"find one and replace, after, by an upsert", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return returned(c.FindOneAndReplace(ctx, parse(`{_id: 4}`), parse(`{x: 44}`), options.FindOneAndReplace().SetUpsert(true).SetReturnDocument(options.After)))
	}, `[{_id: 4, x: 44}]`, `[{_id: 1, x: 11}, {_id: 2, x: 22}, {_id: 3, x: 33}, {_id: 4, x: 44}]`},
	{"find one and update, after", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return returned(c.FindOneAndUpdate(ctx, parse(`{_id: 1}`), parse(`{$inc: {x: 1}}`), options.FindOneAndUpdate().SetReturnDocument(options.After)))
	}, `[{_id: 1, x: 12}]`, `[{_id: 1, x: 12}, {_id: 2, x: 22}, {_id: 3, x: 33}]`},
	{"find one and update by an upsert, before", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return returned(c.FindOneAndUpdate(ctx, parse(`{_id: 4}`), parse(`{$inc: {x: 1}}`), options.FindOneAndUpdate().SetUpsert(true)))
	}, `[]`, `[{_id: 1, x: 11}, {_id: 2, x: 22}, {_id: 3, x: 33}, {_id: 4, x: 1}]`},
	{"insert one", func(ctx context.Context, c *mongo.Collection) (any, error) {
		result, err := c.InsertOne(ctx, parse(`{_id: 4, x: 44}`))
		return bson.A{result.InsertedID}, err
	}, `[4]`, `[{_id: 1, x: 11}, {_id: 2, x: 22}, {_id: 3, x: 33}, {_id: 4, x: 44}]`},
	{"insert many in order, with a duplicate", func(ctx context.Context, c *mongo.Collection) (any, error) {
		_, err := c.InsertMany(ctx, []any{parse(`{_id: 4}`), parse(`{_id: 1}`), parse(`{_id: 5}`)})
		return failures(err)
	}, `[[1, 11000]]`, `[{_id: 1, x: 11}, {_id: 2, x: 22}, {_id: 3, x: 33}, {_id: 4}]`},
	{"insert many in no order, with duplicates", func(ctx context.Context, c *mongo.Collection) (any, error) {
		_, err := c.InsertMany(ctx, []any{parse(`{_id: 1}`), parse(`{_id: 4}`), parse(`{_id: 4}`), parse(`{_id: 5}`)}, options.InsertMany().SetOrdered(false))
		return failures(err)
	}, `[[0, 11000], [2, 11000]]`, `[{_id: 1, x: 11}, {_id: 2, x: 22}, {_id: 3, x: 33}, {_id: 4}, {_id: 5}]`},
	{"replace one", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return counts(c.ReplaceOne(ctx, parse(`{_id: 1}`), parse(`{_id: 1, x: 111}`)))
	}, `[1, 1, 0]`, `[{_id: 1, x: 111}, {_id: 2, x: 22}, {_id: 3, x: 33}]`},
	{"replace one by an upsert", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return counts(c.ReplaceOne(ctx, parse(`{_id: 4}`), parse(`{x: 1}`), options.Replace().SetUpsert(true)))
	}, `[0, 0, 1]`, `[{_id: 1, x: 11}, {_id: 2, x: 22}, {_id: 3, x: 33}, {_id: 4, x: 1}]`},
	{"update many", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return counts(c.UpdateMany(ctx, parse(`{_id: {$gt: 1}}`), parse(`{$inc: {x: 1}}`)))
	}, `[2, 2, 0]`, `[{_id: 1, x: 11}, {_id: 2, x: 23}, {_id: 3, x: 34}]`},
	{"update one that is so already", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return counts(c.UpdateOne(ctx, parse(`{_id: 1}`), parse(`{$set: {x: 11}}`), options.UpdateOne().SetHint(parse(`{_id: 1}`))))
	}, `[1, 0, 0]`, ""},
	{"update one by the order of a sort", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return counts(c.UpdateOne(ctx, parse(`{_id: {$gt: 1}}`), parse(`{$inc: {x: 1}}`), options.UpdateOne().SetSort(parse(`{_id: -1}`))))
	}, `[1, 1, 0]`, `[{_id: 1, x: 11}, {_id: 2, x: 22}, {_id: 3, x: 34}]`},
	{"update one by a pipeline", func(ctx context.Context, c *mongo.Collection) (any, error) {
		return counts(c.UpdateOne(ctx, parse(`{_id: 1}`), parse(`[{$replaceRoot: {newRoot: {y: "$x"}}}, {$addFields: {foo: 1}}]`)))
	}, `[1, 1, 0]`, `[{_id: 1, y: 11, foo: 1}, {_id: 2, x: 22}, {_id: 3, x: 33}]`},
	{"update with array filters", func(ctx context.Context, c *mongo.Collection) (any, error) {
		if _, err := c.UpdateOne(ctx, parse(`{_id: 1}`), parse(`{$set: {y: [{b: 3}, {b: 1}]}}`)); err != nil {
			return nil, err
		}
		return counts(c.UpdateMany(ctx, bson.D{{Key: "y", Value: bson.D{{Key: "$exists", Value: true}}}}, parse(`{$set: {"y.$[i].b": 2}}`),
			options.UpdateMany().SetArrayFilters([]any{parse(`{"i.b": 3}`)})))
	}, `[1, 1, 0]`, `[{_id: 1, x: 11, y: [{b: 2}, {b: 1}]}, {_id: 2, x: 22}, {_id: 3, x: 33}]`},
	{"bulk write in order, with an error", func(ctx context.Context, c *mongo.Collection) (any, error) {
		_, err := c.BulkWrite(ctx, []mongo.WriteModel{
			mongo.NewInsertOneModel().SetDocument(parse(`{_id: 4}`)),
			mongo.NewUpdateOneModel().SetFilter(parse(`{_id: 1}`)).SetUpdate(parse(`{$set: {x: 0}}`)),
			mongo.NewInsertOneModel().SetDocument(parse(`{_id: 4}`)),
			mongo.NewDeleteOneModel().SetFilter(parse(`{_id: 2}`)),
		})
		return failures(err)
	}, `[[2, 11000]]`, `[{_id: 1, x: 0}, {_id: 2, x: 22}, {_id: 3, x: 33}, {_id: 4}]`},
	{"bulk write in no order", func(ctx context.Context, c *mongo.Collection) (any, error) {
		result, err := c.BulkWrite(ctx, []mongo.WriteModel{
			mongo.NewInsertOneModel().SetDocument(parse(`{_id: 4}`)),
			mongo.NewReplaceOneModel().SetFilter(parse(`{_id: 5}`)).SetReplacement(parse(`{x: 5}`)).SetUpsert(true),
			mongo.NewUpdateManyModel().SetFilter(parse(`{x: {$gt: 11}}`)).SetUpdate(parse(`{$set: {y: 1}}`)),
			mongo.NewDeleteManyModel().SetFilter(parse(`{y: 1}`)),
		}, options.BulkWrite().SetOrdered(false))
		if err != nil {
			return nil, err
		}
		return bson.A{result.InsertedCount, result.UpsertedCount, result.ModifiedCount, result.DeletedCount}, nil
	}, `[1, 1, 2, 2]`, `[{_id: 1, x: 11}, {_id: 4}, {_id: 5, x: 5}]`},
}

const standing = `[{_id: 1, x: 11}, {_id: 2, x: 22}, {_id: 3, x: 33}]`

func TestTheDriversSpecificationOfCRUD(t *testing.T) {
	onEach(t, func(t *testing.T, s served) {
		db := s.connect(t).Database("crud")
		for i, o := range operations {
			t.Run(o.name, func(t *testing.T) {
				c := db.Collection(fmt.Sprint("c", i))
				_, err := c.InsertMany(t.Context(), parse(standing).(bson.A))
				require.NoError(t, err)
				got, err := o.do(t.Context(), c)
				require.NoError(t, err)
				requireSame(t, o.outcome, got)

				left, err := all(t.Context())(c.Find(t.Context(), bson.D{}, options.Find().SetSort(parse(`{_id: 1}`))))
				require.NoError(t, err)
				want := o.left
				if want == "" {
					want = standing
				}
				requireSame(t, want, left)
			})
		}
	})
}

func requireSame(t *testing.T, want string, got any) {
	t.Helper()
	require.Equal(t, bsonText(t, bson.D{{Key: "", Value: parse(want)}}), bsonText(t, bson.D{{Key: "", Value: got}}))
}

// parse reads a document or an array.
func parse(text string) any {
	doc, err := query.Document("{v: " + text + "}")
	if err != nil {
		panic(err)
	}
	var read struct{ V any }
	if err := bson.Unmarshal(doc, &read); err != nil {
		panic(err)
	}
	return read.V
}

// all returns the documents of a cursor.
func all(ctx context.Context) func(cursor *mongo.Cursor, err error) (any, error) {
	return func(cursor *mongo.Cursor, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		docs := bson.A{}
		var found []bson.D
		err = cursor.All(ctx, &found)
		for _, doc := range found {
			docs = append(docs, doc)
		}
		return docs, err
	}
}

func number(n int64, err error) (any, error) { return bson.A{n}, err }

// returned returns a document in an array, or an empty one.
func returned(result *mongo.SingleResult) (any, error) {
	var doc bson.D
	err := result.Decode(&doc)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return bson.A{}, nil
	}
	return bson.A{doc}, err
}

func counts(result *mongo.UpdateResult, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return bson.A{result.MatchedCount, result.ModifiedCount, result.UpsertedCount}, nil
}

// failures returns the places and the codes of a bulk's errors.
func failures(err error) (any, error) {
	var failed mongo.BulkWriteException
	if !errors.As(err, &failed) {
		return nil, fmt.Errorf("no bulk that failed: %w", err)
	}
	list := bson.A{}
	for _, e := range failed.WriteErrors {
		list = append(list, bson.A{e.Index, e.Code})
	}
	return list, nil
}
