package backendtest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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

// cullingBytes are behaviours of a store that has room for a hundred small tasks.
func cullingBytes(t tester) []boundedBehaviour {
	hundred := fmt.Sprintf("max_bytes=%d&cull=0.2", 100*len(withID(t, small(0))))
	return []boundedBehaviour{
		{"ipyparallel's test_cull_size", hundred, testCullSize},
		{"ipyparallel's test_cull_size_drop", hundred, testCullSizeDrop},
		{"ipyparallel's test_cull_size_update", hundred, testCullSizeUpdate},
		{"a buffer that is put makes room", hundred, cullForBuffer},
		{"what is appended makes room", hundred, cullForTail},
		{"large buffers count, and what goes frees them", "max_bytes=1MB&cull=0", cullBuffers},
	}
}

// withID is a small task's document as it is stored.
func withID(t tester, task bson.D) bson.Raw {
	return encode(t, append(bson.D{{Key: "_id", Value: task[0].Value}}, task...))
}

func testCullSize(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	require.Equal(t, 100, count(t, db))
	addSmall(t, db, 100, 101)
	require.Equal(t, smallIDs(20, 101), historyOf(t, db), "a fifth of the bound, of 101")
}

func testCullSizeDrop(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	require.NoError(t, db.DropRecord(t.Context(), "task-00050"))
	addSmall(t, db, 100, 101)
	require.Equal(t, 100, count(t, db))
	addSmall(t, db, 101, 102)
	require.Equal(t, 81, count(t, db))
}

func testCullSizeUpdate(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00000", `{$set: {stdout: "10 letters"}}`))
	require.Equal(t, 100, count(t, db))
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00000", `{$set: {stdout: "now eleven!"}}`))
	require.Equal(t, append(smallIDs(0, 1), smallIDs(21, 100)...), historyOf(t, db), "the record itself stays")
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00000", `{$unset: {stdout: 1}}`))
	require.Equal(t, 80, count(t, db))
}

func cullForBuffer(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	require.NoError(t, db.PutBuffer(t.Context(), "task-00000", "result_buffers", strings.NewReader("large")))
	require.Equal(t, append(smallIDs(0, 1), smallIDs(21, 100)...), historyOf(t, db))
}

func cullForTail(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 99)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"})) // is larger than one of them
	require.Equal(t, append(smallIDs(20, 99), "a"), historyOf(t, db))
	for range 3 {
		require.NoError(t, db.AppendText(t.Context(), "a", "stdout", strings.Repeat("x", 2_000)))
	}
	require.LessOrEqual(t, statsOf(t, db).Bytes, 100*int64(len(withID(t, small(0)))))
	require.Less(t, count(t, db), 60)
	_, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
}

func cullBuffers(t *testing.T, db *taskdb.DB) {
	for n := range 10 {
		large := append(small(n), bson.E{Key: "buffers", Value: bson.A{bytes.Repeat([]byte("x"), 300_000)}})
		require.NoError(t, db.AddRaw(t.Context(), encode(t, large)))
	}
	require.Equal(t, smallIDs(7, 10), historyOf(t, db))
	require.InDelta(t, 900_000, statsOf(t, db).Bytes, 1000)
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00007", bson.M{"$set": bson.M{"result_buffers": bson.A{make([]byte, 200_000)}}}))
	require.Equal(t, append(smallIDs(7, 8), smallIDs(9, 10)...), historyOf(t, db))
	require.NoError(t, db.UpdateRecord(t.Context(), "task-00007", `{$unset: {buffers: 1}}`))
	addSmall(t, db, 10, 11)
	require.InDelta(t, 500_000, statsOf(t, db).Bytes, 1500)
	require.Equal(t, 3, count(t, db))
}

var fullness = []boundedBehaviour{
	{"an addition that finds no room is refused whole", "max_records=4", fullAdd},
	{"an update that finds no room leaves its record as it was", "max_bytes=10KB", fullUpdate},
	{"a buffer that finds no room is not there", "max_bytes=100KB", fullBuffer},
	{"what is appended and finds no room is not there", "max_bytes=100KB", fullAppend},
	{"of a bulk those that find room are carried out", "max_records=2", fullBulk},
	{"what is larger than the bound is refused, and nothing goes for it", "max_bytes=10KB", fullLarge},
	{"a refused addition makes no collection", "max_records=1&max_bytes=10KB", fullNew},
}

