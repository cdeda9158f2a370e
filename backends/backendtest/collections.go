package backendtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var collections = area{"collections", []behaviour{
	{"a store opens on IPython's collection", defaultCollection},
	{"collections are apart", collectionsApart},
	{"their names are any text that MongoDB takes", collectionNames},
	{"what MongoDB does not take for a name is refused by every call", wrongCollectionNames},
	{"a collection is listed from the first write on", collectionsListed},
	{"a call that writes nothing makes no collection", collectionsNotMade},
	{"a collection is dropped with its documents and indexes", collectionDropped},
	{"to drop a collection that does not exist is no error", dropMissingCollection},
	{"a scan of a collection that is dropped ends", dropDuringScan},
	{"a scan of a collection that is made again shows no record twice", remakeDuringScan},
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
		"a.x; drop table y; --", "a-b.c", "a.b-c", "a_b.c", "a.sqlite_master", "a.b\\c", "a.b/c", "a.b.", "a. ", "a.b..c", "a.system.x",
		"sqlite_master.sqlite_schema", "temp.tasks", "main.tasks", "ключ.x", strings.Repeat("d", 63) + "." + strings.Repeat("c", 191),
	})
}

func wrongCollectionNames(t *testing.T, db *taskdb.DB) {
	for _, name := range []string{
		"", "tasks", ".", ".tasks", "a.", "a..b", "a b.c", "a/b.c", `a\b.c`, `a"b.c`, "a$b.c", "a.$cmd", "a.b$c", "a\x00b.c", "a.b\x00", "a.\x00",
		strings.Repeat("d", 64) + ".c", "a." + strings.Repeat("c", 254), strings.Repeat("ключ", 8) + ".c",
	} {
		for call, do := range calls {
			if call == "Collections" {
				continue // it is about no collection
			}
			var wrong *query.Error
			require.ErrorAs(t, do(t.Context(), db.In(name)), &wrong, "%s, %q", call, name)
			require.Equal(t, query.CodeInvalidNamespace, wrong.Code, "%s, %q", call, name)
		}
	}
	require.Empty(t, collectionNamesOf(t, db))
}

// collectionNamesOf returns the names of a store's collections.
func collectionNamesOf(t tester, db *taskdb.DB) []string {
	t.Helper()
	names, err := db.Collections(t.Context())
	require.NoError(t, err)
	return names
}

func collectionsListed(t *testing.T, db *taskdb.DB) {
	require.Empty(t, collectionNamesOf(t, db))
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	addDocs(t, db.In("b.b"), `{_id: 1}`)
	addDocs(t, db.In("a.b"), `{_id: 1}`)
	addDocs(t, db.In("B.b"), `{_id: 1}`)
	_, err := db.In("b.a").AddEach(t.Context(), parse(t, `{_id: 1}`))
	require.NoError(t, err)
	createIndex(t, db.In("b.aa"), taskdb.Index{Keys: "label"})
	want := []string{"B.b", "a.b", "b.a", "b.aa", "b.b", taskdb.DefaultCollection}
	require.Equal(t, want, collectionNamesOf(t, db))
	require.Equal(t, want, collectionNamesOf(t, db.In("any.other")))
}

func collectionsNotMade(t *testing.T, db *taskdb.DB) {
	require.Error(t, db.AddRaw(t.Context(), bson.Raw{1}))
	require.ErrorIs(t, addBatch(t, db, []string{`{_id: 1}`, `{_id: 1}`}), taskdb.ErrExists)
	require.ErrorIs(t, db.PutBuffer(t.Context(), "a", "buffers", strings.NewReader("x")), taskdb.ErrNotFound)
	require.ErrorIs(t, db.DropIndex(t.Context(), "no_such_index"), taskdb.ErrNotFound)
	require.NoError(t, db.DropCollection(t.Context()))
	unwrittenCollection(t, db)
	require.Empty(t, collectionNamesOf(t, db))
}

func collectionDropped(t *testing.T, db *taskdb.DB) {
	other := db.In("other.task_records")
	for range 3 {
		for _, c := range []*taskdb.DB{db, other} {
			createIndex(t, c, taskdb.Index{Name: "by priority", Keys: "priority", Unique: true})
			require.NoError(t, c.Add(t.Context(), numbered(t, 1)...))
			putBuffers(t, c, "task-0000", "buffers", noises(1, 6000)...)
		}
		require.NoError(t, db.DropCollection(t.Context()))
		require.Equal(t, []string{"other.task_records"}, collectionNamesOf(t, db))
		require.Zero(t, count(t, db))
		require.Empty(t, historyOf(t, db))
		require.Empty(t, indexes(t, db))
		_, err := db.Get(t.Context(), "task-0000")
		require.ErrorIs(t, err, taskdb.ErrNotFound)

		require.Equal(t, []string{"by priority"}, declared(t, other))
		_, err = other.Get(t.Context(), "task-0000")
		require.NoError(t, err)
		require.NoError(t, other.DropCollection(t.Context()))
	}
	require.NoError(t, db.Add(t.Context(), numbered(t, 2)...)) // the unique index went as well
	require.Empty(t, declared(t, db))
	require.Equal(t, []string{db.Collection()}, collectionNamesOf(t, db))
}

func dropMissingCollection(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.In("never.written").DropCollection(t.Context()))
	addDocs(t, db, `{_id: 1}`)
	require.NoError(t, db.DropCollection(t.Context()))
	require.NoError(t, db.DropCollection(t.Context()))
	require.Empty(t, collectionNamesOf(t, db))
}

func dropDuringScan(t *testing.T, db *taskdb.DB) {
	for name, q := range scans {
		require.NoError(t, db.Add(t.Context(), numbered(t, 2100)...))
		seen := map[string]int{}
		for record, err := range db.Find(t.Context(), q) {
			require.NoError(t, err, name)
			if seen[record.MsgID]++; len(seen) == 1 {
				require.NoError(t, db.DropCollection(t.Context()))
			}
			require.Equal(t, 1, seen[record.MsgID], name)
		}
		require.Zero(t, count(t, db), name)
	}
}

func remakeDuringScan(t *testing.T, db *taskdb.DB) {
	for name, q := range scans {
		records := numbered(t, 2100)
		require.NoError(t, db.Add(t.Context(), records...))
		seen := map[string]int{}
		for record, err := range db.Find(t.Context(), q) {
			require.NoError(t, err, name)
			if seen[record.MsgID]++; len(seen) == 1 {
				require.NoError(t, db.DropCollection(t.Context()))
				slices.Reverse(records)
				require.NoError(t, db.Add(t.Context(), records...))
			}
			require.Equal(t, 1, seen[record.MsgID], name)
		}
		require.NoError(t, db.DropCollection(t.Context()))
	}
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
