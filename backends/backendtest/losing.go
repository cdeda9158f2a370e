package backendtest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

const lostAfter = 200 * time.Millisecond

var losing = []boundedBehaviour{
	{"a task that nobody touches is lost", "lost_after=200ms", loseUntouched},
	{"an update keeps a task from being lost", "lost_after=200ms", loseUpdated},
	{"a buffer keeps a task from being lost", "lost_after=200ms", losePut},
	{"what is appended keeps a task from being lost", "lost_after=200ms", loseAppended},
	{"a lost task makes room", "max_records=2&lost_after=10ms", loseForRoom},
	{"a store is closed while tasks are lost", "lost_after=1ms", loseDuringClose},
}

// lost waits until a task is lost, and returns it.
func lost(t *testing.T, db *taskdb.DB, id string) *taskdb.TaskRecord {
	t.Helper()
	for {
		record, err := db.Get(t.Context(), id)
		require.NoError(t, err)
		if !record.Completed.IsZero() {
			require.Equal(t, "aborted", record.ResultContent.Lookup("status").StringValue())
			return record
		}
	}
}

func loseUntouched(t *testing.T, db *taskdb.DB) {
	before := time.Now().Truncate(time.Millisecond)
	pending, running, finished := pendingTask(t, "pending"), pendingTask(t, "running"), finishedTask(t, "finished")
	running.EngineUUID = "engine-1"
	require.NoError(t, db.Add(t.Context(), pending, running, finished))
	addDocs(t, db.In("lab.notes"), `{_id: "a note", msg_id: "a note"}`)
	for _, want := range []*taskdb.TaskRecord{pending, running} {
		got := lost(t, db, want.MsgID)
		require.False(t, got.Completed.Before(before.Add(lostAfter)))
		want.Completed = got.Completed
		want.ResultContent = parse(t, `{status: "aborted", ename: "TaskLost", evalue: "nobody touched the task for 200ms (lost_after)"}`)
		require.Equal(t, want, got, "nothing else has changed")
	}
	for statsOf(t, db).Lost < 2 {
	}
	require.Len(t, find(t, db, taskdb.Query{Filter: taskdb.StateAborted.Filter()}), 2)
	got, err := db.Get(t.Context(), "finished")
	require.NoError(t, err)
	require.Equal(t, finished, got)
	require.Len(t, find(t, db.In("lab.notes"), taskdb.Query{Filter: `{completed: null}`}), 1, "it is no task")
}

// keeps tests that a task is not lost before lostAfter is over since it was touched
// last, and that one which is not touched is.
func keeps(t *testing.T, db *taskdb.DB, touch func() error) {
	t.Helper()
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "touched"), pendingTask(t, "untouched")))
	touched := time.Now()
	for {
		before := time.Now()
		require.NoError(t, touch())
		record, err := db.Get(t.Context(), "touched")
		require.NoError(t, err)
		if !record.Completed.IsZero() {
			break // this was too late
		}
		touched = before
		if record, err = db.Get(t.Context(), "untouched"); err == nil && !record.Completed.IsZero() {
			break
		}
		require.NoError(t, err)
	}
	require.False(t, lost(t, db, "touched").Completed.Before(touched.Truncate(time.Millisecond).Add(lostAfter)))
}

func loseUpdated(t *testing.T, db *taskdb.DB) {
	keeps(t, db, func() error { return db.UpdateRecord(t.Context(), "touched", `{$inc: {n: 1}}`) })
}

func losePut(t *testing.T, db *taskdb.DB) {
	keeps(t, db, func() error { return db.PutBuffer(t.Context(), "touched", "result_buffers", strings.NewReader("x")) })
}

func loseAppended(t *testing.T, db *taskdb.DB) {
	keeps(t, db, func() error { return db.AppendText(t.Context(), "touched", "stdout", strings.Repeat("x", 1000)) })
	record, err := db.Get(t.Context(), "touched")
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("x", len(record.Stdout)), record.Stdout)
	require.GreaterOrEqual(t, len(record.Stdout), 1000)
	require.EqualValues(t, sizeOf(t, db), statsOf(t, db).Bytes)
}

// sizeOf returns how many bytes a collection's documents have.
func sizeOf(t tester, db *taskdb.DB) (n int) {
	t.Helper()
	for _, doc := range find(t, db, taskdb.Query{Projection: "{}"}) {
		n += len(doc)
	}
	return n
}

func loseForRoom(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 2)...))
	for {
		err := db.Add(t.Context(), pendingTask(t, "new"))
		if err == nil {
			break
		}
		require.ErrorIs(t, err, taskdb.ErrFull)
	}
	_, err := db.Get(t.Context(), "task-0000")
	require.ErrorIs(t, err, taskdb.ErrExpired)
}

func loseDuringClose(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 1000)...))
	lost(t, db, "task-0000")
	require.NoError(t, db.Close())
}
