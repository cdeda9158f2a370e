package backendtest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var bulking = area{"bulk", []behaviour{
	{"operations of every kind are carried out in order, each seeing those before", bulkInOrder},
	{"if they are ordered, the first failure ends them", bulkOrdered},
	{"if they are not, each has its own outcome", bulkUnordered},
	{"one that is wrong in itself fails when its turn comes", bulkWrong},
	{"none has no outcome, and makes no collection", bulkNothing},
	{"one document may come, go and come again, with its buffers", bulkAgain},
	{"very many operations are carried out", bulkMany},
	{"one whose context has ended does nothing", bulkEnded},
	{"many at once leave each other alone", bulkAtOnce},
}}

// bulk carries out operations, and returns what became of each without its error,
// and the errors.
func bulk(t tester, db *taskdb.DB, ordered bool, operations ...taskdb.Operation) (outcomes []taskdb.Outcome, errs []error) {
	t.Helper()
	outcomes, err := db.Bulk(t.Context(), ordered, operations...)
	require.NoError(t, err)
	require.Len(t, outcomes, len(operations))
	for i := range outcomes {
		errs = append(errs, outcomes[i].Err)
		outcomes[i].Err = nil
	}
	return outcomes, errs
}

func insert(t tester, text string) taskdb.Insert { return taskdb.Insert{Doc: parse(t, text)} }

func bulkInOrder(t *testing.T, db *taskdb.DB) {
	for _, ordered := range []bool{true, false} {
		things := db.In(fmt.Sprintf("ordered.%v", ordered))
		outcomes, errs := bulk(t, things, ordered,
			taskdb.Update{Filter: `{a: 1}`, Update: `{$set: {b: 1}}`},
			insert(t, `{_id: 1, a: 1}`), insert(t, `{_id: 2, a: 1}`), insert(t, `{_id: 3, a: 2}`),
			taskdb.Update{Filter: `{a: 1}`, Update: `{$inc: {b: 1}}`, Sort: `{_id: -1}`},
			taskdb.Update{Filter: `{a: 1}`, Update: `{$inc: {b: 1}}`, Many: true},
			taskdb.Delete{Filter: `{b: 1}`},
			taskdb.Update{Filter: `{_id: 4}`, Update: `{$set: {b: 2}}`, Upsert: true},
			taskdb.Update{Filter: `{_id: 5, c: 1}`, Update: `{$set: {b: 2}}`, Upsert: true, Many: true},
			taskdb.Delete{Filter: `{b: 2}`, Many: true},
			insert(t, `{_id: 2, a: 5}`),
			taskdb.Update{Filter: `{_id: 2}`, Update: `{c: 1}`},
		)
		require.Equal(t, make([]error, len(errs)), errs)
		require.Equal(t, []taskdb.Outcome{
			{}, {}, {}, {}, {Matched: 1, Modified: 1}, {Matched: 2, Modified: 2}, {Matched: 1},
			{UpsertedID: parse(t, `{_id: 4}`).Lookup("_id")}, {UpsertedID: parse(t, `{_id: 5}`).Lookup("_id")}, {Matched: 3}, {}, {Matched: 1, Modified: 1},
		}, outcomes)
		requireContents(t, things, `{_id: 2, c: 1}`, `{_id: 3, a: 2}`)
	}
}

func bulkOrdered(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "serial", Unique: true, Partial: `{serial: {$exists: true}}`})
	for name, failing := range map[string]taskdb.Operation{
		"a duplicate":            insert(t, `{_id: 1}`),
		"a duplicate key":        taskdb.Update{Filter: `{_id: 2}`, Update: `{$set: {serial: 1}}`},
		"a duplicate of many":    taskdb.Update{Update: `{$set: {serial: 7}}`, Many: true},
		"what does not suit":     taskdb.Update{Filter: `{_id: 1}`, Update: `{$inc: {text: 1}}`},
		"many it does not suit":  taskdb.Update{Filter: `{_id: 1}`, Update: `{$inc: {text: 1}}`, Many: true},
		"a wrong upsert":         taskdb.Update{Filter: `{_id: 9}`, Update: `{$set: {_id: 8}}`, Upsert: true},
		"a filter that is wrong": taskdb.Delete{Filter: `{a: {$foo: 1}}`, Many: true},
	} {
		addDocs(t, db, `{_id: 1, text: "x", serial: 1}`)
		_, errs := bulk(t, db, true, insert(t, `{_id: 2}`), failing, insert(t, `{_id: 3}`), taskdb.Delete{Many: true}, taskdb.Update{Update: 5})
		require.NoError(t, errs[0], name)
		require.Error(t, errs[1], name)
		require.NotErrorIs(t, errs[1], taskdb.ErrNotTried, name)
		for _, err := range errs[2:] {
			require.ErrorIs(t, err, taskdb.ErrNotTried, name)
		}
		require.Equal(t, 2, count(t, db), name)
		removeMany(t, db, nil)
	}
}

