package backendtest

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

var fidelity = area{"fidelity", []behaviour{
	{"documents of every type come back byte for byte", everyType},
	{"unusual keys and their order come back byte for byte", unusualKeys},
	{"deep nesting comes back", deepNesting},
	{"large values come back", largeValues},
	{"buffers of all sizes come back in their place", buffersInPlace},
	{"keys that taskdb does not know are kept", unknownKeys},
	{"empty fields of a record are stored as null", emptyFields},
	{"times are UTC and in milliseconds", times},
}}

// comesBack tests that a document with an _id in the first place and the msg_id
// "a" is stored byte for byte.
func comesBack(t *testing.T, db *taskdb.DB, doc bson.Raw) {
	t.Helper()
	require.NoError(t, db.AddRaw(t.Context(), doc))
	got, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.True(t, bytes.Equal(doc, got), "Get changed %v to %v", doc, got)
	found := find(t, db, taskdb.Query{Projection: "{}"})
	require.Len(t, found, 1)
	require.True(t, bytes.Equal(doc, found[0]), "Find changed %v to %v", doc, found[0])
}

func everyType(t *testing.T, db *taskdb.DB) {
	comesBack(t, db, encode(t, bson.D{
		{Key: "_id", Value: int64(1)}, {Key: "msg_id", Value: "a"},
		{Key: "double", Value: 1.0}, {Key: "negative zero", Value: math.Copysign(0, -1)}, {Key: "nan", Value: math.NaN()},
		{Key: "string", Value: "a\x00b"}, {Key: "empty", Value: ""},
		{Key: "document", Value: bson.D{}}, {Key: "array", Value: bson.A{}}, {Key: "list", Value: bson.A{int32(1), nil, bson.A{}}},
		{Key: "binary", Value: bson.Binary{Data: []byte{0, 255}}}, {Key: "uuid", Value: bson.Binary{Subtype: 4, Data: make([]byte, 16)}},
		{Key: "old binary", Value: bson.Binary{Subtype: 2, Data: []byte("a")}},
		{Key: "undefined", Value: bson.Undefined{}}, {Key: "objectid", Value: bson.ObjectID{1, 2, 3}},
		{Key: "false", Value: false}, {Key: "true", Value: true},
		{Key: "date", Value: bson.DateTime(math.MaxInt64)}, {Key: "early", Value: bson.DateTime(math.MinInt64)},
		{Key: "null", Value: nil}, {Key: "regex", Value: bson.Regex{Pattern: "^a", Options: "ix"}},
		{Key: "pointer", Value: bson.DBPointer{DB: "d", Pointer: bson.ObjectID{9}}}, {Key: "code", Value: bson.JavaScript("f()")},
		{Key: "symbol", Value: bson.Symbol("s")}, {Key: "scope", Value: bson.CodeWithScope{Code: "f()", Scope: bson.D{{Key: "x", Value: int32(1)}}}},
		{Key: "int", Value: int32(math.MinInt32)}, {Key: "timestamp", Value: bson.Timestamp{T: math.MaxUint32, I: 1}},
		{Key: "long", Value: int64(1)}, {Key: "decimal", Value: bson.NewDecimal128(0x3040000000000000, 100)},
		{Key: "min", Value: bson.MinKey{}}, {Key: "max", Value: bson.MaxKey{}},
	}))
}

func unusualKeys(t *testing.T, db *taskdb.DB) {
	comesBack(t, db, parse(t, `{_id: "x", zebra: 1, msg_id: "a", "": 2, "a.b": 3, "1": 4, " ": 5, "ключ": 6,
		apple: {z: 1, a: 2, "": {"$x": 1, "a.b": 2}, _id: 3}, twice: 1, twice: "two", list: [{b: 1, a: 2}]}`))
}

func deepNesting(t *testing.T, db *taskdb.DB) {
	const depth = 95
	comesBack(t, db, parse(t, `{_id: 1, msg_id: "a", content: `+strings.Repeat(`{a: [`, depth/2)+strings.Repeat(`]}`, depth/2)+`}`))
}

