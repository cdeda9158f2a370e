package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// TestWhoBeginsBeforeACommitKnowsWhatMoves holds that a walk which begins when records
// have moved, and their transaction is not committed, reckons with them coming again.
func TestWhoBeginsBeforeACommitKnowsWhatMoves(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "tasks.db"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	doc, err := bson.Marshal(bson.D{{Key: "_id", Value: 1}})
	require.NoError(t, err)
	require.NoError(t, s.Add(t.Context(), taskdb.DefaultCollection, []bson.Raw{doc}))
	begin := func() *source {
		begun, err := s.source(t.Context(), taskdb.DefaultCollection, 1)
		require.NoError(t, err)
		return begun
	}
	before := begin()
	var during *source
	require.NoError(t, s.write(t.Context(), func(tx *transaction) error {
		tx.move(before.table)
		during = begin()
		return nil
	}))
	require.True(t, before.Since().Moved)
	require.True(t, during.Since().Moved)
	require.False(t, begin().Since().Moved)
}
