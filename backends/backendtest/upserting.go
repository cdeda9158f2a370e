package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var upserting = area{"upsert", []behaviour{
	{"if none is selected a document is inserted: what the filter asks, changed", upsertInserts},
	{"if some are selected they are changed, and none is inserted", upsertChanges},
	{"without an _id the document gets a new ObjectID", upsertNewID},
	{"an upsert that is wrong inserts nothing, and makes no collection", upsertWrong},
	{"a key of another is refused", upsertTaken},
	{"many that upsert the same at once insert one", upsertAtOnce},
}}

func upsertInserts(t *testing.T, db *taskdb.DB) {
	for i, c := range []struct {
		upsert taskdb.Update
		want   string
	}{
		{taskdb.Update{Filter: `{_id: 1, msg_id: "a"}`, Update: `{$set: {label: "x"}}`}, `{_id: 1, msg_id: "a", label: "x"}`},
		{taskdb.Update{Filter: `{_id: 2, n: {$gt: 5}}`, Update: `{$inc: {n: 1}}`}, `{_id: 2, n: 1}`},
		{taskdb.Update{Filter: `{_id: 3, $and: [{"a.b": 1}, {x: {$eq: [1]}}]}`, Update: `{$set: {y: 1}}`}, `{_id: 3, a: {b: 1}, x: [1], y: 1}`},
		{taskdb.Update{Filter: `{_id: 4, n: 1}`, Update: `{$setOnInsert: {m: 2}, $inc: {n: 1}}`}, `{_id: 4, n: 2, m: 2}`},
		{taskdb.Update{Filter: `{_id: 5, n: 1}`, Update: `{m: 1}`}, `{_id: 5, m: 1}`},
		{taskdb.Update{Filter: `{n: -1}`, Update: `{m: 1, _id: 6}`}, `{_id: 6, m: 1}`},
		{taskdb.Update{Filter: `{n: -1}`, Update: `{$set: {_id: 7}}`}, `{_id: 7, n: -1}`},
		{taskdb.Update{Filter: `{_id: 8}`, Update: `{$unset: {x: 1}}`}, `{_id: 8}`},
		{taskdb.Update{Filter: `{_id: 9}`}, `{_id: 9}`},
		{taskdb.Update{Filter: `{_id: 10, msg_id: /b/}`, Update: `{$set: {msg_id: "b"}}`, Many: true}, `{_id: 10, msg_id: "b"}`},
	} {
		c.upsert.Upsert = true
		outcome, err := db.Update(t.Context(), c.upsert)
		require.NoError(t, err, c.want)
		require.Equal(t, taskdb.Outcome{UpsertedID: parse(t, c.want).Lookup("_id")}, outcome, c.want)
		require.Equal(t, []bson.Raw{parse(t, c.want)}, find(t, db, taskdb.Query{Filter: bson.M{"_id": i + 1}, Projection: "{}"}))
	}
	record, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "x", record.Label)
	require.Equal(t, 10, count(t, db))
}

