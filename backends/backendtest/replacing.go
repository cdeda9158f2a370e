package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var replacing = area{"replace", []behaviour{
	{"a document takes the place of another, and keeps its _id", replaceDocument},
	{"a replacement with an _id must have the same", replaceWithID},
	{"the msg_id goes with the document, and another may take it", replaceMsgID},
	{"a document whose _id was its msg_id keeps its _id", replaceMsgIDOfID},
	{"a msg_id or a key of another is refused, and nothing changed", replaceTaken},
	{"a task keeps its place in the history", replaceKeepsPlace},
}}

func replaceDocument(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, a: 1, b: 2}`, `{_id: "x", msg_id: "x", label: "l", completed: null}`, `{_id: 3}`)
	require.Equal(t, taskdb.Outcome{Matched: 1, Modified: 1}, update(t, db, `{a: 1}`, `{c: 3}`))
	require.Equal(t, taskdb.Outcome{Matched: 1, Modified: 1}, update(t, db, `{msg_id: "x"}`, `{b: 1, msg_id: "x", a: {b: []}}`))
	require.Equal(t, taskdb.Outcome{Matched: 1, Modified: 1}, update(t, db, `{_id: 3}`, `{at: ISODate("2026-11-22T10:00:00Z")}`))
	requireContents(t, db, `{_id: 1, c: 3}`, `{_id: 3, at: ISODate("2026-11-22T10:00:00Z")}`, `{_id: "x", b: 1, msg_id: "x", a: {b: []}}`)
	require.Empty(t, find(t, db, taskdb.Query{Filter: `{label: "l"}`}))

	require.Equal(t, taskdb.Outcome{Matched: 1}, update(t, db, `{_id: 1}`, `{_id: 1, c: 3}`), "the same")
	require.Equal(t, taskdb.Outcome{Matched: 1, Modified: 1}, update(t, db, `{_id: 1}`, `{}`))
	requireContents(t, db, `{_id: 1}`, `{_id: 3, at: ISODate("2026-11-22T10:00:00Z")}`, `{_id: "x", b: 1, msg_id: "x", a: {b: []}}`)
}

func replaceWithID(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, a: 1}`)
	update(t, db, nil, `{b: 1, _id: 1.0}`)
	requireContents(t, db, `{_id: 1.0, b: 1}`)
	_, err := db.Update(t.Context(), taskdb.Update{Update: `{_id: 2}`})
	requireCode(t, query.CodeImmutableField, err, "another _id")
	requireContents(t, db, `{_id: 1.0, b: 1}`)
	require.ErrorIs(t, db.AddRaw(t.Context(), parse(t, `{_id: 1}`)), taskdb.ErrExists)
}

