package backendtest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var findingAndModifying = area{"find and modify", []behaviour{
	{"the document is returned as it was, or has become", findAndModifyReturns},
	{"keys and projections show of it what they show of a query's", findAndModifyShows},
	{"what is returned is the caller's", findAndModifyCopies},
	{"one that is wrong changes nothing", findAndModifyWrong},
	{"one whose projection fails changes nothing", findAndModifyUnshown},
	{"of many who ask for a free task at once each gets another", claimAtOnce},
	{"a sum that many add to at once is exact", incrementAtOnce},
}}

// findAndModify carries out an operation on one document and returns that.
func findAndModify(t tester, db *taskdb.DB, operation taskdb.Operation, found taskdb.Found) bson.Raw {
	t.Helper()
	outcome, err := db.FindAndModify(t.Context(), operation, found)
	require.NoError(t, err)
	return outcome.Doc
}

func findAndModifyReturns(t *testing.T, db *taskdb.DB) {
	before, after := taskdb.Found{Projection: "{}"}, taskdb.Found{Projection: "{}", After: true}
	set := taskdb.Update{Filter: `{_id: 1}`, Update: `{$inc: {n: 1}}`}
	upsert := set
	upsert.Upsert = true
	require.Nil(t, findAndModify(t, db, set, before))
	require.Nil(t, findAndModify(t, db, set, after))
	require.Nil(t, findAndModify(t, db, taskdb.Delete{}, before))
	require.Empty(t, collectionNamesOf(t, db))

	require.Nil(t, findAndModify(t, db, upsert, before))
	require.Equal(t, parse(t, `{_id: 1, n: 1}`), findAndModify(t, db, upsert, before))
	require.Equal(t, parse(t, `{_id: 1, n: 3}`), findAndModify(t, db, set, after))
	require.Equal(t, parse(t, `{_id: 1, n: 3}`), findAndModify(t, db, taskdb.Update{Update: `{n: 4}`}, before))
	require.Equal(t, parse(t, `{_id: 1, n: 5}`), findAndModify(t, db, taskdb.Update{Update: `{n: 5}`}, after))
	require.Equal(t, parse(t, `{_id: 1, n: 5}`), findAndModify(t, db, taskdb.Update{Update: `{$set: {n: 5}}`}, after), "nothing changed")
	require.Equal(t, parse(t, `{_id: 1, n: 5}`), findAndModify(t, db, taskdb.Delete{Filter: `{n: 5}`}, before))
	require.Zero(t, count(t, db))
	require.Equal(t, parse(t, `{_id: 1, n: 1}`), findAndModify(t, db, upsert, after))

	outcome, err := db.FindAndModify(t.Context(), set, before)
	require.NoError(t, err)
	require.Equal(t, taskdb.Outcome{Matched: 1, Modified: 1, Doc: parse(t, `{_id: 1, n: 1}`)}, outcome)
	outcome, err = db.FindAndModify(t.Context(), taskdb.Update{Filter: `{_id: 2}`, Update: `{$set: {n: 1}}`, Upsert: true}, before)
	require.NoError(t, err)
	require.Equal(t, taskdb.Outcome{UpsertedID: parse(t, `{_id: 2}`).Lookup("_id")}, outcome)
}

func findAndModifyShows(t *testing.T, db *taskdb.DB) {
	record := finishedTask(t, "a")
	record.ResultBuffers = noises(9000, 3)
	require.NoError(t, db.Add(t.Context(), record))
	for _, q := range []taskdb.Query{
		{}, {Keys: []string{"label", "none"}}, {Keys: []string{"result_buffers"}}, {Projection: "{}"}, {Projection: `{"header.username": 1, _id: 0}`},
		{Projection: `{result_buffers: {$slice: -1}}`}, {Filter: `{buffers: {$exists: true}}`, Projection: `{"buffers.$": 1}`},
	} {
		if q.Filter == nil {
			q.Filter = `{msg_id: "a"}`
		} else {
			q.Filter = `{buffers: {$gt: BinData(0, "")}}`
		}
		want := find(t, db, q)[0]
		found := taskdb.Found{Keys: q.Keys, Projection: q.Projection}
		require.Equal(t, want, findAndModify(t, db, taskdb.Update{Filter: q.Filter, Update: `{$set: {stderr: "new"}}`}, found), "%v", q)
		found.After = true
		got := findAndModify(t, db, taskdb.Update{Filter: q.Filter, Update: `{$inc: {runs: 1}}`}, found)
		require.Equal(t, find(t, db, q)[0], got, "%v", q)
	}
	whole := find(t, db, taskdb.Query{Projection: "{}"})[0]
	require.Equal(t, whole, findAndModify(t, db, taskdb.Delete{}, taskdb.Found{Projection: "{}"}))
}

