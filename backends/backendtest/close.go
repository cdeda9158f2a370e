package backendtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

var closing = area{"close", []behaviour{
	{"every call on a closed store returns ErrClosed", closedCalls},
	{"closing again is no error", closeAgain},
	{"a store can be closed while a scan is open", closeDuringScan},
	{"calls that meet a close succeed or return ErrClosed", closeDuringCalls},
}}

func closedCalls(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	other := db.In("other.task_records")
	require.NoError(t, db.Close())
	for name, call := range calls {
		require.ErrorIs(t, call(t.Context(), db), taskdb.ErrClosed, name)
		require.ErrorIs(t, call(t.Context(), other), taskdb.ErrClosed, name)
	}
}

func closeAgain(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Close())
	require.NoError(t, db.Close())
	require.NoError(t, db.In("other.task_records").Close())
}

func closeDuringScan(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 2100)...))
	seen := map[string]bool{}
	for record, err := range db.Find(t.Context(), taskdb.Query{}) {
		if err != nil { // a store may also end the scan with what it has read
			require.ErrorIs(t, err, taskdb.ErrClosed)
			break
		}
		require.False(t, seen[record.MsgID])
		seen[record.MsgID] = true
		require.NoError(t, db.Close())
	}
	require.NotEmpty(t, seen)
}

func closeDuringCalls(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 100)...))
	const readers = 8
	closed := make(chan struct{})
	goroutines(readers+1, func(i int) {
		if i == readers {
			assert.NoError(t, db.Close())
			close(closed)
			return
		}
		assert.ErrorIs(t, readUntilClosed(t, db, closed), taskdb.ErrClosed)
	})
}

// readUntilClosed returns the first error of many scans, of which the last begins
// after the store was closed.
func readUntilClosed(t *testing.T, db *taskdb.DB, closed <-chan struct{}) error {
	for {
		last := false
		select {
		case <-closed:
			last = true
		default:
		}
		if err := firstError(t, db, taskdb.Query{}); err != nil || last {
			return err
		}
	}
}
