package backendtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// BoundedOpener is an Opener of stores with bounds, which are given as options of a
// URL: "max_records=20&cull=0.2".
type BoundedOpener func(t *testing.T, options string) *taskdb.DB

// boundedBehaviour is a behaviour of a store that has bounds.
type boundedBehaviour struct {
	sentence string
	options  string
	test     func(t *testing.T, db *taskdb.DB)
}

// Bounds tests that stores with bounds behave as every such store has to.
func Bounds(t *testing.T, open BoundedOpener) {
	for _, area := range [][]boundedBehaviour{culling, cullingBytes(t), modelled, fullness, expiry, losing} {
		for _, b := range area {
			t.Run(b.sentence, func(t *testing.T) { b.test(t, open(t, b.options)) })
		}
	}
}

var culling = []boundedBehaviour{
	{"ipyparallel's test_cull_count", "max_records=20&cull=0.2", testCullCount},
	{"without cull no more goes than is needed", "max_records=5&cull=0", cullNeeded},
	{"the oldest go first, by the time at which they were submitted", "max_records=5&cull=0", cullOldest},
	{"what is not finished never goes", "max_records=10", cullFinishedOnly},
	{"the records of an addition do not make room for each other", "max_records=10&cull=1", cullOthers},
	{"no more than a thousand go at once, unless they are needed", "max_records=3000&cull=1", cullAtOnce},
	{"a bound is each collection's own", "max_records=2&cull=0", cullEachCollection},
	{"what goes is not a matter of how indexes are called", "max_records=2&cull=0", cullBesideIndexes},
	{"every operation that adds makes room", "max_records=1", cullByEveryAddition},
	{"stats tell the bounds and what went", "max_records=20&max_bytes=1MiB&cull=0.2", cullStats},
}

// small is a finished task whose document has always the same size.
func small(n int) bson.D {
	return bson.D{
		{Key: "msg_id", Value: fmt.Sprintf("task-%05d", n)},
		{Key: "submitted", Value: at(n)},
		{Key: "completed", Value: at(n + 1)},
		{Key: "stdout", Value: "ten bytes."},
	}
}

// addSmall adds small tasks, one after another.
func addSmall(t tester, db *taskdb.DB, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		require.NoError(t, db.AddRaw(t.Context(), encode(t, small(n))))
	}
}

// smallIDs are the msg_ids of small tasks.
func smallIDs(from, to int) []string {
	list := []string{}
	for n := from; n < to; n++ {
		list = append(list, fmt.Sprintf("task-%05d", n))
	}
	return list
}

func statsOf(t tester, db *taskdb.DB) taskdb.Stats {
	t.Helper()
	stats, err := db.Stats(t.Context())
	require.NoError(t, err)
	return stats
}

func testCullCount(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 20)
	require.Equal(t, 20, count(t, db))
	addSmall(t, db, 20, 21)
	require.Equal(t, smallIDs(4, 21), historyOf(t, db))
	for n := range 100 {
		addSmall(t, db, 21+n, 22+n)
		require.GreaterOrEqual(t, count(t, db), 17)
		require.LessOrEqual(t, count(t, db), 20)
	}
}

func cullNeeded(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 5)
	addSmall(t, db, 5, 6)
	require.Equal(t, smallIDs(1, 6), historyOf(t, db))
	require.NoError(t, db.AddRaw(t.Context(), encode(t, small(6)), encode(t, small(7)), encode(t, small(8))))
	require.Equal(t, smallIDs(4, 9), historyOf(t, db))
}

func cullOldest(t *testing.T, db *taskdb.DB) {
	for _, n := range []int{3, 1, 4, 0, 2} {
		addSmall(t, db, n, n+1)
	}
	addSmall(t, db, 5, 7)
	require.Equal(t, smallIDs(2, 7), historyOf(t, db))
	addDocs(t, db, `{msg_id: "timeless", completed: ISODate("2026-11-22T10:00:00Z")}`)
	require.Equal(t, append(smallIDs(3, 7), "timeless"), historyOf(t, db))
	addSmall(t, db, 7, 8)
	require.Equal(t, smallIDs(3, 8), historyOf(t, db), "what has no time goes before the others")
}

func cullFinishedOnly(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 5)...))
	addDocs(t, db, `{msg_id: "oddly pending", submitted: "long ago", completed: [null]}`)
	addSmall(t, db, 100, 110)
	require.Subset(t, historyOf(t, db), append(msgIDs(numbered(t, 5)), "oddly pending"))
	require.Contains(t, historyOf(t, db), "task-00109")
	addDocs(t, db, `{msg_id: "oddly finished", completed: "yes"}`)
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "p1"), pendingTask(t, "p2"), pendingTask(t, "p3"), pendingTask(t, "p4")))
	require.Equal(t, 10, count(t, db))
	_, err := db.Get(t.Context(), "oddly finished")
	require.ErrorIs(t, err, taskdb.ErrExpired)
}

