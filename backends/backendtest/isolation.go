package backendtest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

var isolation = area{"isolation", []behaviour{
	{"adding changes neither record nor document", addChangesNothing},
	{"changing a record after it was added changes nothing stored", changeAfterAdd},
	{"changing a document after it was added changes nothing stored", changeAfterAddRaw},
	{"changing what was returned changes nothing stored", changeReturned},
	{"documents that were returned share no memory", returnedApart},
	{"a filter is neither changed nor kept", filterNotKept},
}}

func addChangesNothing(t *testing.T, db *taskdb.DB) {
	record := finishedTask(t, "a")
	require.NoError(t, db.Add(t.Context(), record))
	require.Equal(t, finishedTask(t, "a"), record)
	require.Error(t, db.Add(t.Context(), record))
	require.Equal(t, finishedTask(t, "a"), record)

	doc := parse(t, `{msg_id: "b", label: "x", _id: 5}`)
	require.NoError(t, db.AddRaw(t.Context(), doc))
	require.Equal(t, parse(t, `{msg_id: "b", label: "x", _id: 5}`), doc)
}

func changeAfterAdd(t *testing.T, db *taskdb.DB) {
	record := finishedTask(t, "a")
	require.NoError(t, db.Add(t.Context(), record))
	clear(record.Header)
	clear(record.Buffers[0])
	clear(record.ResultBuffers)
	clear(record.Extra)
	*record = taskdb.TaskRecord{MsgID: "b"}

	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, finishedTask(t, "a"), got)
}

// smallAndLarge are documents that stores may keep in different ways.
func smallAndLarge(t tester) []bson.Raw {
	large := bson.Binary{Data: bytes.Repeat([]byte("large"), 100_000)}
	return []bson.Raw{
		parse(t, `{_id: "a", msg_id: "a", label: "x"}`),
		parse(t, `{_id: "b", msg_id: "b", buffers: [BinData(0, "AQID")]}`),
		encode(t, bson.D{{Key: "_id", Value: "c"}, {Key: "msg_id", Value: "c"}, {Key: "stdout", Value: strings.Repeat("large", 100_000)}}),
		encode(t, bson.D{{Key: "_id", Value: "d"}, {Key: "msg_id", Value: "d"}, {Key: "buffers", Value: bson.A{large}}}),
	}
}

func changeAfterAddRaw(t *testing.T, db *taskdb.DB) {
	for _, doc := range smallAndLarge(t) {
		require.NoError(t, db.AddRaw(t.Context(), doc))
		clear(doc)
	}
	require.Equal(t, smallAndLarge(t), find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"}))
}

func changeReturned(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.AddRaw(t.Context(), smallAndLarge(t)...))
	for _, id := range []string{"a", "b", "c", "d"} {
		doc, err := db.GetRaw(t.Context(), id)
		require.NoError(t, err)
		clear(doc)
	}
	for _, q := range []taskdb.Query{{}, {Projection: "{}"}, {Keys: []string{"label", "buffers"}}, {Projection: "{}", Sort: "{label: 1}", Limit: 3}} {
		for _, doc := range find(t, db, q) {
			clear(doc)
		}
	}
	for _, path := range []string{"label", "stdout", "buffers"} {
		values, err := db.Distinct(t.Context(), path, nil)
		require.NoError(t, err)
		for _, v := range values {
			clear(v.Value)
		}
	}
	require.Equal(t, smallAndLarge(t), find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"}))
}

func returnedApart(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 50)...))
	for name, q := range scans {
		docs := find(t, db, q)
		var copies []bson.Raw
		for _, doc := range docs {
			copies = append(copies, bytes.Clone(doc))
		}
		for i, doc := range docs {
			require.Equal(t, copies[i], doc, "%s: document %d was changed through another", name, i)
			clear(append(doc, 1, 2, 3))
		}
	}
}

func filterNotKept(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 1100)...))
	for _, text := range []string{
		`{"header.username": "ann", submitted: {$lt: ISODate("2100-01-01T00:00:00Z")}, msg_id: {$in: [/^task/]}}`,
		`{"header.username": "ann", submitted: {$le: ISODate("2100-01-01T00:00:00Z")}, msg_id: {$glob: "task*"}}`,
	} {
		for _, order := range []string{`{}`, `{label: 1}`} {
			filter, sort, projection := parse(t, text), parse(t, order), parse(t, `{msg_id: 1}`)
			seen := 0
			for doc, err := range db.FindRaw(t.Context(), taskdb.Query{Filter: filter, Sort: sort, Projection: projection}) {
				require.NoError(t, err)
				require.Len(t, doc.Lookup("msg_id").StringValue(), len("task-0000"))
				if seen++; seen == 1 {
					require.Equal(t, []bson.Raw{parse(t, text), parse(t, order), parse(t, `{msg_id: 1}`)}, []bson.Raw{filter, sort, projection})
				}
				clear(filter)
				clear(sort)
				clear(projection)
			}
			require.Equal(t, 1100, seen)
		}
	}
}
