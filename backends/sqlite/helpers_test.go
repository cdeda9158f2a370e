package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// openURL opens a store and has it closed at the end of the test.
func openURL(t *testing.T, url string) *taskdb.DB {
	t.Helper()
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// newPath returns a path for a new store.
func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "tasks.db") }

// task is a finished task.
func task(id string) *taskdb.TaskRecord {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return &taskdb.TaskRecord{
		MsgID:     id,
		Buffers:   [][]byte{[]byte("of " + id)},
		Submitted: at, Started: at.Add(time.Second), Completed: at.Add(time.Minute),
		ClientUUID: "client", EngineUUID: "engine", Queue: "task",
	}
}

func parse(t *testing.T, text string) bson.Raw {
	t.Helper()
	doc, err := query.Document(text)
	require.NoError(t, err)
	return doc
}

// add stores documents that are written in the way of MongoDB's shell.
func add(t *testing.T, db *taskdb.DB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		require.NoError(t, db.AddRaw(t.Context(), parse(t, text)))
	}
}

// found returns the _ids of what a filter selects, as text, in the order of the
// _id.
func found(t *testing.T, db *taskdb.DB, filter any) []string {
	t.Helper()
	ids := []string{}
	for doc, err := range db.FindRaw(t.Context(), taskdb.Query{Filter: filter, Projection: "{_id: 1}", Sort: "{_id: 1}"}) {
		require.NoError(t, err)
		ids = append(ids, doc.Lookup("_id").String())
	}
	return ids
}

// inFile carries out SQL on a store's file, beside whoever has it open, and
// returns the first column of what that answers.
func inFile(t *testing.T, path, sql string) []string {
	t.Helper()
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	answer := []string{}
	require.NoError(t, sqlitex.ExecuteTransient(conn, sql, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *zombiezen.Stmt) error {
			answer = append(answer, stmt.ColumnText(0))
			return nil
		},
	}))
	return answer
}

// ids returns n msg_ids.
func ids(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("task-%05d", i)
	}
	return list
}