func largeValues(t *testing.T, db *taskdb.DB) {
	comesBack(t, db, encode(t, bson.D{
		{Key: "_id", Value: "a"},
		{Key: "stdout", Value: strings.Repeat("line\n", 1<<20)},
		{Key: "msg_id", Value: "a"},
		{Key: "content", Value: bson.D{{Key: "data", Value: bson.Binary{Data: bytes.Repeat([]byte{0, 1, 2}, 1<<20)}}}},
	}))
}

func buffersInPlace(t *testing.T, db *taskdb.DB) {
	buffer := func(size int) bson.Binary {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i * i >> 8)
		}
		return bson.Binary{Data: data}
	}
	comesBack(t, db, encode(t, bson.D{
		{Key: "_id", Value: "a"},
		{Key: "buffers", Value: bson.A{buffer(0), buffer(4095), buffer(4096), buffer(4097), buffer(0), buffer(1 << 20), buffer(3)}},
		{Key: "msg_id", Value: "a"},
		{Key: "mixed", Value: bson.A{buffer(5000), "text", buffer(5000)}},
		{Key: "subtypes", Value: bson.A{bson.Binary{Subtype: 4, Data: buffer(5000).Data}, bson.Binary{Subtype: 128, Data: buffer(5000).Data}}},
		{Key: "content", Value: bson.D{{Key: "nested", Value: bson.A{buffer(5000)}}, {Key: "deeper", Value: bson.A{bson.A{buffer(5000)}}}}},
		{Key: "result_buffers", Value: bson.A{buffer(256 << 10), buffer(255 << 10)}},
		{Key: "label", Value: "last"},
	}))
}

func unknownKeys(t *testing.T, db *taskdb.DB) {
	record := pendingTask(t, "a")
	record.Extra = parse(t, `{display_data: {"text/plain": "5"}, "": null, frame: 12}`)
	require.NoError(t, db.Add(t.Context(), record))
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, record, got)
	require.Equal(t, []string{"a"}, ids(t, db, taskdb.Query{Filter: "{frame: 12}"}))
	require.Equal(t, []bson.Raw{parse(t, `{msg_id: "a", frame: 12}`)}, find(t, db, taskdb.Query{Keys: []string{"frame"}}))
}

func emptyFields(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Buffers: [][]byte{}, Header: bson.Raw{}}))
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, parse(t, `{
		_id: "a", msg_id: "a", header: null, metadata: null, content: null, buffers: null, submitted: null, client_uuid: null,
		engine_uuid: null, started: null, completed: null, resubmitted: null, received: null, result_header: null,
		result_metadata: null, result_content: null, result_buffers: null, queue: null, execute_input: null,
		execute_result: null, error: null, stdout: "", stderr: "", label: null}`), doc)
	require.Equal(t, []string{"a"}, ids(t, db, taskdb.Query{Filter: "{buffers: null, completed: null, label: null, header: null}"}))
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, &taskdb.TaskRecord{MsgID: "a"}, got)
}

func times(t *testing.T, db *taskdb.DB) {
	here := time.FixedZone("here", 5*3600+1800)
	record := pendingTask(t, "a")
	record.Submitted = time.Date(2026, 11, 22, 12, 30, 0, 987_999_999, here)
	require.NoError(t, db.Add(t.Context(), record))
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 11, 22, 7, 0, 0, 987_000_000, time.UTC), got.Submitted)
	for _, submitted := range []any{
		record.Submitted, // a filter's times are cut as a record's are
		got.Submitted,
		bson.D{{Key: "$gte", Value: got.Submitted.In(here)}, {Key: "$lt", Value: got.Submitted.Add(time.Millisecond)}},
	} {
		require.Equal(t, []string{"a"}, ids(t, db, taskdb.Query{Filter: bson.D{{Key: "submitted", Value: submitted}}}))
	}
}
