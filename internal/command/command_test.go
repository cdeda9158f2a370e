package command_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func document(t *testing.T, text string) bson.Raw {
	t.Helper()
	doc, err := query.Document(text)
	require.NoError(t, err)
	return doc
}

func body(t *testing.T, text string) command.Command {
	t.Helper()
	c, err := command.New(document(t, text), nil)
	require.NoError(t, err)
	return c
}

func filter(t *testing.T, text string) query.MongoFilter {
	t.Helper()
	return query.MongoFilter(document(t, text))
}

func parseAny(doc bson.Raw) (any, error) {
	c, err := command.New(doc, nil)
	if err != nil {
		return nil, err
	}
	switch c.Name() {
	case "update":
		return command.ParseUpdate(c)
	case "delete":
		return command.ParseDelete(c)
	default:
		return command.ParseFindAndModify(c)
	}
}

// MongoDB's answer key has more of these: backendtest.AnswerKey asks them.
func TestFaultyCommandsAreRefusedWithMongoDBsCodes(t *testing.T) {
	for text, code := range map[string]int{
		`{}`:                                     query.CodeInvalidNamespace,
		`{update: 5, updates: [{q: {}, u: {}}]}`: query.CodeInvalidNamespace,
		`{update: "", updates: [{q: {}, u: {}}]}`: query.CodeInvalidNamespace,
		`{update: "c"}`:                                               query.CodeMissingField,
		`{update: "c", updates: null}`:                                query.CodeMissingField,
		`{update: "c", updates: []}`:                                  query.CodeInvalidLength,
		`{update: "c", updates: {}}`:                                  query.CodeTypeMismatch,
		`{update: "c", updates: [5]}`:                                 query.CodeTypeMismatch,
		`{update: "c", updates: [{q: {}, u: {}}], foo: 1}`:            query.CodeUnknownField,
		`{update: "c", updates: [{q: {}, u: {}}], query: {}}`:         query.CodeUnknownField,
		`{update: "c", updates: [{q: {}, u: {}, lsid: 1}]}`:           query.CodeUnknownField,
		`{update: "c", updates: [{q: {}, u: {}, hint: 5}]}`:           query.CodeFailedToParse,
		`{update: "c", updates: [{u: {}}]}`:                           query.CodeMissingField,
		`{update: "c", updates: [{q: {}}]}`:                           query.CodeMissingField,
		`{update: "c", updates: [{q: {}, u: 5}]}`:                     query.CodeFailedToParse,
		`{update: "c", updates: [{q: {}, u: {}}, {q: 5, u: {}}]}`:     query.CodeTypeMismatch,
		`{update: "c", updates: [{q: {}, u: {}, multi: 1}]}`:          query.CodeTypeMismatch,
		`{update: "c", updates: [{q: {}, u: {}, upsert: "yes"}]}`:     query.CodeTypeMismatch,
		`{update: "c", updates: [{q: {}, u: {}, arrayFilters: {}}]}`:  query.CodeTypeMismatch,
		`{update: "c", updates: [{q: {}, u: {}, arrayFilters: [1]}]}`: query.CodeTypeMismatch,
		`{update: "c", updates: [{q: {}, u: {}, sort: "a"}]}`:         query.CodeTypeMismatch,
		`{update: "c", updates: [{q: {}, u: {}, c: {a: 1}}]}`:         51198,
		`{update: "c", ordered: 1, updates: [{q: {}, u: {}}]}`:        query.CodeTypeMismatch,
		`{delete: "c", deletes: [{q: {}, limit: 2}]}`:                 query.CodeFailedToParse,
		`{delete: "c", deletes: [{q: {}, limit: 0.5}]}`:               query.CodeFailedToParse,
		`{delete: "c", deletes: [{q: {}, limit: true}]}`:              query.CodeTypeMismatch,
		`{delete: "c", deletes: [{q: {}}]}`:                           query.CodeMissingField,
		`{delete: "c", deletes: [{limit: 1}]}`:                        query.CodeMissingField,
		`{delete: "c", deletes: [{q: {}, limit: 1, u: {}}]}`:          query.CodeUnknownField,
		`{findAndModify: "c"}`:                                        query.CodeFailedToParse,
		`{findAndModify: "c", remove: false}`:                         query.CodeFailedToParse,
		`{findAndModify: "c", remove: true, update: {}}`:              query.CodeFailedToParse,
		`{findAndModify: "c", remove: true, upsert: true}`:            query.CodeFailedToParse,
		`{findAndModify: "c", update: {}, collation: {locale: "fr"}}`: query.CodeNotImplemented,
		`{findAndModify: "c", update: {}, q: {}}`:                     query.CodeUnknownField,
		`{findandmodify: "c", update: {}, new: "yes"}`:                query.CodeTypeMismatch,
		`{findAndModify: "c", update: {}, query: []}`:                 query.CodeTypeMismatch,
	} {
		_, err := parseAny(document(t, text))
		var wrong *query.Error
		require.ErrorAs(t, err, &wrong, text)
		require.Equal(t, code, wrong.Code, "%s: %v", text, err)
	}
	twice, err := bson.Marshal(bson.D{{Key: "update", Value: "c"}, {Key: "ordered", Value: true}, {Key: "ordered", Value: true}})
	require.NoError(t, err)
	for doc, code := range map[string]int{string(twice): query.CodeDuplicateField, "\x05\x00\x00\x00\x01": query.CodeInvalidBSON, "": query.CodeInvalidBSON} {
		_, err := parseAny(bson.Raw(doc))
		var wrong *query.Error
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, code, wrong.Code)
	}
}

