package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

// newStore makes a new file the store that commands use, and returns its URL.
func newStore(t *testing.T) string {
	url := "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "tasks.db"))
	t.Setenv(storeVariable, url)
	return url
}

// filledStore is newStore with the sample in it.
func filledStore(t *testing.T) string {
	url := newStore(t)
	require.Equal(t, result{sample + ": 406 imported, 0 there already\n", "", exitOK}, taskdbRun(t, "", "import", sample))
	return url
}

// onStore runs a command on the store and wants it to have nothing to say but its
// answer.
func onStore(t *testing.T, args ...string) string {
	got := taskdbRun(t, "", args...)
	require.Empty(t, got.stderr)
	require.Equal(t, exitOK, got.code)
	return got.stdout
}

// TestStoreAnswersAsFile holds that commands answer of a store what they answer of
// the file that it was filled from.
func TestStoreAnswersAsFile(t *testing.T) {
	filledStore(t)
	for _, args := range [][]string{
		{"count", `{completed: null}`},
		{"count", "--failed", "--since", "2026-11-22T00:51:47Z"},
		{"find"},
		{"find", "--running", "-o", "table"},
		{"find", "--sort", "-completed", "--skip", "3", "--limit", "4", "--projection", "{}", "-o", "canonical"},
		{"get", lastID, firstID, "--keys", "buffers,result_buffers"},
		{"distinct", "engine_uuid"},
		{"history"},
		{"export", `{msg_id: "` + firstID + `"}`},
	} {
		require.Equal(t, onSample(t, args[0], args[1:]...), onStore(t, args...), args)
	}
}

// TestDefaultStore holds that without a name the store is a file in the state
// directory, which is made for the user alone, and that this is told.
func TestDefaultStore(t *testing.T) {
	state := t.TempDir()
	t.Setenv(storeVariable, "")
	t.Setenv("XDG_STATE_HOME", state)
	dir := filepath.Join(state, "taskdb")
	url := onStore(t, "store")
	require.Equal(t, "sqlite://"+dir+"/tasks.db\n", url)
	url = url[:len(url)-1]

	require.Equal(t, result{"", "taskdb count: there is no store yet at " + url + "\n" +
		"fill it: taskdb import FILE; or ask a file: --in FILE\n", exitFailure}, taskdbRun(t, "", "count"))
	require.NoDirExists(t, dir, "asking creates nothing")

	require.Equal(t, result{"1 added\n", "taskdb: created the store " + url + "\n", exitOK}, taskdbRun(t, "", "add", `{msg_id: "a"}`))
	require.Equal(t, "1 added\n", onStore(t, "add", `{msg_id: "b"}`), "it is told once")
	require.Equal(t, "2\n", onStore(t, "count"))
	require.Contains(t, onStore(t, "count", "--help"), url)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "tasks.db"): 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode().Perm(), path)
	}
}

func TestStateDirectory(t *testing.T) {
	home := t.TempDir()
	t.Setenv(storeVariable, "")
	t.Setenv("HOME", home)
	for name, stateHome := range map[string]string{"not set": "", "relative, which the specification has ignored": "state"} {
		t.Setenv("XDG_STATE_HOME", stateHome)
		require.Equal(t, "sqlite://"+home+"/.local/state/taskdb/tasks.db\n", onStore(t, "store"), name)
	}
}

// TestWhichStore holds that a flag is stronger than the environment, and a file
// than both.
func TestWhichStore(t *testing.T) {
	url := filledStore(t)
	require.Equal(t, url+"\n", onStore(t, "store"))
	require.Equal(t, "0\n", onStore(t, "count", "--store", "dict:"))
	require.Equal(t, "406\n", onStore(t, "count"))
	one := writeFile(t, "one.jsonl", `{"msg_id": "a"}`)
	require.Equal(t, "1\n", onStore(t, "count", "--in", one))

	require.Equal(t, "406\n", onStore(t, "count", "--store", url+"?mode=ro"))
	require.Equal(t, "406\n", onStore(t, "count", "--store", url+"?durability=off"))
}

