package dict_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what pools had kept once more
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.HeapAlloc
}

func addText(t *testing.T, db *taskdb.DB, from, to, size int) {
	t.Helper()
	text := strings.Repeat("x", size)
	for i := from; i < to; i++ {
		require.NoError(t, db.AddRaw(t.Context(), encode(t, bson.D{{Key: "_id", Value: i}, {Key: "text", Value: text}})))
	}
}

// A few records that stay must not keep the memory of all those that were stored with
// them.
func TestTheMemoryOfRemovedRecordsIsGivenBack(t *testing.T) {
	const n, size = 20_000, 2_000
	db := openDict(t).In("test.things")
	before := heap()
	addText(t, db, 0, n, size)
	full := heap() - before
	require.Greater(t, full, uint64(n*size))
	outcome, err := db.Delete(t.Context(), taskdb.Delete{Filter: `{_id: {$not: {$mod: [100, 0]}}}`, Many: true})
	require.NoError(t, err)
	require.EqualValues(t, n-n/100, outcome.Matched)
	require.Less(t, heap()-before, full/10)
}

// Records come and are changed soon after, as tasks are.
func TestTheMemoryOfWhatRecordsWereIsGivenBack(t *testing.T) {
	const n, size = 20_000, 2_000
	db := openDict(t).In("test.things")
	before := heap()
	for i := range n + 100 {
		if i < n {
			addText(t, db, i, i+1, size)
		}
		for range 2 {
			_, err := db.Update(t.Context(), taskdb.Update{Filter: bson.M{"_id": i - 100}, Update: `{$inc: {n: 1}}`})
			require.NoError(t, err)
		}
	}
	require.Less(t, heap()-before, uint64(n*size*5/4))
}
