package mongowire_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/internal/answerkey"
	"github.com/taskdb/taskdb/server/mongowire"
)

// The answer key's files lie beside the project.
const answerKeyFolder = "../../../shared/data/mongodb-cases"

func TestMongoDBsAnswerKey(t *testing.T) {
	answerkey.SkipWithout(t, answerKeyFolder)
	for _, store := range []string{"dict", "sqlite"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			score := answerkey.Score{Refused: maps.Clone(answerkey.Refused)}
			maps.Copy(score.Refused, refusedHere)
			cases := 0
			var client *mongo.Client
			for _, file := range answerkey.Files {
				for c := range answerkey.Read(t, answerKeyFolder, file) {
					if cases%casesPerStore == 0 {
						client = serve(t, openStore(t, store), mongowire.Options{}).connect(t)
					}
					cases++
					score.Count(t, c, ask(t, client.Database(fmt.Sprintf("answers%d", cases)), c))
				}
			}
			score.Report(t, 3)
		})
	}
}

// casesPerStore is how many cases one store is asked, each in a database of its own.
const casesPerStore = 100

// ask asks a database one case, by commands.
func ask(t *testing.T, db *mongo.Database, c answerkey.Case) answerkey.Answer {
	require.NoError(t, db.CreateCollection(t.Context(), "c"))
	if len(c.Docs) > 0 {
		_, err := db.Collection("c").InsertMany(t.Context(), c.Docs)
		require.NoError(t, err)
	}
	if index, ok := indexesInAnswers[c.ID]; ok {
		_, err := db.Collection("c").Indexes().CreateOne(t.Context(), index)
		require.NoError(t, err)
	}
	if c.Write != nil {
		_, _ = run(t, db, c.Write) // the key tells only what it left
	}
	values, err := run(t, db, c.Command)
	return answerkey.Answer{Values: values, Err: err, Code: codeOf(err)}
}

// run carries out a command and returns what it answers: documents, values, or the
// reply.
func run(t *testing.T, db *mongo.Database, command bson.Raw) ([]bson.RawValue, error) {
	if stages := command.Lookup("stages"); !stages.IsZero() {
		pipeline, err := bson.Marshal(bson.D{{Key: "aggregate", Value: "c"}, {Key: "pipeline", Value: stages}, {Key: "cursor", Value: bson.D{}}})
		require.NoError(t, err)
		command = pipeline
	}
	reply, err := db.RunCommand(t.Context(), command).Raw()
	if err != nil {
		return nil, err
	}
	if batch, err := reply.LookupErr("cursor", "firstBatch"); err == nil {
		return answerkey.Values(batch), nil // the key has no more than a first batch
	}
	if values, err := reply.LookupErr("values"); err == nil {
		return answerkey.Values(values), nil
	}
	return []bson.RawValue{answerkey.DocumentValue(reply)}, nil
}

// codeOf returns MongoDB's code of an error, or 0.
func codeOf(err error) int {
	var failed mongo.ServerError
	if errors.As(err, &failed) && len(failed.ErrorCodes()) > 0 {
		return failed.ErrorCodes()[0]
	}
	return 0
}

// indexesInAnswers are the indexes of cases whose answer tells that there is one.
var indexesInAnswers = map[string]mongo.IndexModel{
	"query_and_write/commands/find/test_find_hint_min_max.py::test_find_hint[hint_index_name]":  {Keys: bson.D{{Key: "a", Value: 1}}},
	"query_and_write/commands/find/test_find_hint_min_max.py::test_find_hint[hint_key_pattern]": {Keys: bson.D{{Key: "a", Value: 1}}},
	"query_and_write/commands/findAndModify/test_findAndModify_errors.py::test_findAndModify_argument_errors[duplicate-key-violation]": {
		Keys: bson.D{{Key: "key", Value: 1}}, Options: options.Index().SetUnique(true)},
}

// refusedHere are the cases that are refused, or with another code, beside those that the
// language refuses, with the reason for each.
var refusedHere = map[string]string{
	"aggregation/commands/count/test_count_hint.py::test_count_hint[text_hint_error]":             "there are no text indexes",
	"aggregation/commands/count/test_count_hint.py::test_count_hint[wildcard_hint_no_query]":      "there are no wildcard indexes",
	"operator/projection/positional/test_positional_operators.py::test_positional_with_collation": needsCollation,
	"query_and_write/commands/find/test_find_options.py::test_find_options[collation_acceptance]": needsCollation,
}

const needsCollation = "strings compare by their bytes"
