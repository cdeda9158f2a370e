package backendtest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var deleting = area{"delete", []behaviour{
	{"of one document the first in the order of the sort goes, of many all", deleteSelects},
	{"what is gone is gone from every index, and its keys are free", deleteFrees},
	{"a deletion that selects nothing does nothing, and makes no collection", deleteNothing},
	{"a deletion that is wrong removes nothing", deleteWrong},
	{"many documents go, however many, and no others", deleteMany},
	{"what filters of every kind select goes, however many", deleteByFilters},
	{"what is changed meanwhile, and is selected no more, stays", deleteChanged},
	{"a deletion whose context has ended removes nothing", deleteEnded},
	{"a deletion of many that has begun goes on when the context ends", deleteGoesOn},
	{"a deletion of many leaves a collection alone that is made again meanwhile", deleteRemade},
	{"a collection is the same one when all is gone", deleteAll},
	{"a record is dropped by its msg_id, or is not found", dropRecord},
}}

// removeMany removes all that a filter selects.
func removeMany(t tester, db *taskdb.DB, filter any) int64 {
	t.Helper()
	outcome, err := db.Delete(t.Context(), taskdb.Delete{Filter: filter, Many: true})
	require.NoError(t, err)
	require.Equal(t, taskdb.Outcome{Matched: outcome.Matched}, outcome)
	return outcome.Matched
}

func deleteSelects(t *testing.T, db *taskdb.DB) {
	for name, things := range map[string]*taskdb.DB{"tasks": db, "others": db.In("test.things")} {
		for _, c := range []struct {
			deletion taskdb.Delete
			left     []string
		}{
			{taskdb.Delete{Filter: `{queue: "a"}`, Sort: `{label: 1}`}, []string{"1", "3"}},
			{taskdb.Delete{Filter: `{queue: "a"}`, Sort: `{label: -1}`}, []string{"2", "3"}},
			{taskdb.Delete{Sort: `{label: 1}`}, []string{"1", "2"}},
			{taskdb.Delete{Filter: `{queue: {$gt: "a"}}`}, []string{"1", "2"}},
			{taskdb.Delete{Filter: `{queue: "a"}`, Many: true}, []string{"3"}},
			{taskdb.Delete{Filter: `{queue: "c"}`, Many: true}, []string{"1", "2", "3"}},
			{taskdb.Delete{Many: true}, []string{}},
		} {
			addDocs(t, things, `{_id: "1", queue: "a", label: "z"}`, `{_id: "2", queue: "a", label: "y"}`, `{_id: "3", queue: "b", label: "x"}`)
			outcome, err := things.Delete(t.Context(), c.deletion)
			require.NoError(t, err, name)
			require.Equal(t, taskdb.Outcome{Matched: int64(3 - len(c.left))}, outcome, name)
			require.Equal(t, c.left, ids(t, things, taskdb.Query{Sort: `{_id: 1}`}), "%s %v", name, c.deletion)
			removeMany(t, things, nil)
		}
	}
}

func deleteFrees(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "serial", Unique: true})
	createIndex(t, db, taskdb.Index{Keys: "tags,label"})
	const stored = `{_id: "a", msg_id: "a", label: "x", serial: 1, tags: ["s", "t"], submitted: ISODate("2026-11-22T10:00:00Z")}`
	for range 3 {
		addDocs(t, db, stored, `{_id: 2, msg_id: "b", serial: 2}`)
		require.EqualValues(t, 1, removeMany(t, db, `{tags: "t"}`))
		for _, filter := range []string{`{_id: "a"}`, `{msg_id: "a"}`, `{label: "x"}`, `{serial: 1}`, `{tags: "s"}`, `{submitted: {$ne: null}}`} {
			require.Empty(t, find(t, db, taskdb.Query{Filter: filter}), filter)
			n, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
			require.NoError(t, err)
			require.Zero(t, n, filter)
		}
		_, err := db.Get(t.Context(), "a")
		require.ErrorIs(t, err, taskdb.ErrNotFound)
		addDocs(t, db, stored)
		require.EqualValues(t, 2, removeMany(t, db, nil))
	}
}

