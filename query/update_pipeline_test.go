package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func TestUpdatesByPipelines(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`[{$set: {b: {$add: ["$a", 1]}}}]`, `{_id: 1, a: 1}`, `{_id: 1, a: 1, b: 2}`},
		{`[{$set: {a: {$add: ["$a", 1]}}}, {$addFields: {b: "$a"}}]`, `{_id: 1, a: 1}`, `{_id: 1, a: 2, b: 2}`},
		{`[{$set: {"a.b": 1}}]`, `{_id: 1, a: [{}, 5]}`, `{_id: 1, a: [{b: 1}, {b: 1}]}`},
		{`[{$unset: ["a", "b.c"]}]`, `{_id: 1, a: 1, b: {c: 1, d: 2}}`, `{_id: 1, b: {d: 2}}`},
		{`[{$project: {a: 1}}]`, `{_id: 1, a: 1, b: 2}`, `{_id: 1, a: 1}`},
		{`[{$project: {_id: 0, a: 1}}]`, `{_id: 1, a: 1, b: 2}`, `{_id: 1, a: 1}`}, // the _id stays
		{`[{$replaceWith: "$a"}]`, `{_id: 1, a: {x: 1}}`, `{_id: 1, x: 1}`},
		{`[{$replaceRoot: {newRoot: {x: "$a", _id: "$_id"}}}]`, `{_id: 1, a: 1}`, `{_id: 1, x: 1}`},
		{`[{$set: {at: "$$NOW"}}]`, `{_id: 1}`, `{_id: 1, at: ISODate("2026-01-01T00:00:00.005Z")}`},
		{`[{$set: {grade: {$switch: {branches: [{case: {$gte: ["$n", 60]}, then: "pass"}], default: "fail"}}}}]`, `{_id: 1, n: 80}`, `{_id: 1, n: 80, grade: "pass"}`},
		{`[]`, `{_id: 1, a: 1}`, ``},
		{`[{$set: {a: 1}}]`, `{_id: 1, a: 1}`, ``},
		{`[{$set: {_id: 1.0}}]`, `{_id: 1, a: 1}`, `{_id: 1.0, a: 1}`},
		{`[{$set: {a: 1.0}}]`, `{_id: 1, a: 1}`, `{_id: 1, a: 1.0}`},
	})
}

func TestUpsertsByPipelines(t *testing.T) {
	for _, c := range []struct{ update, filter, want string }{
		{`[{$set: {n: {$ifNull: ["$n", 0]}}}]`, `{_id: 1, a: 2}`, `{_id: 1, a: 2, n: 0}`},
		{`[{$replaceWith: {x: "$a"}}]`, `{_id: 1, a: 2}`, `{_id: 1, x: 2}`},
		{`[{$set: {n: 1}}]`, `{a: {$gt: 1}, $expr: {$eq: ["$b", 1]}}`, `{n: 1}`},
	} {
		update, err := query.ParseUpdateValue(c.update)
		require.NoError(t, err)
		got, err := update.Upsert(query.MustParse(c.filter), updateTime)
		require.NoError(t, err, c.update)
		require.Equal(t, shell(t, c.want).String(), got.String(), c.update)
	}
}

func TestUpdatesByPipelinesThatFail(t *testing.T) {
	for _, c := range []errorCase{
		{`[{$match: {a: 1}}]`, 72, "$match is not allowed to be used within an update", "0.$match"},
		{`[{$set: {a: 1}}, {$lookup: {}}]`, 72, "$lookup is not allowed", "1.$lookup"},
		{`[{$foo: 1}]`, 40324, "Unrecognized pipeline stage name: '$foo'", "0.$foo"},
		{`[{}]`, 40323, "exactly one field", "0"},
		{`[1]`, 14, "must be an object", "0"},
		{`[{$set: {a: {$foo: 1}}}]`, 168, "Unrecognized expression", "0.$set.a.$foo"},
		{`[{$set: {a: "$$x"}}]`, 17276, "undefined variable", "0.$set.a"},
	} {
		_, err := query.ParseUpdateValue(c.source)
		c.check(t, err)
	}
	_, err := query.ParseUpdateValue(`[]`, `{x: 1}`)
	require.Equal(t, query.CodeFailedToParse, requireQueryError(t, err).Code, "array filters")

	for _, c := range []struct {
		update, doc string
		code        int
	}{
		{`[{$set: {_id: 2}}]`, `{_id: 1}`, query.CodeImmutableField},
		{`[{$replaceWith: {_id: 2}}]`, `{_id: 1}`, query.CodeImmutableField},
		{`[{$replaceWith: "$a"}]`, `{_id: 1, a: 5}`, 40228},
		{`[{$set: {a: {$add: ["$s", 1]}}}]`, `{_id: 1, s: "x"}`, query.CodeTypeMismatch},
		{`[{$set: {a: {$reduce: {input: {$range: [0, 22]}, initialValue: "x", in: {$concat: ["$$value", "$$value", "$$value"]}}}}}]`, `{_id: 1}`, query.CodeExceededMemory},
		{`[{$set: {a: {$reduce: {input: {$range: [0, 25]}, initialValue: "$s", in: {$concat: ["$$value", "$$value"]}}}}}]`, `{_id: 1, s: "x"}`, query.CodeUpdateTooLarge},
		{`[{$set: {a: {$reduce: {input: {$range: [0, 250]}, initialValue: "$s", in: ["$$value"]}}}}]`, `{_id: 1, s: "x"}`, query.CodeOverflow},
	} {
		update, err := query.ParseUpdateValue(c.update)
		if err == nil {
			_, _, err = update.Apply(shell(t, c.doc), nil, updateTime)
		}
		require.Equal(t, c.code, requireQueryError(t, err).Code, c.update)
	}
}

func TestWaysToWriteAPipeline(t *testing.T) {
	stage := bson.D{{Key: "$set", Value: bson.D{{Key: "a", Value: "$b"}}}}
	raw := shell(t, `{$set: {a: "$b"}}`)
	for _, source := range []any{
		`[{$set: {a: "$b"}}]`, "\n [ {$set: {a: '$b'}} ]", []bson.D{stage}, bson.A{stage}, []any{`{$set: {a: "$b"}}`}, []bson.Raw{raw},
		value(bson.A{stage}).Array(),
	} {
		update, err := query.ParseUpdateValue(source)
		require.NoError(t, err, "%T", source)
		require.True(t, update.IsPipeline())
		require.False(t, update.IsReplacement())
		require.Equal(t, []bson.Raw{raw}, update.Stages(), "%T", source)
		require.Equal(t, `[{"$set":{"a":"$b"}}]`, update.String())
	}
	for _, source := range []any{`[`, []int{1}, bson.RawArray{1}, []any{func() {}}} {
		_, err := query.ParseUpdateValue(source)
		require.Error(t, err, "%T", source)
	}
}

func TestWhatPipelineUpdatesNeed(t *testing.T) {
	for text, keys := range map[string]string{
		`[{$set: {a: "$b.x"}}]`:                "ab",
		`[{$set: {"a.x": 1}}]`:                 "a",
		`[{$unset: "c"}]`:                      "c",
		`[{$project: {a: 1}}]`:                 "abc",
		`[{$replaceWith: {x: 1}}]`:             "abc",
		`[{$set: {a: {$bsonSize: "$$ROOT"}}}]`: "abc",
	} {
		update, err := query.ParseUpdateValue(text)
		require.NoError(t, err)
		needed := ""
		for _, key := range []string{"a", "b", "c"} {
			if update.Needs(key) {
				needed += key
			}
		}
		require.Equal(t, keys, needed, text)
	}
}
