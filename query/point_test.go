package query_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

func TestAPointNamesOneDocument(t *testing.T) {
	unique := func(keys string, uniqueness query.Uniqueness) *query.Index {
		x := indexOf(t, keys)
		x.Unique = uniqueness
		return x
	}
	strings1, any1 := unique(`{a: 1}`, query.UniqueStrings), unique(`{a: 1}`, query.UniqueKeys)
	multikey := unique(`{a: 1}`, query.UniqueKeys)
	multikey.Multikey = true
	partial := unique(`{a: 1}`, query.UniqueKeys)
	partial.Partial = query.MustParse(`{b: 1}`)
	long := strings.Repeat("x", 2000)
	for _, c := range []struct {
		index  *query.Index
		filter string
		want   any // nil: no point
	}{
		{strings1, `{a: "x"}`, "x"},
		{strings1, `{a: {$eq: "x"}}`, "x"},
		{strings1, `{b: 1, a: "x", c: {$gt: 3}}`, "x"},
		{strings1, `{$and: [{b: 1}, {a: "x"}]}`, "x"},
		{strings1, `{a: {$gte: "a", $eq: "x"}}`, "x"},
		{strings1, `{a: 1}`, nil},
		{any1, `{a: 1}`, int32(1)},
		{any1, `{a: {b: 1}}`, bson.D{{Key: "b", Value: int32(1)}}},
		{any1, `{}`, nil},
		{any1, `{b: 1}`, nil},
		{any1, `{"a.b": 1}`, nil},
		{any1, `{a: [1]}`, nil},
		{any1, `{a: {$ne: 1}}`, nil},
		{any1, `{a: {$gte: 1}}`, nil},
		{any1, `{a: {$in: [1, 2]}}`, nil},
		{any1, `{$or: [{a: 1}, {b: 1}]}`, nil},
		{any1, `{a: {$elemMatch: {$eq: 1}}}`, nil},
		{any1, `{a: "` + long + `"}`, nil},
		{indexOf(t, `{a: 1}`), `{a: 1}`, nil},
		{unique(`{a: 1, b: 1}`, query.UniqueKeys), `{a: 1, b: 1}`, nil},
		{multikey, `{a: 1}`, nil},
		{partial, `{a: 1, b: 1}`, nil},
	} {
		key, ok := c.index.Point(query.MustParse(c.filter))
		require.Equal(t, c.want != nil, ok, c.filter)
		if ok {
			require.Equal(t, query.AppendKey(nil, value(c.want)), key, c.filter)
		}
	}
}

func TestWhatAFilterSelectsHasItsPoint(t *testing.T) {
	rounds(t, 30, func(t *rapid.T) {
		s := newStock(t)
		x := s.indexes[evenly(t, len(s.indexes))]
		x.Unique = query.UniqueKeys
		for range 3 {
			filter := s.ask(t, x)
			key, ok := x.Point(filter)
			for i, doc := range s.records {
				selected, err := filter.Match(doc)
				require.NoError(t, err)
				if ok && selected {
					require.Equal(t, [][]byte{key}, s.keys[x][i].List, "%s selects %s", filter, doc)
				}
			}
		}
	})
}
