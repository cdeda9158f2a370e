package backendtest

import (
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

var scanning = area{"scan", []behaviour{
	{"it ends when its consumer has enough", scanBroken},
	{"it may be ranged over again", scanAgain},
	{"scans run side by side", scansSideBySide},
	{"an open scan keeps nobody from adding", addDuringScan},
	{"a record that is added during a scan comes at most once", addedComesOnce},
	{"an open scan can be left alone", scanAbandoned},
}}

// scans are queries that stores may answer in different ways.
var scans = map[string]taskdb.Query{
	"all":      {},
	"filtered": {Filter: `{queue: "task"}`},
	"sorted":   {Sort: "{submitted: 1}"},
	"by label": {Sort: "{label: -1, msg_id: -1}"},
}

func scanBroken(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 30)...))
	for name, q := range scans {
		for n := range 3 {
			seen := 0
			for _, err := range db.Find(t.Context(), q) {
				require.NoError(t, err)
				if seen == n {
					break
				}
				seen++
			}
			require.Equal(t, n, seen, name)
		}
	}
	for range db.History(t.Context()) {
		break
	}
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "after")))
}

func scanAgain(t *testing.T, db *taskdb.DB) {
	scan := db.Find(t.Context(), taskdb.Query{Filter: `{queue: "task"}`})
	for n := range 4 {
		seen := 0
		for _, err := range scan {
			require.NoError(t, err)
			seen++
		}
		require.Equal(t, n, seen, "what was added meanwhile is there")
		require.NoError(t, db.Add(t.Context(), numbered(t, 4)[n]))
	}
}

func scansSideBySide(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 40)
	require.NoError(t, db.Add(t.Context(), records...))
	pairs := 0
	for _, err := range db.FindRaw(t.Context(), taskdb.Query{}) {
		require.NoError(t, err)
		pairs += len(find(t, db, taskdb.Query{}))
	}
	require.Equal(t, 40*40, pairs)
}

func addDuringScan(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 3000)
	require.NoError(t, db.Add(t.Context(), records[:2500]...))
	for name, q := range scans {
		seen := map[string]int{}
		next := count(t, db)
		for record, err := range db.Find(t.Context(), q) {
			require.NoError(t, err)
			seen[record.MsgID]++
			if len(seen)%25 == 1 && next < len(records) {
				require.NoError(t, db.Add(t.Context(), records[next]))
				next++
			}
		}
		for _, record := range records[:2500] {
			require.Equal(t, 1, seen[record.MsgID], "%s: %s", name, record.MsgID)
		}
	}
}

func addedComesOnce(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 10)...))
	for name, q := range scans {
		seen := map[string]int{}
		for record, err := range db.Find(t.Context(), q) {
			require.NoError(t, err)
			seen[record.MsgID]++
			if len(seen) > 100 {
				break // a store may show all that is added, for ever
			}
			added := pendingTask(t, name+"-after-"+record.MsgID)
			added.Submitted = record.Submitted.Add(time.Millisecond)
			require.NoError(t, db.Add(t.Context(), added))
		}
		for id, n := range seen {
			require.Equal(t, 1, n, "%s: %s", name, id)
		}
	}
}

func scanAbandoned(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 2100)...))
	next, stop := iter.Pull2(db.FindRaw(t.Context(), taskdb.Query{Projection: bson.D{}}))
	defer stop()
	_, err, ok := next()
	require.True(t, ok)
	require.NoError(t, err)
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "after")))
	require.Equal(t, 2101, count(t, db))
}
