package backendtest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var properties = area{"properties", []behaviour{
	{"a store finds what the filter matches", findIsMatch},
	{"a window is a slice of the whole answer, and its count is its length", windowIsSlice},
	{"distinct values are those of the matching documents", distinctIsNaive},
	{"any document comes back byte for byte", anyComesBack},
}}

// onAnyDocuments checks a property of a collection that holds any documents, whose
// _ids are numbers from 0 on. Each check gets a collection of its own.
func onAnyDocuments(t *testing.T, db *taskdb.DB, property func(t *rapid.T, db *taskdb.DB, docs []bson.Raw)) {
	collection := 0
	rapid.Check(t, func(t *rapid.T) {
		collection++
		db := db.In(fmt.Sprintf("properties.c%d", collection))
		var docs []bson.Raw
		for i, doc := range rapid.SliceOfN(anyDocument, 0, 12).Draw(t, "documents") {
			docs = append(docs, encode(t, append(bson.D{{Key: "_id", Value: int32(i)}}, doc...)))
		}
		require.NoError(t, db.AddRaw(t.Context(), docs...))
		property(t, db, docs)
	})
}

// matching returns the documents that a filter matches, one by one.
func matching(t tester, docs []bson.Raw, filter any) []bson.Raw {
	t.Helper()
	parsed, err := query.Parse(filter)
	require.NoError(t, err)
	var matches []bson.Raw
	for _, doc := range docs {
		ok, err := parsed.Match(doc)
		require.NoError(t, err)
		if ok {
			matches = append(matches, doc)
		}
	}
	return matches
}

func findIsMatch(t *testing.T, db *taskdb.DB) {
	onAnyDocuments(t, db, func(t *rapid.T, db *taskdb.DB, docs []bson.Raw) {
		filter := anyFilter.Draw(t, "filter")
		want := matching(t, docs, filter)
		require.ElementsMatch(t, want, find(t, db, taskdb.Query{Filter: filter, Projection: "{}"}))
		n, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
		require.NoError(t, err)
		require.EqualValues(t, len(want), n)
	})
}

func windowIsSlice(t *testing.T, db *taskdb.DB) {
	onAnyDocuments(t, db, func(t *rapid.T, db *taskdb.DB, docs []bson.Raw) {
		filter := anyFilter.Draw(t, "filter")
		sort := bson.D{{Key: anyPath.Draw(t, "path"), Value: anyDirection.Draw(t, "direction")}, {Key: "_id", Value: anyDirection.Draw(t, "direction of _id")}}
		all := find(t, db, taskdb.Query{Filter: filter, Sort: sort, Projection: "{}"})
		requireSorted(t, sort, all)
		require.ElementsMatch(t, matching(t, docs, filter), all)

		skip, limit := rapid.IntRange(0, 14).Draw(t, "skip"), rapid.IntRange(0, 14).Draw(t, "limit")
		want := all[min(skip, len(all)):]
		if limit > 0 {
			want = want[:min(limit, len(want))]
		}
		window := taskdb.Query{Filter: filter, Sort: sort, Projection: "{}", Skip: int64(skip), Limit: int64(limit)}
		require.ElementsMatch(t, want, find(t, db, window))
		requireSorted(t, sort, find(t, db, window))
		n, err := db.Count(t.Context(), window)
		require.NoError(t, err)
		require.EqualValues(t, len(want), n)
	})
}

func requireSorted(t tester, by bson.D, docs []bson.Raw) {
	t.Helper()
	sort, err := query.ParseSortValue(by)
	require.NoError(t, err)
	var last []byte
	for _, doc := range docs {
		key, err := sort.AppendKey(nil, doc)
		require.NoError(t, err)
		require.Negative(t, bytes.Compare(last, key), "%v is out of order", doc)
		last = key
	}
}

func distinctIsNaive(t *testing.T, db *taskdb.DB) {
	onAnyDocuments(t, db, func(t *rapid.T, db *taskdb.DB, docs []bson.Raw) {
		filter, key := anyFilter.Draw(t, "filter"), anyKey.Draw(t, "key")
		want := map[string]bool{}
		for _, doc := range matching(t, docs, filter) {
			for _, v := range elementsOrSelf(t, doc.Lookup(key)) {
				want[string(query.AppendKey(nil, v))] = true
			}
		}
		values, err := db.Distinct(t.Context(), key, filter)
		require.NoError(t, err)
		require.Len(t, values, len(want))
		for _, v := range values {
			require.Contains(t, want, string(query.AppendKey(nil, v)))
		}
	})
}

// elementsOrSelf returns the elements of an array, or the value itself if it is
// there and none.
func elementsOrSelf(t tester, v bson.RawValue) []bson.RawValue {
	t.Helper()
	switch v.Type {
	case 0:
		return nil
	case bson.TypeArray:
		elements, err := v.Array().Values()
		require.NoError(t, err)
		return elements
	default:
		return []bson.RawValue{v}
	}
}

func anyComesBack(t *testing.T, db *taskdb.DB) {
	onAnyDocuments(t, db, func(t *rapid.T, db *taskdb.DB, docs []bson.Raw) {
		require.ElementsMatch(t, docs, find(t, db, taskdb.Query{Projection: "{}"}))
	})
}
