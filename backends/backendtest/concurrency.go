package backendtest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

var concurrency = area{"concurrency", []behaviour{
	{"of many that add the same id one succeeds", addSameIDs},
	{"of many batches with an id in common one succeeds", addSameBatches},
	{"many add different records while others read", addWhileReading},
}}

// goroutines runs a function many times at once and waits for all.
func goroutines(n int, run func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { run(i) })
	}
	all.Wait()
}

func addSameIDs(t *testing.T, db *taskdb.DB) {
	const ids, writers = 1000, 32
	records := numbered(t, ids)
	var added [ids]atomic.Int32
	goroutines(writers, func(writer int) {
		for i := range ids {
			i := (i + writer*31) % ids // each begins somewhere else
			err := db.Add(t.Context(), records[i])
			switch {
			case err == nil:
				added[i].Add(1)
			case !errors.Is(err, taskdb.ErrExists):
				assert.NoError(t, err)
				return
			}
		}
	})
	for i := range added {
		require.EqualValues(t, 1, added[i].Load(), "%s was accepted as often", records[i].MsgID)
	}
	require.ElementsMatch(t, msgIDs(records), historyOf(t, db))
}

func addSameBatches(t *testing.T, db *taskdb.DB) {
	var accepted atomic.Int32
	goroutines(16, func(writer int) {
		batch := []*taskdb.TaskRecord{{MsgID: fmt.Sprint("first-", writer)}, {MsgID: "common"}, {MsgID: fmt.Sprint("last-", writer)}}
		err := db.Add(t.Context(), batch...)
		if err == nil {
			accepted.Add(1)
			return
		}
		assert.ErrorIs(t, err, taskdb.ErrExists)
	})
	require.EqualValues(t, 1, accepted.Load())
	require.Equal(t, 3, count(t, db))
}

func addWhileReading(t *testing.T, db *taskdb.DB) {
	const writers, readers, each = 8, 4, 40
	goroutines(writers+readers, func(i int) {
		if i < writers {
			addTasksOf(t, db, i, each)
		} else {
			readUntil(t, db, writers*each)
		}
	})
	require.Equal(t, writers*each, count(t, db))
	for writer := range writers {
		filter := bson.M{"client_uuid": fmt.Sprint("client-", writer)}
		require.Len(t, find(t, db, taskdb.Query{Filter: filter}), each)
	}
}

// addTasksOf adds tasks of one client, and sees each as soon as it was added.
func addTasksOf(t *testing.T, db *taskdb.DB, writer, n int) {
	for i := range n {
		record := &taskdb.TaskRecord{MsgID: fmt.Sprintf("task-%d-%d", writer, i), ClientUUID: fmt.Sprint("client-", writer), Submitted: at(i)}
		if !assert.NoError(t, db.Add(t.Context(), record)) {
			return
		}
		got, err := db.Get(t.Context(), record.MsgID)
		assert.NoError(t, err)
		assert.Equal(t, record, got)
	}
}

// readUntil reads again and again until there are n records. Their number never
// shrinks, and no scan shows one twice.
func readUntil(t *testing.T, db *taskdb.DB, n int) {
	for before := 0; before < n; {
		if t.Failed() {
			return
		}
		seen := map[string]bool{}
		for id, err := range db.History(t.Context()) {
			if !assert.NoError(t, err) {
				return
			}
			assert.False(t, seen[id], "%s came twice", id)
			seen[id] = true
		}
		assert.GreaterOrEqual(t, len(seen), before)
		before = len(seen)
	}
}