func deleteNothing(t *testing.T, db *taskdb.DB) {
	for _, d := range []taskdb.Delete{{}, {Many: true}, {Filter: `{a: 1}`}, {Sort: `{a: 1}`}} {
		outcome, err := db.Delete(t.Context(), d)
		require.NoError(t, err)
		require.Zero(t, outcome)
	}
	require.Empty(t, collectionNamesOf(t, db))
	addDocs(t, db, `{_id: 1}`)
	require.Zero(t, removeMany(t, db, `{_id: 2}`))
	requireContents(t, db, `{_id: 1}`)
}

func deleteWrong(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1}`)
	for name, c := range map[string]struct {
		deletion taskdb.Delete
		code     int
	}{
		"a filter that is wrong": {taskdb.Delete{Filter: `{a: {$foo: 1}}`, Many: true}, query.CodeBadValue},
		"a sort that is wrong":   {taskdb.Delete{Sort: `{a: 2}`}, 15975},
		"a sort of many":         {taskdb.Delete{Sort: `{a: 1}`, Many: true}, query.CodeFailedToParse},
		"no document":            {taskdb.Delete{Filter: 5}, query.CodeFailedToParse},
	} {
		outcome, err := db.Delete(t.Context(), c.deletion)
		requireCode(t, c.code, err, name)
		require.Zero(t, outcome, name)
	}
	requireContents(t, db, `{_id: 1}`)
}

func deleteMany(t *testing.T, db *taskdb.DB) {
	const n = 5000
	require.NoError(t, db.Add(t.Context(), numbered(t, n)...))
	require.EqualValues(t, 199, removeMany(t, db, `{msg_id: {$lt: "task-0199"}}`))
	require.EqualValues(t, 201, removeMany(t, db, `{msg_id: {$lt: "task-0400"}}`))
	require.Equal(t, n-400, count(t, db))
	require.EqualValues(t, n-500, removeMany(t, db, `{msg_id: {$gte: "task-0500"}}`))
	left := msgIDs(numbered(t, 500)[400:])
	require.Equal(t, left, historyOf(t, db))
	require.Equal(t, left, ids(t, db, taskdb.Query{Filter: `{completed: null}`, Sort: `{msg_id: 1}`}))
}

// deleteByFilters: a store may have to remember a filter.
func deleteByFilters(t *testing.T, db *taskdb.DB) {
	things := db.In("test.things")
	const n, some = 4000, 2000
	docs := make([]bson.Raw, n)
	for i := range docs {
		docs[i] = encode(t, bson.D{{Key: "_id", Value: i}, {Key: "label", Value: fmt.Sprint("b-", i)}})
		if i < some {
			docs[i] = encode(t, bson.D{{Key: "_id", Value: i}, {Key: "label", Value: fmt.Sprint("a-", i)}})
		}
	}
	for _, filter := range []any{
		`{label: {$glob: "a-*"}}`, `{_id: {$ge: -1}, label: {$le: "b"}}`, `{$nor: [{label: {$not: /^A-/i}}]}`,
		bson.D{{Key: "_id", Value: bson.D{{Key: "$mod", Value: bson.A{1, 0}}, {Key: "$lt", Value: some}}}}, query.MustParse(`{label: {$gt: "a", $lt: "b"}}`),
	} {
		require.NoError(t, things.AddRaw(t.Context(), docs...))
		require.EqualValues(t, some, removeMany(t, things, filter), "%v", filter)
		require.Equal(t, docs[some:], contents(t, things))
		require.EqualValues(t, some, removeMany(t, things, nil))
	}
}

// deleteChanged changes documents while others go, from the last one on.
func deleteChanged(t *testing.T, db *taskdb.DB) {
	const n = 4000
	for _, filter := range []string{`{queue: "goes"}`, `{queue: "goes", label: {$ne: "x"}}`, `{queue: /^GOES$/i}`} {
		records := numbered(t, n)
		for _, r := range records {
			r.Queue = "goes"
		}
		require.NoError(t, db.Add(t.Context(), records...))
		var ended atomic.Bool
		kept := make(chan []string)
		go func() {
			var ids []string
			for i := n - 1; i >= 0 && !ended.Load(); i-- {
				id := records[i].MsgID
				outcome, err := db.Update(t.Context(), taskdb.Update{Filter: bson.D{{Key: "msg_id", Value: id}}, Update: `{$set: {queue: "stays"}}`})
				if err == nil && outcome.Matched == 1 {
					ids = append(ids, id)
				}
			}
			kept <- ids
		}()
		gone := removeMany(t, db, filter)
		ended.Store(true)
		stay := <-kept
		require.EqualValues(t, n-len(stay), gone, filter)
		require.ElementsMatch(t, stay, historyOf(t, db), filter)
		require.ElementsMatch(t, stay, ids(t, db, taskdb.Query{Filter: `{queue: "stays"}`}), filter)
		removeMany(t, db, nil)
	}
}

func deleteEnded(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 1000)...))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, many := range []bool{false, true} {
		_, err := db.Delete(ended, taskdb.Delete{Many: many})
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Equal(t, 1000, count(t, db))
}

// deleteGoesOn ends the context of a deletion when the first record is gone. It may
// have come to its end by then: not in all rounds.
func deleteGoesOn(t *testing.T, db *taskdb.DB) {
	const n = 3000
	require.NoError(t, db.Add(t.Context(), numbered(t, n)...))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() {
		_, err := db.Delete(ctx, taskdb.Delete{Filter: `{msg_id: {$lt: "task-2000"}}`, Many: true})
		ended <- err
	}()
	for count(t, db) == n {
	}
	cancel()
	if err := <-ended; err != nil {
		require.ErrorIs(t, err, context.Canceled)
	}
	for count(t, db) > 1000 { // it is carried through
	}
	require.Equal(t, msgIDs(numbered(t, n)[2000:]), historyOf(t, db))
}

// deleteRemade drops the collection when the first record is gone. What is stored
// then has the places of what was there before.
func deleteRemade(t *testing.T, db *taskdb.DB) {
	const n = 3000
	for range 3 {
		require.NoError(t, db.Add(t.Context(), numbered(t, n)...))
		ended := make(chan error)
		go func() {
			_, err := db.Delete(t.Context(), taskdb.Delete{Many: true})
			ended <- err
		}()
		for count(t, db) == n {
		}
		require.NoError(t, db.DropCollection(t.Context()))
		require.NoError(t, db.Add(t.Context(), numbered(t, n)...))
		require.NoError(t, <-ended)
		require.Equal(t, n, count(t, db))
		require.NoError(t, db.DropCollection(t.Context()))
	}
}

func deleteAll(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "priority"})
	require.NoError(t, db.Add(t.Context(), numbered(t, 10)...))
	before := indexes(t, db)
	require.EqualValues(t, 10, removeMany(t, db, nil))
	require.Zero(t, count(t, db))
	require.Equal(t, before, indexes(t, db))
	require.Equal(t, []string{db.Collection()}, collectionNamesOf(t, db))
	require.NoError(t, db.Add(t.Context(), numbered(t, 10)...))
	require.Equal(t, msgIDs(numbered(t, 10)), historyOf(t, db))
}

func dropRecord(t *testing.T, db *taskdb.DB) {
	require.ErrorIs(t, db.DropRecord(t.Context(), "a"), taskdb.ErrNotFound)
	require.Empty(t, collectionNamesOf(t, db))
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a"), pendingTask(t, "b")))
	require.NoError(t, db.DropRecord(t.Context(), "a"))
	require.ErrorIs(t, db.DropRecord(t.Context(), "a"), taskdb.ErrNotFound)
	require.ErrorContains(t, db.DropRecord(t.Context(), "a"), `"a"`)
	require.Equal(t, []string{"b"}, historyOf(t, db))

	things := db.In("test.things") // where msg_ids are like any other key
	addDocs(t, things, `{_id: 1, msg_id: "a"}`, `{_id: 2, msg_id: "a"}`)
	require.NoError(t, things.DropRecord(t.Context(), "a"))
	require.Equal(t, 1, count(t, things))
}
