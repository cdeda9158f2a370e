package backendtest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var appending = area{"append", []behaviour{
	{"a text grows at its end, and null and a missing key become one", appendText},
	{"a list grows at its end", appendList},
	{"to append nothing changes nothing, however large the record is", appendNothing},
	{"what has another type is not appended to", appendMismatch},
	{"a record of no such task is not found", appendMissing},
	{"a record that would be too large stays as it is", appendTooLarge},
	{"nor does a change make a record too large that was appended to", appendThenChange},
	{"a key that cannot grow is refused", appendKeys},
	{"a text that an index asks about is found by what it has become", appendIndexed},
	{"buffers may be appended as a list, and put behind one", appendBuffers},
	{"however a record grows and changes meanwhile, nothing is lost", appendLaw},
}}

func appendText(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, msg_id: "a", stdout: "", stderr: null, n: 1}`)
	for _, piece := range []string{"one\n", "", "zwei: ü\n"} {
		require.NoError(t, db.AppendText(t.Context(), "a", "stdout", piece))
	}
	require.NoError(t, db.AppendText(t.Context(), "a", "stderr", "e"))
	require.NoError(t, db.AppendText(t.Context(), "a", "new", "x"))
	requireDoc(t, db, "a", `{_id: 1, msg_id: "a", stdout: "one\nzwei: ü\n", stderr: "e", n: 1, new: "x"}`)
}

func appendList(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, msg_id: "a", log: [1], none: null}`)
	require.NoError(t, db.AppendList(t.Context(), "a", "log", "two", bson.D{{Key: "three", Value: 3}}))
	require.NoError(t, db.AppendList(t.Context(), "a", "log"))
	require.NoError(t, db.AppendList(t.Context(), "a", "none", 1.5))
	require.NoError(t, db.AppendList(t.Context(), "a", "new"))
	requireDoc(t, db, "a", `{_id: 1, msg_id: "a", log: [1, "two", {three: 3}], none: [1.5], new: []}`)
}

func requireDoc(t *testing.T, db *taskdb.DB, msgID, want string) {
	t.Helper()
	got, err := db.GetRaw(t.Context(), msgID)
	require.NoError(t, err)
	require.Equal(t, parse(t, want), got)
}

func appendNothing(t *testing.T, db *taskdb.DB) {
	doc := encode(t, bson.D{
		{Key: "_id", Value: 1}, {Key: "msg_id", Value: "a"}, {Key: "stdout", Value: strings.Repeat("x", 50_000)}, {Key: "log", Value: bson.A{1}},
	})
	require.NoError(t, db.AddRaw(t.Context(), doc))
	for range 2 {
		require.NoError(t, db.AppendText(t.Context(), "a", "stdout", ""))
		require.NoError(t, db.AppendList(t.Context(), "a", "log"))
		require.Equal(t, []bson.Raw{doc}, contents(t, db))
	}
}

func appendMismatch(t *testing.T, db *taskdb.DB) {
	const text = `{_id: 1, msg_id: "a", stdout: "x", log: [1], n: 1}`
	addDocs(t, db, text)
	for _, err := range []error{
		db.AppendText(t.Context(), "a", "log", "x"),
		db.AppendText(t.Context(), "a", "n", "x"),
		db.AppendList(t.Context(), "a", "stdout", 1),
		db.AppendText(t.Context(), "a", "stdout", "\xff"),
	} {
		var refused *query.Error
		require.ErrorAs(t, err, &refused)
	}
	requireDoc(t, db, "a", text)

	large := strings.Repeat("x", 40_000)
	require.NoError(t, db.AppendText(t.Context(), "a", "stdout", large))
	require.NoError(t, db.AppendText(t.Context(), "a", "stdout", "y"))
	var refused *query.Error
	require.ErrorAs(t, db.AppendList(t.Context(), "a", "stdout", 1), &refused)
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "x"+large+"y", got.Stdout)
}

func appendMissing(t *testing.T, db *taskdb.DB) {
	require.ErrorIs(t, db.AppendText(t.Context(), "a", "stdout", "x"), taskdb.ErrNotFound)
	addDocs(t, db, `{_id: 1, msg_id: "b"}`)
	require.ErrorIs(t, db.AppendList(t.Context(), "a", "log", 1), taskdb.ErrNotFound)
}

func appendTooLarge(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Stdout: strings.Repeat("x", 9<<20)}))
	require.NoError(t, db.AppendText(t.Context(), "a", "stderr", strings.Repeat("y", 4<<20)))
	require.NoError(t, db.AppendText(t.Context(), "a", "stderr", "z"))
	require.ErrorIs(t, db.AppendText(t.Context(), "a", "stdout", strings.Repeat("z", 3<<20)), taskdb.ErrTooLarge)
	require.ErrorIs(t, db.AppendText(t.Context(), "a", "stderr", strings.Repeat("z", 3<<20)), taskdb.ErrTooLarge)
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("x", 9<<20), got.Stdout)
	require.Equal(t, strings.Repeat("y", 4<<20)+"z", got.Stderr)
	require.NoError(t, db.AppendText(t.Context(), "a", "stdout", "fits"))
}

