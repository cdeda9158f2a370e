package backendtest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// cullingBytes are behaviours of a store that has room for a hundred small tasks.
func cullingBytes(t tester) []boundedBehaviour {
	hundred := fmt.Sprintf("max_bytes=%d&cull=0.2", 100*len(withID(t, small(0))))
	return []boundedBehaviour{
		{"ipyparallel's test_cull_size", hundred, testCullSize},
		{"ipyparallel's test_cull_size_drop", hundred, testCullSizeDrop},
		{"ipyparallel's test_cull_size_update", hundred, testCullSizeUpdate},
		{"a buffer that is put makes room", hundred, cullForBuffer},
		{"what is appended makes room", hundred, cullForTail},
		{"large buffers count, and what goes frees them", "max_bytes=1MB&cull=0", cullBuffers},
	}
}

// withID is a small task's document as it is stored.
func withID(t tester, task bson.D) bson.Raw {
	return encode(t, append(bson.D{{Key: "_id", Value: task[0].Value}}, task...))
}

func testCullSize(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	require.Equal(t, 100, count(t, db))
	addSmall(t, db, 100, 101)
	require.Equal(t, smallIDs(20, 101), historyOf(t, db), "a fifth of the bound, of 101")
}

func testCullSizeDrop(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	require.NoError(t, db.DropRecord(t.Context(), "task-00050"))
	addSmall(t, db, 100, 101)
	require.Equal(t, 100, count(t, db))
	addSmall(t, db, 101, 102)
	require.Equal(t, 81, count(t, db))
}

func testCullSizeUpdate(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00000", `{$set: {stdout: "10 letters"}}`))
	require.Equal(t, 100, count(t, db))
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00000", `{$set: {stdout: "now eleven!"}}`))
	require.Equal(t, append(smallIDs(0, 1), smallIDs(21, 100)...), historyOf(t, db), "the record itself stays")
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00000", `{$unset: {stdout: 1}}`))
	require.Equal(t, 80, count(t, db))
}

func cullForBuffer(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	require.NoError(t, db.PutBuffer(t.Context(), "task-00000", "result_buffers", strings.NewReader("large")))
	require.Equal(t, append(smallIDs(0, 1), smallIDs(21, 100)...), historyOf(t, db))
}

func cullForTail(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 99)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"})) // is larger than one of them
	require.Equal(t, append(smallIDs(20, 99), "a"), historyOf(t, db))
	for range 3 {
		require.NoError(t, db.AppendText(t.Context(), "a", "stdout", strings.Repeat("x", 2_000)))
	}
	require.LessOrEqual(t, statsOf(t, db).Bytes, 100*int64(len(withID(t, small(0)))))
	require.Less(t, count(t, db), 60)
	_, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
}

func cullBuffers(t *testing.T, db *taskdb.DB) {
	for n := range 10 {
		large := append(small(n), bson.E{Key: "buffers", Value: bson.A{bytes.Repeat([]byte("x"), 300_000)}})
		require.NoError(t, db.AddRaw(t.Context(), encode(t, large)))
	}
	require.Equal(t, smallIDs(7, 10), historyOf(t, db))
	require.InDelta(t, 900_000, statsOf(t, db).Bytes, 1000)
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00007", bson.M{"$set": bson.M{"result_buffers": bson.A{make([]byte, 200_000)}}}))
	require.Equal(t, append(smallIDs(7, 8), smallIDs(9, 10)...), historyOf(t, db))
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00007", `{$unset: {buffers: 1}}`))
	addSmall(t, db, 10, 11)
	require.InDelta(t, 500_000, statsOf(t, db).Bytes, 1500)
	require.Equal(t, 3, count(t, db))
}
