package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

var followingIndexes = area{"indexes after changes", []behaviour{
	{"standard indexes follow every kind of value", standardFollow},
	{"an update that makes an array makes the index multikey", updateMakesMultikey},
	{"an update that makes parallel arrays is refused", updateMakesParallel},
	{"documents enter and leave a partial index", partialFollows},
	{"values of any length are told apart after updates", longKeysFollow},
	{"buffers in an index follow, wherever they are kept", buffersFollow},
	{"changes while an index is built are in it", changeDuringBuild},
	{"a scan takes no other index for one that was dropped", remadeDuringScan},
}}

// requireFollowed tests that what is found of a path is what a scan finds.
func requireFollowed(t *testing.T, db *taskdb.DB, path string, values ...any) {
	t.Helper()
	docs := contents(t, db)
	for _, value := range values {
		for _, condition := range []any{bson.M{"$eq": value}, bson.M{"$gte": value}, bson.M{"$lt": value}, bson.M{"$ne": value}, bson.M{"$in": bson.A{value}}} {
			filter := bson.M{path: condition}
			want := matching(t, docs, filter)
			require.ElementsMatch(t, want, find(t, db, taskdb.Query{Filter: filter, Projection: "{}"}), "%.200v", filter)
			n, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
			require.NoError(t, err)
			require.EqualValues(t, len(want), n, "%.200v", filter)
		}
	}
}

func standardFollow(t *testing.T, db *taskdb.DB) {
	values := []any{nil, "a", "b", bson.DateTime(5), bson.DateTime(-5), 5, bson.A{"a", bson.DateTime(5)}, bson.A{}, bson.M{"a": 1}, true, bson.Symbol("a")}
	addDocs(t, db, `{_id: 1}`, `{_id: 2, msg_id: "x"}`)
	for _, path := range []string{"submitted", "started", "completed", "client_uuid", "engine_uuid", "queue", "label", "result_content.status", "msg_id"} {
		for _, value := range values {
			update(t, db, `{_id: 1}`, bsonSet(path, value))
			requireFollowed(t, db, path, nil, "a", bson.DateTime(5), 5)
		}
		update(t, db, `{_id: 1}`, `{}`)
		requireFollowed(t, db, path, nil, "a", bson.DateTime(5), 5)
	}
	for _, content := range []any{nil, "text", bson.M{"status": "ok"}, bson.A{bson.M{"status": "ok"}, bson.M{"status": "error"}}, bson.A{"ok"}, bson.M{"status": bson.A{"ok"}}} {
		update(t, db, `{_id: 1}`, bsonSet("result_content", content))
		requireFollowed(t, db, "result_content.status", nil, "ok", "error")
	}
}

func updateMakesMultikey(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "tags"})
	addDocs(t, db, `{_id: 1, tags: 1}`, `{_id: 2, tags: 5}`, `{_id: 3}`)
	require.False(t, infoOf(t, db, "tags_1").Multikey)
	update(t, db, `{_id: 2}`, `{$set: {tags: [0, 9]}}`)
	require.True(t, infoOf(t, db, "tags_1").Multikey)
	require.Equal(t, []string{"2"}, numbersOf(t, db, `{tags: {$gt: 4, $lt: 1}}`), "one element above, one below")
	require.Equal(t, []string{"2"}, numbersOf(t, db, `{tags: 9}`))
	update(t, db, `{_id: 2}`, `{$set: {tags: 4}}`)
	require.Equal(t, []string{}, numbersOf(t, db, `{tags: 9}`))
	require.Equal(t, []string{"2"}, numbersOf(t, db, `{tags: {$gt: 1}}`))
	_, err := db.Update(t.Context(), taskdb.Update{Filter: `{_id: 4}`, Update: `{$push: {tags: {$each: [7, 8]}}}`, Upsert: true})
	require.NoError(t, err)
	require.Equal(t, []string{"4"}, numbersOf(t, db, `{tags: {$all: [7, 8]}}`))
}

