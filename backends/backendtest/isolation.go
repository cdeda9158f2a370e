package backendtest

import (
	"bytes"
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

func changeAfterAddRaw(t *testing.T, db *taskdb.DB) {
	for _, text := range []string{`{_id: "a", msg_id: "a", label: "x"}`, `{_id: "b", msg_id: "b", buffers: [BinData(0, "AQID")]}`} {
		doc := parse(t, text)
		require.NoError(t, db.AddRaw(t.Context(), doc))
		clear(doc)
	}
	require.ElementsMatch(t, []bson.Raw{
		parse(t, `{_id: "a", msg_id: "a", label: "x"}`),
		parse(t, `{_id: "b", msg_id: "b", buffers: [BinData(0, "AQID")]}`),
	}, find(t, db, taskdb.Query{Projection: "{}"}))
}

func changeReturned(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), finishedTask(t, "a")))
	record, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	clear(record.Header)
	clear(record.Buffers[0])
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	clear(doc)
	for _, q := range []taskdb.Query{{}, {Projection: "{}"}, {Keys: []string{"label", "buffers"}}, {Sort: "{label: 1}", Limit: 1}} {
		for _, doc := range find(t, db, q) {
			clear(doc)
		}
	}
	values, err := db.Distinct(t.Context(), "header.username", nil)
	require.NoError(t, err)
	for _, v := range values {
		clear(v.Value)
	}

	again, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, finishedTask(t, "a"), again)
	distinct(t, db, "header.username", nil, `"ann"`)
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
	filter := parse(t, `{queue: "task", submitted: {$ge: ISODate("2026-11-22T09:00:00Z")}, msg_id: {$in: [/^task/]}}`)
	sort := parse(t, `{submitted: 1}`)
	filterBefore, sortBefore := bytes.Clone(filter), bytes.Clone(sort)
	require.Len(t, find(t, db, taskdb.Query{Filter: filter, Sort: sort}), 1100)
	require.Equal(t, filterBefore, []byte(filter))
	require.Equal(t, sortBefore, []byte(sort))

	seen := 0
	for _, err := range db.FindRaw(t.Context(), taskdb.Query{Filter: filter, Sort: sort}) {
		require.NoError(t, err)
		clear(filter)
		clear(sort)
		seen++
	}
	require.Equal(t, 1100, seen)
}