func TestWrongStores(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.db")
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"path": {[]string{"count", "--store", "tasks.db"}, exitUsage, `
taskdb count: --store is no URL: "tasks.db"
write a file as sqlite:tasks.db
`},
		"scheme": {[]string{"count", "--store", "mysql://me:secret@x/y"}, exitUsage, `
taskdb count: --store is of no kind of store: "mysql://me:xxxxx@x/y"
want sqlite:FILE, sqlite:///absolute/FILE, mongodb://HOST/, http://HUB, dict: or nodb:
`},
		"no URL, with a password": {[]string{"count", "--store", "mongodb://me:sec/ret@x/"}, exitUsage, `
taskdb count: --store is no URL
want sqlite:FILE, sqlite:///absolute/FILE, mongodb://HOST/, http://HUB, dict: or nodb:
`},
		"no host": {[]string{"count", "--store", "mongodb://"}, exitUsage, `
taskdb count: --store has no host
want sqlite:FILE, sqlite:///absolute/FILE, mongodb://HOST/, http://HUB, dict: or nodb:
`},
		"no URL": {[]string{"import", "--store", ":", "x"}, exitUsage, `
taskdb import: --store is no URL: parse ":": missing protocol scheme
want sqlite:FILE, sqlite:///absolute/FILE, mongodb://HOST/, http://HUB, dict: or nodb:
`},
		"option": {[]string{"count", "--store", "dict:?colour=red"}, exitFailure, `
taskdb count: open store "dict:?colour=red": unknown option "colour", want one of: cull, lost_after, max_bytes, max_records
`},
		"missing": {[]string{"find", "--store", "sqlite:" + missing}, exitFailure, `
taskdb find: there is no store yet at sqlite:` + missing + `
fill it: taskdb import FILE; or ask a file: --in FILE
`},
		"keeps nothing": {[]string{"count", "--store", "nodb:"}, exitNotFound, `
taskdb count: count: the store keeps no data: no such record
`},
		"file and store": {[]string{"count", "--in", sample, "--store", "dict:"}, exitUsage, `
taskdb count: --in and --store exclude each other
import the file into the store, or ask it alone
`},
		"file and collection": {[]string{"count", "--in", sample, "--collection", "a.b"}, exitUsage, `
taskdb count: --in and --collection exclude each other
import the file into the store, or ask it alone
`},
		"collection without database": {[]string{"count", "--store", "dict:", "--collection", "tasks"}, exitUsage, `
taskdb count: wrong --collection: "tasks" is no DATABASE.NAME
write it as ipython-tasks.task_records
`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, result{"", c.want[1:], c.code}, taskdbRun(t, "", c.args...))
		})
	}
	dir := t.TempDir()
	for _, command := range [][]string{{"count"}, {"add", "{a: 1}"}} {
		got := taskdbRun(t, "", append(command, "--store", "sqlite:"+dir)...)
		require.Equal(t, exitFailure, got.code)
		require.Contains(t, got.stderr, "\nit is a directory; a store is a file: sqlite:"+dir+"/tasks.db\n")
	}
	t.Setenv(storeVariable, "tasks.db")
	require.Equal(t, result{"", "taskdb find: TASKDB_STORE is no URL: \"tasks.db\"\nwrite a file as sqlite:tasks.db\n", exitUsage},
		taskdbRun(t, "", "find"))
}

// TestFileInPlaceOfStore holds that a file that can be imported is refused as a
// store, with what to do, and not changed.
func TestFileInPlaceOfStore(t *testing.T) {
	before, err := os.ReadFile(sample)
	require.NoError(t, err)
	file := writeFile(t, "tasks.db", string(before))
	for _, args := range [][]string{{"count"}, {"add", `{msg_id: "a"}`}} {
		got := taskdbRun(t, "", append(args, "--store", "sqlite:"+file)...)
		require.Equal(t, exitFailure, got.code)
		require.Contains(t, got.stderr, "it can be imported: taskdb import "+file+"; or asked as it is: --in "+file+"\n")
	}
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestReadOnly(t *testing.T) {
	url := filledStore(t)
	for _, args := range [][]string{
		{"import", sample}, {"add", `{msg_id: "a"}`}, {"add", "--each", `{msg_id: "a"}`},
		{"update", "--failed", `{$set: {label: "x"}}`}, {"drop", firstID}, {"purge", "--failed", "--yes"}, {"compact"},
		{"indexes", "add", "label"}, {"indexes", "drop", "x"}, {"collections", "drop", "a.b", "--yes"},
	} {
		got := taskdbRun(t, "", append(args, "--read-only")...)
		require.Equal(t, exitUsage, got.code, args)
		require.Contains(t, got.stderr, "--read-only forbids it\nleave --read-only out\n", args)
	}
	got := taskdbRun(t, "", "add", `{msg_id: "a"}`, "--store", url+"?mode=ro")
	require.Equal(t, exitFailure, got.code)
	require.Contains(t, got.stderr, taskdb.ErrReadOnly.Error())
	require.Equal(t, "406\n", onStore(t, "count", "--read-only"))
}

// TestLockedStore holds that while another process writes, reading goes on and
// writing says who has the store.
func TestLockedStore(t *testing.T) {
	url := filledStore(t)
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	defer db.Close()
	require.Equal(t, "406\n", onStore(t, "count"))

	got := taskdbRun(t, "", "add", `{msg_id: "a"}`, "--store", url+"?lock_wait=0s")
	require.Equal(t, exitFailure, got.code)
	require.Contains(t, got.stderr, "in use by another process: process ")
	require.Contains(t, got.stderr, "one process at a time writes to a store; others can read it meanwhile")
}

func TestCollections(t *testing.T) {
	filledStore(t)
	require.Equal(t, "1 added\n", onStore(t, "add", "--collection", "mine.task_records", `{msg_id: "a"}`))
	require.Equal(t, `{"collection":"ipython-tasks.task_records","records":406}
{"collection":"mine.task_records","records":1}
`, onStore(t, "collections"))
	require.Equal(t, `collection                  records
ipython-tasks.task_records  406
mine.task_records           1
`, onStore(t, "collections", "-o", "table"))
	require.Equal(t, "1\n", onStore(t, "count", "--collection", "mine.task_records"))
	require.Equal(t, result{"0\n", "taskdb: the store has no collection mine.task_record; did you mean mine.task_records?\n", exitOK},
		taskdbRun(t, "", "count", "--collection", "mine.task_record"))

	require.Equal(t, result{"", "taskdb collections drop: this removes mine.task_records with all its records\nif you are sure: --yes\n", exitUsage},
		taskdbRun(t, "", "collections", "drop", "mine.task_records"))
	require.Equal(t, "mine.task_records: dropped\n", onStore(t, "collections", "drop", "mine.task_records", "--yes"))
	require.Equal(t, result{"", "taskdb collections drop: no such collection: \"mine.task_records\"\n", exitNotFound},
		taskdbRun(t, "", "collections", "drop", "mine.task_records", "--yes"))
	require.Equal(t, "406\n", onStore(t, "count"))
}
