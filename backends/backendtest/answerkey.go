package backendtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/answerkey"
	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// answered are the needs of cases, by the key's files, that are answered. Others
// are options of commands.
var answered = map[string][]string{
	"find.jsonl.gz":   {"positional", "$expr", "let"},
	"stages.jsonl.gz": {"positional", "$expr"},
	"write.jsonl.gz":  {"positional", "filtered positional", "arrayFilters", "findAndModify", "command arguments", "$expr", "pipeline"},
}

// AnswerKey asks a store every question of MongoDB's answer key that is one of
// its filters, projections, sorts and updates. The key's files lie in folder;
// where they are not, the test is skipped. It prints the score of each group.
func AnswerKey(t *testing.T, folder string, open Opener) {
	answerkey.SkipWithout(t, folder)
	score := answerkey.Score{Refused: answerkey.Refused}
	cases := 0
	var db *taskdb.DB
	for _, file := range answerkey.Files {
		for c := range answerkey.Read(t, folder, file) {
			if c.Lacks(answered[file]) {
				continue
			}
			if cases%casesPerStore == 0 {
				db = open(t)
			}
			cases++
			score.Count(t, c, answer(t, db.In(fmt.Sprintf("answers.c%d", cases)), c))
		}
	}
	score.Report(t, 2)
}

// casesPerStore is how many cases one store is asked: it holds a collection for
// each, and a store of thousands of collections is none that people have.
const casesPerStore = 100

// answer asks an empty collection one case.
func answer(t *testing.T, db *taskdb.DB, c answerkey.Case) answerkey.Answer {
	if keys, ok := uniqueInAnswers[c.ID]; ok {
		createIndex(t, db, taskdb.Index{Keys: keys, Unique: true})
	}
	require.NoError(t, db.AddRaw(t.Context(), c.Docs...))
	if c.Write != nil {
		_, _ = run(t, db, c.Write) // the key tells only what it left
	}
	got, err := run(t, db, c.Command)
	return answerkey.Answer{Values: got, Err: err, Code: codeOf(err)}
}

// uniqueInAnswers are the unique indexes of cases that have one.
var uniqueInAnswers = map[string]string{
	"query_and_write/commands/findAndModify/test_findAndModify_errors.py::test_findAndModify_argument_errors[duplicate-key-violation]": "key",
}

// codeOf returns MongoDB's code of an error, or 0.
func codeOf(err error) int {
	var wrong *query.Error
	switch {
	case errors.As(err, &wrong):
		return wrong.Code
	case errors.Is(err, taskdb.ErrExists):
		return taskdb.DuplicateKeyCode
	}
	return 0
}

// run carries out a find, a distinct, or a pipeline of $match and $sort, which
// answer documents or values, or a command that writes, which answers its reply.
func run(t *testing.T, db *taskdb.DB, command bson.Raw) ([]bson.RawValue, error) {
	switch command.Index(0).Key() {
	case "update", "delete", "findAndModify":
		reply, err := write(t, db, command)
		return []bson.RawValue{reply}, err
	case "stages":
		q, err := pipeline(answerkey.Values(command.Lookup("stages")))
		if err != nil {
			return nil, err
		}
		return found(t, db, q)
	}
	if key := command.Lookup("key"); !key.IsZero() {
		return db.Distinct(t.Context(), key.StringValue(), argument(command, "query"))
	}
	let, err := query.ParseLet(argument(command, "let"), time.Now())
	if err != nil {
		return nil, err
	}
	return found(t, db, taskdb.Query{
		Filter:     let.Filter(argument(command, "filter")),
		Projection: argument(command, "projection"),
		Sort:       argument(command, "sort"),
		Skip:       number(command, "skip"),
		Limit:      number(command, "limit"),
	})
}

// write carries out a command that writes. An operation that fails is an error,
// as a whole command is that is refused.
func write(t *testing.T, db *taskdb.DB, doc bson.Raw) (reply bson.RawValue, err error) {
	c, err := command.New(doc, nil)
	if err != nil {
		return reply, err
	}
	parse := map[string]func(command.Command) (command.Bulk, error){"update": command.ParseUpdate, "delete": command.ParseDelete}
	if parse, ok := parse[c.Name()]; ok {
		bulk, err := parse(c)
		if err != nil {
			return reply, err
		}
		outcomes, err := db.Bulk(t.Context(), bulk.Ordered, bulk.Operations...)
		for i := range outcomes {
			if err == nil {
				err = outcomes[i].Err
			}
		}
		return answerkey.DocumentValue(encode(t, bulk.Reply(outcomes))), err
	}
	m, err := command.ParseFindAndModify(c)
	if err != nil {
		return reply, err
	}
	outcome, err := db.FindAndModify(t.Context(), m.Operation, m.Found)
	return answerkey.DocumentValue(encode(t, m.Reply(outcome))), err
}

func argument(command bson.Raw, key string) bson.Raw {
	if doc, ok := command.Lookup(key).DocumentOK(); ok {
		return doc
	}
	return bson.Raw{5, 0, 0, 0, 0}
}

func number(command bson.Raw, key string) int64 {
	n, _ := command.Lookup(key).AsInt64OK()
	return n
}

// pipeline makes one query of stages, of which each follows the last in a
// query's own order: filters, then a sort.
func pipeline(stages []bson.RawValue) (taskdb.Query, error) {
	q := taskdb.Query{Projection: bson.D{}}
	filters := bson.A{}
	for _, stage := range stages {
		element, err := stage.Document().IndexErr(0)
		if err != nil {
			return q, err
		}
		switch element.Key() {
		case "$match":
			filter, err := query.ParseMatchStage(element.Value())
			if err != nil {
				return q, err
			}
			filters = append(filters, filter.Source())
		case "$sort":
			if q.Sort, err = query.ParseSortStage(element.Value()); err != nil {
				return q, err
			}
		default:
			return q, fmt.Errorf("the stage %s is none of a query's", element.Key())
		}
	}
	if len(filters) > 0 {
		q.Filter = bson.D{{Key: "$and", Value: filters}}
	}
	return q, nil
}

func found(t *testing.T, db *taskdb.DB, q taskdb.Query) ([]bson.RawValue, error) {
	var got []bson.RawValue
	for doc, err := range db.FindRaw(t.Context(), q) {
		if err != nil {
			return nil, err
		}
		got = append(got, bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc})
	}
	return got, nil
}