// numbersOf returns the _ids, which are digits, of what a filter selects.
func numbersOf(t *testing.T, db *taskdb.DB, filter string) []string {
	t.Helper()
	ids := []string{}
	for _, doc := range find(t, db, taskdb.Query{Filter: filter, Sort: `{_id: 1}`, Projection: `{_id: 1}`}) {
		ids = append(ids, string('0'+rune(doc.Lookup("_id").AsInt64())))
	}
	return ids
}

func updateMakesParallel(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "a,b"})
	addDocs(t, db, `{_id: 1, a: [1, 2], b: 3}`, `{_id: 2}`)
	for _, u := range []taskdb.Update{
		{Filter: `{_id: 1}`, Update: `{$set: {b: [3, 4]}}`}, {Filter: `{_id: 2}`, Update: `{a: [1], b: [2]}`},
		{Filter: `{_id: 1}`, Update: `{$set: {b: [3, 4]}}`, Many: true}, {Filter: `{_id: 3}`, Update: `{$set: {a: [1], b: [1]}}`, Upsert: true},
	} {
		_, err := db.Update(t.Context(), u)
		requireCode(t, 171, err, "parallel arrays")
		requireContents(t, db, `{_id: 1, a: [1, 2], b: 3}`, `{_id: 2}`)
		require.Equal(t, []string{"1"}, numbersOf(t, db, `{a: 2, b: 3}`))
	}
	update(t, db, `{_id: 1}`, `{$set: {a: 1, b: [3, 4]}}`)
	require.Equal(t, []string{"1"}, numbersOf(t, db, `{a: 1, b: 4}`))
	require.Equal(t, []string{}, numbersOf(t, db, `{a: 2}`))
}

func partialFollows(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "slot", Unique: true, Partial: `{completed: null}`})
	addDocs(t, db, `{_id: 1, slot: 1}`, `{_id: 2, slot: 1, completed: 5}`, `{_id: 3, slot: 3}`)
	const unfinished = `{slot: {$gte: 0}, completed: null}`
	require.Equal(t, []string{"1", "3"}, numbersOf(t, db, unfinished))
	_, err := db.Update(t.Context(), taskdb.Update{Filter: `{_id: 2}`, Update: `{$unset: {completed: 1}}`})
	require.ErrorIs(t, err, taskdb.ErrExists)
	update(t, db, `{_id: 1}`, `{$set: {completed: 6}}`)
	require.Equal(t, []string{"3"}, numbersOf(t, db, unfinished))
	update(t, db, `{_id: 2}`, `{$unset: {completed: 1}}`)
	require.Equal(t, []string{"2", "3"}, numbersOf(t, db, unfinished))
	_, err = db.Update(t.Context(), taskdb.Update{Filter: `{_id: 3}`, Update: `{$inc: {slot: -2}}`})
	require.ErrorIs(t, err, taskdb.ErrExists)
	update(t, db, `{_id: 3}`, `{$set: {slot: 1, completed: 5}}`)
	require.Equal(t, []string{"2"}, numbersOf(t, db, unfinished))
	require.Equal(t, []string{"1", "2", "3"}, numbersOf(t, db, `{slot: 1}`))
}

func longKeysFollow(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "path", Unique: true, Partial: `{path: {$exists: true}}`})
	long := string(make([]byte, 5000))
	addDocs(t, db, `{_id: 1}`, `{_id: 2}`, `{_id: 3}`)
	for i, value := range []string{long + "a", long + "b", long} {
		update(t, db, bson.M{"_id": i + 1}, bson.M{"$set": bson.M{"path": value, "label": value, "msg_id": value}})
	}
	for _, path := range []string{"path", "label", "msg_id"} {
		requireFollowed(t, db, path, long, long+"a", long+"b", long+"c", "")
	}
	for _, path := range []string{"path", "msg_id"} {
		_, err := db.Update(t.Context(), taskdb.Update{Filter: `{_id: 1}`, Update: bsonSet(path, long+"b")})
		require.ErrorIs(t, err, taskdb.ErrExists, path)
	}
	update(t, db, `{_id: 1}`, bsonSet("path", long+"c"))
	update(t, db, `{_id: 2}`, bsonSet("path", long+"a"))
	requireFollowed(t, db, "path", long, long+"a", long+"b", long+"c", "")
}

