package dict_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

func openBounded(t *testing.T, options string) *taskdb.DB {
	db, err := taskdb.Open(t.Context(), "dict:?"+options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// task returns the n-th task, submitted n seconds after noon.
func task(n int, finished bool) *taskdb.TaskRecord {
	record := &taskdb.TaskRecord{MsgID: fmt.Sprintf("task-%03d", n), Submitted: noon.Add(time.Duration(n) * time.Second)}
	if finished {
		record.Completed = record.Submitted.Add(time.Second)
	}
	return record
}

func history(t *testing.T, db *taskdb.DB) (ids []string) {
	for id, err := range db.History(t.Context()) {
		require.NoError(t, err)
		ids = append(ids, id)
	}
	return ids
}

func TestTheOldestFinishedRecordsMakeRoom(t *testing.T) {
	db := openBounded(t, "max_records=20&cull=0.2")
	for n := range 20 {
		require.NoError(t, db.Add(t.Context(), task(n, true)))
	}
	require.Len(t, history(t, db), 20)
	require.NoError(t, db.Add(t.Context(), task(20, true)))
	ids := history(t, db)
	require.Len(t, ids, 17, "a fifth of the bound went in one step")
	require.Equal(t, "task-004", ids[0])
}

func TestAnUnfinishedRecordIsNeverDropped(t *testing.T) {
	db := openBounded(t, "max_records=10")
	for n := range 30 {
		require.NoError(t, db.Add(t.Context(), task(n, n >= 5)))
	}
	require.Equal(t, []string{"task-000", "task-001", "task-002", "task-003", "task-004"}, history(t, db)[:5])
}

func TestAStoreFullOfUnfinishedRecordsRefuses(t *testing.T) {
	db := openBounded(t, "max_records=3")
	require.NoError(t, db.Add(t.Context(), task(0, false), task(1, true), task(2, false)))
	require.ErrorIs(t, db.Add(t.Context(), task(3, true), task(4, true)), taskdb.ErrFull)
	require.Len(t, history(t, db), 3, "nothing is dropped for what is not added")
	require.NoError(t, db.Add(t.Context(), task(3, true)))
}

func TestBytesAreBounded(t *testing.T) {
	db := openBounded(t, "max_bytes=100KiB")
	for n := range 100 {
		record := task(n, true)
		record.Stdout = strings.Repeat("x", 10_000)
		require.NoError(t, db.Add(t.Context(), record))
	}
	ids := history(t, db)
	require.LessOrEqual(t, len(ids), 10)
	require.True(t, slices.Contains(ids, "task-099"))
	require.ErrorIs(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "huge", Stdout: strings.Repeat("x", 200_000)}), taskdb.ErrFull)
}

func TestAWrongOptionIsRefused(t *testing.T) {
	for options, want := range map[string]string{
		"max_record=5":      `unknown option "max_record", want one of: max_records, max_bytes, cull`,
		"max_records=many":  `option max_records="many"`,
		"max_bytes=1parsec": `option max_bytes="1parsec"`,
		"cull=2":            "cull must be from 0 to 1",
		"max_records=-1":    "must not be negative",
	} {
		_, err := taskdb.Open(t.Context(), "dict:?"+options)
		require.ErrorContains(t, err, want)
	}
}
