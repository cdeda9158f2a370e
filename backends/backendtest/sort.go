package backendtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var sorting = area{"sort", []behaviour{
	{"records are sorted by any key, upwards and downwards", sortByKey},
	{"null and missing come first, and then the types in BSON's order", sortByType},
	{"an array sorts by its least element, downwards by its greatest", sortByArrays},
	{"several keys sort one after another", sortBySeveral},
	{"a sort may be by keys that are not shown", sortByHidden},
	{"two arrays cannot be sorted by at once", sortByParallelArrays},
	{"a sort may be written in many forms", sortForms},
}}

// sorted tests the order in which a sort gives a store's documents.
func sorted(t *testing.T, db *taskdb.DB, sort any, want ...string) {
	t.Helper()
	require.Equal(t, want, ids(t, db, taskdb.Query{Sort: sort}), "sort %v", sort)
}

func sortByKey(t *testing.T, db *taskdb.DB) {
	addDocs(t, db,
		`{_id: "a", msg_id: "z", submitted: ISODate("2026-11-22T10:00:00Z"), label: "b", header: {n: 10}}`,
		`{_id: "b", msg_id: "y", submitted: ISODate("2026-11-22T12:00:00Z"), label: "a", header: {n: 9.5}}`,
		`{_id: "c", msg_id: "x", submitted: ISODate("2026-11-22T11:00:00Z"), label: "B", header: {n: NumberLong(-1)}}`)
	for sort, want := range map[string]string{
		`{_id: 1}`: "a b c", `{msg_id: 1}`: "c b a", `{submitted: 1}`: "a c b", `{label: 1}`: "c b a", `{"header.n": 1}`: "c b a",
		`{_id: -1}`: "c b a", `{msg_id: -1}`: "a b c", `{submitted: -1}`: "b c a", `{label: -1}`: "a b c", `{"header.n": -1}`: "a b c",
	} {
		sorted(t, db, sort, strings.Fields(want)...)
	}
}

func sortByType(t *testing.T, db *taskdb.DB) {
	values := []string{ // in BSON's order
		`MinKey()`, `[]`, `null`, `-5`, `0`, `0.5`, `NumberLong(1)`, `"A"`, `"a"`, `{}`, `{a: 1}`, `BinData(0, "/w==")`, `BinData(0, "AAA=")`,
		`ObjectId("6720a1b2c3d4e5f601234567")`, `false`, `true`, `ISODate("1969-01-01T00:00:00Z")`, `ISODate("2026-11-22T10:00:00Z")`,
		`Timestamp(1, 1)`, `/a/`, `MaxKey()`,
	}
	want := make([]string, len(values))
	for i := range values {
		want[i] = fmt.Sprintf("%02d", i)
	}
	for _, i := range []int{20, 3, 7, 0, 14, 9, 1, 12, 18, 5, 2, 16, 10, 4, 19, 8, 6, 13, 17, 11, 15} {
		addDocs(t, db, fmt.Sprintf(`{_id: "%02d", submitted: %s, x: %s}`, i, values[i], values[i]))
	}
	down := slices.Clone(want)
	slices.Reverse(down)
	for _, key := range []string{"submitted", "x"} {
		sorted(t, db, bson.D{{Key: key, Value: 1}}, want...)
		sorted(t, db, bson.D{{Key: key, Value: -1}}, down...)
	}

	addDocs(t, db, `{_id: "missing"}`) // sorts as null does (S1)
	for _, key := range []string{"submitted", "x"} {
		require.ElementsMatch(t, []string{"02", "missing"}, ids(t, db, taskdb.Query{Sort: bson.M{key: 1}})[2:4])
	}
}

func sortByArrays(t *testing.T, db *taskdb.DB) {
	addDocs(t, db,
		`{_id: "a", label: ["b", "x"], header: [{n: 5}, {n: 1}]}`,
		`{_id: "b", label: "c", header: {n: 2}}`,
		`{_id: "c", label: ["a", "d"], header: [{n: 3}, {m: 9}]}`)
	sorted(t, db, `{label: 1}`, "c", "a", "b")
	sorted(t, db, `{label: -1}`, "a", "c", "b")
	sorted(t, db, `{"header.n": 1}`, "c", "a", "b")
	sorted(t, db, `{"header.n": -1}`, "a", "c", "b")
}

func sortBySeveral(t *testing.T, db *taskdb.DB) {
	addDocs(t, db,
		`{_id: "a", queue: "mux", engine_uuid: "e2", submitted: ISODate("2026-11-22T10:00:00Z")}`,
		`{_id: "b", queue: "task", engine_uuid: "e1", submitted: ISODate("2026-11-22T10:00:00Z")}`,
		`{_id: "c", queue: "mux", engine_uuid: "e1", submitted: ISODate("2026-11-22T11:00:00Z")}`,
		`{_id: "d", queue: "mux", engine_uuid: null, submitted: ISODate("2026-11-22T11:00:00Z")}`)
	sorted(t, db, `{queue: 1, engine_uuid: 1}`, "d", "c", "a", "b")
	sorted(t, db, `{queue: -1, engine_uuid: 1}`, "b", "d", "c", "a")
	sorted(t, db, `{submitted: -1, queue: 1, _id: -1}`, "d", "c", "a", "b")
	sorted(t, db, `{queue: 1, submitted: 1, engine_uuid: -1}`, "a", "c", "d", "b")
}

func sortByHidden(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", msg_id: "a", x: 2, buffers: [BinData(0, "AQ==")]}`, `{_id: "b", msg_id: "b", x: 1, buffers: [BinData(0, "AA==")]}`)
	for _, sort := range []string{`{x: 1}`, `{buffers: 1}`, `{_id: -1}`} {
		require.Equal(t, []bson.Raw{parse(t, `{msg_id: "b"}`), parse(t, `{msg_id: "a"}`)},
			find(t, db, taskdb.Query{Sort: sort, Keys: []string{"msg_id"}}), sort)
	}
}

func sortByParallelArrays(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", x: 1, y: 1}`, `{_id: "b", x: [1], y: [1]}`)
	var invalid *query.Error
	require.ErrorAs(t, firstError(t, db, taskdb.Query{Sort: "{x: 1, y: 1}"}), &invalid)
	require.Equal(t, query.CodeBadValue, invalid.Code)
}

func sortForms(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", x: 1, y: 1}`, `{_id: "b", x: 1, y: 2}`, `{_id: "c", x: 2, y: 0}`)
	doc := bson.D{{Key: "x", Value: -1}, {Key: "y", Value: int64(1)}}
	parsed, err := query.ParseSortValue(doc)
	require.NoError(t, err)
	for _, sort := range []any{`{x: -1, y: 1}`, `{"x": -1.0, "y": 1}`, doc, encode(t, doc), []byte(encode(t, doc)), parsed} {
		sorted(t, db, sort, "c", "a", "b")
	}
	sorted(t, db, map[string]int{"y": -1}, "b", "a", "c")
	require.ElementsMatch(t, []string{"a", "b", "c"}, ids(t, db, taskdb.Query{Sort: "{}"}))
}
