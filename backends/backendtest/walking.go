package backendtest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

var walking = area{"reading while records change", []behaviour{
	{"a record that moves ahead of a scan comes once", scanWhileMoving},
	{"a record that is changed is not shown unless it is selected as shown", scanWhileChanging},
	{"what is removed ahead of a scan comes no more, or as it was", scanWhileRemoving},
	{"buffers that go meanwhile are whole or not there", scanWhileBuffersGo},
	{"a count meets each record at most once", countWhileMoving},
}}

// movingRecords is how many records a scan reads in two batches, at the least.
const movingRecords = 1500

// scansOfIndexes walk a collection by its indexes.
var scansOfIndexes = map[string]taskdb.Query{
	"a time":            {Filter: `{submitted: {$gt: ISODate("2000-01-01T00:00:00Z")}}`},
	"in order":          {Sort: `{submitted: 1}`},
	"a declared index":  {Filter: `{priority: {$gte: 0}}`},
	"several ranges":    {Filter: `{priority: {$in: [0, 1, 2, 3, 1000000]}}`},
	"an array's values": {Filter: `{tags: {$gte: 0}}`},
	"either":            {Filter: `{$or: [{priority: {$gte: 0}}, {queue: "task"}]}`},
	"unfinished ones":   {Filter: `{completed: null}`, Sort: `{submitted: 1}`},
	"a sort in memory":  {Filter: `{queue: "task"}`, Sort: `{"header.username": 1}`},
	"all":               {},
}

func addMoving(t *testing.T, db *taskdb.DB) {
	t.Helper()
	createIndex(t, db, taskdb.Index{Keys: "priority"})
	createIndex(t, db, taskdb.Index{Keys: "tags"})
	var docs []bson.Raw
	for i, record := range numbered(t, movingRecords) {
		record.Buffers = nil
		record.Extra = encode(t, bson.D{{Key: "priority", Value: i % 4}, {Key: "tags", Value: bson.A{i % 3}}})
		docs = append(docs, encodeAll(t, []*taskdb.TaskRecord{record})...)
	}
	require.NoError(t, db.AddRaw(t.Context(), docs...))
}

// scanWhileMoving moves every record to the end of each index while a scan has read
// but its first.
func scanWhileMoving(t *testing.T, db *taskdb.DB) {
	for name, q := range scansOfIndexes {
		c := db.In("moving.task_records")
		require.NoError(t, c.DropCollection(t.Context()))
		addMoving(t, c)
		q.Projection = `{_id: 1}`
		seen := map[string]bool{}
		for doc, err := range c.FindRaw(t.Context(), q) {
			require.NoError(t, err, name)
			id := doc.Lookup("_id").StringValue()
			require.False(t, seen[id], "%s: %s came twice", name, id)
			if seen[id] = true; len(seen) == 1 || len(seen) == movingRecords/2 {
				moved := updateMany(t, c, nil, bson.M{
					"$set": bson.M{"submitted": at(1_000_000 + len(seen)), "priority": 1_000_000}, "$push": bson.M{"tags": 1_000_000 + len(seen)},
				})
				require.EqualValues(t, movingRecords, moved.Matched)
			}
		}
		require.NotEmpty(t, seen, name)
	}
}

func scanWhileChanging(t *testing.T, db *taskdb.DB) {
	addMoving(t, db)
	for _, filter := range []string{`{priority: {$lt: 2}}`, `{tags: 1}`, `{completed: null, queue: "task"}`, `{queue: "task", priority: {$in: [0, 3]}}`} {
		updateMany(t, db, nil, `{$set: {priority: 1, tags: [1, 2], queue: "task"}, $unset: {completed: 1}}`)
		n := 0
		for doc, err := range db.FindRaw(t.Context(), taskdb.Query{Filter: filter, Projection: "{}"}) {
			require.NoError(t, err)
			require.Len(t, matching(t, []bson.Raw{doc}, filter), 1, "%s does not select %s", filter, doc)
			if n++; n == 1 {
				updateMany(t, db, nil, `{$set: {priority: [5, 6], tags: 7, queue: ["a"], completed: 5}}`)
			}
		}
	}
}

func scanWhileRemoving(t *testing.T, db *taskdb.DB) {
	for name, q := range scansOfIndexes {
		c := db.In("removing.task_records")
		require.NoError(t, c.DropCollection(t.Context()))
		addMoving(t, c)
		q.Projection = "{}"
		n := 0
		for doc, err := range c.FindRaw(t.Context(), q) {
			require.NoError(t, err, name)
			require.Equal(t, "task", doc.Lookup("queue").StringValue(), name)
			if n++; n == 1 {
				require.EqualValues(t, movingRecords, removeMany(t, c, nil))
				require.NoError(t, c.AddRaw(t.Context(), parse(t, `{_id: "new", queue: "new", priority: 1, tags: 1, submitted: ISODate("2026-11-22T10:00:00Z")}`)))
			}
		}
		require.Positive(t, n, name)
	}
}

func scanWhileBuffersGo(t *testing.T, db *taskdb.DB) {
	const n, size = 40, 300_000
	for i := range n {
		record := pendingTask(t, fmt.Sprintf("task-%02d", i))
		record.Buffers = noises(size, 5)
		require.NoError(t, db.Add(t.Context(), record))
	}
	seen := 0
	for record, err := range db.Find(t.Context(), taskdb.Query{Keys: []string{"buffers"}}) {
		require.NoError(t, err)
		if len(record.Buffers) > 0 {
			require.Len(t, record.Buffers, 2)
			require.True(t, bytes.Equal(noise(size), record.Buffers[0]), "it is whole")
		}
		if seen++; seen == 1 {
			updateMany(t, db, `{msg_id: {$lt: "task-30"}}`, `{$unset: {buffers: 1}}`)
			removeMany(t, db, `{msg_id: {$gte: "task-30"}}`)
		}
	}
	require.Positive(t, seen)
	require.Equal(t, n-10, count(t, db))
}

func countWhileMoving(t *testing.T, db *taskdb.DB) {
	addMoving(t, db)
	goroutines(2, func(i int) {
		for round := range 5 {
			if i == 0 {
				if _, err := db.Update(t.Context(), taskdb.Update{Update: bson.M{"$inc": bson.M{"priority": 1000}}, Many: true}); err != nil {
					t.Error(err)
				}
				continue
			}
			for name, filter := range map[string]any{
				"exact": `{priority: {$gte: 0}}`, "asked": `{priority: {$gte: 0}, "header.username": "ann"}`, "all but few": `{priority: {$not: {$lt: 0}}}`,
			} {
				n, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
				if err != nil || n > movingRecords {
					t.Errorf("round %d, %s: %d, %v", round, name, n, err)
				}
			}
		}
	})
	require.Equal(t, movingRecords, count(t, db))
}
