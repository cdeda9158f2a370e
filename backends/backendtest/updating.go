package backendtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var updating = area{"update", []behaviour{
	{"an update changes what it says, and keeps the rest", updateChanges},
	{"of one document the first in the order of the sort is changed, of many all", updateSelects},
	{"what is the same afterwards is matched, not modified", updateCounts},
	{"an update that selects nothing does nothing, and makes no collection", updateNothing},
	{"an update that is wrong is refused with MongoDB's code", updateWrong},
	{"an update that does not suit a document leaves it as it is", updateUnsuited},
	{"an update of many ends with the first document that it does not suit", updateManyUnsuited},
	{"a document that would be too large stays as it was", updateTooLarge},
	{"the first of very many documents is changed", updateFar},
	{"very many documents are changed, each once", updateVeryMany},
	{"a record is updated by its msg_id, or is not found", updateRecord},
	{"a record is not changed by an update that says nothing", updateRecordByNothing},
	{"the caller's update and filter are neither changed nor kept", updateKeepsNothing},
}}

// update changes one document.
func update(t tester, db *taskdb.DB, filter, update any) taskdb.Outcome {
	t.Helper()
	outcome, err := db.Update(t.Context(), taskdb.Update{Filter: filter, Update: update})
	require.NoError(t, err)
	return outcome
}

// updateMany changes all documents that a filter selects.
func updateMany(t tester, db *taskdb.DB, filter, update any) taskdb.Outcome {
	t.Helper()
	outcome, err := db.Update(t.Context(), taskdb.Update{Filter: filter, Update: update, Many: true})
	require.NoError(t, err)
	return outcome
}

// contents are all documents of a collection, by their _ids.
func contents(t tester, db *taskdb.DB) []bson.Raw {
	t.Helper()
	return find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"})
}

// requireContents tests what a collection holds, as written in the way of
// MongoDB's shell.
func requireContents(t tester, db *taskdb.DB, texts ...string) {
	t.Helper()
	var want []bson.Raw
	for _, text := range texts {
		want = append(want, parse(t, text))
	}
	require.Equal(t, want, contents(t, db))
}

