package backendtest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

var expiry = []boundedBehaviour{
	{"what went is answered as expired, by every call", "max_records=1", expiredCalls},
	{"of what went it is known how it had ended", "max_records=1", expiredState},
	{"the rule is the bound that was passed", "max_bytes=10KB", expiredByBytes},
	{"a msg_id that is added again is found again", "max_records=1&cull=0", expiredAgain},
	{"what somebody removes has not expired", "max_records=2&cull=0", removedIsNotExpired},
	{"what has expired stays so while others are removed", "max_records=2&cull=0", expiredStays},
}

func expiredCalls(t *testing.T, db *taskdb.DB) {
	before := time.Now().Truncate(time.Millisecond)
	addSmall(t, db, 0, 2)
	for name, call := range map[string]func(id string) error{
		"Get": func(id string) error {
			_, err := db.Get(t.Context(), id)
			return err
		},
		"UpdateRecord": func(id string) error { return db.UpdateRecord(t.Context(), id, `{$set: {label: "x"}}`) },
		"DropRecord":   func(id string) error { return db.DropRecord(t.Context(), id) },
		"OpenBuffer": func(id string) error {
			_, err := db.OpenBuffer(t.Context(), id, "buffers", 0)
			return err
		},
		"AppendText": func(id string) error { return db.AppendText(t.Context(), id, "stdout", "x") },
		"PutBuffer":  func(id string) error { return db.PutBuffer(t.Context(), id, "buffers", strings.NewReader("x")) },
	} {
		err := call("task-00000")
		var expired *taskdb.ExpiredError
		require.ErrorAs(t, err, &expired, name)
		require.ErrorIs(t, err, taskdb.ErrExpired, name)
		require.ErrorIs(t, err, taskdb.ErrNotFound, name)
		require.ErrorContains(t, err, "expired by max_records=1 at 20", name)
		require.Equal(t, "task-00000", expired.MsgID, name)
		require.Equal(t, "max_records=1", expired.Rule, name)
		require.False(t, expired.At.Before(before) || expired.At.After(time.Now()), "%s: %v", name, expired.At)

		err = call("never added")
		require.ErrorIs(t, err, taskdb.ErrNotFound, name)
		require.NotErrorIs(t, err, taskdb.ErrExpired, name)
	}
	_, err := db.OpenBuffer(t.Context(), "task-00001", "buffers", 0)
	require.NotErrorIs(t, err, taskdb.ErrExpired)
}

func expiredState(t *testing.T, db *taskdb.DB) {
	states := []taskdb.State{taskdb.StateOK, taskdb.StateFailed, taskdb.StateAborted, taskdb.StateFinished}
	for i, status := range []string{"ok", "error", "aborted", "unknown", "ok"} {
		doc := append(small(i), bson.E{Key: "result_content", Value: bson.D{{Key: "status", Value: status}}})
		require.NoError(t, db.AddRaw(t.Context(), encode(t, doc)))
	}
	for i, msgID := range smallIDs(0, len(states)) {
		_, err := db.GetRaw(t.Context(), msgID)
		var expired *taskdb.ExpiredError
		require.ErrorAs(t, err, &expired)
		require.Equal(t, states[i], expired.State)
	}
}

func expiredByBytes(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	_, err := db.Get(t.Context(), "task-00000")
	require.ErrorContains(t, err, "expired by max_bytes=10000 at 20")
}

func expiredAgain(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 2)
	addSmall(t, db, 0, 1)
	_, err := db.Get(t.Context(), "task-00000")
	require.NoError(t, err)
	_, err = db.OpenBuffer(t.Context(), "task-00000", "buffers", 0)
	require.ErrorIs(t, err, taskdb.ErrNotFound)
	require.NotErrorIs(t, err, taskdb.ErrExpired, "it has no such buffer")
	_, err = db.Get(t.Context(), "task-00001")
	require.ErrorIs(t, err, taskdb.ErrExpired)
	addSmall(t, db, 1, 2)
	_, err = db.Get(t.Context(), "task-00000")
	require.ErrorIs(t, err, taskdb.ErrExpired)
	require.EqualValues(t, 3, statsOf(t, db).Culled)
}

func removedIsNotExpired(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 5)
	require.NoError(t, db.DropRecord(t.Context(), "task-00003"))
	addSmall(t, db, 1, 2) // it had expired
	_, err := db.Purge(t.Context(), taskdb.Purge{All: true})
	require.NoError(t, err)
	addSmall(t, db, 0, 1) // so had it
	require.NoError(t, db.DropRecord(t.Context(), "task-00000"))
	for _, id := range []string{"task-00000", "task-00001", "task-00003", "task-00004"} {
		_, err := db.Get(t.Context(), id)
		require.ErrorIs(t, err, taskdb.ErrNotFound)
		require.NotErrorIs(t, err, taskdb.ErrExpired, id)
	}
	_, err = db.Get(t.Context(), "task-00002")
	require.ErrorIs(t, err, taskdb.ErrExpired)
	require.NoError(t, db.DropCollection(t.Context()))
	addSmall(t, db, 0, 1)
	_, err = db.Get(t.Context(), "task-00002")
	require.NotErrorIs(t, err, taskdb.ErrExpired, "it was in another collection")
	require.Zero(t, statsOf(t, db).Culled)
}

func expiredStays(t *testing.T, db *taskdb.DB) {
	for _, collection := range []string{"test.task_records", "test.others"} {
		db := db.In(collection)
		addSmall(t, db, 0, 4)
		removeMany(t, db, `{_id: "task-00003"}`)
		for _, id := range smallIDs(0, 2) {
			_, err := db.Get(t.Context(), id)
			require.ErrorIs(t, err, taskdb.ErrExpired, "%s of %s", id, collection)
		}
		removeMany(t, db, nil)
		addSmall(t, db, 0, 1)
		removeMany(t, db, nil)
		_, err := db.Get(t.Context(), "task-00000")
		require.NotErrorIs(t, err, taskdb.ErrExpired, collection)
		_, err = db.Get(t.Context(), "task-00001")
		require.ErrorIs(t, err, taskdb.ErrExpired, collection)
	}
}
