package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

func TestAFileThatIsGoneIsWrittenToNoMore(t *testing.T) {
	for _, file := range []string{"", "-wal"} {
		path := filepath.Join(t.TempDir(), "tasks.db")
		s, err := Open(t.Context(), path, Options{})
		require.NoError(t, err)
		db := taskdb.NewDB(s)
		require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}))
		require.NoError(t, os.Rename(path+file, path+".moved"))
		acknowledged := int64(1)
		for { // until it is seen
			if err = db.Add(t.Context(), &taskdb.TaskRecord{MsgID: fmt.Sprint(acknowledged)}); err != nil {
				break
			}
			acknowledged++
		}
		require.ErrorIs(t, err, errMoved)
		require.ErrorIs(t, err, os.ErrNotExist)

		require.NoError(t, os.WriteFile(path+file, nil, 0o600))
		require.ErrorIs(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "b"}), errMoved)
		require.NoError(t, os.Rename(path+".moved", path+file))
		require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "b"}), "it is back")
		require.NoError(t, db.Close())

		s, err = Open(t.Context(), path, Options{})
		require.NoError(t, err)
		n, err := s.Count(t.Context(), taskdb.DefaultCollection, everything)
		require.NoError(t, err)
		require.Equal(t, acknowledged+1, n)
		require.NoError(t, s.Close())
	}
}

func TestAFileThatHasTheStoresPlaceIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tasks.db")
	for _, options := range []Options{{}, {ReadOnly: true}} {
		s, err := Open(t.Context(), path, options)
		require.NoError(t, err)
		if s.sweeper != nil {
			s.sweeper.close() // it reads too
		}
		var taken []*reader
		for range readerCount() - 1 {
			r, err := s.readers.take(t.Context())
			require.NoError(t, err)
			taken = append(taken, r)
		}
		require.NoError(t, os.Rename(path, path+".moved"))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		_, err = s.readers.take(t.Context())
		require.ErrorIs(t, err, errMoved)
		for _, r := range taken {
			s.readers.put(r)
		}
		_, err = s.Count(t.Context(), taskdb.DefaultCollection, everything)
		require.NoError(t, err, "it reads on in what it has open")
		require.NoError(t, os.Rename(path+".moved", path))
		require.NoError(t, s.Close())
	}
}
