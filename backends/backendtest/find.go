package backendtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var finding = area{"find", []behaviour{
	{"an empty store has nothing to find", findInEmpty},
	{"no filter and the filter {} select every record", findAll},
	{"a filter may be written in many forms", filterForms},
	{"a parsed filter may be used again and again", findAgain},
	{"what was added is found at once, by any key", findAtOnce},
	{"$in takes a hundred thousand ids", findManyIDs},
	{"a record is decoded as Get decodes it, but for its buffers", findDecodes},
}}

func findInEmpty(t *testing.T, db *taskdb.DB) {
	for _, filter := range []string{`{}`, `{msg_id: "a"}`, `{completed: null}`, `{$nor: [{a: 1}]}`} {
		require.Empty(t, find(t, db, taskdb.Query{Filter: filter, Sort: "{submitted: 1}"}))
		require.Empty(t, findRecords(t, db, taskdb.Query{Filter: filter}))
	}
}

func findAll(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a"}`, `{_id: "b", msg_id: 5}`, `{_id: "c", msg_id: "c", submitted: null}`)
	for _, filter := range []any{nil, "{}", bson.D{}, bson.M{}, bson.Raw{5, 0, 0, 0, 0}, struct{}{}, "{$comment: \"all\"}"} {
		require.ElementsMatch(t, []string{"a", "b", "c"}, ids(t, db, taskdb.Query{Filter: filter}), "%#v", filter)
	}
}

func filterForms(t *testing.T, db *taskdb.DB) {
	addDocs(t, db,
		`{_id: "a", queue: "mux", submitted: ISODate("2026-11-22T10:00:00Z")}`,
		`{_id: "b", queue: "mux", submitted: ISODate("2026-11-22T11:00:00Z")}`,
		`{_id: "c", queue: "task", submitted: ISODate("2026-11-22T11:00:00Z")}`)
	doc := bson.D{{Key: "queue", Value: "mux"}, {Key: "submitted", Value: bson.D{{Key: "$gt", Value: at(0)}}}}
	for name, filter := range map[string]any{
		"shell notation":  `{queue: "mux", submitted: {$gt: ISODate("2026-11-22T10:00:00Z")}}`,
		"extended JSON":   `{"queue": "mux", "submitted": {"$gt": {"$date": "2026-11-22T10:00:00Z"}}}`,
		"another zone":    `{queue: "mux", submitted: {$gt: ISODate("2026-11-22T12:00:00+02:00")}}`,
		"bson.D":          doc,
		"bson.M":          bson.M{"queue": "mux", "submitted": bson.M{"$gt": at(0)}},
		"bson.Raw":        encode(t, doc),
		"bytes":           []byte(encode(t, doc)),
		"a Go map":        map[string]any{"queue": "mux", "submitted": map[string]time.Time{"$gt": at(0)}},
		"a parsed filter": query.MustParse(doc),
		"a Go struct": struct {
			Queue     string
			Submitted bson.M
		}{"mux", bson.M{"$gt": at(0)}},
	} {
		require.Equal(t, []string{"b"}, ids(t, db, taskdb.Query{Filter: filter}), name)
	}
}

func findAgain(t *testing.T, db *taskdb.DB) {
	filter := query.MustParse(`{label: {$in: ["a", /^b/]}}`)
	for i, label := range []string{"a", "b", "bb", "c"} {
		require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: label, Label: label}))
		require.Len(t, find(t, db, taskdb.Query{Filter: filter}), min(i+1, 3))
	}
}

func findAtOnce(t *testing.T, db *taskdb.DB) {
	for i, record := range numbered(t, 20) {
		record.Label = fmt.Sprint("label-", i)
		require.NoError(t, db.Add(t.Context(), record))
		for _, filter := range []bson.D{
			{{Key: "msg_id", Value: record.MsgID}},
			{{Key: "_id", Value: record.MsgID}},
			{{Key: "submitted", Value: record.Submitted}},
			{{Key: "label", Value: record.Label}},
			{{Key: "header.msg_id", Value: record.MsgID}},
			{{Key: "buffers", Value: bson.Binary{Data: record.Buffers[0]}}},
		} {
			require.Equal(t, []string{record.MsgID}, ids(t, db, taskdb.Query{Filter: filter}), "%v", filter)
		}
	}
}

func findManyIDs(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 300)
	require.NoError(t, db.Add(t.Context(), records...))
	wanted := make(bson.A, 0, 100_000)
	for i := range cap(wanted) {
		wanted = append(wanted, fmt.Sprintf("task-%04d", 200+i))
	}
	for _, key := range []string{"msg_id", "header.msg_id"} {
		in := taskdb.Query{Filter: bson.M{key: bson.M{"$in": wanted}}}
		require.ElementsMatch(t, msgIDs(records[200:]), ids(t, db, in), key)
		notIn := taskdb.Query{Filter: bson.M{key: bson.M{"$nin": wanted}}}
		require.ElementsMatch(t, msgIDs(records[:200]), ids(t, db, notIn), key)
	}
}

func findDecodes(t *testing.T, db *taskdb.DB) {
	want := finishedTask(t, "a")
	require.NoError(t, db.Add(t.Context(), want))
	buffers := taskdb.Query{Keys: []string{"buffers", "result_buffers"}}
	require.Equal(t, []*taskdb.TaskRecord{{MsgID: "a", Buffers: want.Buffers, ResultBuffers: want.ResultBuffers}}, findRecords(t, db, buffers))
	require.Equal(t, []*taskdb.TaskRecord{want}, findRecords(t, db, taskdb.Query{Projection: "{}"}))
	want.Buffers, want.ResultBuffers = nil, nil
	require.Equal(t, []*taskdb.TaskRecord{want}, findRecords(t, db, taskdb.Query{}))
}