func buffersFollow(t *testing.T, db *taskdb.DB) {
	docs := bufferedRecords(t)
	createIndex(t, db, taskdb.Index{Keys: "buffers"})
	createIndex(t, db, taskdb.Index{Keys: "buffers.0,msg_id"})
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	for _, text := range []string{
		`{$set: {label: "x"}}`, `{$rename: {buffers: "kept"}}`, `{$rename: {kept: "buffers"}}`, `{$rename: {result_buffers: "buffers"}}`,
		`{$unset: {buffers: 1}}`, `{$set: {buffers: []}}`,
	} {
		updateMany(t, db, nil, text)
		requireFound(t, db, contents(t, db))
	}
	for i, doc := range docs {
		before := docs[len(docs)-1-i]
		rest, err := before.Elements()
		require.NoError(t, err)
		replacement := bson.D{}
		for _, e := range rest[1:] {
			replacement = append(replacement, bson.E{Key: e.Key(), Value: e.Value()})
		}
		replacement[0].Value = doc.Lookup("msg_id")
		update(t, db, bson.M{"_id": doc.Lookup("_id")}, replacement)
	}
	requireFound(t, db, contents(t, db))
	for _, doc := range docs {
		update(t, db, bson.M{"_id": doc.Lookup("_id")}, doc)
	}
	require.ElementsMatch(t, docs, contents(t, db))
	requireFound(t, db, docs)
}

func changeDuringBuild(t *testing.T, db *taskdb.DB) {
	const n = 2000
	require.NoError(t, db.Add(t.Context(), numbered(t, n)...))
	goroutines(3, func(i int) {
		var err error
		switch i {
		case 0:
			_, err = db.CreateIndex(t.Context(), taskdb.Index{Keys: "header.username,client_uuid,n"})
		case 1:
			_, err = db.Update(t.Context(), taskdb.Update{Filter: `{msg_id: {$gte: "task-0500"}}`, Update: `{$set: {"header.username": "bea"}, $inc: {n: 1}}`, Many: true})
		case 2:
			_, err = db.Delete(t.Context(), taskdb.Delete{Filter: `{msg_id: {$gte: "task-1500"}}`, Many: true})
		}
		if err != nil {
			t.Error(err)
		}
	})
	require.Equal(t, 1500, count(t, db))
	requireFollowed(t, db, "header.username", "ann", "bea", nil)
	require.Len(t, find(t, db, taskdb.Query{Filter: `{"header.username": "bea"}`}), 1000)
}

func remadeDuringScan(t *testing.T, db *taskdb.DB) {
	const n = 3000
	createIndex(t, db, taskdb.Index{Name: "index", Keys: "a"})
	docs := make([]bson.Raw, n)
	for i := range docs {
		docs[i] = encode(t, bson.D{{Key: "_id", Value: i}, {Key: "a", Value: i % 2}, {Key: "b", Value: (i + 1) % 2}})
	}
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	seen := 0
	for doc, err := range db.FindRaw(t.Context(), taskdb.Query{Filter: `{a: 1}`}) {
		if err != nil { // there is no index any more to go on with
			break
		}
		require.EqualValues(t, 1, doc.Lookup("a").AsInt64(), "%s", doc)
		if seen++; seen == 1 {
			require.NoError(t, db.DropIndex(t.Context(), "index"))
			createIndex(t, db, taskdb.Index{Name: "index", Keys: "b"})
		}
	}
	require.NotZero(t, seen)
}