func upsertChanges(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, n: 1}`, `{_id: 2, n: 1}`)
	outcome, err := db.Update(t.Context(), taskdb.Update{Filter: `{_id: 1}`, Update: `{$set: {a: 1}, $setOnInsert: {b: 1}}`, Upsert: true})
	require.NoError(t, err)
	require.Equal(t, taskdb.Outcome{Matched: 1, Modified: 1}, outcome)
	outcome, err = db.Update(t.Context(), taskdb.Update{Filter: `{n: 1}`, Update: `{$set: {c: 1}, $setOnInsert: {b: 1}}`, Upsert: true, Many: true})
	require.NoError(t, err)
	require.Equal(t, taskdb.Outcome{Matched: 2, Modified: 2}, outcome)
	requireContents(t, db, `{_id: 1, n: 1, a: 1, c: 1}`, `{_id: 2, n: 1, c: 1}`)
}

func upsertNewID(t *testing.T, db *taskdb.DB) {
	for _, u := range []taskdb.Update{
		{Filter: `{msg_id: "a"}`, Update: `{$set: {n: 1}}`}, {Filter: `{x: 1}`, Update: `{y: 1}`}, {Filter: `{z: 1}`, Update: `{$set: {n: 1}}`, Many: true},
	} {
		u.Upsert = true
		outcome, err := db.Update(t.Context(), u)
		require.NoError(t, err)
		require.Equal(t, bson.TypeObjectID, outcome.UpsertedID.Type)
		inserted := find(t, db, taskdb.Query{Filter: bson.M{"_id": outcome.UpsertedID}, Projection: "{}"})
		require.Len(t, inserted, 1)
		require.Equal(t, "_id", inserted[0].Index(0).Key())
	}
	require.Equal(t, 3, count(t, db))
}

func upsertWrong(t *testing.T, db *taskdb.DB) {
	for name, c := range map[string]struct {
		filter, update string
		code           int
	}{
		"an _id twice":                {`{_id: 1}`, `{$set: {_id: 2}}`, query.CodeImmutableField},
		"a replacement's other _id":   {`{_id: 1}`, `{_id: 2}`, query.CodeImmutableField},
		"a list as _id":               {`{a: 1}`, `{$set: {_id: [1]}}`, query.CodeInvalidIDField},
		"a regular expression as _id": {`{a: 1}`, `{_id: /a/}`, query.CodeInvalidIDField},
		"what does not suit":          {`{a: "text"}`, `{$inc: {a: 1}}`, query.CodeTypeMismatch},
		"no position":                 {`{a: 1}`, `{$set: {"b.$": 1}}`, query.CodeBadValue},
		"one path twice":              {`{a: 1, $and: [{a: 2}]}`, `{$set: {b: 1}}`, query.CodeNotSingleValueField},
		"a dollar":                    {`{_id: {$eq: {x: 1}}}`, `{$set: {$a: 1}}`, query.CodeDollarPrefixedField},
	} {
		for _, many := range []bool{false, true} {
			if many && c.update[1] != '$' {
				continue
			}
			outcome, err := db.Update(t.Context(), taskdb.Update{Filter: c.filter, Update: c.update, Upsert: true, Many: many})
			requireCode(t, c.code, err, name)
			require.True(t, outcome.UpsertedID.IsZero(), name)
		}
	}
	require.Empty(t, collectionNamesOf(t, db))
}

func upsertTaken(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, msg_id: "a", n: 1}`)
	for text, pattern := range map[string]string{
		`{$set: {_id: 1}}`: `{_id: 1}`, `{_id: 1.0}`: `{_id: 1}`, `{$set: {msg_id: "a"}}`: `{msg_id: 1}`, `{msg_id: "a", _id: 3}`: `{msg_id: 1}`,
	} {
		outcome, err := db.Update(t.Context(), taskdb.Update{Filter: `{n: 2}`, Update: text, Upsert: true})
		var duplicate *taskdb.DuplicateKeyError
		require.ErrorAs(t, err, &duplicate, text)
		require.Equal(t, parse(t, pattern), duplicate.KeyPattern, text)
		require.True(t, outcome.UpsertedID.IsZero())
	}
	requireContents(t, db, `{_id: 1, msg_id: "a", n: 1}`)
}

func upsertAtOnce(t *testing.T, db *taskdb.DB) {
	const writers, keys = 8, 20
	goroutines(writers, func(int) {
		for key := range keys {
			_, err := db.Update(t.Context(), taskdb.Update{Filter: bson.M{"key": key}, Update: `{$inc: {n: 1}}`, Upsert: true, Many: key%2 == 0})
			if err != nil {
				t.Errorf("upsert: %v", err)
			}
		}
	})
	require.Equal(t, keys, count(t, db))
	require.Len(t, find(t, db, taskdb.Query{Filter: bson.M{"n": writers}}), keys)
}
