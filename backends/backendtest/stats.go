package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

var statistics = area{"stats", []behaviour{
	{"stats count records, their bytes and their states", statsCounted},
	{"a collection that was never written to has none", statsOfNone},
}}

func statsCounted(t *testing.T, db *taskdb.DB) {
	running, failed, aborted := pendingTask(t, "b"), finishedTask(t, "d"), finishedTask(t, "e")
	running.EngineUUID = "engine-1"
	failed.ResultContent = parse(t, `{status: "error"}`)
	aborted.ResultContent = parse(t, `{status: "aborted"}`)
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a"), running, finishedTask(t, "c"), failed, aborted))
	stats := statsOf(t, db)
	require.EqualValues(t, 5, stats.Records)
	require.Equal(t, map[taskdb.State]int64{
		taskdb.StateIncomplete: 2, taskdb.StatePending: 1, taskdb.StateRunning: 1,
		taskdb.StateFinished: 3, taskdb.StateOK: 1, taskdb.StateFailed: 1, taskdb.StateAborted: 1,
	}, stats.States)
	require.EqualValues(t, sizeOf(t, db), stats.Bytes)
	require.Zero(t, stats.Culled)
	require.Zero(t, stats.Lost)
	require.NoError(t, db.DropRecord(t.Context(), "a"))
	require.EqualValues(t, 4, statsOf(t, db).Records)
}

func statsOfNone(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	stats := statsOf(t, db.In("never.written"))
	require.Zero(t, stats.Records)
	require.Zero(t, stats.Bytes)
	require.Zero(t, stats.States[taskdb.StateIncomplete])
}
