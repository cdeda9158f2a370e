package backendtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

var getting = area{"get", []behaviour{
	{"a missing record is ErrNotFound, and the error names it", getMissing},
	{"a record is got by its msg_id, not by its _id", getByMsgID},
	{"a record comes whole, with its buffers", getWhole},
	{"ids are any text", getAnyText},
	{"keys of an unexpected type decode into Extra", getOddTypes},
}}

func getMissing(t *testing.T, db *taskdb.DB) {
	for range 2 { // of a collection that was never written to, and of one that was
		_, err := db.Get(t.Context(), "missing")
		require.ErrorIs(t, err, taskdb.ErrNotFound)
		require.ErrorContains(t, err, `"missing"`)
		_, err = db.GetRaw(t.Context(), "")
		require.ErrorIs(t, err, taskdb.ErrNotFound)
		require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{}))
	}
}

func getByMsgID(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "x", msg_id: "a"}`, `{_id: "a", msg_id: "b"}`, `{_id: "c"}`)
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, parse(t, `{_id: "x", msg_id: "a"}`), doc)
	for _, id := range []string{"x", "c"} {
		_, err := db.Get(t.Context(), id)
		require.ErrorIs(t, err, taskdb.ErrNotFound)
	}
}

func getWhole(t *testing.T, db *taskdb.DB) {
	text := `{_id: "a", msg_id: "a", buffers: [BinData(0, "AQID")], label: "x", result_buffers: [BinData(0, "")], stdout: ""}`
	addDocs(t, db, text)
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, parse(t, text), doc)
	record, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, &taskdb.TaskRecord{MsgID: "a", Buffers: [][]byte{{1, 2, 3}}, Label: "x", ResultBuffers: [][]byte{{}}}, record)
}

func getAnyText(t *testing.T, db *taskdb.DB) {
	texts := []string{
		" ", "%", "_", "*", "a", "A", "a ", "ä", "a\u0308", "日本語", "'", `"`, "`", "\\", "a'; drop table records; --",
		"a\x00", "a\x00b", "\x00", "$ne", "a.b", "null", "1", "1.0", "../a", "a/b", "\n", strings.Repeat("x", 2000),
	}
	for i, text := range texts {
		require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: text, Stdout: texts[len(texts)-1-i]}))
	}
	for i, text := range texts {
		record, err := db.Get(t.Context(), text)
		require.NoError(t, err)
		require.Equal(t, &taskdb.TaskRecord{MsgID: text, Stdout: texts[len(texts)-1-i]}, record)
	}
}

func getOddTypes(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{msg_id: "a", submitted: "yesterday", header: [1], stdout: 5, buffers: "none", label: "x"}`)
	record, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, &taskdb.TaskRecord{
		MsgID: "a",
		Label: "x",
		Extra: parse(t, `{submitted: "yesterday", header: [1], stdout: 5, buffers: "none"}`),
	}, record)
}
