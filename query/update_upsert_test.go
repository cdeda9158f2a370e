package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func TestUpsert(t *testing.T) {
	for _, c := range []struct{ filter, update, want string }{
		{`{}`, `{$set: {a: 1}}`, `{a: 1}`},
		{`{_id: 1}`, `{$set: {a: 1}}`, `{_id: 1, a: 1}`},
		{`{b: 2, a: 1, _id: 7}`, `{$set: {c: 3}}`, `{_id: 7, a: 1, b: 2, c: 3}`},
		{`{a: {$eq: 1}, $and: [{b: 2}, {$and: [{c: {d: 3}}]}]}`, `{$inc: {a: 1}}`, `{a: 2, b: 2, c: {d: 3}}`},
		{`{a: {$gt: 1}, b: {$ne: 2}, c: /x/, $or: [{d: 1}, {e: 1}], $nor: [{f: 1}], g: {$in: [1, 2]}}`, `{$set: {z: 1}}`, `{z: 1}`},
		{`{a: {$in: [1]}, $or: [{b: 2}], c: {$all: [3]}}`, `{$set: {z: 1}}`, `{a: 1, b: 2, c: 3, z: 1}`},
		{`{a: {$gt: 1, $eq: 5}, b: null}`, `{$unset: {q: 1}}`, `{a: 5, b: null}`},
		{`{a: {$eq: /x/}}`, `{$set: {}}`, `{a: /x/}`},
		{`{"a.b": 1, "a.c": 2, "d.0": 3}`, `{$set: {"a.d": 4}}`, `{a: {b: 1, c: 2, d: 4}, d: {"0": 3}}`},
		{`{"a.$id": 1}`, `{$set: {}}`, `{a: {$id: 1}}`},
		{`{a: 1}`, `{$set: {_id: 5}}`, `{_id: 5, a: 1}`},
		{`{a: 1}`, `{$setOnInsert: {_id: 5, b: 2}, $set: {c: 3}}`, `{_id: 5, a: 1, b: 2, c: 3}`},
		{`{_id: 1}`, `{$setOnInsert: {_id: 1}}`, `{_id: 1}`},
		{`{"_id.a": 1}`, `{$setOnInsert: {_id: {a: 1}}}`, `{_id: {a: 1}}`},
		{`{}`, `{$set: {"_id.a": 1}}`, `{_id: {a: 1}}`},
		{`{a: [1]}`, `{$push: {a: 2}, $addToSet: {b: 1}, $pull: {c: 1}, $unset: {d: 1}}`, `{a: [1, 2], b: [1]}`},
		{`{a: 5}`, `{$rename: {a: "b", x: "y"}}`, `{b: 5}`},
		{`{a: [1, 2]}`, `{$set: {"a.$[]": 0}}`, `{a: [0, 0]}`},
		{`{_id: 1, a: 1}`, `{b: 2}`, `{_id: 1, b: 2}`},
		{`{_id: 1}`, `{b: 2, _id: 1.0}`, `{_id: 1.0, b: 2}`},
		{`{a: 1}`, `{b: 2, _id: 3}`, `{_id: 3, b: 2}`},
		{`{a: 1, a: {$gt: 0}}`, `{}`, `{}`},
		{`{_id: {$gt: 1}}`, `{b: 2}`, `{b: 2}`},
	} {
		update, err := query.ParseUpdateValue(c.update)
		require.NoError(t, err, c.update)
		doc, err := update.Upsert(query.MustParse(c.filter), updateTime)
		require.NoError(t, err, "%s with %s", c.update, c.filter)
		require.Equal(t, shell(t, c.want).String(), doc.String(), "%s with %s", c.update, c.filter)
		require.NoError(t, query.Validate(doc))
	}
}

