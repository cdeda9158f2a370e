package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var everything = taskdb.Request{Filter: query.MustParse("{}"), Sort: &query.Sort{}}

// limitPages lets the file grow no further than that, as a full disk does.
func (s *Store) limitPages(t *testing.T, pages int64) {
	require.NoError(t, s.submit(t.Context(), func(tx *transaction) error {
		_, err := number(tx.conn, fmt.Sprintf("pragma max_page_count = %d", pages))
		return err
	}))
}

func TestAFullDiskIsToldAndSurvived(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "tasks.db"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	add := func(from, to int) error {
		var docs []bson.Raw
		for n := from; n < to; n++ {
			doc, err := bson.Marshal(bson.D{{Key: "_id", Value: n}, {Key: "text", Value: make([]byte, 3000)}})
			require.NoError(t, err)
			docs = append(docs, doc)
		}
		return s.Add(t.Context(), taskdb.DefaultCollection, docs)
	}
	count := func() int64 {
		n, err := s.Count(t.Context(), taskdb.DefaultCollection, everything)
		require.NoError(t, err)
		return n
	}
	require.NoError(t, add(0, 10))
	s.limitPages(t, 50)
	full := add(10, 1000)
	require.Equal(t, sqlite.ResultFull, sqlite.ErrCode(full).ToPrimary(), "%v", full)
	require.ErrorIs(t, full, taskdb.ErrFull)
	require.EqualValues(t, 10, count())
	s.limitPages(t, 1<<30)
	require.NoError(t, add(10, 1000))
	require.EqualValues(t, 1000, count())
}