func findAndModifyCopies(t *testing.T, db *taskdb.DB) {
	docs := smallAndLarge(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	for _, id := range []string{"a", "b", "c", "d"} {
		for _, after := range []bool{false, true} {
			for _, text := range []string{`{$set: {}}`, `{$set: {x: 1}}`, `{$unset: {x: 1}}`} {
				clear(findAndModify(t, db, taskdb.Update{Filter: bson.M{"_id": id}, Update: text}, taskdb.Found{After: after, Projection: "{}"}))
			}
		}
	}
	require.Equal(t, docs, contents(t, db))
}

func findAndModifyWrong(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, n: "text"}`)
	for name, c := range map[string]struct {
		operation taskdb.Operation
		found     taskdb.Found
		code      int
	}{
		"of many":                   {taskdb.Update{Update: `{$set: {n: 1}}`, Many: true}, taskdb.Found{}, query.CodeFailedToParse},
		"a deletion of many":        {taskdb.Delete{Many: true}, taskdb.Found{}, query.CodeFailedToParse},
		"an insert":                 {taskdb.Insert{Doc: parse(t, `{_id: 2}`)}, taskdb.Found{}, query.CodeFailedToParse},
		"what is after a deletion":  {taskdb.Delete{}, taskdb.Found{After: true}, query.CodeFailedToParse},
		"a projection":              {taskdb.Update{Update: `{$set: {n: 1}}`}, taskdb.Found{Projection: `{a: 1, b: 0}`}, 31254},
		"keys and a projection":     {taskdb.Delete{}, taskdb.Found{Keys: []string{"n"}, Projection: `{n: 1}`}, query.CodeBadValue},
		"an update":                 {taskdb.Update{Update: `{$foo: 1}`}, taskdb.Found{}, query.CodeFailedToParse},
		"an update without a match": {taskdb.Update{Update: `{$inc: {n: 1}}`}, taskdb.Found{}, query.CodeTypeMismatch},
	} {
		outcome, err := db.FindAndModify(t.Context(), c.operation, c.found)
		requireCode(t, c.code, err, name)
		requireUndone(t, outcome)
	}
	requireContents(t, db, `{_id: 1, n: "text"}`)
}

func findAndModifyUnshown(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1, tags: ["a", "b"], n: 1}`)
	const projection = `{"tags.$": 1}` // of a filter that says no position
	for name, operation := range map[string]taskdb.Operation{
		"an update":   taskdb.Update{Filter: `{n: 1}`, Update: `{$set: {m: 1}}`},
		"a deletion":  taskdb.Delete{Filter: `{n: 1}`},
		"replacement": taskdb.Update{Filter: `{n: 1}`, Update: `{tags: ["c"]}`},
	} {
		outcome, err := db.FindAndModify(t.Context(), operation, taskdb.Found{Projection: projection})
		requireCode(t, 51246, err, name)
		requireUndone(t, outcome)
	}
	upsert := taskdb.Update{Filter: `{n: 2}`, Update: `{$set: {tags: ["c"]}}`, Upsert: true}
	outcome, err := db.FindAndModify(t.Context(), upsert, taskdb.Found{After: true, Projection: projection})
	requireCode(t, 51246, err, "an upsert")
	requireUndone(t, outcome)
	requireContents(t, db, `{_id: 1, tags: ["a", "b"], n: 1}`)
}

// requireUndone tests that an outcome tells of nothing but an error.
func requireUndone(t *testing.T, outcome taskdb.Outcome) {
	t.Helper()
	outcome.Err = nil
	require.Zero(t, outcome)
}

func claimAtOnce(t *testing.T, db *taskdb.DB) {
	const tasks, workers = 200, 16
	records := numbered(t, tasks)
	require.NoError(t, db.Add(t.Context(), records...))
	var mu sync.Mutex
	claimed := map[string]string{}
	last := make([]string, workers)
	goroutines(workers, func(worker int) {
		name := fmt.Sprint("engine-", worker)
		claim := taskdb.Update{
			Filter: taskdb.StatePending.Filter(),
			Sort:   `{submitted: 1}`,
			Update: bson.D{{Key: "$set", Value: bson.D{{Key: "engine_uuid", Value: name}, {Key: "started", Value: at(worker)}}}},
		}
		for {
			outcome, err := db.FindAndModify(t.Context(), claim, taskdb.Found{})
			if !assert.NoError(t, err) || outcome.Doc == nil {
				return
			}
			id := outcome.Doc.Lookup("msg_id").StringValue()
			assert.Greater(t, id, last[worker], "the oldest first")
			last[worker] = id
			mu.Lock()
			assert.Empty(t, claimed[id], "%s was claimed twice", id)
			claimed[id] = name
			mu.Unlock()
		}
	})
	require.Len(t, claimed, tasks)
	for _, record := range findRecords(t, db, taskdb.Query{}) {
		require.Equal(t, claimed[record.MsgID], record.EngineUUID)
	}
}

func incrementAtOnce(t *testing.T, db *taskdb.DB) {
	const writers, each = 16, 625
	addDocs(t, db, `{_id: "sum", msg_id: "sum", n: 0}`)
	goroutines(writers, func(int) {
		for range each {
			_, err := db.Update(t.Context(), taskdb.Update{Filter: `{_id: "sum"}`, Update: `{$inc: {n: 1}}`})
			if !assert.NoError(t, err) {
				return
			}
		}
	})
	requireContents(t, db, fmt.Sprintf(`{_id: "sum", msg_id: "sum", n: %d}`, writers*each))
}
