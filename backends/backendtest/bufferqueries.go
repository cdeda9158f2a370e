package backendtest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Stores may keep buffers apart from their records. Nobody who asks can tell.
var askingAboutBuffers = area{"queries about buffers", []behaviour{
	{"filters about buffers", filterBuffers},
	{"sorts by buffers", sortBuffers},
	{"distinct buffers", distinctBuffers},
	{"projections of buffers", projectBuffers},
	{"an index on buffers", indexBuffers},
	{"buffers that were put are asked about like others", askAboutPutBuffers},
}}

// bufferedRecords are documents with buffers of every kind, small and large.
func bufferedRecords(t tester) []bson.Raw {
	t.Helper()
	binaries := func(sizes ...int) bson.A {
		list := bson.A{}
		for _, data := range noises(sizes...) {
			list = append(list, bson.Binary{Data: data})
		}
		return list
	}
	many := make([]int, 200)
	for i := range many {
		many[i] = 100 + i
	}
	uuid := bson.Binary{Subtype: 4, Data: noise(5000)}
	var docs []bson.Raw
	for i, rest := range []bson.D{
		{},
		{{Key: "buffers", Value: nil}, {Key: "result_buffers", Value: bson.A{}}},
		{{Key: "buffers", Value: bson.A{}}, {Key: "result_buffers", Value: nil}},
		{{Key: "buffers", Value: binaries(0)}},
		{{Key: "buffers", Value: binaries(0, 0)}, {Key: "result_buffers", Value: binaries(1)}},
		{{Key: "buffers", Value: binaries(1)}, {Key: "result_buffers", Value: binaries(5000)}},
		{{Key: "buffers", Value: binaries(5000)}, {Key: "label", Value: "behind"}},
		{{Key: "buffers", Value: binaries(5000, 1)}, {Key: "result_buffers", Value: binaries(1, 5000)}},
		{{Key: "result_buffers", Value: binaries(300 << 10)}, {Key: "label", Value: "behind"}, {Key: "buffers", Value: binaries(1, 5000, 300<<10)}},
		{{Key: "buffers", Value: binaries(many...)}},
		{{Key: "buffers", Value: bson.A{uuid}}},
		{{Key: "buffers", Value: bson.A{uuid, bson.Binary{Data: noise(5000)}}}},
		{{Key: "buffers", Value: bson.A{bson.Binary{Data: noise(5000)}, "text"}}},
		{{Key: "buffers", Value: "text"}},
		{{Key: "buffers", Value: bson.Binary{Data: noise(5000)}}},
		{{Key: "buffers", Value: bson.A{binaries(5000)}}},
		{{Key: "buffers", Value: bson.D{{Key: "0", Value: bson.Binary{Data: noise(5000)}}}}},
		{{Key: "content", Value: bson.D{{Key: "buffers", Value: binaries(5000)}}}, {Key: "others", Value: binaries(6000)}},
	} {
		id := fmt.Sprint("task-", i)
		docs = append(docs, encode(t, append(bson.D{{Key: "_id", Value: id}, {Key: "msg_id", Value: id}}, rest...)))
	}
	return docs
}

// bufferFilters ask about buffers in every way.
func bufferFilters() []any {
	filters := []any{
		`{}`, `{buffers: null}`, `{buffers: {$ne: null}}`, `{buffers: {$exists: true}}`, `{buffers: {$exists: false}}`,
		`{result_buffers: []}`, `{result_buffers: {$ne: []}}`, `{buffers: []}`, `{buffers: {$size: 0}}`, `{buffers: {$size: 1}}`, `{buffers: {$size: 2}}`,
		`{buffers: {$not: {$size: 200}}}`, `{"buffers.0": {$exists: true}}`, `{"buffers.199": {$exists: true}}`, `{"buffers.2": {$exists: false}}`,
		`{buffers: {$type: "binData"}}`, `{buffers: {$type: "array"}}`, `{buffers: "text"}`, `{"buffers.1": "text"}`, `{buffers: BinData(0, "")}`,
		`{buffers: [BinData(0, ""), BinData(0, "")]}`, `{buffers: {$gt: BinData(0, "")}}`, `{buffers: {$elemMatch: {$exists: true}}}`,
		`{"buffers.0": {$lte: BinData(0, "AA==")}}`, `{others: {$size: 1}}`, `{"content.buffers": {$size: 1}}`,
		`{$or: [{result_buffers: {$size: 2}}, {msg_id: "task-3"}]}`, `{msg_id: {$gte: "task-5"}, buffers: {$size: 2}}`, `{$nor: [{buffers: {$size: 1}}]}`,
		`{buffers: {$in: [null, BinData(0, "")]}}`,
	}
	for _, size := range []int{1, 5000, 300 << 10} {
		data := bson.Binary{Data: noise(size)}
		filters = append(filters,
			bson.M{"buffers": data}, bson.M{"buffers.0": data}, bson.M{"buffers": bson.A{data}}, bson.M{"buffers": bson.M{"$ne": data}},
			bson.M{"result_buffers": bson.M{"$in": bson.A{data}}}, bson.M{"buffers": bson.M{"$all": bson.A{data, bson.Binary{Data: noise(1)}}}},
			bson.M{"buffers": bson.M{"$gte": data}}, bson.M{"buffers.1": bson.M{"$lt": data}}, bson.M{"content.buffers": data})
	}
	return filters
}

