package ipython_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/taskdb/taskdb/importers/ipython"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const twoTasks = `CREATE TABLE t ` + columns91 + `; INSERT INTO t (msg_id) VALUES ('a'), ('b');`

// walDatabase makes a database that was switched to a write-ahead log and
// closed.
func walDatabase(t *testing.T) (path string) {
	path = database(t, twoTasks)
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenWAL)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	return path
}

// readUntouched reads a database in a directory that cannot be written to, and
// checks that nothing in it has changed.
func readUntouched(t *testing.T, path string) []string {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	before := listing(t, path)
	require.NoError(t, os.Chmod(filepath.Dir(path), 0o555))
	t.Cleanup(func() { require.NoError(t, os.Chmod(filepath.Dir(path), 0o755)) })

	r, err := ipython.Open(t.Context(), path)
	require.NoError(t, err)
	got := ids(records(t, r))
	require.Equal(t, before, listing(t, path), "while it is open")
	require.NoError(t, r.Close())
	require.Equal(t, before, listing(t, path), "after it was closed")
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left, "temporary files")
	return got
}

func copyTo(t *testing.T, from string, suffixes ...string) (path string) {
	path = filepath.Join(t.TempDir(), "tasks.db")
	for _, suffix := range suffixes {
		b, err := os.ReadFile(from + suffix)
		require.NoError(t, err)
		require.NotEmpty(t, b)
		require.NoError(t, os.WriteFile(path+suffix, b, 0o600))
	}
	return path
}

func TestFileIsNotTouched(t *testing.T) {
	require.Equal(t, []string{"a", "b"}, readUntouched(t, database(t, twoTasks)))
}

// Names that mean something in a URI are names all the same.
func TestOddFileName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "100%41 of#all?mode=rwc&x.db")
	execute(t, openWriter(t, path), twoTasks)
	require.Equal(t, []string{"a", "b"}, readUntouched(t, path))
}

// A database that was switched to a write-ahead log and closed has no -wal.
func TestClosedWAL(t *testing.T) {
	path := walDatabase(t)
	require.NoFileExists(t, path+"-wal")
	require.Equal(t, []string{"a", "b"}, readUntouched(t, path))
}

// What a running writer has in its -wal counts.
func TestWALOfRunningWriter(t *testing.T) {
	path := walDatabase(t)
	writer := openWriter(t, path)
	execute(t, writer, `INSERT INTO t (msg_id) VALUES ('c');`)
	require.FileExists(t, path+"-shm")

	before := listing(t, path)
	r := open(t, path)
	require.Equal(t, []string{"a", "b", "c"}, ids(records(t, r)))
	execute(t, writer, `INSERT INTO t (msg_id) VALUES ('d');`)
	require.Equal(t, []string{"a", "b", "c", "d"}, ids(records(t, r)))
	require.Len(t, listing(t, path), len(before))
}

// So does what a -wal has that came without its -shm, by a backup perhaps.
func TestWALWithoutWriter(t *testing.T) {
	live := walDatabase(t)
	execute(t, openWriter(t, live), `INSERT INTO t (msg_id) VALUES ('c');`)
	path := copyTo(t, live, "", "-wal")
	require.Equal(t, []string{"a", "b", "c"}, readUntouched(t, path))
}

// A -wal that a killed writer left, with its -shm.
func TestWALOfKilledWriter(t *testing.T) {
	live := walDatabase(t)
	execute(t, openWriter(t, live), `INSERT INTO t (msg_id) VALUES ('c');`)
	path := copyTo(t, live, "", "-wal", "-shm")
	require.Equal(t, []string{"a", "b", "c"}, readUntouched(t, path))
}

// A controller that is killed leaves a journal, and half a transaction in the
// file: neither is to be seen, and the journal stays for its owner.
func TestJournalOfKilledController(t *testing.T) {
	live := database(t, twoTasks)
	writer := openWriter(t, live)
	begin(t, writer, `UPDATE t SET msg_id = 'half' WHERE msg_id = 'a';
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 500)
		INSERT INTO t (msg_id, stdout) SELECT 'm' || i, hex(zeroblob(1000)) FROM n;`)
	path := copyTo(t, live, "", "-journal")
	require.Equal(t, []string{"a", "b"}, readUntouched(t, path))
}

// begin begins a transaction that is rolled back after the test. Its pages go
// to the file early.
func begin(t *testing.T, conn *sqlite.Conn, script string) {
	for _, sql := range []string{`PRAGMA cache_size = 1`, `BEGIN`} {
		require.NoError(t, sqlitex.Execute(conn, sql, nil))
	}
	execute(t, conn, script)
	t.Cleanup(func() { require.NoError(t, sqlitex.Execute(conn, `ROLLBACK`, nil)) })
}

// A controller that goes on writing is not kept from it while its records are
// read.
func TestReadingHoldsNoLock(t *testing.T) {
	path := database(t, twoTasks+`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1500)
		INSERT INTO t (msg_id) SELECT 'm' || i FROM n;`)
	writer := openWriter(t, path)
	n := 0
	for _, err := range open(t, path).Records(t.Context()) {
		require.NoError(t, err)
		if n%500 == 0 {
			execute(t, writer, `UPDATE t SET stdout = 'x' WHERE msg_id = 'a';`)
		}
		n++
	}
	require.Equal(t, 1502, n)
}

// IPython commits every two seconds: in between, what it has not committed is
// not there yet.
func TestUncommitted(t *testing.T) {
	path := database(t, twoTasks)
	writer := openWriter(t, path)
	begin(t, writer, `INSERT INTO t (msg_id) VALUES ('c');`)
	require.Equal(t, []string{"a", "b"}, ids(records(t, open(t, path))))
}