func TestCommandsAreOperations(t *testing.T) {
	empty := document(t, `{}`)
	update, err := command.ParseUpdate(body(t, `{update: "tasks", ordered: false, $db: "hub", lsid: {id: 1}, writeConcern: {w: 1}, updates: [
		{q: {a: 1}, u: {$set: {"b.$[x]": 1}}, arrayFilters: [{x: 2}], multi: true, upsert: true},
		{q: {}, u: {b: 1}, sort: {a: -1}, multi: null, hint: "a_1"}]}`))
	require.NoError(t, err)
	require.Equal(t, command.Bulk{Collection: "tasks", Operations: []taskdb.Operation{
		taskdb.Update{Filter: filter(t, `{a: 1}`), Update: document(t, `{$set: {"b.$[x]": 1}}`), ArrayFilters: []any{document(t, `{x: 2}`)},
			Sort: empty, Many: true, Upsert: true},
		taskdb.Update{Filter: query.MongoFilter(empty), Update: document(t, `{b: 1}`), ArrayFilters: []any{}, Sort: document(t, `{a: -1}`)},
	}, Hints: []bson.RawValue{document(t, `{h: "a_1"}`).Lookup("h")}}, update)

	deletion, err := command.ParseDelete(body(t, `{delete: "tasks", deletes: [{q: {a: 1}, limit: 1.0}, {q: {}, limit: NumberLong(0)}]}`))
	require.NoError(t, err)
	require.Equal(t, command.Bulk{Collection: "tasks", Ordered: true, Operations: []taskdb.Operation{
		taskdb.Delete{Filter: filter(t, `{a: 1}`)}, taskdb.Delete{Filter: query.MongoFilter(empty), Many: true},
	}}, deletion)

	claim, err := command.ParseFindAndModify(body(t, `{findAndModify: "tasks", query: {a: 1}, sort: {b: 1}, update: {$inc: {c: 1}}, new: 1, upsert: 0.0,
		fields: {c: 1}, remove: NumberLong(0)}`))
	require.NoError(t, err)
	require.Equal(t, command.FindAndModify{
		Collection: "tasks",
		Operation: taskdb.Update{Filter: filter(t, `{a: 1}`), Sort: document(t, `{b: 1}`), Update: document(t, `{$inc: {c: 1}}`),
			ArrayFilters: []any{}},
		Found: taskdb.Found{After: true, Projection: document(t, `{c: 1}`)},
	}, claim)
}

func TestReplies(t *testing.T) {
	update := command.Bulk{Operations: []taskdb.Operation{taskdb.Update{}, taskdb.Update{}, taskdb.Update{}, taskdb.Update{}, taskdb.Update{}}}
	id := document(t, `{_id: "new"}`).Lookup("_id")
	reply := update.Reply([]taskdb.Outcome{
		{Matched: 3, Modified: 2},
		{UpsertedID: id},
		{Matched: 1, Modified: 1, Err: &query.Error{Code: query.CodeBadValue, Message: "bad"}},
		{Err: &taskdb.DuplicateKeyError{Collection: "a.b", Index: "_id_", KeyPattern: document(t, `{_id: 1}`), KeyValue: document(t, `{_id: 5}`)}},
		{Err: taskdb.ErrNotTried},
	})
	requireReply(t, `{n: 5, nModified: 3, upserted: [{index: 1, _id: "new"}], writeErrors: [
		{index: 2, code: 2, errmsg: "bad"},
		{index: 3, code: 11000, keyPattern: {_id: 1}, keyValue: {_id: 5}, errmsg: "E11000 duplicate key error collection: a.b index: _id_ dup key: { _id: 5 }"}
	], ok: 1.0}`, reply)

	deletion := command.Bulk{Operations: []taskdb.Operation{taskdb.Delete{}}}
	requireReply(t, `{n: 7, ok: 1.0}`, deletion.Reply([]taskdb.Outcome{{Matched: 7}}))
	requireReply(t, `{n: 0, writeErrors: [{index: 0, code: 1, errmsg: "disk"}], ok: 1.0}`, deletion.Reply([]taskdb.Outcome{{Err: errors.New("disk")}}))

	updating := command.FindAndModify{Operation: taskdb.Update{}}
	doc := document(t, `{a: 1}`)
	requireReply(t, `{lastErrorObject: {n: 1, updatedExisting: true}, value: {a: 1}, ok: 1.0}`, updating.Reply(taskdb.Outcome{Matched: 1, Doc: doc}))
	requireReply(t, `{lastErrorObject: {n: 0, updatedExisting: false}, value: null, ok: 1.0}`, updating.Reply(taskdb.Outcome{}))
	requireReply(t, `{lastErrorObject: {n: 1, updatedExisting: false, upserted: "new"}, value: null, ok: 1.0}`, updating.Reply(taskdb.Outcome{UpsertedID: id}))
	removing := command.FindAndModify{Operation: taskdb.Delete{}}
	requireReply(t, `{lastErrorObject: {n: 1}, value: {a: 1}, ok: 1.0}`, removing.Reply(taskdb.Outcome{Matched: 1, Doc: doc}))
}

func requireReply(t *testing.T, want string, got bson.D) {
	t.Helper()
	encoded, err := bson.Marshal(got)
	require.NoError(t, err)
	require.Equal(t, document(t, want).String(), bson.Raw(encoded).String())
}