// requireFound tests that the store's answers are those of the filters.
func requireFound(t *testing.T, db *taskdb.DB, docs []bson.Raw) {
	t.Helper()
	for _, filter := range bufferFilters() {
		want := []string{}
		for _, doc := range matching(t, docs, filter) {
			want = append(want, doc.Lookup("_id").StringValue())
		}
		require.ElementsMatch(t, want, ids(t, db, taskdb.Query{Filter: filter}), "%.100v", filter)
		n, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
		require.NoError(t, err)
		require.EqualValues(t, len(want), n, "%.100v", filter)
	}
}

func filterBuffers(t *testing.T, db *taskdb.DB) {
	docs := bufferedRecords(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	requireFound(t, db, docs)
}

func sortBuffers(t *testing.T, db *taskdb.DB) {
	docs := bufferedRecords(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	for _, sort := range []bson.D{
		{{Key: "buffers", Value: 1}}, {{Key: "buffers", Value: -1}}, {{Key: "buffers.0", Value: 1}}, {{Key: "result_buffers", Value: -1}, {Key: "msg_id", Value: -1}},
	} {
		want := inPageOrder(t, docs, sort)
		require.Equal(t, want, find(t, db, taskdb.Query{Sort: append(sort, bson.E{Key: "_id", Value: 1}), Projection: "{}"}), "%v", sort)
		require.Equal(t, want, allPages(t, db, taskdb.Query{Sort: sort, Limit: 5, Projection: "{}"}), "%v", sort)
		require.Equal(t, inPageOrder(t, matching(t, docs, `{buffers: {$size: 2}}`), sort),
			find(t, db, taskdb.Query{Filter: `{buffers: {$size: 2}}`, Sort: append(sort, bson.E{Key: "_id", Value: 1}), Projection: "{}"}), "%v", sort)
	}
}

func distinctBuffers(t *testing.T, db *taskdb.DB) {
	docs := bufferedRecords(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	for _, path := range []string{"buffers", "buffers.0", "result_buffers", "content.buffers", "others", "msg_id"} {
		for _, filter := range []string{`{}`, `{buffers: {$size: 2}}`, `{msg_id: {$gt: "task-5"}}`} {
			naive, err := query.NewDistinct(path)
			require.NoError(t, err)
			for _, doc := range matching(t, docs, filter) {
				naive.Add(doc)
			}
			got, err := db.Distinct(t.Context(), path, filter)
			require.NoError(t, err)
			require.ElementsMatch(t, naive.Values(), got, "%s of %s", path, filter)
		}
	}
}

func projectBuffers(t *testing.T, db *taskdb.DB) {
	docs := bufferedRecords(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	for _, text := range []string{
		`{}`, `{buffers: 1}`, `{buffers: 0}`, `{result_buffers: 0, msg_id: 0}`, `{buffers: {$slice: 1}}`, `{buffers: {$slice: [-1, 1]}, msg_id: 1}`,
		`{buffers: {$elemMatch: {$gt: BinData(0, "AA==")}}}`, `{"buffers.0": 1}`, `{_id: 1}`, `{label: 1}`, `{"content.buffers": 1, others: 1}`,
	} {
		projection, err := query.ParseProjectionValue(text)
		require.NoError(t, err)
		filter := query.MustParse(`{}`)
		var want []bson.Raw
		for _, doc := range docs {
			shown, err := projection.Apply(nil, doc, filter)
			require.NoError(t, err)
			want = append(want, shown)
		}
		require.ElementsMatch(t, want, find(t, db, taskdb.Query{Projection: text}), text)
	}
	for _, doc := range find(t, db, taskdb.Query{}) {
		require.True(t, doc.Lookup("buffers").IsZero() && doc.Lookup("result_buffers").IsZero(), "left out unless asked for")
	}
	shown := find(t, db, taskdb.Query{Filter: `{buffers: {$gt: BinData(0, "AA==")}, msg_id: "task-8"}`, Projection: `{"buffers.$": 1, _id: 0}`})
	require.Equal(t, []bson.Raw{encode(t, bson.D{{Key: "buffers", Value: bson.A{bson.Binary{Data: noise(1)}}}})}, shown)
}

func indexBuffers(t *testing.T, db *taskdb.DB) {
	docs := bufferedRecords(t)
	createIndex(t, db, taskdb.Index{Keys: "buffers"})
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	createIndex(t, db, taskdb.Index{Keys: "buffers.0,msg_id"})
	createIndex(t, db, taskdb.Index{Keys: "-result_buffers", Partial: `{result_buffers: {$exists: true}}`})
	requireFound(t, db, docs)
}

func askAboutPutBuffers(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "buffers"})
	createIndex(t, db, taskdb.Index{Name: "without result", Keys: "label", Partial: `{result_buffers: null}`})
	for _, id := range []string{"task-a", "task-b", "task-c"} {
		require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: id, Label: "x"}))
	}
	putBuffers(t, db, "task-a", "buffers", noises(1, 5000)...)
	putBuffers(t, db, "task-b", "buffers", noises(1, 0)...)
	putBuffers(t, db, "task-b", "result_buffers", noises(300<<10)...)
	require.Equal(t, []string{"task-a", "task-c"}, ids(t, db, taskdb.Query{Filter: `{label: "x", result_buffers: null}`, Sort: "{_id: 1}"}))
	require.Equal(t, []string{"task-c"}, ids(t, db, taskdb.Query{Filter: `{buffers: null}`}))
	docs := find(t, db, taskdb.Query{Projection: "{}"})
	require.Len(t, docs, 3)
	requireFound(t, db, docs)
}
