package backendtest

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/answerkey"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var uniqueness = area{"unique indexes", []behaviour{
	{"a document with a key of another is refused, one without is not", uniqueRefuses},
	{"a batch with one such document is refused whole, one by one the others are stored", uniqueInBatches},
	{"where documents share a key no unique index is made", uniqueOnDuplicates},
	{"a partial one is about its own documents only", uniquePartial},
	{"writers go on while an index is built", writeDuringBuild},
	{"what is written while a unique index is built is checked", writeDuringUniqueBuild},
}}

func uniqueRefuses(t *testing.T, db *taskdb.DB) {
	for _, c := range []struct {
		keys, stored string
		allowed      []string
		refused, key string
	}{
		{"serial", `{serial: 5}`, []string{`{serial: 6}`, `{serial: "5"}`, `{serial: [7, 8]}`, `{serial: {n: 5}}`}, `{serial: 5.0}`, `{serial: 5.0}`},
		{"-serial", `{serial: "a"}`, []string{`{serial: "b"}`, `{serial: ""}`, `{serial: "A"}`}, `{serial: "a"}`, `{serial: "a"}`},
		{"serial", `{serial: null}`, []string{`{serial: 0}`, `{serial: []}`, `{serial: ""}`}, `{}`, `{serial: null}`},
		{"serial", `{}`, []string{`{serial: false}`}, `{serial: null}`, `{serial: null}`},
		{"serial", `{serial: [1, 2]}`, []string{`{serial: [3, 3]}`, `{serial: [[1, 2]]}`}, `{serial: 2}`, `{serial: 2}`},
		{"serial", `{serial: 1}`, []string{`{serial: [4]}`}, `{serial: [3, 1, 2]}`, `{serial: 1}`},
		{"serial", `{serial: {a: 1, b: 2}}`, []string{`{serial: {b: 2, a: 1}}`}, `{serial: {a: 1.0, b: 2}}`, `{serial: {a: 1.0, b: 2}}`},
		{"a,b", `{a: 1, b: 2}`, []string{`{a: 1, b: 3}`, `{a: 2, b: 2}`, `{a: 1}`, `{b: 2}`, `{}`}, `{a: 1, b: 2, c: 3}`, `{a: 1, b: 2}`},
		{"a,-b", `{a: 1}`, []string{`{a: 1, b: 0}`, `{a: 2}`}, `{a: 1, b: null}`, `{a: 1, b: null}`},
		{"a,b", `{a: [1, 2], b: 3}`, []string{`{a: [3, 4], b: 3}`, `{a: 1, b: 4}`}, `{a: 2, b: [5, 3]}`, `{a: 2, b: 3}`},
		{"x.y", `{x: [{y: 1}, {y: 2}]}`, []string{`{x: {y: 3}}`, `{x: {z: 1}}`}, `{x: {y: 2}}`, `{"x.y": 2}`},
		{"at", `{at: ISODate("2026-11-22T10:00:00Z")}`, []string{`{at: ISODate("2026-11-22T10:00:00.001Z")}`},
			`{at: ISODate("2026-11-22T11:00:00+01:00")}`, `{at: ISODate("2026-11-22T10:00:00Z")}`},
	} {
		t.Run(c.keys+" "+c.stored, func(t *testing.T) {
			name, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: c.keys, Unique: true})
			require.NoError(t, err)
			addDocs(t, db, c.stored)
			for _, text := range c.allowed {
				require.NoError(t, db.AddRaw(t.Context(), parse(t, text)), text)
			}
			before := find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"})

			var duplicate *taskdb.DuplicateKeyError
			require.ErrorAs(t, db.AddRaw(t.Context(), parse(t, c.refused)), &duplicate)
			require.ErrorIs(t, duplicate, taskdb.ErrExists)
			require.Equal(t, db.Collection(), duplicate.Collection)
			require.Equal(t, name, duplicate.Index)
			require.Equal(t, parse(t, c.key), duplicate.KeyValue)
			require.Equal(t, infoOf(t, db, name).Keys, duplicate.KeyPattern)
			require.Equal(t, before, find(t, db, taskdb.Query{Projection: "{}", Sort: "{_id: 1}"}))
			require.NoError(t, db.DropCollection(t.Context()))
		})
	}
}

func infoOf(t tester, db *taskdb.DB, name string) taskdb.IndexInfo {
	t.Helper()
	for _, info := range indexes(t, db) {
		if info.Name == name {
			return info
		}
	}
	require.Fail(t, "no such index", name)
	return taskdb.IndexInfo{}
}

