package mongo_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/backendtest"
	_ "github.com/taskdb/taskdb/backends/dict"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func TestDifferential(t *testing.T) {
	t.Parallel()
	part := backendtest.Part{Holds: ferretHolds, Answers: ferretAnswers}
	if !server.Ferret {
		part = backendtest.Part{Holds: func(bson.Raw) bool { return true }, Answers: func(bson.D, bson.D) bool { return true }}
	}
	backendtest.DifferentialWithin(t, part, openNew, opener("dict:"), opener("sqlite:"+t.TempDir()+"/tasks.db?durability=off"))
}

// opener opens the store of a URL.
func opener(url string) backendtest.Opener {
	return func(t *testing.T) *taskdb.DB {
		db, err := taskdb.Open(t.Context(), url)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
}

// hasArrays are the keys under which FerretDB may have arrays. It finds what is in
// them, but does not sort by it.
var hasArrays = map[string]bool{"steps": true, "buffers": true}

// ferretHolds tells whether FerretDB takes a record as MongoDB does.
func ferretHolds(record bson.Raw) bool {
	elements, err := record.Elements()
	if err != nil {
		return false
	}
	for _, e := range elements {
		if e.Value().Type == bson.TypeArray && !hasArrays[e.Key()] {
			return false
		}
	}
	return isSound(record)
}

// isSound tells whether a document is without the values that end the connection to
// FerretDB, as a key does that is there twice, and without arrays in arrays.
func isSound(doc bson.Raw) bool {
	elements, err := doc.Elements()
	if err != nil {
		return false
	}
	seen := map[string]bool{}
	for _, e := range elements {
		if seen[e.Key()] || !isSoundValue(e.Value()) {
			return false
		}
		seen[e.Key()] = true
	}
	return true
}

func isSoundValue(v bson.RawValue) bool {
	switch v.Type {
	case bson.TypeMinKey, bson.TypeMaxKey, bson.TypeUndefined, bson.TypeDecimal128:
		return false
	case bson.TypeDouble:
		return !math.IsNaN(v.Double())
	case bson.TypeEmbeddedDocument:
		return isSound(v.Document())
	case bson.TypeArray:
		values, err := v.Array().Values()
		return err == nil && !slices.ContainsFunc(values, func(v bson.RawValue) bool { return v.Type == bson.TypeArray || !isSoundValue(v) })
	}
	return true
}

// ferretAnswers tells whether FerretDB answers a query as MongoDB does.
func ferretAnswers(filter, sort bson.D) bool {
	if slices.ContainsFunc(sort, func(e bson.E) bool { return leadsToArrays(e.Key) }) {
		return false
	}
	sent, err := query.Parse(filter)
	return err == nil && isSound(sent.MongoDB()) && isAnswered(sent.MongoDB())
}

func leadsToArrays(path string) bool {
	top, _, _ := strings.Cut(path, ".")
	return hasArrays[top]
}

// isAnswered tells whether a filter asks what FerretDB answers as MongoDB does: about
// no arrays, and with no operator whose operand is a document. Of {$ne: {}, $eq: {}},
// which nothing is, it says that all is.
func isAnswered(filter bson.Raw) bool {
	elements, err := filter.Elements()
	if err != nil {
		return false
	}
	for _, e := range elements {
		switch e.Key() {
		case "$and", "$or", "$nor":
			branches, err := e.Value().Array().Values()
			if err != nil || slices.ContainsFunc(branches, func(v bson.RawValue) bool { return !isAnswered(v.Document()) }) {
				return false
			}
		default:
			if leadsToArrays(e.Key()) || bytes.Contains(e, []byte("$elemMatch")) || comparesDocuments(e.Value()) {
				return false
			}
		}
	}
	return true
}

// comparesDocuments tells whether a condition has an operator whose operand is a
// document, and no condition again.
func comparesDocuments(condition bson.RawValue) bool {
	doc, ok := condition.DocumentOK()
	if !ok {
		return false
	}
	elements, _ := doc.Elements()
	return slices.ContainsFunc(elements, func(e bson.RawElement) bool {
		if e.Key() == "$not" {
			return comparesDocuments(e.Value())
		}
		return strings.HasPrefix(e.Key(), "$") && e.Value().Type == bson.TypeEmbeddedDocument
	})
}