func bulkUnordered(t *testing.T, db *taskdb.DB) {
	outcomes, errs := bulk(t, db, false,
		insert(t, `{_id: 1, msg_id: "a"}`),
		insert(t, `{_id: 1}`),
		taskdb.Update{Filter: `{_id: 1}`, Update: `{$inc: {msg_id: 1}}`},
		insert(t, `{_id: 2, msg_id: "a"}`),
		taskdb.Update{Filter: 5},
		insert(t, `{_id: 2, msg_id: "b"}`),
		taskdb.Update{Filter: `{_id: 2}`, Update: `{$set: {msg_id: "a"}}`},
		taskdb.Update{Update: `{$set: {n: 1}}`, Many: true},
		taskdb.Delete{Filter: `{$foo: 1}`},
		taskdb.Delete{Filter: `{msg_id: "a"}`},
	)
	for i, want := range []error{nil, taskdb.ErrExists, nil, taskdb.ErrExists, nil, nil, taskdb.ErrExists, nil, nil, nil} {
		if want != nil {
			require.ErrorIs(t, errs[i], want, "%d", i)
		}
	}
	requireCode(t, query.CodeTypeMismatch, errs[2], "an increment of text")
	requireCode(t, query.CodeFailedToParse, errs[4], "a filter that is a number")
	requireCode(t, query.CodeBadValue, errs[8], "an unknown operator")
	for _, i := range []int{0, 5, 7, 9} {
		require.NoError(t, errs[i], "%d", i)
	}
	require.Equal(t, taskdb.Outcome{Matched: 2, Modified: 2}, outcomes[7])
	requireContents(t, db, `{_id: 2, msg_id: "b", n: 1}`)
}

func bulkWrong(t *testing.T, db *taskdb.DB) {
	wrong := []taskdb.Operation{
		taskdb.Insert{}, taskdb.Insert{Doc: bson.Raw{5, 0, 0, 0, 1}}, insert(t, `{_id: [1]}`), taskdb.Update{Update: `{$foo: {a: 1}}`},
		taskdb.Update{Update: `{a: 1}`, Many: true}, taskdb.Delete{Filter: `{$foo: 1}`}, taskdb.Delete{Sort: `{a: 1}`, Many: true},
	}
	for _, operation := range wrong {
		_, errs := bulk(t, db, true, insert(t, `{_id: "before"}`), operation, insert(t, `{_id: "after"}`))
		require.NoError(t, errs[0])
		var invalid *query.Error
		require.ErrorAs(t, errs[1], &invalid)
		require.ErrorIs(t, errs[2], taskdb.ErrNotTried)
		require.Equal(t, []string{"before"}, ids(t, db, taskdb.Query{}))

		_, errs = bulk(t, db, false, operation, insert(t, `{_id: "after"}`), operation, taskdb.Delete{Many: true})
		require.ErrorAs(t, errs[0], &invalid)
		require.ErrorAs(t, errs[2], &invalid)
		require.NoError(t, errs[1])
		require.NoError(t, errs[3])
		require.Zero(t, count(t, db))
	}
	things := db.In("test.things")
	_, errs := bulk(t, things, false, wrong...)
	for _, err := range errs {
		require.Error(t, err)
	}
	_, errs = bulk(t, things, true, wrong...)
	require.Error(t, errs[0])
	require.ErrorIs(t, errs[1], taskdb.ErrNotTried)
	require.NotContains(t, collectionNamesOf(t, db), "test.things")
}

func bulkNothing(t *testing.T, db *taskdb.DB) {
	for _, ordered := range []bool{true, false} {
		outcomes, err := db.Bulk(t.Context(), ordered)
		require.NoError(t, err)
		require.Empty(t, outcomes)
	}
	bulk(t, db, true, taskdb.Update{Update: `{$set: {a: 1}}`}, taskdb.Delete{Many: true})
	require.Empty(t, collectionNamesOf(t, db))
}

