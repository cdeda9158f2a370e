package backendtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// ipythonTests are what ipyparallel's own test_db.py asks of its backends, under
// its names.
var ipythonTests = area{"ipyparallel", []behaviour{
	{"test_add_record", testAddRecord},
	{"test_drop_record", testDropRecord},
	{"test_update_record", testUpdateRecord},
	{"test_update_record_bad", testUpdateRecordBad},
	{"test_find_records_dt", testFindRecordsDt},
	{"test_find_records_keys", testFindRecordsKeys},
	{"test_find_records_msg_id", testFindRecordsMsgID},
	{"test_find_records_in", testFindRecordsIn},
	{"test_find_records_glob", testFindRecordsGlob},
	{"test_get_history", testGetHistory},
	{"test_datetime", testDatetime},
	{"test_drop_matching", testDropMatching},
	{"test_null", testNull},
	{"test_pop_safe_get", testPopSafeGet},
	{"test_pop_safe_find", testPopSafeFind},
	{"test_pop_safe_find_keys", testPopSafeFindKeys},
}}

// load adds n tasks with a buffer of 100 bytes each, submitted a second apart from
// the given time on.
func load(t *testing.T, db *taskdb.DB, n int, from time.Time) []*taskdb.TaskRecord {
	t.Helper()
	records := make([]*taskdb.TaskRecord, n)
	for i := range records {
		records[i] = pendingTask(t, fmt.Sprintf("%d-%d", from.Unix(), i))
		records[i].Submitted = from.Add(time.Duration(i) * time.Second)
		records[i].Started = records[i].Submitted
		records[i].Buffers = [][]byte{make([]byte, 100)}
	}
	require.NoError(t, db.Add(t.Context(), records...))
	return records
}

func testAddRecord(t *testing.T, db *taskdb.DB) {
	load(t, db, 16, at(0))
	before := historyOf(t, db)
	added := load(t, db, 5, at(1))
	require.Equal(t, append(before, msgIDs(added)...), historyOf(t, db))
}

func testDropRecord(t *testing.T, db *taskdb.DB) {
	last := load(t, db, 16, at(0))[15].MsgID
	require.NoError(t, db.DropRecord(t.Context(), last))
	_, err := db.Get(t.Context(), last)
	require.ErrorIs(t, err, taskdb.ErrNotFound)
	require.Len(t, historyOf(t, db), 15)
}

func testUpdateRecord(t *testing.T, db *taskdb.DB) {
	record := load(t, db, 16, at(0))[10]
	require.NoError(t, db.UpdateRecord(t.Context(), record.MsgID, bson.M{"$set": bson.M{"stdout": "hello there", "completed": at(7)}}))
	record.Stdout, record.Completed = "hello there", at(7)
	got, err := db.Get(t.Context(), record.MsgID)
	require.NoError(t, err)
	require.Equal(t, record, got)
}

// testUpdateRecordBad is one that ipyparallel has commented out: two of its
// backends did not do so.
func testUpdateRecordBad(t *testing.T, db *taskdb.DB) {
	load(t, db, 16, at(0))
	require.ErrorIs(t, db.UpdateRecord(t.Context(), "bad", `{$set: {queue: "b"}}`), taskdb.ErrNotFound)
	require.Equal(t, 16, count(t, db))
}

func testDropMatching(t *testing.T, db *taskdb.DB) {
	some := msgIDs(load(t, db, 16, at(0)))[6:9]
	selected := bson.M{"msg_id": bson.M{"$in": some}}
	require.EqualValues(t, 3, removeMany(t, db, selected))
	require.Empty(t, find(t, db, taskdb.Query{Filter: selected}))
	require.Equal(t, 13, count(t, db))
}

func testFindRecordsDt(t *testing.T, db *taskdb.DB) {
	records := load(t, db, 16, at(0))
	middle := records[8].Submitted
	for condition, want := range map[string][]*taskdb.TaskRecord{
		"$lt":  records[:8],
		"$lte": records[:9],
		"$eq":  records[8:9],
		"$gte": records[8:],
		"$gt":  records[9:],
		"$ne":  append(records[:8:8], records[9:]...),
	} {
		q := taskdb.Query{Filter: bson.M{"submitted": bson.M{condition: middle}}, Sort: "{submitted: 1}"}
		require.Equal(t, msgIDs(want), msgIDs(findRecords(t, db, q)), condition)
	}
	require.Equal(t, msgIDs(records[8:9]), ids(t, db, taskdb.Query{Filter: bson.M{"submitted": middle}}))
}

func testFindRecordsKeys(t *testing.T, db *taskdb.DB) {
	load(t, db, 16, at(0))
	found := find(t, db, taskdb.Query{Keys: []string{"submitted", "completed"}})
	require.Len(t, found, 16)
	for _, doc := range found {
		elements, err := doc.Elements()
		require.NoError(t, err)
		require.Len(t, elements, 3)
		require.Equal(t, bson.TypeString, doc.Lookup("msg_id").Type)
		require.Equal(t, bson.TypeDateTime, doc.Lookup("submitted").Type)
		require.Equal(t, bson.TypeNull, doc.Lookup("completed").Type)
	}
}

