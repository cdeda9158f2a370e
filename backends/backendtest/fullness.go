package backendtest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

var fullness = []boundedBehaviour{
	{"an addition that finds no room is refused whole", "max_records=4", fullAdd},
	{"an update that finds no room leaves its record as it was", "max_bytes=10KB", fullUpdate},
	{"a buffer that finds no room is not there", "max_bytes=100KB", fullBuffer},
	{"what is appended and finds no room is not there", "max_bytes=100KB", fullAppend},
	{"of a bulk those that find room are carried out", "max_records=2", fullBulk},
	{"what is larger than the bound is refused, and nothing goes for it", "max_bytes=10KB", fullLarge},
	{"a refused addition makes no collection", "max_records=1&max_bytes=10KB", fullNew},
}

// unchanged tests that an operation is refused with ErrFull and changes nothing.
func unchanged(t *testing.T, db *taskdb.DB, refused func() error) {
	t.Helper()
	docs, stats := find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"}), statsOf(t, db)
	require.ErrorIs(t, refused(), taskdb.ErrFull)
	require.Equal(t, docs, find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"}))
	now := statsOf(t, db)
	now.FileBytes, now.FreeBytes = stats.FileBytes, stats.FreeBytes
	require.Equal(t, stats, now)
}

func fullAdd(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "header.username"})
	require.NoError(t, db.Add(t.Context(), numbered(t, 3)...))
	addSmall(t, db, 0, 1)
	unchanged(t, db, func() error { return db.Add(t.Context(), pendingTask(t, "x"), finishedTask(t, "y")) })
	_, err := db.Get(t.Context(), "y")
	require.NotErrorIs(t, err, taskdb.ErrExpired)
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "x")), "the finished one makes room")
	unchanged(t, db, func() error { return db.Add(t.Context(), finishedTask(t, "y")) })
	unchanged(t, db, func() error {
		_, err := db.Update(t.Context(), taskdb.Update{Filter: `{msg_id: "y"}`, Update: `{$set: {label: "x"}}`, Upsert: true})
		return err
	})
	require.NoError(t, db.UpdateRecord(t.Context(), "x", `{$set: {completed: ISODate("2026-11-22T10:00:00Z")}}`))
	require.NoError(t, db.Add(t.Context(), finishedTask(t, "y")))
}

func fullUpdate(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "stdout"})
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	addSmall(t, db, 0, 1)
	for _, text := range []any{strings.Repeat("x", 20_000), bson.A{make([]byte, 20_000)}} {
		update := bson.M{"$set": bson.M{"stdout": text}}
		unchanged(t, db, func() error { return db.UpdateRecord(t.Context(), "a", update) })
		unchanged(t, db, func() error { return db.UpdateRecord(t.Context(), "task-00000", update) })
	}
	require.Len(t, find(t, db, taskdb.Query{Filter: `{stdout: "ten bytes."}`}), 1, "indexes are as they were")
	require.NoError(t, db.UpdateRecord(t.Context(), "a", bson.M{"$set": bson.M{"stdout": strings.Repeat("x", 9_000)}}))
}

func fullBuffer(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	addSmall(t, db, 0, 1)
	unchanged(t, db, func() error { return db.PutBuffer(t.Context(), "a", "buffers", bytes.NewReader(make([]byte, 100_001))) })
	require.NoError(t, db.PutBuffer(t.Context(), "a", "buffers", bytes.NewReader(make([]byte, 90_000))))
}

func fullAppend(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	addSmall(t, db, 0, 1)
	appending := func(size int) error { return db.AppendText(t.Context(), "a", "stdout", strings.Repeat("x", size)) }
	unchanged(t, db, func() error { return appending(100_001) })
	require.NoError(t, appending(20_000))
	require.NoError(t, appending(20_000))
	unchanged(t, db, func() error { return appending(60_001) })
	require.NoError(t, appending(58_000))
	require.LessOrEqual(t, statsOf(t, db).Bytes, int64(100_000))
}

func fullBulk(t *testing.T, db *taskdb.DB) {
	insert := func(text string) taskdb.Operation { return taskdb.Insert{Doc: parse(t, text)} }
	outcomes, err := db.Bulk(t.Context(), false, insert(`{msg_id: "a"}`), insert(`{msg_id: "b"}`), insert(`{msg_id: "c"}`),
		taskdb.Update{Filter: `{msg_id: "b"}`, Update: `{$set: {completed: ISODate("2026-11-22T10:00:00Z")}}`}, insert(`{msg_id: "d"}`))
	require.NoError(t, err)
	require.ErrorIs(t, outcomes[2].Err, taskdb.ErrFull)
	for _, n := range []int{0, 1, 3, 4} {
		require.NoError(t, outcomes[n].Err)
	}
	require.Equal(t, []string{"a", "d"}, ids(t, db, taskdb.Query{Sort: "{_id: 1}"}))
}

func fullLarge(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 10)
	large := finishedTask(t, "large")
	large.Stdout = strings.Repeat("x", 20_000)
	unchanged(t, db, func() error { return db.Add(t.Context(), large) })
}

func fullNew(t *testing.T, db *taskdb.DB) {
	require.ErrorIs(t, db.Add(t.Context(), numbered(t, 2)...), taskdb.ErrFull)
	large := bson.D{{Key: "msg_id", Value: "a"}, {Key: "stdout", Value: strings.Repeat("x", 20_000)}}
	results, err := db.AddEach(t.Context(), encode(t, large))
	require.NoError(t, err)
	require.ErrorIs(t, results[0], taskdb.ErrFull)
	_, err = db.Update(t.Context(), taskdb.Update{Filter: large, Update: large, Upsert: true})
	require.ErrorIs(t, err, taskdb.ErrFull)
	require.Empty(t, collectionNamesOf(t, db))
	require.NoError(t, db.Add(t.Context(), numbered(t, 1)...))
}
