package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

var collections = area{"collections", []behaviour{
	{"a store opens on IPython's collection", defaultCollection},
	{"collections are apart", collectionsApart},
	{"their names are any text", collectionNames},
	{"a collection that was never written to is empty", unwrittenCollection},
	{"a msg_id is unique in collections of tasks only", uniqueInTasks},
	{"a refused batch leaves a free collection as it was", refusedInFree},
}}

func defaultCollection(t *testing.T, db *taskdb.DB) {
	require.Equal(t, "ipython-tasks.task_records", db.Collection())
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	require.Equal(t, []string{"a"}, ids(t, db.In(taskdb.DefaultCollection), taskdb.Query{}))
}

// apart tests that documents of the same _id in collections of these names do not
// know of each other.
func apart(t *testing.T, db *taskdb.DB, names []string) {
	t.Helper()
	for _, name := range names {
		doc := encode(t, bson.D{{Key: "_id", Value: "a"}, {Key: "msg_id", Value: "a"}, {Key: "label", Value: name}})
		require.NoError(t, db.In(name).AddRaw(t.Context(), doc), "%q", name)
	}
	for _, name := range names {
		require.Equal(t, name, db.In(name).Collection())
		doc, err := db.In(name).GetRaw(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, name, doc.Lookup("label").StringValue())
		require.Equal(t, []string{"a"}, ids(t, db.In(name), taskdb.Query{}))
		require.Equal(t, []string{"a"}, historyOf(t, db.In(name)))
		require.Equal(t, 1, count(t, db.In(name)))
		labels, err := db.In(name).Distinct(t.Context(), "label", nil)
		require.NoError(t, err)
		require.Len(t, labels, 1)
	}
}

func collectionsApart(t *testing.T, db *taskdb.DB) {
	apart(t, db, []string{
		taskdb.DefaultCollection, "ipython-tasks.archive", "other.task_records", "ipython-tasks.task_records.old", "a.b", "a.b.c", "b.a",
	})
}

func collectionNames(t *testing.T, db *taskdb.DB) {
	apart(t, db, []string{
		"a.tasks", "a.Tasks", "a.tasks_1", "a.tasks%1", "a.tasks?1", "a.it's", `a."quoted"`, "a.[x]", "a.b c", "a.ключ", "a.日本語",
		"a.x; drop table y; --", "a-b.c", "a.b-c", "a_b.c", "a.sqlite_master", "a.b\\c", "a.b/c",
	})
}

func unwrittenCollection(t *testing.T, db *taskdb.DB) {
	other := db.In("never.written")
	require.Empty(t, find(t, other, taskdb.Query{}))
	require.Empty(t, historyOf(t, other))
	require.Zero(t, count(t, other))
	distinct(t, other, "label", nil)
	_, err := other.Get(t.Context(), "a")
	require.ErrorIs(t, err, taskdb.ErrNotFound)
}

func uniqueInTasks(t *testing.T, db *taskdb.DB) {
	for name, unique := range map[string]bool{
		taskdb.DefaultCollection: true,
		"session-1.task_records": true,
		"a.b.task_records":       true,
		"test.records":           false,
		"test.task_records_old":  false,
		"task_records.archive":   false,
	} {
		c := db.In(name)
		addDocs(t, c, `{_id: 1, msg_id: "a"}`)
		err := c.AddRaw(t.Context(), parse(t, `{_id: 2, msg_id: "a"}`))
		if !unique {
			require.NoError(t, err, name)
			require.Len(t, find(t, c, taskdb.Query{Filter: `{msg_id: "a"}`}), 2, name)
			continue
		}
		var duplicate *taskdb.DuplicateKeyError
		require.ErrorAs(t, err, &duplicate, name)
		require.Equal(t, name, duplicate.Collection)
		require.Equal(t, parse(t, `{msg_id: "a"}`), duplicate.KeyValue)
	}
}

func refusedInFree(t *testing.T, db *taskdb.DB) {
	free := db.In("test.free")
	addDocs(t, free, `{_id: 1, msg_id: "a"}`)
	require.ErrorIs(t, addBatch(t, free, []string{`{_id: 2, msg_id: "a"}`, `{_id: 3, msg_id: "b"}`, `{_id: 4, msg_id: "b"}`, `{_id: 1}`}), taskdb.ErrExists)
	doc, err := free.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, parse(t, `{_id: 1, msg_id: "a"}`), doc)
	_, err = free.GetRaw(t.Context(), "b")
	require.ErrorIs(t, err, taskdb.ErrNotFound)
	require.Equal(t, 1, count(t, free))
}