// unchanged tests that an operation is refused with ErrFull and changes nothing.
func unchanged(t *testing.T, db *taskdb.DB, refused func() error) {
	t.Helper()
	docs, stats := find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"}), statsOf(t, db)
	require.ErrorIs(t, refused(), taskdb.ErrFull)
	require.Equal(t, docs, find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"}))
	now := statsOf(t, db)
	now.FileBytes, now.FreeBytes = stats.FileBytes, stats.FreeBytes
	require.Equal(t, stats, now)
}

func fullAdd(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "header.username"})
	require.NoError(t, db.Add(t.Context(), numbered(t, 3)...))
	addSmall(t, db, 0, 1)
	unchanged(t, db, func() error { return db.Add(t.Context(), pendingTask(t, "x"), finishedTask(t, "y")) })
	_, err := db.Get(t.Context(), "y")
	require.NotErrorIs(t, err, taskdb.ErrExpired)
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "x")), "the finished one makes room")
	unchanged(t, db, func() error { return db.Add(t.Context(), finishedTask(t, "y")) })
	unchanged(t, db, func() error {
		_, err := db.Update(t.Context(), taskdb.Update{Filter: `{msg_id: "y"}`, Update: `{$set: {label: "x"}}`, Upsert: true})
		return err
	})
	require.NoError(t, db.UpdateRecord(t.Context(), "x", `{$set: {completed: ISODate("2026-11-22T10:00:00Z")}}`))
	require.NoError(t, db.Add(t.Context(), finishedTask(t, "y")))
}

func fullUpdate(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "stdout"})
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	addSmall(t, db, 0, 1)
	for _, text := range []any{strings.Repeat("x", 20_000), bson.A{make([]byte, 20_000)}} {
		update := bson.M{"$set": bson.M{"stdout": text}}
		unchanged(t, db, func() error { return db.UpdateRecord(t.Context(), "a", update) })
		unchanged(t, db, func() error { return db.UpdateRecord(t.Context(), "task-00000", update) })
	}
	require.Len(t, find(t, db, taskdb.Query{Filter: `{stdout: "ten bytes."}`}), 1, "indexes are as they were")
	require.NoError(t, db.UpdateRecord(t.Context(), "a", bson.M{"$set": bson.M{"stdout": strings.Repeat("x", 9_000)}}))
}

func fullBuffer(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	addSmall(t, db, 0, 1)
	unchanged(t, db, func() error { return db.PutBuffer(t.Context(), "a", "buffers", bytes.NewReader(make([]byte, 100_001))) })
	require.NoError(t, db.PutBuffer(t.Context(), "a", "buffers", bytes.NewReader(make([]byte, 90_000))))
}

func fullAppend(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	addSmall(t, db, 0, 1)
	appending := func(size int) error { return db.AppendText(t.Context(), "a", "stdout", strings.Repeat("x", size)) }
	unchanged(t, db, func() error { return appending(100_001) })
	require.NoError(t, appending(20_000))
	require.NoError(t, appending(20_000))
	unchanged(t, db, func() error { return appending(60_001) })
	require.NoError(t, appending(58_000))
	require.LessOrEqual(t, statsOf(t, db).Bytes, int64(100_000))
}

func fullBulk(t *testing.T, db *taskdb.DB) {
	insert := func(text string) taskdb.Operation { return taskdb.Insert{Doc: parse(t, text)} }
	outcomes, err := db.Bulk(t.Context(), false, insert(`{msg_id: "a"}`), insert(`{msg_id: "b"}`), insert(`{msg_id: "c"}`),
		taskdb.Update{Filter: `{msg_id: "b"}`, Update: `{$set: {completed: ISODate("2026-11-22T10:00:00Z")}}`}, insert(`{msg_id: "d"}`))
	require.NoError(t, err)
	require.ErrorIs(t, outcomes[2].Err, taskdb.ErrFull)
	for _, n := range []int{0, 1, 3, 4} {
		require.NoError(t, outcomes[n].Err)
	}
	require.Equal(t, []string{"a", "d"}, ids(t, db, taskdb.Query{Sort: "{_id: 1}"}))
}

func fullLarge(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 10)
	large := finishedTask(t, "large")
	large.Stdout = strings.Repeat("x", 20_000)
	unchanged(t, db, func() error { return db.Add(t.Context(), large) })
}

func fullNew(t *testing.T, db *taskdb.DB) {
	require.ErrorIs(t, db.Add(t.Context(), numbered(t, 2)...), taskdb.ErrFull)
	large := bson.D{{Key: "msg_id", Value: "a"}, {Key: "stdout", Value: strings.Repeat("x", 20_000)}}
	results, err := db.AddEach(t.Context(), encode(t, large))
	require.NoError(t, err)
	require.ErrorIs(t, results[0], taskdb.ErrFull)
	_, err = db.Update(t.Context(), taskdb.Update{Filter: large, Update: large, Upsert: true})
	require.ErrorIs(t, err, taskdb.ErrFull)
	require.Empty(t, collectionNamesOf(t, db))
	require.NoError(t, db.Add(t.Context(), numbered(t, 1)...))
}

