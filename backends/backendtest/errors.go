package backendtest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var failures = area{"errors", []behaviour{
	{"a query that is wrong yields nothing but its error", wrongQueries},
	{"a wrong part is told by MongoDB's words and its place", wrongPart},
	{"a wrong path of distinct values is refused", wrongDistinct},
}}

var wrong = map[string]struct {
	query taskdb.Query
	code  int
}{
	"unknown operator":            {taskdb.Query{Filter: `{label: {$foo: 1}}`}, query.CodeBadValue},
	"unknown operator at the top": {taskdb.Query{Filter: `{$foo: 1}`}, query.CodeBadValue},
	"an operator far down":        {taskdb.Query{Filter: `{$or: [{label: "a"}, {$and: [{x: {$not: {$foo: 1}}}]}]}`}, query.CodeBadValue},
	"a mixed document":            {taskdb.Query{Filter: `{label: {$gt: 1, b: 2}}`}, query.CodeBadValue},
	"$in without a list":          {taskdb.Query{Filter: `{label: {$in: "abc"}}`}, query.CodeBadValue},
	"$nin without a list":         {taskdb.Query{Filter: `{label: {$nin: null}}`}, query.CodeBadValue},
	"an empty $or":                {taskdb.Query{Filter: `{$or: []}`}, query.CodeBadValue},
	"$and of a document":          {taskdb.Query{Filter: `{$and: {label: 1}}`}, query.CodeBadValue},
	"$regex of a number":          {taskdb.Query{Filter: `{label: {$regex: 5}}`}, query.CodeBadValue},
	"an invalid $regex":           {taskdb.Query{Filter: `{label: {$regex: "(a"}}`}, 51091},
	"$glob of a number":           {taskdb.Query{Filter: `{label: {$glob: 5}}`}, query.CodeBadValue},
	"$gt of a regex":              {taskdb.Query{Filter: `{label: {$gt: /a/}}`}, query.CodeBadValue},
	"$size of text":               {taskdb.Query{Filter: `{label: {$size: "1"}}`}, query.CodeBadValue},
	"an unknown type":             {taskdb.Query{Filter: `{label: {$type: "text"}}`}, query.CodeBadValue},
	"$mod by zero":                {taskdb.Query{Filter: `{retries: {$mod: [0, 1]}}`}, query.CodeBadValue},
	"$where":                      {taskdb.Query{Filter: `{$where: "true"}`}, query.CodeBadValue},
	"$jsonSchema":                 {taskdb.Query{Filter: `{$jsonSchema: {}}`}, query.CodeQueryFeatureNotAllowed},
	"no text of a document":       {taskdb.Query{Filter: `{label: `}, query.CodeFailedToParse},
	"a time without a zone":       {taskdb.Query{Filter: `{submitted: ISODate("2026-11-22T10:00:00")}`}, query.CodeFailedToParse},
	"no document":                 {taskdb.Query{Filter: 5}, query.CodeFailedToParse},
	"no document that BSON knows": {taskdb.Query{Filter: bson.M{"label": make(chan int)}}, query.CodeFailedToParse},
	"broken BSON":                 {taskdb.Query{Filter: bson.Raw{9, 0, 0, 0, 0}}, query.CodeInvalidBSON},
	"a sort of text":              {taskdb.Query{Sort: `{label: "up"}`}, 15974},
	"a sort by two":               {taskdb.Query{Sort: `{label: 2}`}, 15975},
	"a sort by no path":           {taskdb.Query{Sort: `{"a..b": 1}`}, 15998},
	"a sort of an unordered map":  {taskdb.Query{Sort: bson.M{"a": 1, "b": 1}}, query.CodeBadValue},
	"a mixed projection":          {taskdb.Query{Projection: `{label: 1, queue: 0}`}, 31254},
	"a colliding projection":      {taskdb.Query{Projection: `{header: 1, "header.date": 1}`}, 31249},
	"keys and a projection":       {taskdb.Query{Keys: []string{"label"}, Projection: `{label: 1}`}, query.CodeBadValue},
	"a negative skip":             {taskdb.Query{Skip: -1}, query.CodeBadValue},
	"a negative limit":            {taskdb.Query{Limit: math.MinInt64}, query.CodeBadValue},
}

func wrongQueries(t *testing.T, db *taskdb.DB) {
	for range 2 { // a store must refuse a query before it has looked at any record
		for name, c := range wrong {
			seen := 0
			for doc, err := range db.FindRaw(t.Context(), c.query) {
				seen++
				require.Nil(t, doc, name)
				requireCode(t, c.code, err, name)
			}
			for record, err := range db.Find(t.Context(), c.query) {
				seen++
				require.Nil(t, record, name)
				requireCode(t, c.code, err, name)
			}
			require.Equal(t, 2, seen, name)
			_, err := db.Count(t.Context(), c.query)
			requireCode(t, c.code, err, name)
		}
		addDocs(t, db, `{label: "a", retries: 1}`, `{label: "b"}`)
	}
}

func requireCode(t *testing.T, code int, err error, name string) {
	t.Helper()
	var invalid *query.Error
	require.ErrorAs(t, err, &invalid, name)
	require.Equal(t, code, invalid.Code, "%s: %v", name, err)
}

func wrongPart(t *testing.T, db *taskdb.DB) {
	err := firstError(t, db, taskdb.Query{Filter: `{$or: [{label: "a"}, {completed: {$foo: 1}}]}`})
	var invalid *query.Error
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, &query.Error{Code: query.CodeBadValue, Message: "unknown operator: $foo", Path: "$or.1.completed.$foo"}, invalid)
}

func wrongDistinct(t *testing.T, db *taskdb.DB) {
	_, err := db.Distinct(t.Context(), "a\x00b", nil)
	requireCode(t, 31032, err, "NUL in a path")
	_, err = db.Distinct(t.Context(), "label", `{label: {$foo: 1}}`)
	requireCode(t, query.CodeBadValue, err, "unknown operator")
}
