package mongo_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// files returns how many files and how many chunks a store has in the bucket of the
// default collection.
func (o ownStore) files(t *testing.T) (files, chunks int64) {
	t.Helper()
	var err error
	files, err = o.onServer().Database().Collection("task_records.buffers.files").CountDocuments(t.Context(), bson.D{})
	require.NoError(t, err)
	chunks, err = o.onServer().Database().Collection("task_records.buffers.chunks").CountDocuments(t.Context(), bson.D{})
	require.NoError(t, err)
	return files, chunks
}

func TestBuffersWithoutARecordAreRemoved(t *testing.T) {
	t.Parallel()
	own, db := openBoth(t)
	collection := own.prefix + taskdb.DefaultCollection
	buffer := bytes.Repeat([]byte("buffer"), 180_000)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "kept"}, &taskdb.TaskRecord{MsgID: "dropped"}, &taskdb.TaskRecord{MsgID: "emptied"}))
	for _, id := range []string{"kept", "dropped", "emptied"} {
		require.NoError(t, db.PutBuffer(t.Context(), id, "buffers", bytes.NewReader(buffer)))
	}
	kept, err := db.GetRaw(t.Context(), "kept")
	require.NoError(t, err)
	require.NoError(t, own.store.Upload(t.Context(), collection, kept.Lookup("_id"), "buffers", buffer))
	half := bson.D{{Key: "files_id", Value: bson.NewObjectIDFromTimestamp(time.Now().Add(-time.Minute))}, {Key: "n", Value: int32(0)}, {Key: "data", Value: []byte("half")}}
	_, err = own.onServer().Database().Collection("task_records.buffers.chunks").InsertOne(t.Context(), half)
	require.NoError(t, err)
	require.NoError(t, db.DropRecord(t.Context(), "dropped"))
	require.NoError(t, db.UpdateRecord(t.Context(), "emptied", `{$set: {buffers: null}}`))
	files, _ := own.files(t)
	require.EqualValues(t, 4, files)

	require.NoError(t, own.store.Sweep(t.Context(), collection, time.Now().Add(-time.Hour)))
	files, _ = own.files(t)
	require.EqualValues(t, 4, files, "they are too young")
	require.NoError(t, own.store.Sweep(t.Context(), collection, time.Now().Add(time.Minute)))
	files, chunks := own.files(t)
	require.EqualValues(t, 1, files)
	require.EqualValues(t, (len(buffer)+255<<10-1)/(255<<10), chunks)
	again, err := db.GetRaw(t.Context(), "kept")
	require.NoError(t, err)
	require.Equal(t, kept, again)
}

func TestADroppedCollectionTakesItsBuffersWithIt(t *testing.T) {
	t.Parallel()
	own, db := openBoth(t)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}))
	require.NoError(t, db.PutBuffer(t.Context(), "a", "buffers", bytes.NewReader(make([]byte, 1<<20+1))))
	files, _ := own.files(t)
	require.EqualValues(t, 1, files)
	require.NoError(t, db.DropCollection(t.Context()))
	files, chunks := own.files(t)
	require.Zero(t, files)
	require.Zero(t, chunks)
}
