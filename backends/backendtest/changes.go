package backendtest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/taskdb"
)

// Changes has writers change records at random, all at once, and compares what a
// store then holds with what the query language makes of each record: its
// documents, what is found by each index, and the counts. Every writer has records
// of its own, and all add to one sum.
//
// It is a property of rapid's. At the end of each check it calls verify, if that is
// not nil, with the name of the collection.
func Changes(t *testing.T, open Opener, verify func(t *rapid.T, collection string)) {
	store := open(t)
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		checks++
		db := store.In(fmt.Sprintf("changes%d.task_records", checks))
		first, late := anyIndexesOfChanges(t), anyIndexesOfChanges(t)
		for _, index := range first {
			createIndex(t, db, index)
		}
		addDocs(t, db, `{_id: "sum", n: 0}`)
		owners := make([]*owner, rapid.IntRange(1, 6).Draw(t, "writers"))
		work := make([][]job, len(owners))
		for i := range owners {
			owners[i] = &owner{name: fmt.Sprint("w", i), db: db, docs: map[string]bson.Raw{}}
			work[i] = rapid.SliceOfN(owners[i].anyJob(), 1, 20).Draw(t, owners[i].name)
		}
		wrong := make([]string, len(owners))
		goroutines(len(owners), func(i int) {
			for n := 0; n < len(work[i]) && wrong[i] == ""; n++ {
				wrong[i] = work[i][n].run(t, owners[i])
			}
		})
		for _, said := range wrong {
			if said != "" {
				t.Fatal(said)
			}
		}
		for _, index := range late {
			createIndex(t, db, index)
		}
		requireIndexed(t, db, requireOwned(t, db, owners, work))
		if verify != nil {
			verify(t, db.Collection())
		}
		require.NoError(t, db.DropCollection(t.Context()))
	})
}

// requireOwned tests that a store holds what its writers made, and the sum, and
// returns all documents.
func requireOwned(t *rapid.T, db *taskdb.DB, owners []*owner, work [][]job) []bson.Raw {
	t.Helper()
	jobs := 0
	all := map[string]bson.Raw{}
	for i, o := range owners {
		maps.Copy(all, o.docs)
		jobs += len(work[i])
	}
	all["sum"] = parse(t, fmt.Sprintf(`{_id: "sum", n: %d}`, jobs))
	docs := contents(t, db)
	require.Len(t, docs, len(all))
	for _, doc := range docs {
		id := doc.Lookup("_id").StringValue()
		require.True(t, bytes.Equal(all[id], doc), "%s is %.500s, and not %.500s", id, doc, all[id])
	}
	return docs
}

// requireIndexed tests that what a store finds by each of its indexes is what the
// filter matches among all documents.
func requireIndexed(t *rapid.T, db *taskdb.DB, docs []bson.Raw) {
	t.Helper()
	for _, index := range indexes(t, db) {
		path := index.Keys.Index(0).Key()
		filters := []bson.D{
			{{Key: path, Value: nil}}, {{Key: path, Value: bson.M{"$ne": nil}}}, {{Key: path, Value: bson.M{"$gte": "a"}}},
			{{Key: path, Value: bson.M{"$lt": bson.DateTime(5)}}}, {{Key: path, Value: bson.M{"$gt": bson.MinKey{}}}},
		}
		values := map[string]bson.RawValue{}
		for _, doc := range docs {
			if v, err := doc.LookupErr(strings.Split(path, ".")...); err == nil && len(values) < 5 {
				values[v.String()] = v
			}
		}
		for _, v := range values {
			filters = append(filters, bson.D{{Key: path, Value: bson.M{"$eq": v}}})
		}
		for _, filter := range filters {
			if index.Partial != nil {
				filter = bson.D{{Key: "$and", Value: bson.A{filter, index.Partial}}}
			}
			want := matching(t, docs, filter)
			got := find(t, db, taskdb.Query{Filter: filter, Projection: "{_id: 1}"})
			require.Equal(t, idsOf(want), idsOf(got), "%s: %.300v", index.Name, filter)
			n, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
			require.NoError(t, err)
			require.EqualValues(t, len(want), n, "%s: %.300v", index.Name, filter)
		}
		by := bson.D{{Key: path, Value: 1}, {Key: "_id", Value: 1}}
		if path == "_id" {
			by = by[1:]
		}
		sorted := find(t, db, taskdb.Query{Sort: by, Projection: "{}"})
		require.Len(t, sorted, len(docs))
		requireSorted(t, by, sorted)
	}
}

// idsOf returns the _ids of documents, which are strings, in order.
func idsOf(docs []bson.Raw) []string {
	ids := make([]string, len(docs))
	for i, doc := range docs {
		ids[i] = doc.Lookup("_id").StringValue()
	}
	slices.Sort(ids)
	return ids
}

// anyIndexesOfChanges draws declared indexes on what changes.
func anyIndexesOfChanges(t *rapid.T) []taskdb.Index {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]taskdb.Index{
		{Keys: "tags"}, {Keys: "queue,-submitted"}, {Keys: "n,owner"}, {Keys: "buffers.0"}, {Keys: "stdout", Partial: `{completed: null}`},
		{Keys: "-label", Partial: `{n: {$gt: 1}}`}, {Keys: "kept"}, {Keys: "result_content"},
	}), 0, 3, func(index taskdb.Index) string { return fmt.Sprint(index.Keys) }).Draw(t, "indexes")
}
