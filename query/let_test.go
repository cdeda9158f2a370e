package query_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func parseLet(t *testing.T, text string) *query.Let {
	let, err := query.ParseLet(shell(t, text), updateTime)
	require.NoError(t, err)
	return let
}

func TestVariablesOfLet(t *testing.T) {
	let := parseLet(t, `{low: 4, sum: {$add: [1, 2]}, now: "$$NOW", text: {$literal: "$low"}, none: "$$REMOVE"}`)
	doc := shell(t, `{_id: 1, a: 5, b: 3, at: ISODate("2026-01-01T00:00:00.005Z"), s: "$low"}`)
	for text, want := range map[string]bool{
		`{$expr: {$gt: ["$a", "$$low"]}}`:                                           true,
		`{$expr: {$gt: ["$b", "$$low"]}}`:                                           false,
		`{a: 5, $or: [{b: 9}, {$and: [{$expr: {$eq: ["$b", "$$sum"]}}]}]}`:          true,
		`{$nor: [{$expr: {$eq: ["$b", "$$sum"]}}]}`:                                 false,
		`{$expr: {$eq: ["$at", "$$now"]}}`:                                          true,
		`{$expr: {$eq: ["$s", "$$text"]}}`:                                          true,
		`{$expr: {$eq: [{$type: "$$none"}, "missing"]}}`:                            true,
		`{$expr: {$let: {vars: {low: 9}, in: {$gt: ["$a", "$$low"]}}}}`:             false, // the inner one counts
		`{$expr: {$eq: [{$map: {input: [1], as: "low", in: "$$low"}}, [1]]}, a: 5}`: true,
	} {
		bound := let.Filter(shell(t, text))
		filter, err := query.ParseMongoFilter(bound)
		require.NoError(t, err, text)
		got, err := filter.Match(doc)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		again, err := query.ParseFilter(filter.Source())
		require.NoError(t, err, "the filter is complete in itself")
		got, err = again.Match(doc)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}

	projection, err := query.ParseProjection(let.Projection(shell(t, `{a: 1, _id: 0, l: {$slice: 1}, e: {$elemMatch: {x: 1}}, v: "$$low", n: {m: {$add: ["$a", "$$sum"]}}}`)))
	require.NoError(t, err)
	shown, err := projection.Apply(nil, doc, nil)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{a: 5, v: 4, n: {m: 8}}`).String(), bson.Raw(shown).String())

	update, err := query.ParsePipelineUpdate(let.Update(list(t, `[{$set: {a: "$$low", c: {d: ["$$sum"], e: "plain"}}}, {$project: {a: 1, c: 1, z: "$$low"}}]`)))
	require.NoError(t, err)
	changed, _, err := update.Apply(doc, nil, updateTime)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{_id: 1, a: 4, c: {d: [3], e: "plain"}, z: 4}`).String(), changed.String())
	update, err = query.ParsePipelineUpdate(let.Update(list(t, `[{$replaceRoot: {newRoot: {x: "$$low"}}}, {$unset: "y"}, {$replaceWith: {$mergeObjects: ["$$ROOT", {z: "$$sum"}]}}]`)))
	require.NoError(t, err)
	changed, _, err = update.Apply(doc, nil, updateTime)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{_id: 1, x: 4, z: 3}`).String(), changed.String())
}

func TestPipelinesKnowLet(t *testing.T) {
	let := parseLet(t, `{k: 2, edges: [0, 4, 9]}`)
	for pipeline, want := range map[string]string{
		`[{$match: {$expr: {$eq: ["$_id", "$$k"]}}}, {$project: {_id: 1, k: "$$k"}}]`:              `[{_id: 2, k: 2}]`,
		`[{$limit: 1}, {$set: {k: {l: "$$k"}}}, {$project: {k: 1, _id: 0}}]`:                       `[{k: {l: 2}}]`,
		`[{$group: {_id: "$$k", n: {$sum: "$$k"}}}]`:                                               `[{_id: 2, n: 8}]`,
		`[{$limit: 1}, {$replaceWith: {k: "$$k"}}]`:                                                `[{k: 2}]`,
		`[{$facet: {a: [{$limit: 1}, {$project: {_id: 0, k: "$$k"}}]}}]`:                           `[{a: [{k: 2}]}]`,
		`[{$limit: 3}, {$bucket: {groupBy: {$add: ["$pay", "$$k"]}, boundaries: [0, "$$k", 99]}}]`: `[{_id: 2, count: 3}]`,
		`[{$limit: 1}, {$sortByCount: {$add: ["$$k", 1]}}]`:                                        `[{_id: 3, count: 1}]`,
	} {
		p, err := query.ParsePipeline(list(t, pipeline), let)
		require.NoError(t, err, pipeline)
		got, err := run(t, p, list(t, people))
		require.NoError(t, err, pipeline)
		require.Equal(t, texts(list(t, want)), texts(got), pipeline)
	}
	_, err := query.ParsePipeline(list(t, `[{$project: {a: "$$other"}}]`), let)
	require.Equal(t, 17276, requireQueryError(t, err).Code)
}

func TestLetErrors(t *testing.T) {
	for _, c := range []errorCase{
		{`{a: "$b"}`, 4890500, "tried to access a field", "let.a"},
		{`{a: "$$ROOT"}`, 4890500, "tried to access a field", "let.a"},
		{`{A: 1}`, 9, "invalid character", "let.A"},
		{`{"a-b": 1}`, 9, "invalid character", "let.a-b"},
		{`{a: {$foo: 1}}`, 168, "Unrecognized expression", "let.a.$foo"},
		{`{a: "$$b", b: 1}`, 17276, "undefined variable", "let.a"},
		{`{a: {$divide: [1, {$subtract: ["$$NOW", "$$NOW"]}]}}`, 2, "by zero", "let.a"},
	} {
		_, err := query.ParseLet(shell(t, c.source), time.Now())
		c.check(t, err)
	}
}

func TestNoLetChangesNothing(t *testing.T) {
	for _, let := range []*query.Let{nil, parseLet(t, `{}`)} {
		filter := shell(t, `{$expr: "$a"}`)
		require.Equal(t, filter, let.Filter(filter))
		require.Equal(t, filter, let.Projection(filter))
		stages := list(t, `[{$set: {a: "$b"}}]`)
		require.Equal(t, stages, let.Update(stages))
	}
}