var expiry = []boundedBehaviour{
	{"what went is answered as expired, by every call", "max_records=1", expiredCalls},
	{"the rule is the bound that was passed", "max_bytes=10KB", expiredByBytes},
	{"a msg_id that is added again is found again", "max_records=1&cull=0", expiredAgain},
	{"what somebody removes has not expired", "max_records=2&cull=0", removedIsNotExpired},
}

func expiredCalls(t *testing.T, db *taskdb.DB) {
	before := time.Now().Truncate(time.Millisecond)
	addSmall(t, db, 0, 2)
	for name, call := range map[string]func(id string) error{
		"Get": func(id string) error {
			_, err := db.Get(t.Context(), id)
			return err
		},
		"UpdateRecord": func(id string) error { return db.UpdateRecord(t.Context(), id, `{$set: {label: "x"}}`) },
		"DropRecord":   func(id string) error { return db.DropRecord(t.Context(), id) },
		"OpenBuffer": func(id string) error {
			_, err := db.OpenBuffer(t.Context(), id, "buffers", 0)
			return err
		},
		"AppendText": func(id string) error { return db.AppendText(t.Context(), id, "stdout", "x") },
		"PutBuffer":  func(id string) error { return db.PutBuffer(t.Context(), id, "buffers", strings.NewReader("x")) },
	} {
		err := call("task-00000")
		var expired *taskdb.ExpiredError
		require.ErrorAs(t, err, &expired, name)
		require.ErrorIs(t, err, taskdb.ErrExpired, name)
		require.ErrorIs(t, err, taskdb.ErrNotFound, name)
		require.ErrorContains(t, err, "expired by max_records=1 at 20", name)
		require.Equal(t, "task-00000", expired.MsgID, name)
		require.Equal(t, "max_records=1", expired.Rule, name)
		require.False(t, expired.At.Before(before) || expired.At.After(time.Now()), "%s: %v", name, expired.At)

		err = call("never added")
		require.ErrorIs(t, err, taskdb.ErrNotFound, name)
		require.NotErrorIs(t, err, taskdb.ErrExpired, name)
	}
	_, err := db.OpenBuffer(t.Context(), "task-00001", "buffers", 0)
	require.NotErrorIs(t, err, taskdb.ErrExpired)
}

func expiredByBytes(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 100)
	_, err := db.Get(t.Context(), "task-00000")
	require.ErrorContains(t, err, "expired by max_bytes=10000 at 20")
}

func expiredAgain(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 2)
	addSmall(t, db, 0, 1)
	_, err := db.Get(t.Context(), "task-00000")
	require.NoError(t, err)
	_, err = db.OpenBuffer(t.Context(), "task-00000", "buffers", 0)
	require.ErrorIs(t, err, taskdb.ErrNotFound)
	require.NotErrorIs(t, err, taskdb.ErrExpired, "it has no such buffer")
	_, err = db.Get(t.Context(), "task-00001")
	require.ErrorIs(t, err, taskdb.ErrExpired)
	addSmall(t, db, 1, 2)
	_, err = db.Get(t.Context(), "task-00000")
	require.ErrorIs(t, err, taskdb.ErrExpired)
	require.EqualValues(t, 3, statsOf(t, db).Culled)
}

func removedIsNotExpired(t *testing.T, db *taskdb.DB) {
	addSmall(t, db, 0, 4)
	require.NoError(t, db.DropRecord(t.Context(), "task-00002"))
	_, err := db.Purge(t.Context(), taskdb.Purge{All: true})
	require.NoError(t, err)
	addSmall(t, db, 0, 1) // it had expired
	require.NoError(t, db.DropRecord(t.Context(), "task-00000"))
	for _, id := range []string{"task-00000", "task-00002", "task-00003"} {
		_, err := db.Get(t.Context(), id)
		require.ErrorIs(t, err, taskdb.ErrNotFound)
		require.NotErrorIs(t, err, taskdb.ErrExpired, id)
	}
	_, err = db.Get(t.Context(), "task-00001")
	require.ErrorIs(t, err, taskdb.ErrExpired)
	require.NoError(t, db.DropCollection(t.Context()))
	addSmall(t, db, 0, 1)
	_, err = db.Get(t.Context(), "task-00001")
	require.NotErrorIs(t, err, taskdb.ErrExpired, "it was in another collection")
	require.Zero(t, statsOf(t, db).Culled)
}

const lostAfter = 200 * time.Millisecond

