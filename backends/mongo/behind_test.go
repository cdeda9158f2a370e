package mongo

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

var (
	anyScalar = rapid.SampledFrom([]any{
		nil, false, true, int32(0), int32(1), int64(2), 1.5, "", "a", "b", bson.DateTime(0), bson.DateTime(1), bson.Binary{Data: []byte{1}},
		bson.ObjectID{1}, bson.MinKey{}, bson.MaxKey{}, bson.Timestamp{T: 1}, bson.Undefined{}, bson.Regex{Pattern: "a"}, bson.JavaScript("a"),
	})
	anyValue = rapid.Custom(func(t *rapid.T) any { return valueOf(t, 3) })
)

// valueOf draws a value that nests so deep.
func valueOf(t *rapid.T, depth int) any {
	kind := rapid.IntRange(0, 4).Draw(t, "kind")
	if depth == 0 || kind > 1 {
		return anyScalar.Draw(t, "scalar")
	}
	if kind == 0 {
		array := bson.A{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			array = append(array, valueOf(t, depth-1))
		}
		return array
	}
	doc := bson.D{}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "0"}), 0, 2, rapid.ID).Draw(t, "keys") {
		doc = append(doc, bson.E{Key: key, Value: valueOf(t, depth-1)})
	}
	return doc
}

func anyDocument(t *rapid.T) bson.Raw {
	doc := bson.D{}
	for _, key := range []string{"x", "y"} {
		if rapid.IntRange(0, 5).Draw(t, "has "+key) > 0 {
			doc = append(doc, bson.E{Key: key, Value: anyValue.Draw(t, key)})
		}
	}
	raw, err := bson.Marshal(doc)
	require.NoError(t, err)
	return raw
}

// What a page's filter selects too much is left out when it comes. It must not miss
// a document.
func TestThePageBehindADocumentMissesNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := bson.D{}
		for _, path := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "x.a", "y.b", "x.0", "x.a.b"}), 1, 2, rapid.ID).Draw(t, "paths") {
			keys = append(keys, bson.E{Key: path, Value: rapid.SampledFrom([]int{1, -1}).Draw(t, "direction")})
		}
		sort, err := query.ParseSortValue(keys)
		require.NoError(t, err)
		for range 20 {
			last, other := anyDocument(t), anyDocument(t)
			after, err := sort.Values(last)
			if err != nil {
				return // parallel arrays
			}
			key, err := sort.AppendKey(nil, other)
			if err != nil {
				return
			}
			lastKey, err := sort.AppendKey(nil, last)
			require.NoError(t, err)
			require.Equal(t, lastKey, sort.KeyOf(after))
			if bytes.Compare(key, lastKey) <= 0 {
				continue
			}
			branches, err := behind(sort, after)
			require.NoError(t, err)
			filter, err := query.Parse(bson.D{{Key: "$or", Value: branches}})
			require.NoError(t, err)
			found, err := filter.Match(other)
			require.NoError(t, err)
			require.True(t, found, "%s behind %s by %s: %s", other, last, sort, filter)
		}
	})
}

// Of documents without arrays the filter selects those behind a document, and no
// others, as long as their values are of types that records have.
func TestThePageBehindADocumentHasNoOthers(t *testing.T) {
	values := []string{``, `x: null`, `x: 1`, `x: 2.5`, `x: "a"`, `x: "b"`, `x: {a: 1}`, `x: false`, `x: ISODate("2026-11-22T10:00:00Z")`, `x: ISODate("2026-11-22T11:00:00Z")`}
	var docs []bson.Raw
	for _, text := range values {
		for _, id := range []string{`1`, `2`} {
			doc, err := query.Document(`{_id: ` + id + `, ` + text + `}`)
			require.NoError(t, err)
			docs = append(docs, doc)
		}
	}
	for _, order := range []string{`{x: 1, _id: 1}`, `{x: -1, _id: 1}`, `{x: 1, _id: -1}`, `{x: -1, _id: -1}`} {
		sort, err := query.ParseSortValue(order)
		require.NoError(t, err)
		for _, last := range docs {
			after, err := sort.Values(last)
			require.NoError(t, err)
			branches, err := behind(sort, after)
			require.NoError(t, err)
			filter, err := query.Parse(bson.D{{Key: "$or", Value: branches}})
			require.NoError(t, err)
			for _, doc := range docs {
				key, err := sort.AppendKey(nil, doc)
				require.NoError(t, err)
				found, err := filter.Match(doc)
				require.NoError(t, err)
				require.Equal(t, bytes.Compare(key, sort.KeyOf(after)) > 0, found, "%s behind %s by %s: %s", doc, last, order, filter)
			}
		}
	}
}