func appendThenChange(t *testing.T, db *taskdb.DB) {
	const third = taskdb.MaxRecordSize / 3
	text := func(n int) string { return strings.Repeat("x", n) }
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Stderr: text(third)}))
	require.NoError(t, db.AppendText(t.Context(), "a", "stdout", text(third-10_000)))
	before, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	for _, update := range []any{bsonSet("label", text(third+10_000)), bsonSet("stderr", text(2*third+10_000))} {
		err := db.UpdateRecord(t.Context(), "a", update)
		requireCode(t, query.CodeUpdateTooLarge, err, "a change")
		require.ErrorIs(t, err, taskdb.ErrTooLarge)
		after, err := db.GetRaw(t.Context(), "a")
		require.NoError(t, err)
		require.True(t, bytes.Equal(before, after))
	}
	require.NoError(t, db.UpdateRecord(t.Context(), "a", bsonSet("label", text(third))))
	require.NoError(t, db.UpdateRecord(t.Context(), "a", `{$currentDate: {completed: true}}`))
}

func appendKeys(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", msg_id: "a"}`)
	for _, key := range []string{"", "_id", "a\x00b"} {
		var refused *query.Error
		require.ErrorAs(t, db.AppendText(t.Context(), "a", key, "x"), &refused, "key %q", key)
	}
	requireDoc(t, db, "a", `{_id: "a", msg_id: "a"}`)
}

func appendIndexed(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, msg_id: "a", label: "x", title: "t", log: ["first"]}`)
	filler := strings.Repeat("-", 40_000)
	require.NoError(t, db.AppendText(t.Context(), "a", "stdout", filler))
	require.NoError(t, db.AppendText(t.Context(), "a", "title", filler))
	require.NoError(t, db.AppendText(t.Context(), "a", "title", "!"))
	for _, keys := range []string{"title", "log"} {
		_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: keys})
		require.NoError(t, err)
	}
	require.NoError(t, db.AppendText(t.Context(), "a", "label", "y"))
	require.NoError(t, db.AppendText(t.Context(), "a", "title", "?"))
	require.NoError(t, db.AppendList(t.Context(), "a", "log", "last"))
	for _, filter := range []any{`{label: "xy"}`, bson.M{"title": "t" + filler + "!?"}, `{log: "first"}`, `{log: "last"}`} {
		require.Len(t, find(t, db, taskdb.Query{Filter: filter}), 1, "%v", filter)
	}
	for _, filter := range []any{`{label: "x"}`, bson.M{"title": "t" + filler + "!"}} {
		require.Empty(t, find(t, db, taskdb.Query{Filter: filter}), "%v", filter)
	}
}

func appendBuffers(t *testing.T, db *taskdb.DB) {
	large := []byte(strings.Repeat("b", 20_000))
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Buffers: [][]byte{large}, Stdout: strings.Repeat("x", 20_000)}))
	require.NoError(t, db.AppendList(t.Context(), "a", "buffers", bson.Binary{Data: []byte("1")}))
	require.NoError(t, db.AppendList(t.Context(), "a", "result_buffers", bson.Binary{Data: large}))
	require.NoError(t, db.AppendList(t.Context(), "a", "result_buffers", bson.Binary{Data: []byte("2")}))
	require.NoError(t, db.PutBuffer(t.Context(), "a", "result_buffers", strings.NewReader("3")))
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, [][]byte{large, []byte("1")}, got.Buffers)
	require.Equal(t, [][]byte{large, []byte("2"), []byte("3")}, got.ResultBuffers)
	for n, want := range []string{string(large), "2", "3"} {
		require.Equal(t, want, string(readBuffer(t, db, "a", "result_buffers", n)))
	}
}

// appendLaw lets records grow, with updates, drops and questions in between.
func appendLaw(t *testing.T, db *taskdb.DB) {
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		msgID := fmt.Sprint("task-", round)
		want := map[string]string{"stdout": rapid.SampledFrom([]string{"", strings.Repeat("s", 20_000)}).Draw(t, "stdout"), "stderr": ""}
		list := 0
		record := &taskdb.TaskRecord{MsgID: msgID, Stdout: want["stdout"]}
		require.NoError(t, db.Add(t.Context(), record))
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"stdout", "stderr"}).Draw(t, "key")
			switch rapid.SampledFrom([]string{"small", "large", "list", "set", "other", "finish", "label"}).Draw(t, "step") {
			case "small":
				want[key] += "small"
				require.NoError(t, db.AppendText(t.Context(), msgID, key, "small"))
			case "large":
				piece := strings.Repeat("large", rapid.IntRange(1, 5000).Draw(t, "size"))
				want[key] += piece
				require.NoError(t, db.AppendText(t.Context(), msgID, key, piece))
			case "list":
				list += 300
				require.NoError(t, db.AppendList(t.Context(), msgID, "log", make([]any, 300)...))
			case "set":
				want[key] = "set"
				require.NoError(t, db.UpdateRecord(t.Context(), msgID, bson.M{"$set": bson.M{key: "set"}}))
			case "other":
				require.NoError(t, db.UpdateRecord(t.Context(), msgID, `{$inc: {n: 1}}`))
			case "finish":
				require.NoError(t, db.UpdateRecord(t.Context(), msgID, `{$currentDate: {completed: true}}`))
			case "label":
				require.NoError(t, db.AppendText(t.Context(), msgID, "label", "l"))
			}
			filter := bson.M{"msg_id": msgID, "stdout": want["stdout"], "stderr": want["stderr"]}
			found := find(t, db, taskdb.Query{Filter: filter})
			require.Len(t, found, 1)
			got, err := db.Get(t.Context(), msgID)
			require.NoError(t, err)
			require.Equal(t, want["stdout"], got.Stdout)
			require.Equal(t, want["stderr"], got.Stderr)
			elements := 0
			if log, ok := got.Extra.Lookup("log").ArrayOK(); ok {
				values, err := log.Values()
				require.NoError(t, err)
				elements = len(values)
			}
			require.Equal(t, list, elements)
		}
	})
}