var losing = []boundedBehaviour{
	{"a task that nobody touches is lost", "lost_after=200ms", loseUntouched},
	{"an update keeps a task from being lost", "lost_after=200ms", loseUpdated},
	{"a buffer keeps a task from being lost", "lost_after=200ms", losePut},
	{"what is appended keeps a task from being lost", "lost_after=200ms", loseAppended},
	{"a lost task makes room", "max_records=2&lost_after=10ms", loseForRoom},
	{"a store is closed while tasks are lost", "lost_after=1ms", loseDuringClose},
}

// lost waits until a task is lost, and returns it.
func lost(t *testing.T, db *taskdb.DB, id string) *taskdb.TaskRecord {
	t.Helper()
	for {
		record, err := db.Get(t.Context(), id)
		require.NoError(t, err)
		if !record.Completed.IsZero() {
			require.Equal(t, "aborted", record.ResultContent.Lookup("status").StringValue())
			return record
		}
	}
}

func loseUntouched(t *testing.T, db *taskdb.DB) {
	before := time.Now().Truncate(time.Millisecond)
	pending, running, finished := pendingTask(t, "pending"), pendingTask(t, "running"), finishedTask(t, "finished")
	running.EngineUUID = "engine-1"
	require.NoError(t, db.Add(t.Context(), pending, running, finished))
	addDocs(t, db.In("lab.notes"), `{_id: "a note", msg_id: "a note"}`)
	for _, want := range []*taskdb.TaskRecord{pending, running} {
		got := lost(t, db, want.MsgID)
		require.False(t, got.Completed.Before(before.Add(lostAfter)))
		want.Completed = got.Completed
		want.ResultContent = parse(t, `{status: "aborted", ename: "TaskLost", evalue: "nobody touched the task for 200ms (lost_after)"}`)
		require.Equal(t, want, got, "nothing else has changed")
	}
	for statsOf(t, db).Lost < 2 {
	}
	require.Len(t, find(t, db, taskdb.Query{Filter: taskdb.StateAborted.Filter()}), 2)
	got, err := db.Get(t.Context(), "finished")
	require.NoError(t, err)
	require.Equal(t, finished, got)
	require.Len(t, find(t, db.In("lab.notes"), taskdb.Query{Filter: `{completed: null}`}), 1, "it is no task")
}

// keeps tests that a task is not lost before lostAfter is over since it was touched
// last, and that one which is not touched is.
func keeps(t *testing.T, db *taskdb.DB, touch func() error) {
	t.Helper()
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "touched"), pendingTask(t, "untouched")))
	touched := time.Now()
	for {
		before := time.Now()
		require.NoError(t, touch())
		record, err := db.Get(t.Context(), "touched")
		require.NoError(t, err)
		if !record.Completed.IsZero() {
			break // this was too late
		}
		touched = before
		if record, err = db.Get(t.Context(), "untouched"); err == nil && !record.Completed.IsZero() {
			break
		}
		require.NoError(t, err)
	}
	require.False(t, lost(t, db, "touched").Completed.Before(touched.Truncate(time.Millisecond).Add(lostAfter)))
}

func loseUpdated(t *testing.T, db *taskdb.DB) {
	keeps(t, db, func() error { return db.UpdateRecord(t.Context(), "touched", `{$inc: {n: 1}}`) })
}

func losePut(t *testing.T, db *taskdb.DB) {
	keeps(t, db, func() error { return db.PutBuffer(t.Context(), "touched", "result_buffers", strings.NewReader("x")) })
}

func loseAppended(t *testing.T, db *taskdb.DB) {
	keeps(t, db, func() error { return db.AppendText(t.Context(), "touched", "stdout", strings.Repeat("x", 1000)) })
	record, err := db.Get(t.Context(), "touched")
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("x", len(record.Stdout)), record.Stdout)
	require.GreaterOrEqual(t, len(record.Stdout), 1000)
	require.EqualValues(t, sizeOf(t, db), statsOf(t, db).Bytes)
}

// sizeOf returns how many bytes a collection's documents have.
func sizeOf(t tester, db *taskdb.DB) (n int) {
	t.Helper()
	for _, doc := range find(t, db, taskdb.Query{Projection: "{}"}) {
		n += len(doc)
	}
	return n
}

func loseForRoom(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 2)...))
	for {
		err := db.Add(t.Context(), pendingTask(t, "new"))
		if err == nil {
			break
		}
		require.ErrorIs(t, err, taskdb.ErrFull)
	}
	_, err := db.Get(t.Context(), "task-0000")
	require.ErrorIs(t, err, taskdb.ErrExpired)
}

func loseDuringClose(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 1000)...))
	lost(t, db, "task-0000")
	require.NoError(t, db.Close())
}
