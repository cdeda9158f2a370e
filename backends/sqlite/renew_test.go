package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/taskdb"
)

// writing returns the connection that writes, and how durable it is.
func (s *Store) writing(t *testing.T) (conn *sqlite.Conn, synchronous int64) {
	require.NoError(t, s.alone(t.Context(), func(used *sqlite.Conn) (err error) {
		conn = used
		synchronous, err = number(used, "pragma synchronous")
		return err
	}))
	return conn, synchronous
}

// Where collections come and go, connections must not keep statements of all of them.
func TestConnectionsAreRenewedWhereCollectionsComeAndGo(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "tasks.db"), Options{Durability: Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	doc, err := bson.Marshal(bson.D{{Key: "_id", Value: 1}})
	require.NoError(t, err)
	require.NoError(t, s.Add(t.Context(), taskdb.DefaultCollection, []bson.Raw{doc}))
	before, durable := s.writing(t)
	reader, err := s.readers.take(t.Context())
	require.NoError(t, err)

	for n := range maxForgotten {
		name := fmt.Sprintf("a.c%d", n)
		require.NoError(t, s.Add(t.Context(), name, []bson.Raw{doc}))
		require.NoError(t, s.Drop(t.Context(), name))
	}
	after, still := s.writing(t)
	require.NotSame(t, before, after)
	require.Equal(t, durable, still)
	s.readers.put(reader)
	require.NotContains(t, s.readers.idle, reader)
	n, err := s.Count(t.Context(), taskdb.DefaultCollection, everything)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}
