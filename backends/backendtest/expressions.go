package backendtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var expressions = area{"expressions", []behaviour{
	{"a filter's $expr compares keys of a record, beside what an index narrows", exprCompares},
	{"an $expr that does not suit a record fails the question", exprFails},
	{"an $expr knows the variables of a let", exprKnowsLet},
	{"a projection computes keys", projectionComputes},
	{"buffers that are kept apart are asked about as others", exprAboutBuffers},
	{"a pipeline makes another document of one, which keeps its _id", pipelineUpdates},
	{"a pipeline that does not suit a document leaves it as it is", pipelineUnsuited},
	{"an upsert by a pipeline inserts what it makes of the filter", pipelineUpserts},
	{"a pipeline keeps the buffers that it does not name", pipelineKeepsBuffers},
	{"a pipeline is run on what a store finds of it", pipelineRuns},
}}

func exprCompares(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "kind"})
	addDocs(t, db, `{_id: "a", kind: 1, x: 1, y: 2}`, `{_id: "b", kind: 1, x: 3, y: 2}`, `{_id: "c", kind: 2, x: 3, y: 2}`, `{_id: "d", kind: 1, y: 2}`)
	for filter, want := range map[string][]string{
		`{kind: 1, $expr: {$gt: ["$x", "$y"]}}`:                  {"b"},
		`{$expr: {$gt: ["$y", "$x"]}}`:                           {"a", "d"}, // what is missing is less
		`{$or: [{kind: 2}, {$expr: {$eq: ["$x", 1]}}]}`:          {"a", "c"},
		`{kind: {$gt: 1}, $nor: [{$expr: {$lt: ["$x", "$y"]}}]}`: {"c"},
	} {
		require.Equal(t, want, ids(t, db, taskdb.Query{Filter: filter, Sort: `{_id: 1}`}), filter)
		n, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
		require.NoError(t, err)
		require.EqualValues(t, len(want), n, filter)
	}
}

func exprFails(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", n: 1}`, `{_id: "b", n: 0}`)
	filter := `{$expr: {$gt: [{$divide: [1, "$n"]}, 0]}}`
	requireCode(t, query.CodeBadValue, firstError(t, db, taskdb.Query{Filter: filter}), "find")
	_, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
	requireCode(t, query.CodeBadValue, err, "count")
	_, err = db.Delete(t.Context(), taskdb.Delete{Filter: filter, Many: true})
	requireCode(t, query.CodeBadValue, err, "delete")
}

func exprKnowsLet(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", n: 1}`, `{_id: "b", n: 5}`)
	let, err := query.ParseLet(parse(t, `{least: {$add: [2, 2]}}`), time.Now())
	require.NoError(t, err)
	filter := let.Filter(parse(t, `{$expr: {$gte: ["$n", "$$least"]}}`))
	require.Equal(t, []string{"b"}, ids(t, db, taskdb.Query{Filter: filter}))
	require.EqualValues(t, 1, update(t, db, filter, let.Update([]bson.Raw{parse(t, `{$set: {n: "$$least"}}`)})).Modified)
	requireContents(t, db, `{_id: "a", n: 1}`, `{_id: "b", n: 4}`)
}

func projectionComputes(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", x: 1, y: {z: [{w: 1}, {w: 2}]}}`)
	require.Equal(t, []bson.Raw{parse(t, `{x: 1, y: {v: "a"}, sum: 3, ws: [1, 2]}`)},
		find(t, db, taskdb.Query{Projection: `{_id: 0, x: 1, sum: {$add: ["$x", 2]}, ws: "$y.z.w", "y.v": "$_id"}`}))
}

