package backendtest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var addingEach = area{"add each", []behaviour{
	{"each document has a result, in order, and the sound ones are stored", addEachResults},
	{"no documents have no results", addEachNothing},
	{"many documents are stored in the order given", addEachOrder},
	{"what was stored is kept apart from what was given", addEachCopies},
	{"an add that cannot begin has one error for all", addEachEnded},
}}

func addEach(t tester, db *taskdb.DB, texts []string) ([]error, error) {
	t.Helper()
	docs := make([]bson.Raw, len(texts))
	for i, text := range texts {
		docs[i] = parse(t, text)
	}
	return db.AddEach(t.Context(), docs...)
}

func addEachResults(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "stored", msg_id: "a"}`)
	large := encode(t, bson.D{{Key: "_id", Value: "large"}, {Key: "stdout", Value: strings.Repeat("x", taskdb.MaxRecordSize)}})
	type result struct {
		doc     bson.Raw
		is      error
		code    int
		pattern string
	}
	results := []result{
		{doc: parse(t, `{_id: 1, msg_id: "b"}`)},
		{doc: parse(t, `{_id: "stored", msg_id: "c"}`), pattern: `{_id: 1}`},
		{doc: parse(t, `{_id: 2, msg_id: "a"}`), pattern: `{msg_id: 1}`},
		{doc: bson.Raw{5, 0, 0, 0, 1}, code: query.CodeInvalidBSON},
		{doc: parse(t, `{_id: 3, msg_id: "b"}`), pattern: `{msg_id: 1}`},
		{doc: parse(t, `{_id: 1.0}`), pattern: `{_id: 1}`},
		{doc: parse(t, `{_id: 3, msg_id: "c"}`)}, // neither was stored with a document that was refused
		{doc: parse(t, `{_id: [4]}`), code: query.CodeInvalidIDField},
		{doc: parse(t, `{_id: /x/}`), code: query.CodeInvalidIDField},
		{doc: parse(t, `{_id: {a: 1, $x: 1}}`), code: query.CodeDollarPrefixedField},
		{doc: nil, code: query.CodeInvalidBSON},
		{doc: large, is: taskdb.ErrTooLarge},
		{doc: parse(t, `{_id: 5, msg_id: ["d"]}`)},
	}
	var docs []bson.Raw
	for _, r := range results {
		docs = append(docs, r.doc)
	}
	got, err := db.AddEach(t.Context(), docs...)
	require.NoError(t, err)
	require.Len(t, got, len(results))
	var want []bson.Raw
	for i, r := range results {
		switch {
		case r.pattern != "":
			var duplicate *taskdb.DuplicateKeyError
			require.ErrorAs(t, got[i], &duplicate, "document %d", i)
			require.Equal(t, parse(t, r.pattern), duplicate.KeyPattern, "document %d", i)
		case r.code != 0:
			var wrong *query.Error
			require.ErrorAs(t, got[i], &wrong, "document %d", i)
			require.Equal(t, r.code, wrong.Code, "document %d", i)
		case r.is != nil:
			require.ErrorIs(t, got[i], r.is, "document %d", i)
		default:
			require.NoError(t, got[i], "document %d", i)
			want = append(want, r.doc)
		}
	}
	require.ElementsMatch(t, append(want, parse(t, `{_id: "stored", msg_id: "a"}`)), find(t, db, taskdb.Query{Projection: "{}"}))
}

func addEachNothing(t *testing.T, db *taskdb.DB) {
	results, err := db.AddEach(t.Context())
	require.NoError(t, err)
	require.Empty(t, results)
	results, err = db.AddEach(t.Context(), nil, bson.Raw{1})
	require.NoError(t, err)
	require.Error(t, results[0])
	require.Error(t, results[1])
	require.Empty(t, collectionNamesOf(t, db))
}

func addEachOrder(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 2500)
	for _, record := range records {
		record.Submitted = at(0)
	}
	results, err := db.AddEach(t.Context(), encodeAll(t, records)...)
	require.NoError(t, err)
	require.Len(t, results, len(records))
	for _, err := range results {
		require.NoError(t, err)
	}
	require.Equal(t, msgIDs(records), historyOf(t, db), "of the same time, in the order of insertion")
}

func addEachCopies(t *testing.T, db *taskdb.DB) {
	docs := smallAndLarge(t)
	results, err := db.AddEach(t.Context(), docs...)
	require.NoError(t, err)
	require.Equal(t, make([]error, len(docs)), results)
	require.Equal(t, smallAndLarge(t), docs)
	for _, doc := range docs {
		clear(doc)
	}
	require.Equal(t, smallAndLarge(t), find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"}))
}

func addEachEnded(t *testing.T, db *taskdb.DB) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	results, err := db.AddEach(ended, parse(t, `{_id: 1}`), parse(t, `{_id: 2}`))
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, results)
	require.Zero(t, count(t, db))
}