func updateChanges(t *testing.T, db *taskdb.DB) {
	record := finishedTask(t, "a")
	require.NoError(t, db.Add(t.Context(), record, pendingTask(t, "b")))
	before, err := db.GetRaw(t.Context(), "b")
	require.NoError(t, err)
	outcome := update(t, db, `{msg_id: "a"}`, bson.D{
		{Key: "$set", Value: bson.D{{Key: "completed", Value: at(9)}, {Key: "stdout", Value: "more"}}},
		{Key: "$unset", Value: bson.D{{Key: "display_data", Value: ""}}},
		{Key: "$inc", Value: bson.D{{Key: "hub.revision", Value: int64(1)}}},
	})
	require.Equal(t, taskdb.Outcome{Matched: 1, Modified: 1}, outcome)

	record.Completed, record.Stdout = at(9), "more"
	record.Extra = encode(t, bson.D{{Key: "hub", Value: bson.D{{Key: "revision", Value: int64(4)}}}})
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, record, got)
	after, err := db.GetRaw(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func updateSelects(t *testing.T, db *taskdb.DB) {
	for name, things := range map[string]*taskdb.DB{"tasks": db, "others": db.In("test.things")} {
		addDocs(t, things, `{_id: 1, queue: "a", label: "z"}`, `{_id: 2, queue: "a", label: "y"}`, `{_id: 3, queue: "b", label: "x"}`)
		mark := func(u taskdb.Update, want ...string) {
			t.Helper()
			u.Update = `{$inc: {n: 1}}`
			outcome, err := things.Update(t.Context(), u)
			require.NoError(t, err, name)
			require.EqualValues(t, len(want), outcome.Matched, name)
			require.EqualValues(t, len(want), outcome.Modified, name)
			marked := []string{}
			for _, doc := range find(t, things, taskdb.Query{Filter: `{n: 1}`, Sort: `{_id: 1}`, Projection: "{}"}) {
				marked = append(marked, fmt.Sprint(doc.Lookup("_id").AsInt64()))
			}
			require.Equal(t, want, marked, name)
			updateMany(t, things, nil, `{$unset: {n: 1}}`)
		}
		mark(taskdb.Update{Filter: `{queue: "a"}`, Sort: `{label: 1}`}, "2")
		mark(taskdb.Update{Filter: `{queue: "a"}`, Sort: `{label: -1}`}, "1")
		mark(taskdb.Update{Sort: `{label: 1}`}, "3")
		mark(taskdb.Update{Filter: `{queue: {$gt: "a"}}`}, "3")
		mark(taskdb.Update{Filter: `{queue: "a"}`, Many: true}, "1", "2")
		mark(taskdb.Update{Many: true}, "1", "2", "3")
		require.EqualValues(t, 1, update(t, things, nil, `{$set: {n: 1}}`).Matched, "one of all")
	}
}

func updateCounts(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, n: 1, tags: [1]}`, `{_id: 2, n: 2, tags: [1]}`, `{_id: 3, n: 1}`)
	for text, modified := range map[string]int64{
		`{$set: {n: 1}}`: 1, `{$max: {n: 0}}`: 0, `{$addToSet: {tags: 1}}`: 1, `{$unset: {none: 1}}`: 0, `{$set: {}}`: 0, `{$inc: {n: 0}}`: 0,
		`{$set: {n: NumberLong(1)}}`: 3, `{$pull: {tags: 2}}`: 0, `{$setOnInsert: {x: 1}}`: 0, `{$rename: {none: "some"}}`: 0,
	} {
		things := db.In("test.things")
		require.NoError(t, things.DropCollection(t.Context()))
		require.NoError(t, things.AddRaw(t.Context(), contents(t, db)...))
		require.Equal(t, taskdb.Outcome{Matched: 3, Modified: modified}, updateMany(t, things, nil, text), text)
	}
}

func updateNothing(t *testing.T, db *taskdb.DB) {
	for _, many := range []bool{false, true} {
		outcome, err := db.Update(t.Context(), taskdb.Update{Update: `{$set: {a: 1}}`, Many: many})
		require.NoError(t, err)
		require.Zero(t, outcome)
	}
	require.Empty(t, collectionNamesOf(t, db))
	addDocs(t, db, `{_id: 1}`)
	require.Zero(t, update(t, db, `{_id: 2}`, `{$set: {a: 1}}`))
	require.Zero(t, updateMany(t, db, `{a: 1}`, `{$set: {a: 2}}`))
	requireContents(t, db, `{_id: 1}`)
}

func updateWrong(t *testing.T, db *taskdb.DB) {
	for range 2 { // an update must be refused before any record is looked at
		for name, c := range map[string]struct {
			update taskdb.Update
			code   int
		}{
			"an unknown operator":          {taskdb.Update{Update: `{$foo: {a: 1}}`}, query.CodeFailedToParse},
			"operators and keys":           {taskdb.Update{Update: `{$set: {a: 1}, b: 1}`}, query.CodeFailedToParse},
			"two of one path":              {taskdb.Update{Update: `{$set: {a: 1}, $inc: {a: 1}}`}, query.CodeConflictingOperators},
			"one path below another":       {taskdb.Update{Update: `{$set: {a: 1, "a.b": 1}}`}, query.CodeConflictingOperators},
			"an unused array filter":       {taskdb.Update{Update: `{$set: {a: 1}}`, ArrayFilters: []any{`{x: 1}`}}, query.CodeFailedToParse},
			"a missing array filter":       {taskdb.Update{Update: `{$set: {"a.$[x]": 1}}`}, query.CodeBadValue},
			"a path that ends in a dot":    {taskdb.Update{Update: `{$set: {"a.": 1}}`}, query.CodeEmptyFieldName},
			"a filter that is wrong":       {taskdb.Update{Filter: `{a: {$foo: 1}}`, Update: `{$set: {a: 1}}`}, query.CodeBadValue},
			"a sort that is wrong":         {taskdb.Update{Sort: `{a: 2}`, Update: `{$set: {a: 1}}`}, 15975},
			"a sort of many":               {taskdb.Update{Sort: `{a: 1}`, Update: `{$set: {a: 1}}`, Many: true}, query.CodeFailedToParse},
			"a replacement of many":        {taskdb.Update{Update: `{a: 1}`, Many: true}, query.CodeFailedToParse},
			"a replacement with operators": {taskdb.Update{Update: `{a: 1, $set: {b: 1}}`}, query.CodeDollarPrefixedField},
			"no document":                  {taskdb.Update{Update: 5}, query.CodeFailedToParse},
			"broken BSON":                  {taskdb.Update{Update: bson.Raw{9, 0, 0, 0, 0}}, query.CodeInvalidBSON},
			"broken text":                  {taskdb.Update{Update: `{$set: `}, query.CodeFailedToParse},
		} {
			if name == "a replacement with operators" && count(t, db) == 0 {
				continue // it is an update that does not suit any document
			}
			outcome, err := db.Update(t.Context(), c.update)
			requireCode(t, c.code, err, name)
			require.Zero(t, outcome.Matched, name)
		}
		if count(t, db) == 0 {
			addDocs(t, db, `{_id: 1, a: [1]}`)
		}
	}
	requireContents(t, db, `{_id: 1, a: [1]}`)
}

func updateUnsuited(t *testing.T, db *taskdb.DB) {
	const stored = `{_id: 1, msg_id: "a", label: "text", n: 9223372036854775807, tags: [1, 2], header: {n: 1}}`
	addDocs(t, db, stored)
	for text, code := range map[string]int{
		`{$inc: {label: 1}}`:               query.CodeTypeMismatch,
		`{$inc: {n: 1}}`:                   query.CodeBadValue,
		`{$push: {label: 1}}`:              query.CodeBadValue,
		`{$set: {_id: 2}}`:                 query.CodeImmutableField,
		`{$unset: {_id: 1}}`:               query.CodeImmutableField,
		`{$rename: {_id: "id"}}`:           query.CodeImmutableField,
		`{_id: 2, label: "b"}`:             query.CodeImmutableField,
		`{$set: {"label.x": 1}}`:           query.CodePathNotViable,
		`{$set: {"tags.x": 1}}`:            query.CodePathNotViable,
		`{$set: {"tags.$": 1}}`:            query.CodeBadValue,
		`{$rename: {"tags.0": "x"}}`:       query.CodeBadValue,
		`{$set: {x: 1}, $inc: {label: 1}}`: query.CodeTypeMismatch,
		`{$set: {$x: 1}}`:                  query.CodeDollarPrefixedField,
	} {
		for _, many := range []bool{false, true} {
			if many && !strings.HasPrefix(text, "{$") {
				continue
			}
			outcome, err := db.Update(t.Context(), taskdb.Update{Filter: `{_id: 1}`, Update: text, Many: many})
			requireCode(t, code, err, text)
			require.Zero(t, outcome.Modified, text)
			requireContents(t, db, stored)
		}
	}
	require.Equal(t, []string{"a"}, historyOf(t, db))
}

func updateManyUnsuited(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, n: 1}`, `{_id: 2, n: 1}`, `{_id: 3, n: "text"}`, `{_id: 4, n: 1}`)
	outcome, err := db.Update(t.Context(), taskdb.Update{Update: `{$inc: {n: 1}}`, Many: true})
	requireCode(t, query.CodeTypeMismatch, err, "the third")
	require.EqualValues(t, 2, outcome.Matched)
	require.EqualValues(t, 2, outcome.Modified)
	requireContents(t, db, `{_id: 1, n: 2}`, `{_id: 2, n: 2}`, `{_id: 3, n: "text"}`, `{_id: 4, n: 1}`)
}

