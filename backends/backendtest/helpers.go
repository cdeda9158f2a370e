package backendtest

import (
	"context"
	"os"
	"path/filepath"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// tester is what a test and a property have in common.
type tester interface {
	rapid.TB
	Context() context.Context
}

// parse returns the document that a text in the way of MongoDB's shell says.
func parse(t tester, text string) bson.Raw {
	t.Helper()
	doc, err := query.Document(text)
	require.NoError(t, err)
	return doc
}

// encode returns the document that a value of the bson package makes.
func encode(t tester, v any) bson.Raw {
	t.Helper()
	doc, err := bson.Marshal(v)
	require.NoError(t, err)
	return doc
}

// addDocs stores documents that are written in the way of MongoDB's shell, one
// after another.
func addDocs(t tester, db *taskdb.DB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		require.NoError(t, db.AddRaw(t.Context(), parse(t, text)))
	}
}

// find returns all documents that a query finds.
func find(t tester, db *taskdb.DB, q taskdb.Query) []bson.Raw {
	t.Helper()
	var docs []bson.Raw
	for doc, err := range db.FindRaw(t.Context(), q) {
		require.NoError(t, err)
		docs = append(docs, doc)
	}
	return docs
}

// findRecords returns all records that a query finds.
func findRecords(t tester, db *taskdb.DB, q taskdb.Query) []*taskdb.TaskRecord {
	t.Helper()
	var records []*taskdb.TaskRecord
	for record, err := range db.Find(t.Context(), q) {
		require.NoError(t, err)
		records = append(records, record)
	}
	return records
}

// ids returns the _ids of what a query finds, which must be strings, in order.
func ids(t tester, db *taskdb.DB, q taskdb.Query) []string {
	t.Helper()
	q.Keys, q.Projection = nil, bson.D{{Key: "_id", Value: 1}}
	ids := []string{}
	for _, doc := range find(t, db, q) {
		ids = append(ids, doc.Lookup("_id").StringValue())
	}
	return ids
}

// count returns how many records a collection has.
func count(t tester, db *taskdb.DB) int {
	t.Helper()
	n, err := db.Count(t.Context(), taskdb.Query{})
	require.NoError(t, err)
	return int(n)
}

// inModule returns a path that is relative to the root of the module in which the
// test runs.
func inModule(t tester, path string) string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return filepath.Join(folder, path)
		}
		parent := filepath.Dir(folder)
		require.NotEqual(t, folder, parent, "the test runs outside of a module")
		folder = parent
	}
}