func testFindRecordsMsgID(t *testing.T, db *taskdb.DB) {
	load(t, db, 16, at(0))
	for _, keys := range [][]string{nil, {"submitted", "completed"}, {"submitted", "completed", "msg_id"}, {"msg_id"}} {
		for _, record := range findRecords(t, db, taskdb.Query{Keys: keys}) {
			require.NotEmpty(t, record.MsgID, "keys %v", keys)
		}
	}
}

func testFindRecordsIn(t *testing.T, db *taskdb.DB) {
	records := load(t, db, 16, at(0))
	var even, odd []string
	for i, id := range msgIDs(records) {
		if i%2 == 0 {
			even = append(even, id)
		} else {
			odd = append(odd, id)
		}
	}
	require.ElementsMatch(t, even, ids(t, db, taskdb.Query{Filter: bson.M{"msg_id": bson.M{"$in": even}}}))
	require.ElementsMatch(t, odd, ids(t, db, taskdb.Query{Filter: bson.M{"msg_id": bson.M{"$nin": even}}}))
}

func testFindRecordsGlob(t *testing.T, db *taskdb.DB) {
	load(t, db, 16, at(0)) // without a label
	for _, label := range []string{
		"group_a", "group_a1", "group_a/subgroup_a", "group_a/subgroup_b", "group_a/subgroup_ab",
		"group_b", "group_b/subgroup_a", "group_b/subgroup_b", "a*b", "a?b",
	} {
		require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: label, Label: label}))
	}
	for pattern, want := range map[string][]string{
		"group_a*":              {"group_a", "group_a1", "group_a/subgroup_a", "group_a/subgroup_b", "group_a/subgroup_ab"},
		"group_a/subgroup_?":    {"group_a/subgroup_a", "group_a/subgroup_b"},
		"group_b":               {"group_b"},
		"group_b/subgroup_[ab]": {"group_b/subgroup_a", "group_b/subgroup_b"},
		"*/subgroup_a":          {"group_a/subgroup_a", "group_b/subgroup_a"},
		"*[*]*":                 {"a*b"},
		"*[?]*":                 {"a?b"},
	} {
		require.ElementsMatch(t, want, ids(t, db, taskdb.Query{Filter: bson.M{"label": bson.M{"$glob": pattern}}}), pattern)
	}
}

func testGetHistory(t *testing.T, db *taskdb.DB) {
	records := load(t, db, 16, at(0))
	last := pendingTask(t, "last")
	last.Submitted = at(60)
	first := pendingTask(t, "first")
	first.Submitted = at(-60)
	require.NoError(t, db.Add(t.Context(), last, first))
	want := append([]string{"first"}, msgIDs(records)...)
	require.Equal(t, append(want, "last"), historyOf(t, db))
}

func testDatetime(t *testing.T, db *taskdb.DB) {
	record := pendingTask(t, "a")
	require.NoError(t, db.Add(t.Context(), record))
	record.Completed = at(5)
	require.NoError(t, db.UpdateRecord(t.Context(), "a", bsonSet("completed", record.Completed)))
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, record.Submitted, got.Submitted)
	require.Equal(t, record.Completed, got.Completed)
	require.Equal(t, record.Submitted, got.Header.Lookup("date").Time().UTC())
}

func testNull(t *testing.T, db *taskdb.DB) {
	load(t, db, 16, at(0))
	require.Empty(t, find(t, db, taskdb.Query{Filter: bson.M{"msg_id": nil}}))
	require.Len(t, find(t, db, taskdb.Query{Filter: bson.M{"msg_id": bson.M{"$ne": nil}}}), 16)
}

// spoil changes a record in every way that ipyparallel's tests do.
func spoil(record *taskdb.TaskRecord) {
	record.Buffers = nil
	record.Extra = bson.Raw{5, 0, 0, 0, 0}
	clear(record.Header)
}

func testPopSafeGet(t *testing.T, db *taskdb.DB) {
	want := load(t, db, 1, at(0))[0]
	got, err := db.Get(t.Context(), want.MsgID)
	require.NoError(t, err)
	spoil(got)
	again, err := db.Get(t.Context(), want.MsgID)
	require.NoError(t, err)
	require.Equal(t, want, again)
}

func testPopSafeFind(t *testing.T, db *taskdb.DB) {
	want := load(t, db, 1, at(0))
	q := taskdb.Query{Filter: bson.M{"msg_id": want[0].MsgID}, Projection: "{}"}
	spoil(findRecords(t, db, q)[0])
	require.Equal(t, want, findRecords(t, db, q))
}

func testPopSafeFindKeys(t *testing.T, db *taskdb.DB) {
	want := load(t, db, 1, at(0))[0]
	q := taskdb.Query{Filter: bson.M{"msg_id": want.MsgID}, Keys: []string{"buffers", "header"}}
	spoil(findRecords(t, db, q)[0])
	require.Equal(t, []*taskdb.TaskRecord{{MsgID: want.MsgID, Header: want.Header, Buffers: want.Buffers}}, findRecords(t, db, q))
}