func exprAboutBuffers(t *testing.T, db *taskdb.DB) {
	docs := bufferedRecords(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	for _, text := range []string{
		`{$expr: {$isArray: "$buffers"}}`, `{$expr: {$eq: [{$type: "$result_buffers"}, "missing"]}}`, `{$expr: {$gt: [{$bsonSize: "$$ROOT"}, 9000]}}`,
		`{$nor: [{$expr: {$eq: ["$buffers", "$result_buffers"]}}]}`,
	} {
		filter := query.MustParse(text)
		var want []string
		for _, doc := range docs {
			if ok, err := filter.Match(doc); ok {
				require.NoError(t, err)
				want = append(want, doc.Lookup("_id").StringValue())
			}
		}
		require.ElementsMatch(t, want, ids(t, db, taskdb.Query{Filter: text}), text)
	}
}

func pipelineUpdates(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", n: 1, old: 2}`, `{_id: "b", n: 3, old: 2}`)
	outcome := updateMany(t, db, `{}`, `[{$set: {n: {$add: ["$n", "$old"]}, name: {$concat: ["<", "$_id", ">"]}}}, {$unset: "old"}]`)
	require.EqualValues(t, 2, outcome.Modified)
	requireContents(t, db, `{_id: "a", n: 3, name: "<a>"}`, `{_id: "b", n: 5, name: "<b>"}`)
	require.EqualValues(t, 1, update(t, db, `{_id: "a"}`, []bson.D{{{Key: "$replaceWith", Value: bson.D{{Key: "was", Value: "$n"}}}}}).Modified)
	require.Zero(t, update(t, db, `{_id: "b"}`, `[{$set: {n: {$add: ["$n", 0]}}}]`).Modified)
	requireContents(t, db, `{_id: "a", was: 3}`, `{_id: "b", n: 5, name: "<b>"}`)
}

func pipelineUnsuited(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", n: 1}`)
	for code, pipeline := range map[int]string{
		query.CodeTypeMismatch:   `[{$set: {n: {$add: ["$_id", 1]}}}]`,
		query.CodeImmutableField: `[{$set: {_id: "b"}}]`,
		query.CodeInvalidOptions: `[{$match: {}}]`,
		40228:                    `[{$replaceWith: "$n"}]`,
	} {
		_, err := db.Update(t.Context(), taskdb.Update{Update: pipeline})
		requireCode(t, code, err, pipeline)
	}
	requireContents(t, db, `{_id: "a", n: 1}`)
}

func pipelineUpserts(t *testing.T, db *taskdb.DB) {
	upsert := taskdb.Update{Filter: `{_id: "a", k: 1}`, Update: `[{$set: {n: {$add: [{$ifNull: ["$n", 0]}, 1]}}}]`, Upsert: true}
	for range 2 {
		_, err := db.Update(t.Context(), upsert)
		require.NoError(t, err)
	}
	requireContents(t, db, `{_id: "a", k: 1, n: 2}`)
}

func pipelineKeepsBuffers(t *testing.T, db *taskdb.DB) {
	docs := bufferedRecords(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	for _, pipeline := range []string{
		`[{$set: {label: {$concat: ["new ", "$_id"]}}}]`, `[{$set: {copy: "$buffers"}}]`, `[{$unset: "result_buffers"}]`, `[{$replaceWith: {b: "$buffers", rest: "$others"}}]`,
	} {
		parsed, err := query.ParseUpdateValue(pipeline)
		require.NoError(t, err)
		for i, doc := range docs {
			docs[i], _, err = parsed.Apply(doc, nil, time.Now())
			require.NoError(t, err)
		}
		updateMany(t, db, `{}`, pipeline)
		require.ElementsMatch(t, docs, find(t, db, taskdb.Query{Projection: `{}`}), pipeline)
	}
}

func pipelineRuns(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", k: 1, n: 5}`, `{_id: "b", k: 2, n: 6}`, `{_id: "c", k: 1, n: 7}`, `{_id: "d", k: 1, n: 8}`)
	p, err := query.ParsePipeline([]bson.Raw{
		parse(t, `{$match: {k: 1}}`), parse(t, `{$sort: {n: -1}}`), parse(t, `{$limit: 2}`),
		parse(t, `{$group: {_id: "$k", sum: {$sum: "$n"}, first: {$first: "$n"}}}`),
	}, nil)
	require.NoError(t, err)
	var got []bson.Raw
	asked := taskdb.Query{Filter: p.Filter, Projection: p.Projection(), Sort: p.Sort, Skip: p.Skip, Limit: p.Limit}
	for doc, err := range p.Run(t.Context(), db.FindRaw(t.Context(), asked)) {
		require.NoError(t, err)
		got = append(got, doc)
	}
	require.Equal(t, []bson.Raw{parse(t, `{_id: 1, sum: 15, first: 8}`)}, got)
}
