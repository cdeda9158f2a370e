package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var counting = area{"count and distinct", []behaviour{
	{"count is how many records find yields", countIsFind},
	{"distinct values of a key", distinctValues},
	{"an array counts as its elements", distinctOfArrays},
	{"values that compare as equal are one", distinctEqual},
	{"distinct values of buffers", distinctOfBuffers},
	{"a path that nothing has has no values", distinctOfMissing},
}}

func countIsFind(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, zoo...)
	for _, q := range []taskdb.Query{
		{}, {Filter: "{}"}, {Filter: `{queue: "task"}`}, {Filter: `{no_such_key: 1}`}, {Filter: `{msg_id: "ok"}`},
		{Skip: 3}, {Limit: 3}, {Skip: 6, Limit: 5}, {Filter: `{queue: "task"}`, Skip: 1, Limit: 1},
		{Sort: "{submitted: 1}", Limit: 2}, {Keys: []string{"label"}}, {Projection: "{label: 1}"},
	} {
		n, err := db.Count(t.Context(), q)
		require.NoError(t, err)
		require.EqualValues(t, len(find(t, db, q)), n, "%+v", q)
	}
}

// distinct tests the distinct values of a path, as extended JSON.
func distinct(t *testing.T, db *taskdb.DB, path string, filter any, want ...string) {
	t.Helper()
	values, err := db.Distinct(t.Context(), path, filter)
	require.NoError(t, err)
	got := []string{}
	for _, v := range values {
		got = append(got, v.String())
	}
	require.ElementsMatch(t, want, got, "distinct %s", path)
}

func distinctValues(t *testing.T, db *taskdb.DB) {
	addDocs(t, db,
		`{msg_id: "a", queue: "mux", engine_uuid: "e1", header: {username: "ann"}}`,
		`{msg_id: "b", queue: "task", engine_uuid: null, header: {username: "ann"}}`,
		`{msg_id: "c", queue: "mux", engine_uuid: "e2", header: {username: "bob"}}`,
		`{msg_id: "d"}`)
	distinct(t, db, "queue", nil, `"mux"`, `"task"`)
	distinct(t, db, "engine_uuid", "{}", `"e1"`, `"e2"`, `null`)
	distinct(t, db, "header.username", nil, `"ann"`, `"bob"`)
	distinct(t, db, "queue", `{"header.username": "ann"}`, `"mux"`, `"task"`)
	distinct(t, db, "queue", bson.M{"engine_uuid": bson.M{"$ne": nil}}, `"mux"`)
	distinct(t, db, "queue", query.MustParse(`{msg_id: {$in: []}}`))
	distinct(t, db, "msg_id", nil, `"a"`, `"b"`, `"c"`, `"d"`)
	distinct(t, db, "_id", `{queue: "mux"}`, `"a"`, `"c"`)
}

func distinctOfArrays(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{label: ["a", "b"]}`, `{label: "b"}`, `{label: []}`, `{label: [["c"]]}`, `{label: [{n: "d"}, {n: ["e", "f"]}]}`)
	distinct(t, db, "label", nil, `"a"`, `"b"`, `["c"]`, `{"n": "d"}`, `{"n": ["e","f"]}`)
	distinct(t, db, "label.n", nil, `"d"`, `"e"`, `"f"`)
	distinct(t, db, "label.0", nil, `"a"`, `"c"`, `{"n": "d"}`)
}

func distinctEqual(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{x: 1}`, `{x: 1.0}`, `{x: NumberLong(1)}`, `{x: "1"}`, `{x: true}`, `{x: {a: 1, b: 2}}`, `{x: {a: 1.0, b: 2}}`, `{x: {b: 2, a: 1}}`)
	values, err := db.Distinct(t.Context(), "x", nil)
	require.NoError(t, err)
	require.Len(t, values, 5)
}

func distinctOfBuffers(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a"), pendingTask(t, "b")))
	values, err := db.Distinct(t.Context(), "buffers", nil)
	require.NoError(t, err)
	require.Len(t, values, 4)
}

func distinctOfMissing(t *testing.T, db *taskdb.DB) {
	distinct(t, db, "label", nil)
	addDocs(t, db, `{msg_id: "a", header: null}`)
	distinct(t, db, "label", nil)
	distinct(t, db, "header.username", nil)
	distinct(t, db, "", nil)
}
