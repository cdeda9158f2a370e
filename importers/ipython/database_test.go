package ipython_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/taskdb/taskdb/importers/ipython"
	"github.com/taskdb/taskdb/importers/source"
	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// The table as each generation of IPython declares it: the text of its CREATE
// TABLE without the name.
const (
	columns011 = `(msg_id text PRIMARY KEY, header dict text, content dict text, buffers bufs blob,
		submitted timestamp, client_uuid text, engine_uuid text, started timestamp, completed timestamp,
		resubmitted timestamp, result_header dict text, result_content dict text, result_buffers bufs blob,
		queue text, pyin text, pyout text, pyerr text, stdout text, stderr text)`
	columns013 = `(msg_id text PRIMARY KEY, header dict text, content dict text, buffers bufs blob,
		submitted timestamp, client_uuid text, engine_uuid text, started timestamp, completed timestamp,
		resubmitted text, received timestamp, result_header dict text, result_content dict text,
		result_buffers bufs blob, queue text, pyin text, pyout text, pyerr text, stdout text, stderr text)`
	columns10 = `(msg_id text PRIMARY KEY, header dict text, metadata dict text, content dict text,
		buffers bufs blob, submitted timestamp, client_uuid text, engine_uuid text, started timestamp,
		completed timestamp, resubmitted text, received timestamp, result_header dict text,
		result_metadata dict text, result_content dict text, result_buffers bufs blob, queue text,
		pyin text, pyout text, pyerr text, stdout text, stderr text)`
	columns30 = `(msg_id text PRIMARY KEY, header dict text, metadata dict text, content dict text,
		buffers bufs blob, submitted timestamp, client_uuid text, engine_uuid text, started timestamp,
		completed timestamp, resubmitted text, received timestamp, result_header dict text,
		result_metadata dict text, result_content dict text, result_buffers bufs blob, queue text,
		execute_input text, execute_result text, error text, stdout text, stderr text)`
	columns91 = `(msg_id text PRIMARY KEY, header dict text, metadata dict text, content dict text,
		buffers bufs blob, submitted timestamp, client_uuid text, engine_uuid text, started timestamp,
		completed timestamp, resubmitted text, received timestamp, result_header dict text,
		result_metadata dict text, result_content dict text, result_buffers bufs blob, queue text,
		execute_input text, execute_result text, error text, stdout text, stderr text, label text)`
)

// openWriter opens a database for writing and closes it after the test.
func openWriter(t testing.TB, path string) *sqlite.Conn {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	conn.SetBusyTimeout(0)
	return conn
}

func execute(t testing.TB, conn *sqlite.Conn, script string) {
	require.NoError(t, sqlitex.ExecuteScript(conn, script, nil))
}

// database makes a database by an SQL script and returns its path.
func database(t testing.TB, script string) string {
	path := filepath.Join(t.TempDir(), "tasks.db")
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	require.NoError(t, err)
	execute(t, conn, script)
	require.NoError(t, conn.Close())
	return path
}

func open(t testing.TB, path string, opts ...ipython.Option) *ipython.Reader {
	r, err := ipython.Open(t.Context(), path, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// records returns all records of a database, none of which may be in error.
func records(t testing.TB, r *ipython.Reader) []source.Record {
	var all []source.Record
	for record, err := range r.Records(t.Context()) {
		require.NoError(t, err)
		require.NoError(t, record.Doc.Validate())
		all = append(all, record)
	}
	return all
}

func ids(records []source.Record) []string {
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.Doc.Lookup("msg_id").StringValue()
	}
	return ids
}

// extended returns a document as canonical Extended JSON, which shows types and
// order.
func extended(t testing.TB, doc bson.Raw) string {
	b, err := bson.MarshalExtJSON(doc, true, false)
	require.NoError(t, err)
	return string(b)
}

// listing returns the names and contents of the files in the directory of path.
func listing(t testing.TB, path string) map[string]string {
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(b)
	}
	return files
}
