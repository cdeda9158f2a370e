package sqlite_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

// swept waits until nothing of no use is in a store's file, and no chunk without
// a record.
func swept(t *testing.T, path string) {
	t.Helper()
	db := openURL(t, "sqlite:"+path)
	const garbage = `select (select count(*) from uploads) + (select count(*) from indexes where state <> 'ready')
		+ (select count(*) from collections where name is null) + (select count(*) from removals)`
	for inFile(t, path, garbage)[0] != "0" {
	}
	require.NoError(t, db.Close())
	require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from chunks where stream not in (select stream from buffers)"))
	require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from buffers where collection not in (select id from collections)"))
	require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from index_keys where index_id not in (select id from indexes)"))
}

// failing gives some bytes and then an error.
type failing struct{ left int }

var errBroken = errors.New("the line is broken")

func (f *failing) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, errBroken
	}
	n := min(len(p), f.left)
	f.left -= n
	return n, nil
}

func TestWhatWasStoredForNothingIsSwept(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	large := task("a")
	large.Buffers = [][]byte{bytes.Repeat([]byte("x"), 3<<20)}
	require.NoError(t, db.Add(t.Context(), large))
	require.ErrorIs(t, db.Add(t.Context(), large), taskdb.ErrExists)
	require.ErrorIs(t, db.PutBuffer(t.Context(), "a", "buffers", &failing{5 << 20}), errBroken)
	require.NoError(t, db.Close())
	swept(t, path)
	require.Equal(t, []string{"12"}, inFile(t, path, "select count(*) from chunks"))
}

func TestADroppedCollectionIsSwept(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	fill := func(db *taskdb.DB) {
		var records []*taskdb.TaskRecord
		for _, id := range ids(1000) {
			records = append(records, task(id))
		}
		records[7].Buffers = [][]byte{bytes.Repeat([]byte("x"), 3<<20)}
		require.NoError(t, db.Add(t.Context(), records...))
		_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "header.username"})
		require.NoError(t, err)
	}
	fill(db)
	fill(db.In("other.task_records"))
	require.NoError(t, db.DropCollection(t.Context()))
	require.NoError(t, db.Add(t.Context(), task("new")))
	require.Equal(t, []string{`"new"`}, found(t, db, nil))
	require.NoError(t, db.Close())
	swept(t, path)
	require.Equal(t, []string{"1000"}, inFile(t, path, "select count(*) from index_keys"))
	require.Equal(t, []string{"12"}, inFile(t, path, "select count(*) from chunks"))
	require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from sqlite_schema where name like 'dropped%'"))
	db = openURL(t, "sqlite:"+path)
	record, err := db.In("other.task_records").Get(t.Context(), ids(8)[7])
	require.NoError(t, err)
	require.Len(t, record.Buffers[0], 3<<20)
	require.Equal(t, []string{`"new"`}, found(t, db, nil))
}

var _ io.Reader = (*failing)(nil)