func TestUpsertWithoutFilter(t *testing.T) {
	update, err := query.ParseUpdateValue(`{$currentDate: {a: true}, $setOnInsert: {b: 1}}`)
	require.NoError(t, err)
	doc, err := update.Upsert(nil, updateTime)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{a: ISODate("2026-01-01T00:00:00.005Z"), b: 1}`), doc)
}

func TestUpsertErrors(t *testing.T) {
	for _, c := range []struct {
		errorCase
		filter string
	}{
		{errorCase{`{$set: {_id: 2}}`, 66, "Performing an update on the path '_id' would modify the immutable field '_id'", "$set._id"}, `{_id: 1}`},
		{errorCase{`{$setOnInsert: {"_id.b": 2}}`, 66, "on the path '_id.b'", "$setOnInsert._id.b"}, `{"_id.a": 1}`},
		{errorCase{`{_id: 2}`, 66, "After applying the update, the (immutable) field '_id' was found to have been altered to {_id: 2}", "_id"}, `{_id: 1}`},
		{errorCase{`{$set: {z: 1}}`, 54, "cannot infer query fields to set, path 'a' is matched twice", ""}, `{a: 1, $and: [{a: 2}]}`},
		{errorCase{`{$set: {z: 1}}`, 54, "cannot infer query fields to set, path 'a.b' is matched twice", ""}, `{a: 1, "a.b": 2}`},
		{errorCase{`{$set: {z: 1}}`, 54, "is matched twice", ""}, `{a: {$all: [1, 2]}}`},
		{errorCase{`{z: 1}`, 111, "field at '_id' must be exactly specified, field at sub-path '_id.a'found", ""}, `{"_id.a": 1}`},
		{errorCase{`{$set: {_id: [1]}}`, 53, "The '_id' value cannot be of type array", "_id"}, `{}`},
		{errorCase{`{_id: /x/}`, 53, "The '_id' value cannot be of type regex", "_id"}, `{}`},
		{errorCase{`{$set: {_id: {$a: 1}}}`, 52, "_id fields may not contain '$'-prefixed fields: $a is not valid for storage.", "_id"}, `{}`},
		{errorCase{`{$set: {z: 1}}`, 52, "The dollar ($) prefixed field '$id' in '$id' is not allowed", "$id"}, `{$id: 1}`},
		{errorCase{`{$setOnInsert: {"a.$": 1}}`, 2, "The positional operator did not find the match needed from the query.", "$setOnInsert.a.$"}, `{a: 1}`},
		{errorCase{`{$set: {"a.$[]": 1}}`, 2, "The path 'a' must exist in the document in order to apply array updates.", "$set.a.$[]"}, `{b: 1}`},
		{errorCase{`{$setOnInsert: {"a.b": 1}}`, 28, "Cannot create field 'b' in element {a: 1}", "$setOnInsert.a.b"}, `{a: 1}`},
		{errorCase{`{$inc: {a: 1}}`, 14, "Cannot apply $inc to a value of non-numeric type", "$inc.a"}, `{a: "x"}`},
	} {
		update, err := query.ParseUpdateValue(c.source)
		require.NoError(t, err, c.source)
		_, err = update.Upsert(query.MustParse(c.filter), updateTime)
		c.check(t, err)
	}
}

// TestUpsertOfADBRefAsID has the one thing with dollars that an _id may be.
func TestUpsertOfADBRefAsID(t *testing.T) {
	update, err := query.ParseUpdateValue(`{$set: {_id: {$ref: "c", $id: 1}}}`)
	require.NoError(t, err)
	doc, err := update.Upsert(nil, updateTime)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{_id: {$ref: "c", $id: 1}}`), doc)
}

func TestUpsertThatNestsTooDeep(t *testing.T) {
	filter, err := query.Parse(bson.D{{Key: "a.b.c", Value: nested(199, "a", value(1))}})
	require.NoError(t, err)
	update, err := query.ParseUpdateValue(`{$set: {z: 1}}`)
	require.NoError(t, err)
	_, err = update.Upsert(filter, updateTime)
	require.Equal(t, 15, requireQueryError(t, err).Code)
}
