package sqlite_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

func TestAReaderSeesWhatTheWriterWrites(t *testing.T) {
	path := newPath(t)
	writer := openURL(t, "sqlite:"+path)
	reader := openURL(t, "sqlite:"+path+"?mode=ro")
	require.Empty(t, found(t, reader, nil))
	require.NoError(t, writer.Add(t.Context(), task("a")))
	require.Equal(t, []string{`"a"`}, found(t, reader, nil))

	add(t, writer, `{_id: "b", submitted: ["odd"]}`)
	require.Equal(t, []string{`"b"`}, found(t, reader, `{submitted: "odd"}`))
	n, err := reader.Count(t.Context(), taskdb.Query{Filter: `{submitted: null}`})
	require.NoError(t, err)
	require.Zero(t, n)

	_, err = writer.CreateIndex(t.Context(), taskdb.Index{Keys: "label"})
	require.NoError(t, err)
	_, err = writer.CreateIndex(t.Context(), taskdb.Index{Keys: "tags"})
	require.ErrorIs(t, err, nil)
	add(t, writer, `{_id: "c", tags: ["x", "y"]}`)
	require.Equal(t, []string{`"c"`}, found(t, reader, `{tags: {$in: ["x", "y"]}}`))
	n, err = reader.Count(t.Context(), taskdb.Query{Filter: `{tags: {$in: ["x", "y"]}}`})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)

	require.NoError(t, writer.DropCollection(t.Context()))
	require.Empty(t, found(t, reader, nil))
}

func TestAReaderWritesNothing(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	require.NoError(t, db.Add(t.Context(), task("a")))
	require.NoError(t, db.Close())

	db = openURL(t, "sqlite:"+path+"?mode=ro")
	require.ErrorIs(t, db.Add(t.Context(), task("b")), taskdb.ErrReadOnly)
	require.ErrorIs(t, db.DropCollection(t.Context()), taskdb.ErrReadOnly)
	require.ErrorIs(t, db.PutBuffer(t.Context(), "a", "buffers", strings.NewReader("x")), taskdb.ErrReadOnly)
	_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "header.username"})
	require.ErrorIs(t, err, taskdb.ErrReadOnly)
	require.ErrorIs(t, db.DropIndex(t.Context(), "label_1"), taskdb.ErrReadOnly)
	record, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, task("a"), record)
	openURL(t, "sqlite:"+path) // no lock is in the way
}

func TestAMissingFileCannotBeRead(t *testing.T) {
	path := newPath(t)
	_, err := taskdb.Open(t.Context(), "sqlite:"+path+"?mode=ro")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoFileExists(t, path)
	_, err = taskdb.Open(t.Context(), "sqlite:"+path+"/below/tasks.db")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "directory of a store must exist")
	_, err = os.Stat(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