func replaceMsgID(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, msg_id: "a", label: "1"}`, `{_id: 2, msg_id: "b", label: "2"}`)
	update(t, db, `{_id: 1}`, `{msg_id: "c", label: "1"}`)
	update(t, db, `{_id: 2}`, `{$set: {msg_id: "a"}}`)
	update(t, db, `{_id: 1}`, `{$set: {msg_id: "b"}}`)
	for id, label := range map[string]string{"a": "2", "b": "1"} {
		record, err := db.Get(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, label, record.Label)
	}
	_, err := db.Get(t.Context(), "c")
	require.ErrorIs(t, err, taskdb.ErrNotFound)
	update(t, db, `{_id: 1}`, `{$unset: {msg_id: 1}}`)
	update(t, db, `{_id: 2}`, `{$set: {msg_id: 5}}`)
	for _, id := range []string{"a", "b"} {
		_, err := db.Get(t.Context(), id)
		require.ErrorIs(t, err, taskdb.ErrNotFound)
	}
	addDocs(t, db, `{_id: 3, msg_id: "a"}`, `{_id: 4, msg_id: "b"}`)
}

// replaceMsgIDOfID: stores may keep but one of an _id and a msg_id that are the
// same.
func replaceMsgIDOfID(t *testing.T, db *taskdb.DB) {
	duplicateID := func(text string) {
		t.Helper()
		var duplicate *taskdb.DuplicateKeyError
		require.ErrorAs(t, db.AddRaw(t.Context(), parse(t, text)), &duplicate)
		require.Equal(t, parse(t, `{_id: 1}`), duplicate.KeyPattern)
	}
	addDocs(t, db, `{_id: "a", msg_id: "a"}`, `{_id: "b", msg_id: "b"}`)
	update(t, db, `{_id: "a"}`, `{$set: {msg_id: "c"}}`)
	requireContents(t, db, `{_id: "a", msg_id: "c"}`, `{_id: "b", msg_id: "b"}`)
	require.Equal(t, []string{"a"}, ids(t, db, taskdb.Query{Filter: `{_id: "a"}`}))
	require.Equal(t, []string{"a"}, ids(t, db, taskdb.Query{Filter: `{msg_id: "c"}`}))
	require.Empty(t, ids(t, db, taskdb.Query{Filter: `{msg_id: "a"}`}))
	duplicateID(`{_id: "a"}`)
	duplicateID(`{_id: "a", msg_id: "a"}`)
	addDocs(t, db, `{_id: "other", msg_id: "a"}`)
	update(t, db, `{_id: "other"}`, `{$set: {msg_id: "d"}}`)

	require.EqualValues(t, 1, update(t, db, `{_id: "a"}`, `{$set: {msg_id: "a"}}`).Modified, "and back")
	duplicateID(`{_id: "a"}`)
	duplicateID(`{_id: "a", msg_id: "e"}`)
	update(t, db, `{_id: "a"}`, `{$unset: {msg_id: 1}}`)
	duplicateID(`{_id: "a", msg_id: "a"}`)
	update(t, db, `{_id: "b"}`, `{$set: {msg_id: "a"}}`)
	update(t, db, `{_id: "b"}`, `{$set: {msg_id: ["b"]}}`)
	update(t, db, `{_id: "b"}`, `{$set: {msg_id: "b"}}`)
	requireContents(t, db, `{_id: "a"}`, `{_id: "b", msg_id: "b"}`, `{_id: "other", msg_id: "d"}`)
	require.Equal(t, []string{"a", "b", "other"}, ids(t, db, taskdb.Query{Sort: `{_id: 1}`}))
	require.Equal(t, []string{"b", "other"}, ids(t, db, taskdb.Query{Filter: `{_id: {$gt: "a"}}`, Sort: `{_id: 1}`}))
}

func replaceTaken(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "serial", Unique: true, Partial: `{serial: {$exists: true}}`})
	stored := []string{`{_id: 1, msg_id: "a", serial: 1}`, `{_id: "b", msg_id: "b", serial: [2, 3]}`, `{_id: "c", msg_id: "x", serial: 4}`}
	addDocs(t, db, stored...)
	for text, pattern := range map[string]string{
		`{$set: {msg_id: "b"}}`:                    `{msg_id: 1}`,
		`{msg_id: "b"}`:                            `{msg_id: 1}`,
		`{msg_id: "a", serial: 3.0}`:               `{serial: 1}`,
		`{$set: {label: "x", serial: 4}}`:          `{serial: 1}`,
		`{$set: {label: "x", serial: [5, 1, 4]}}`:  `{serial: 1}`,
		`{$inc: {serial: 2}}`:                      `{serial: 1}`,
		`{$mul: {serial: 1}, $set: {msg_id: "x"}}`: `{msg_id: 1}`,
	} {
		_, err := db.Update(t.Context(), taskdb.Update{Filter: `{_id: 1}`, Update: text})
		var duplicate *taskdb.DuplicateKeyError
		require.ErrorAs(t, err, &duplicate, text)
		require.ErrorIs(t, err, taskdb.ErrExists, text)
		require.Equal(t, parse(t, pattern), duplicate.KeyPattern, text)
		requireContents(t, db, stored...)
	}
	_, err := db.Update(t.Context(), taskdb.Update{Filter: `{_id: "c"}`, Update: `{$set: {msg_id: "a"}}`})
	var duplicate *taskdb.DuplicateKeyError
	require.ErrorAs(t, err, &duplicate)
	require.Equal(t, parse(t, `{msg_id: "a"}`), duplicate.KeyValue)

	update(t, db, `{_id: "b"}`, `{$set: {serial: [3, 2, 5]}}`) // its own are not another's
	update(t, db, `{_id: 1}`, `{$unset: {serial: 1}}`)
	update(t, db, `{_id: "c"}`, `{$set: {serial: 1, msg_id: "c"}}`)
	requireContents(t, db, `{_id: 1, msg_id: "a"}`, `{_id: "b", msg_id: "b", serial: [3, 2, 5]}`, `{_id: "c", msg_id: "c", serial: 1}`)
	require.Equal(t, []string{"b"}, ids(t, db, taskdb.Query{Filter: `{serial: 5}`}))
	require.Empty(t, find(t, db, taskdb.Query{Filter: `{serial: 4}`}))
}

func replaceKeepsPlace(t *testing.T, db *taskdb.DB) {
	for _, id := range []string{"a", "b", "c"} {
		task := pendingTask(t, id)
		require.NoError(t, db.Add(t.Context(), task))
	}
	doc, err := pendingTask(t, "a").MarshalBSON()
	require.NoError(t, err)
	update(t, db, `{msg_id: "a"}`, `{}`)
	update(t, db, `{_id: "a"}`, doc)
	require.Equal(t, []string{"a", "b", "c"}, historyOf(t, db))
	update(t, db, `{msg_id: "a"}`, bsonSet("submitted", at(5)))
	update(t, db, `{msg_id: "c"}`, bsonSet("submitted", at(-5)))
	require.Equal(t, []string{"c", "b", "a"}, historyOf(t, db))
}