func updateTooLarge(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, msg_id: "a", label: "x"}`)
	large := strings.Repeat("x", taskdb.MaxRecordSize)
	for _, u := range []any{bson.M{"$set": bson.M{"stdout": large}}, bson.M{"$rename": bson.M{"label": "tag"}, "$set": bson.M{"a.b": large}}, bson.M{"stdout": large}} {
		_, err := db.Update(t.Context(), taskdb.Update{Filter: `{_id: 1}`, Update: u})
		requireCode(t, query.CodeUpdateTooLarge, err, "an update")
		require.ErrorIs(t, err, taskdb.ErrTooLarge)
		_, err = db.Update(t.Context(), taskdb.Update{Filter: `{_id: 2}`, Update: u, Upsert: true})
		requireCode(t, query.CodeUpsertTooLarge, err, "an upsert")
		require.ErrorIs(t, err, taskdb.ErrTooLarge)
	}
	requireContents(t, db, `{_id: 1, msg_id: "a", label: "x"}`)

	fitting := strings.Repeat("x", taskdb.MaxRecordSize-200)
	require.EqualValues(t, 1, update(t, db, `{_id: 1}`, bson.M{"$set": bson.M{"stdout": fitting}}).Modified)
	_, err := db.Update(t.Context(), taskdb.Update{Update: bson.M{"$set": bson.M{"stderr": fitting[:200]}}})
	requireCode(t, query.CodeUpdateTooLarge, err, "two halves")
}

// farDocs is how many documents make one far: more than a store looks at while
// other writers wait.
const farDocs = 11_000

// addFar adds documents of which only the last has label "last", and a queue.
func addFar(t tester, db *taskdb.DB) {
	t.Helper()
	docs := make([]bson.Raw, farDocs)
	for i := range docs {
		docs[i] = encode(t, bson.D{{Key: "_id", Value: i}, {Key: "n", Value: farDocs - i}, {Key: "note", Value: fmt.Sprint("note-", i)}})
	}
	docs[farDocs-1] = encode(t, bson.D{{Key: "_id", Value: farDocs - 1}, {Key: "n", Value: 1}, {Key: "note", Value: "last"}})
	require.NoError(t, db.AddRaw(t.Context(), docs...))
}

func updateFar(t *testing.T, db *taskdb.DB) {
	things := db.In("test.things")
	addFar(t, things)
	mark := func(u taskdb.Update) (id int64) {
		t.Helper()
		u.Update = `{$set: {marked: true}}`
		outcome, err := things.FindAndModify(t.Context(), u, taskdb.Found{After: true, Projection: "{}"})
		require.NoError(t, err)
		require.EqualValues(t, 1, outcome.Modified)
		require.True(t, outcome.Doc.Lookup("marked").Boolean())
		update(t, things, bson.M{"_id": outcome.Doc.Lookup("_id")}, `{$unset: {marked: 1}}`)
		return outcome.Doc.Lookup("_id").AsInt64()
	}
	require.EqualValues(t, farDocs-1, mark(taskdb.Update{Filter: `{note: "last"}`}))
	require.EqualValues(t, farDocs-1, mark(taskdb.Update{Sort: `{n: 1}`}))
	require.EqualValues(t, 0, mark(taskdb.Update{Sort: `{n: -1}`}))
	require.EqualValues(t, 0, mark(taskdb.Update{Filter: `{note: "note-0"}`, Sort: `{n: 1}`}))
	require.Zero(t, update(t, things, `{note: "none"}`, `{$set: {a: 1}}`))

	upsert := taskdb.Update{Filter: `{note: "none"}`, Update: `{$inc: {n: 1}}`, Upsert: true}
	for i := range 3 {
		outcome, err := things.Update(t.Context(), upsert)
		require.NoError(t, err)
		require.EqualValues(t, min(i, 1), outcome.Matched)
	}
	require.EqualValues(t, 3, find(t, things, taskdb.Query{Filter: `{note: "none"}`, Projection: "{}"})[0].Lookup("n").AsInt64())

	outcome, err := things.Delete(t.Context(), taskdb.Delete{Sort: `{n: 1}`, Filter: `{note: {$ne: "none"}}`})
	require.NoError(t, err)
	require.EqualValues(t, 1, outcome.Matched)
	require.Equal(t, farDocs, count(t, things))
	require.Empty(t, find(t, things, taskdb.Query{Filter: `{note: "last"}`}))
}

func updateVeryMany(t *testing.T, db *taskdb.DB) {
	const n = 3000
	require.NoError(t, db.Add(t.Context(), numbered(t, n)...))
	// Each moves the record ahead in the index by which it is found.
	outcome := updateMany(t, db, `{client_uuid: {$gte: "client"}}`, `{$set: {client_uuid: "client-2"}, $inc: {n: 1}}`)
	require.Equal(t, taskdb.Outcome{Matched: n, Modified: n}, outcome)
	require.Len(t, find(t, db, taskdb.Query{Filter: `{n: 1, client_uuid: "client-2"}`}), n)
	require.Empty(t, find(t, db, taskdb.Query{Filter: `{client_uuid: "client-1"}`}))
}

func updateRecord(t *testing.T, db *taskdb.DB) {
	require.ErrorIs(t, db.UpdateRecord(t.Context(), "a", `{$set: {label: "x"}}`), taskdb.ErrNotFound)
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a"), pendingTask(t, "b")))
	require.NoError(t, db.UpdateRecord(t.Context(), "a", `{$set: {label: "x"}}`))
	require.ErrorIs(t, db.UpdateRecord(t.Context(), "c", `{$set: {label: "x"}}`), taskdb.ErrNotFound)
	require.ErrorContains(t, db.UpdateRecord(t.Context(), "c", `{$set: {label: "x"}}`), `"c"`)
	requireCode(t, query.CodeFailedToParse, db.UpdateRecord(t.Context(), "a", `{$foo: {label: "x"}}`), "wrong")
	require.Equal(t, []string{"a"}, ids(t, db, taskdb.Query{Filter: `{label: "x"}`}))

	record := finishedTask(t, "a")
	doc, err := record.MarshalBSON()
	require.NoError(t, err)
	require.NoError(t, db.UpdateRecord(t.Context(), "a", doc))
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, record, got)
	require.Equal(t, 2, count(t, db))
}

func updateRecordByNothing(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), finishedTask(t, "a")))
	for _, nothing := range []any{nil, "{}", bson.D{}, bson.M{}, `{$set: {}}`, bson.Raw{5, 0, 0, 0, 0}} {
		require.NoError(t, db.UpdateRecord(t.Context(), "a", nothing), "%v", nothing)
		got, err := db.Get(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, finishedTask(t, "a"), got, "%v", nothing)
		require.ErrorIs(t, db.UpdateRecord(t.Context(), "b", nothing), taskdb.ErrNotFound, "%v", nothing)
	}
}

func updateKeepsNothing(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, tags: [1, 2]}`)
	const filterText, updateText, arrayFilterText = `{_id: 1}`, `{$set: {"tags.$[x]": 5, note: "long enough to stand by itself"}}`, `{x: 2}`
	filter, changes, arrayFilter := parse(t, filterText), parse(t, updateText), parse(t, arrayFilterText)
	outcome, err := db.Update(t.Context(), taskdb.Update{Filter: filter, Update: changes, ArrayFilters: []any{arrayFilter}})
	require.NoError(t, err)
	require.EqualValues(t, 1, outcome.Modified)
	require.Equal(t, parse(t, filterText), filter)
	require.Equal(t, parse(t, updateText), changes)
	require.Equal(t, parse(t, arrayFilterText), arrayFilter)
	clear(changes)
	requireContents(t, db, `{_id: 1, tags: [1, 5], note: "long enough to stand by itself"}`)

	replacement := parse(t, `{_id: 1, note: "another"}`)
	update(t, db, `{_id: 1}`, replacement)
	clear(replacement)
	requireContents(t, db, `{_id: 1, note: "another"}`)
}

// bsonSet is the update that sets one key.
func bsonSet(key string, value any) bson.D {
	return bson.D{{Key: "$set", Value: bson.D{{Key: key, Value: value}}}}
}
