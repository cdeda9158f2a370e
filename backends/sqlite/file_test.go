package sqlite_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

func TestEverythingIsThereAfterReopening(t *testing.T) {
	path := newPath(t)
	large := task("large")
	large.ResultBuffers = [][]byte{bytes.Repeat([]byte("x"), 700_000), {}, []byte("y")}
	db := openURL(t, "sqlite:"+path)
	require.NoError(t, db.Add(t.Context(), task("small"), large))
	add(t, db.In("lab.notes"), `{_id: 1, text: ["a", "b"]}`)
	_, err := db.In("lab.notes").CreateIndex(t.Context(), taskdb.Index{Keys: "text", Unique: true, Partial: "{text: {$exists: true}}"})
	require.NoError(t, err)
	before, err := db.In("lab.notes").Indexes(t.Context())
	require.NoError(t, err)
	require.NoError(t, db.Close())

	db = openURL(t, "sqlite:"+path)
	for _, want := range []*taskdb.TaskRecord{task("small"), large} {
		got, err := db.Get(t.Context(), want.MsgID)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	after, err := db.In("lab.notes").Indexes(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.True(t, after[len(after)-1].Multikey)
	require.ErrorIs(t, db.In("lab.notes").AddRaw(t.Context(), parse(t, `{text: "b"}`)), taskdb.ErrExists)
	collections, err := db.Collections(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"ipython-tasks.task_records", "lab.notes"}, collections)
}

func TestTheFileAnswersAPerson(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	require.NoError(t, db.Add(t.Context(), task("a")))
	require.NoError(t, db.In("other.task_records").Add(t.Context(), task("b")))
	require.Equal(t, []string{"a 2026-11-22 10:01:00 engine"},
		inFile(t, path, "select msg_id || ' ' || datetime(completed / 1000, 'unixepoch') || ' ' || engine_uuid from task_records"))
	require.Equal(t, []string{"b"}, inFile(t, path, `select msg_id from "other.task_records"`))
}

func TestTheFilesAreTheOwnersAlone(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	require.NoError(t, db.Add(t.Context(), task("a")))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
		info, err := entry.Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode(), entry.Name())
	}
	require.Equal(t, []string{"tasks.db", "tasks.db-shm", "tasks.db-wal", "tasks.db.lock"}, names)
}

func TestAfterCloseOneFileHasAll(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	require.NoError(t, db.Add(t.Context(), task("a")))
	require.NoError(t, db.Close())
	require.NoFileExists(t, path+"-wal")
	moved := filepath.Join(t.TempDir(), "moved.db")
	require.NoError(t, os.Rename(path, moved))
	require.Equal(t, []string{`"a"`}, found(t, openURL(t, "sqlite:"+moved), nil))
}

func TestADirectoryIsNoStore(t *testing.T) {
	dir := t.TempDir()
	for _, mode := range []string{"rw", "ro"} {
		_, err := taskdb.Open(t.Context(), "sqlite:"+dir+"?mode="+mode)
		require.ErrorIs(t, err, syscall.EISDIR, mode)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestFilesThatAreNoStoreAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		make func(t *testing.T, path string)
		want string
	}{
		"of another application": {func(t *testing.T, path string) {
			inFile(t, makeEmpty(t, path), "create table notes (text)")
		}, "file of another application"},
		"with another application's id": {func(t *testing.T, path string) {
			inFile(t, makeEmpty(t, path), "pragma application_id = 0x0f055112")
		}, "application_id is 0xf055112"},
		"no database": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("all work and no play\n"), 100), 0o600))
		}, "no SQLite file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			test.make(t, path)
			before, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, mode := range []string{"", "?mode=ro"} {
				_, err = taskdb.Open(t.Context(), "sqlite:"+path+mode)
				require.ErrorContains(t, err, test.want)
				require.ErrorContains(t, err, path)
			}
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.True(t, bytes.Equal(before, after), "the file was changed")
		})
	}
}

func makeEmpty(t *testing.T, path string) string {
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	return path
}

func TestANewerStoreIsRefused(t *testing.T) {
	path := newPath(t)
	require.NoError(t, openURL(t, "sqlite:"+path).Close())
	inFile(t, path, "pragma user_version = 99")
	for _, mode := range []string{"", "?mode=ro"} {
		_, err := taskdb.Open(t.Context(), "sqlite:"+path+mode)
		require.ErrorIs(t, err, taskdb.ErrNewer)
		require.ErrorContains(t, err, "version 99")
	}
}

func TestAnEmptyFileBecomesAStore(t *testing.T) {
	path := makeEmpty(t, newPath(t))
	db := openURL(t, "sqlite:"+path)
	require.NoError(t, db.Add(t.Context(), task("a")))
	require.Equal(t, []string{"wal"}, inFile(t, path, "pragma journal_mode"))
}

func TestNamesOfCollectionsThatSQLiteWouldConfuse(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t))
	names := []string{"a.b", "a.B", "A.b", `a."; drop table x; --`, "sqlite_x.y", "x.task_records", "task.records", "ä.ö"}
	for _, name := range names {
		add(t, db.In(name), `{_id: 1}`, `{}`)
	}
	for _, name := range names {
		n, err := db.In(name).Count(t.Context(), taskdb.Query{})
		require.NoError(t, err)
		require.EqualValues(t, 2, n, name)
	}
	got, err := db.Collections(t.Context())
	require.NoError(t, err)
	slices.Sort(names)
	require.Equal(t, names, got)
}