// bulkAgain: a store may have the buffers of a document ready before its turn.
func bulkAgain(t *testing.T, db *taskdb.DB) {
	for _, size := range []int{100, 6_000, 1_500_000, 3 << 20} {
		doc := encode(t, bson.D{{Key: "_id", Value: "a"}, {Key: "msg_id", Value: "a"}, {Key: "buffers", Value: bson.A{bson.Binary{Data: noise(size)}}}})
		twice := taskdb.Insert{Doc: doc}
		_, errs := bulk(t, db, false, twice, twice, taskdb.Delete{}, twice, taskdb.Update{Update: `{$set: {n: 1}}`}, taskdb.Delete{}, twice, twice)
		for i, err := range errs {
			if i == 1 || i == 7 {
				require.ErrorIs(t, err, taskdb.ErrExists, "%d", i)
			} else {
				require.NoError(t, err, "%d", i)
			}
		}
		require.Equal(t, []bson.Raw{doc}, contents(t, db), "%d", size)
		buffer, err := db.OpenBuffer(t.Context(), "a", "buffers", 0)
		require.NoError(t, err)
		var read bytes.Buffer
		_, err = read.ReadFrom(buffer)
		require.NoError(t, err)
		require.NoError(t, buffer.Close())
		require.Equal(t, noise(size), read.Bytes())
		require.EqualValues(t, 1, removeMany(t, db, nil))
	}
}

func bulkMany(t *testing.T, db *taskdb.DB) {
	const n = 900
	var operations []taskdb.Operation
	for i := range n {
		operations = append(operations, insert(t, fmt.Sprintf(`{_id: %d, msg_id: "task-%d", n: 0}`, i, i)),
			taskdb.Update{Filter: bson.M{"_id": i}, Update: `{$inc: {n: 1}}`})
		if i%3 == 0 {
			operations = append(operations, taskdb.Delete{Filter: bson.M{"_id": i}})
		}
	}
	outcomes, errs := bulk(t, db, true, operations...)
	require.Equal(t, make([]error, len(operations)), errs)
	for i, operation := range operations {
		switch operation.(type) {
		case taskdb.Update:
			require.Equal(t, taskdb.Outcome{Matched: 1, Modified: 1}, outcomes[i])
		case taskdb.Delete:
			require.Equal(t, taskdb.Outcome{Matched: 1}, outcomes[i])
		}
	}
	require.Len(t, find(t, db, taskdb.Query{Filter: `{n: 1, _id: {$not: {$mod: [3, 0]}}}`}), n*2/3)
	require.Equal(t, n*2/3, count(t, db))
}

func bulkEnded(t *testing.T, db *taskdb.DB) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, operations := range [][]taskdb.Operation{{insert(t, `{_id: 1}`)}, {insert(t, `{_id: 1}`), taskdb.Delete{Many: true}}} {
		outcomes, err := db.Bulk(ended, true, operations...)
		require.ErrorIs(t, err, context.Canceled)
		require.Nil(t, outcomes)
	}
	require.Empty(t, collectionNamesOf(t, db))
}

func bulkAtOnce(t *testing.T, db *taskdb.DB) {
	const writers, each = 8, 50
	goroutines(writers, func(writer int) {
		for i := range each {
			id := fmt.Sprintf("%d-%d", writer, i)
			outcomes, err := db.Bulk(t.Context(), true,
				taskdb.Insert{Doc: encode(t, bson.D{{Key: "_id", Value: id}, {Key: "msg_id", Value: id}})},
				taskdb.Update{Filter: bson.M{"_id": id}, Update: `{$set: {label: "a"}}`},
				taskdb.Insert{Doc: encode(t, bson.D{{Key: "_id", Value: id}})},
				taskdb.Delete{Filter: bson.M{"_id": id}},
			)
			if assert.NoError(t, err) {
				assert.NoError(t, outcomes[0].Err)
				assert.EqualValues(t, 1, outcomes[1].Modified)
				assert.ErrorIs(t, outcomes[2].Err, taskdb.ErrExists)
				assert.ErrorIs(t, outcomes[3].Err, taskdb.ErrNotTried)
			}
		}
	})
	require.Len(t, find(t, db, taskdb.Query{Filter: `{label: "a"}`}), writers*each)
	require.Equal(t, writers*each, count(t, db))
}
