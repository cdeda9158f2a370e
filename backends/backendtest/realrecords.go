package backendtest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/ipython"
	"github.com/taskdb/taskdb/taskdb"
)

// realRecords is about the records of a real cluster: two runs of a controller of
// ipyparallel, as IPython's own SQLite backend left them.
var realRecords = area{"real records", []behaviour{
	{"they come back byte for byte", realByteForByte},
	{"their history is by the time of submission", realHistory},
	{"the queries of IPython's documentation find the right ones", realQueries},
	{"one by one and all at once make the same store", realOneByOne},
}}

// readReal returns the real records in the order of their insertion.
func readReal(t *testing.T) []bson.Raw {
	t.Helper()
	reader, err := ipython.Open(t.Context(), inModule(t, "importers/ipython/testdata/tasks.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	var docs []bson.Raw
	for record, err := range reader.Records(t.Context()) {
		require.NoError(t, err)
		docs = append(docs, record.Doc)
	}
	require.Len(t, docs, 406)
	return docs
}

// decodeAll returns the records that documents say.
func decodeAll(t *testing.T, docs []bson.Raw) []*taskdb.TaskRecord {
	t.Helper()
	records := make([]*taskdb.TaskRecord, len(docs))
	for i, doc := range docs {
		records[i] = new(taskdb.TaskRecord)
		require.NoError(t, records[i].UnmarshalBSON(doc))
	}
	return records
}

func realByteForByte(t *testing.T, db *taskdb.DB) {
	docs := readReal(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	stored := map[string]bson.Raw{}
	for _, doc := range find(t, db, taskdb.Query{Projection: "{_id: 0}"}) {
		stored[doc.Lookup("msg_id").StringValue()] = doc
	}
	require.Len(t, stored, len(docs))
	for _, doc := range docs {
		id := doc.Lookup("msg_id").StringValue()
		require.True(t, bytes.Equal(doc, stored[id]), "%s was changed", id)
		whole, err := db.GetRaw(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, id, whole.Lookup("_id").StringValue())
	}
	for _, want := range decodeAll(t, docs) {
		got, err := db.Get(t.Context(), want.MsgID)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func realHistory(t *testing.T, db *taskdb.DB) {
	docs := readReal(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	records := decodeAll(t, docs)
	slices.SortStableFunc(records, func(a, b *taskdb.TaskRecord) int { return a.Submitted.Compare(b.Submitted) })
	require.Equal(t, msgIDs(records), historyOf(t, db))
}

// realQueries asks the four examples of IPython's documentation, with "an hour ago"
// in the middle of the records.
func realQueries(t *testing.T, db *taskdb.DB) {
	docs := readReal(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	records := decodeAll(t, docs)
	hourAgo, me := records[250].Started, records[300].ClientUUID
	engines := []string{records[100].EngineUUID, records[300].EngineUUID}
	isStarted := func(r *taskdb.TaskRecord) bool { return !r.Started.IsZero() }

	for name, c := range map[string]struct {
		filter any
		keys   []string
		want   func(r *taskdb.TaskRecord) bool
	}{
		"not completed": {
			bson.M{"completed": nil}, []string{"msg_id", "started"},
			func(r *taskdb.TaskRecord) bool { return r.Completed.IsZero() },
		},
		"as it was misprinted once": {
			bson.M{"complete": nil}, []string{"msg_id", "started"},
			func(*taskdb.TaskRecord) bool { return true },
		},
		"started in the last hour by me": {
			bson.M{"started": bson.M{"$gte": hourAgo}, "client_uuid": me}, nil,
			func(r *taskdb.TaskRecord) bool {
				return isStarted(r) && !r.Started.Before(hourAgo) && r.ClientUUID == me
			},
		},
		"started more than an hour ago by others": {
			bson.M{"started": bson.M{"$le": hourAgo}, "client_uuid": bson.M{"$ne": me}}, nil,
			func(r *taskdb.TaskRecord) bool {
				return isStarted(r) && r.Started.Before(hourAgo) && r.ClientUUID != me
			},
		},
		"result headers of two engines": {
			bson.M{"engine_uuid": bson.M{"$in": engines}}, []string{"result_header"},
			func(r *taskdb.TaskRecord) bool { return slices.Contains(engines, r.EngineUUID) },
		},
	} {
		var want []string
		for _, record := range records {
			if c.want(record) {
				want = append(want, record.MsgID)
			}
		}
		require.NotEmpty(t, want, name)
		require.ElementsMatch(t, want, msgIDs(findRecords(t, db, taskdb.Query{Filter: c.filter, Keys: c.keys})), name)
	}
}

func realOneByOne(t *testing.T, db *taskdb.DB) {
	one, all := db.In("one.task_records"), db.In("all.task_records")
	docs := readReal(t)
	for _, doc := range docs {
		require.NoError(t, one.AddRaw(t.Context(), doc))
	}
	require.NoError(t, all.AddRaw(t.Context(), docs...))
	q := taskdb.Query{Filter: bson.M{"submitted": bson.M{"$gt": time.Unix(0, 0)}}, Sort: "{submitted: 1, msg_id: 1}"}
	require.Equal(t, find(t, all, q), find(t, one, q))
}
