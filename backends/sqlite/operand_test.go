package sqlite_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// TestLargeBuffersThatAnUpdateSets sets buffers that are stored before the record is
// changed: where they belong, and nowhere else.
func TestLargeBuffersThatAnUpdateSets(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?durability=off")
	require.NoError(t, db.Add(t.Context(), task("a"), task("b"), task("c")))
	first, second := bytes.Repeat([]byte("1"), 3<<20), bytes.Repeat([]byte("2"), 2<<20+1)
	set := bson.D{{Key: "$set", Value: bson.D{
		{Key: "result_buffers", Value: bson.A{bson.Binary{Data: first}, bson.Binary{Data: second}}},
		{Key: "label", Value: "done"},
	}}}

	require.NoError(t, db.UpdateRecord(t.Context(), "a", set))
	require.NoError(t, db.UpdateRecord(t.Context(), "a", set), "they are there")
	require.ErrorIs(t, db.UpdateRecord(t.Context(), "missing", set), taskdb.ErrNotFound)
	taken := bson.D{{Key: "$set", Value: bson.D{{Key: "msg_id", Value: "a"}, set[0].Value.(bson.D)[0]}}}
	require.ErrorIs(t, db.UpdateRecord(t.Context(), "b", taken), taskdb.ErrExists)
	one := func(id string) taskdb.Operation { return taskdb.Update{Filter: bson.M{"msg_id": id}, Update: set} }
	outcomes, err := db.Bulk(t.Context(), true, one("b"), one("c"))
	require.NoError(t, err)
	require.NoError(t, outcomes[1].Err)

	for _, id := range []string{"a", "b", "c"} {
		got, err := db.Get(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, "done", got.Label)
		require.Equal(t, [][]byte{first, second}, got.ResultBuffers)
	}
	require.NoError(t, db.Close())
	swept(t, path)
	size := len(first) + len(second)
	require.Equal(t, []string{fmt.Sprint(3 * size)}, inFile(t, path, "select sum(length(data)) from chunks"))
}