func uniqueInBatches(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "serial", Unique: true})
	addDocs(t, db, `{_id: "a", serial: 1}`)
	batch := []string{`{_id: "b", serial: 2}`, `{_id: "c", serial: 1}`, `{_id: "d", serial: 3}`, `{_id: "e", serial: [4, 2]}`}
	require.ErrorIs(t, addBatch(t, db, batch), taskdb.ErrExists)
	require.Equal(t, []string{"a"}, ids(t, db, taskdb.Query{}))

	results, err := addEach(t, db, batch)
	require.NoError(t, err)
	require.NoError(t, results[0])
	require.ErrorIs(t, results[1], taskdb.ErrExists)
	require.NoError(t, results[2])
	require.ErrorIs(t, results[3], taskdb.ErrExists)
	require.Equal(t, []string{"a", "b", "d"}, ids(t, db, taskdb.Query{Sort: "{serial: 1}"}))
	require.Empty(t, ids(t, db, taskdb.Query{Filter: "{serial: 4}"}))
}

func uniqueOnDuplicates(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "a", serial: 1, slot: [1, 2]}`, `{_id: "b", serial: 2, slot: [3, 4]}`, `{_id: "c", serial: 1.0, slot: [5, 4]}`)
	for _, c := range []struct{ keys, pattern, key string }{
		{"serial", `{serial: 1}`, `{serial: 1}`},
		{"-slot", `{slot: -1}`, `{slot: 4}`},
		{"none", `{none: 1}`, `{none: null}`},
		{"none,serial", `{none: 1, serial: 1}`, `{none: null, serial: 1}`},
	} {
		_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: c.keys, Unique: true})
		var duplicate *taskdb.DuplicateKeyError
		require.ErrorAs(t, err, &duplicate, c.keys)
		require.Equal(t, parse(t, c.pattern), duplicate.KeyPattern)
		require.Zero(t, query.Compare(answerkey.DocumentValue(parse(t, c.key)), answerkey.DocumentValue(duplicate.KeyValue)), "%s", duplicate.KeyValue)
		require.Empty(t, declared(t, db))
	}
	addDocs(t, db, `{_id: "d", serial: 1}`)
	createIndex(t, db, taskdb.Index{Keys: "serial"})
	createIndex(t, db, taskdb.Index{Keys: "serial,_id", Unique: true})
	require.ElementsMatch(t, []string{"a", "c", "d"}, ids(t, db, taskdb.Query{Filter: "{serial: 1}"}))
}

func uniquePartial(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "slot", Unique: true, Partial: `{completed: null}`})
	addDocs(t, db, `{_id: "a", slot: 1, completed: ISODate("2026-11-22T10:00:00Z")}`, `{_id: "b", slot: 1}`)
	require.ErrorIs(t, addBatch(t, db, []string{`{_id: "c", slot: 1, completed: null}`}), taskdb.ErrExists)
	addDocs(t, db, `{_id: "c", slot: 1, completed: ISODate("2026-11-22T10:00:00Z")}`, `{_id: "d", slot: 2}`)
	require.Equal(t, []string{"a", "b", "c"}, ids(t, db, taskdb.Query{Filter: "{slot: 1}", Sort: "{_id: 1}"}))
	require.Equal(t, []string{"b"}, ids(t, db, taskdb.Query{Filter: "{slot: 1, completed: null}"}))
}

func writeDuringBuild(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 2000)...))
	const writers, each = 4, 50
	goroutines(writers+1, func(i int) {
		if i < writers {
			addTasksOf(t, db, i, each)
			return
		}
		_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "header.username,client_uuid,submitted"})
		assert.NoError(t, err)
	})
	for _, q := range []taskdb.Query{
		{Filter: `{"header.username": "ann", client_uuid: {$exists: true}}`},
		{Filter: `{"header.username": null, client_uuid: {$in: ["client-0", "client-1", "client-2", "client-3"]}}`},
	} {
		q.Sort = "{_id: 1}"
		var want []string
		for _, doc := range matching(t, find(t, db, taskdb.Query{Sort: "{_id: 1}", Projection: "{}"}), q.Filter) {
			want = append(want, doc.Lookup("_id").StringValue())
		}
		require.NotEmpty(t, want)
		require.Equal(t, want, ids(t, db, q))
		require.Equal(t, []string{"header.username_1_client_uuid_1_submitted_1"}, scanned(explain(t, db, q)))
	}
}

func writeDuringUniqueBuild(t *testing.T, db *taskdb.DB) {
	const writers, each = 4, 100
	things := db.In("test.things")
	var created atomic.Bool
	goroutines(writers+1, func(writer int) {
		if writer == writers {
			_, err := things.CreateIndex(t.Context(), taskdb.Index{Keys: "serial", Unique: true})
			if created.Store(err == nil); err != nil {
				assert.ErrorIs(t, err, taskdb.ErrExists)
			}
			return
		}
		for i := range each {
			doc := bson.D{{Key: "_id", Value: i*writers + writer}, {Key: "serial", Value: i}}
			if err := things.AddRaw(t.Context(), encode(t, doc)); err != nil {
				assert.ErrorIs(t, err, taskdb.ErrExists)
			}
		}
	})
	serials, err := things.Distinct(t.Context(), "serial", nil)
	require.NoError(t, err)
	require.Len(t, serials, each)
	require.Equal(t, created.Load(), count(t, things) == each, "with the index there is one document of a serial")
}