func cullOthers(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 20, 30)
	batch := make([]bson.Raw, 10)
	for n := range batch {
		batch[n] = encode(t, small(n))
	}
	require.NoError(t, db.AddRaw(t.Context(), batch...))
	require.Equal(t, smallIDs(0, 10), historyOf(t, db))
}

func cullAtOnce(t *testing.T, db *taskdb.DB) {
	batch := make([]bson.Raw, 4500)
	for n := range batch {
		batch[n] = encode(t, small(n))
	}
	require.NoError(t, db.AddRaw(t.Context(), batch[:3000]...))
	require.NoError(t, db.AddRaw(t.Context(), batch[3000]))
	require.Equal(t, 2001, count(t, db))
	require.NoError(t, db.AddRaw(t.Context(), batch[3001:3999]...))
	require.Equal(t, 2999, count(t, db))
	require.NoError(t, db.AddRaw(t.Context(), batch[3999:]...))
	require.Equal(t, 2500, count(t, db))
	require.Equal(t, smallIDs(2000, 4500), historyOf(t, db))
}

func cullEachCollection(t *testing.T, db *taskdb.DB) {
	other, notes := db.In("other.task_records"), db.In("lab.notes")
	addSmall(t, db, 0, 2)
	addSmall(t, other, 0, 4)
	addSmall(t, notes, 10, 11)
	addSmall(t, notes, 0, 4)
	require.Equal(t, smallIDs(0, 2), historyOf(t, db))
	require.Equal(t, smallIDs(2, 4), historyOf(t, other))
	require.Equal(t, smallIDs(2, 4), historyOf(t, notes), "by their insertion")
	_, err := db.Get(t.Context(), "task-00000")
	require.NoError(t, err)
	for _, c := range []*taskdb.DB{other, notes} {
		_, err := c.Get(t.Context(), "task-00000")
		require.ErrorIs(t, err, taskdb.ErrExpired)
	}
}

func cullByEveryAddition(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 1)
	for name, add := range map[string]func(doc bson.Raw) error{
		"AddEach": func(doc bson.Raw) error {
			results, err := db.AddEach(t.Context(), doc)
			return errors.Join(append(results, err)...)
		},
		"Bulk": func(doc bson.Raw) error {
			outcomes, err := db.Bulk(t.Context(), true, taskdb.Insert{Doc: doc})
			return errors.Join(outcomes[0].Err, err)
		},
		"upsert": func(doc bson.Raw) error {
			filter := bson.D{{Key: "msg_id", Value: doc.Lookup("msg_id")}}
			_, err := db.Update(t.Context(), taskdb.Update{Filter: filter, Update: doc, Upsert: true})
			return err
		},
	} {
		before := historyOf(t, db)
		require.NoError(t, add(encode(t, append(bson.D{{Key: "_id", Value: name}}, small(100+len(name))...))), name)
		require.Equal(t, 1, count(t, db), name)
		_, err := db.Get(t.Context(), before[0])
		require.ErrorIs(t, err, taskdb.ErrExpired, name)
	}
}

func cullBesideIndexes(t *testing.T, db *taskdb.DB) {
	things := db.In("test.things")
	createIndex(t, things, taskdb.Index{Name: "completed_1", Keys: "a"})
	createIndex(t, things, taskdb.Index{Name: "submitted_1", Keys: "-submitted", Partial: `{b: 1}`})
	for n := range 4 {
		require.NoError(t, things.AddRaw(t.Context(), encode(t, bson.D{{Key: "_id", Value: fmt.Sprint(n)}, {Key: "completed", Value: at(n)}, {Key: "submitted", Value: at(n)}})))
	}
	require.Equal(t, []string{"2", "3"}, ids(t, things, taskdb.Query{Sort: `{_id: 1}`}))
}

func cullStats(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 21)
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	stats := statsOf(t, db)
	require.Equal(t, taskdb.Bounds{Records: 20, Bytes: 1 << 20, Cull: 0.2}, stats.Bounds)
	require.EqualValues(t, 18, stats.Records)
	require.EqualValues(t, 4, stats.Culled)
	require.EqualValues(t, 1, stats.States[taskdb.StatePending])
	require.Equal(t, stats.Bounds, statsOf(t, db.In("never.written")).Bounds)
}
