package query_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

// indexOf parses an index's keys.
func indexOf(t require.TestingT, keys string) *query.Index {
	x, err := query.NewIndex("", shell(t, keys))
	require.NoError(t, err)
	return x
}

// keyOf is the key that values make, one of each of the index's paths.
func keyOf(t require.TestingT, x *query.Index, values bson.A) (key []byte) {
	elements, err := x.KeyPattern().Elements()
	require.NoError(t, err)
	for i, v := range values {
		start := len(key)
		key = query.AppendKey(key, value(v))
		for at := start; at < len(key) && elements[i].Value().AsInt64() < 0; at++ {
			key[at] = ^key[at]
		}
	}
	return key
}

// TestKeysOfDocuments has the rules of MongoDB's BtreeKeyGenerator.
func TestKeysOfDocuments(t *testing.T) {
	type rows = []bson.A
	undefined := bson.Undefined{}
	one, two := int32(1), int32(2)
	tests := []struct {
		name, index, doc string
		want             rows
		multikey         bool
	}{
		{"a value", `{a: 1}`, `{a: 1}`, rows{{one}}, false},
		{"null", `{a: 1}`, `{a: null}`, rows{{nil}}, false},
		{"nothing is null", `{a: 1}`, `{b: 1}`, rows{{nil}}, false},
		{"a document", `{a: 1}`, `{a: {b: 1}}`, rows{{bson.D{{Key: "b", Value: one}}}}, false},
		{"below a document", `{"a.b": 1}`, `{a: {b: 1}}`, rows{{one}}, false},
		{"below a value", `{"a.b": 1}`, `{a: 1}`, rows{{nil}}, false},
		{"each element", `{a: 1}`, `{a: [2, 1]}`, rows{{one}, {two}}, true},
		{"equal elements once", `{a: 1}`, `{a: [1, 1.0, 2]}`, rows{{one}, {two}}, true},
		{"downwards", `{a: -1}`, `{a: [1, 2]}`, rows{{two}, {one}}, true},
		{"an empty array", `{a: 1}`, `{a: []}`, rows{{undefined}}, true},
		{"an array in an array as it is", `{a: 1}`, `{a: [[1, 2]]}`, rows{{bson.A{one, two}}}, true},
		{"an empty array in an array", `{a: 1}`, `{a: [[]]}`, rows{{bson.A{}}}, true},
		{"below each element", `{"a.b": 1}`, `{a: [{b: 1}, {b: 2}]}`, rows{{one}, {two}}, true},
		{"below elements that are no documents", `{"a.b": 1}`, `{a: [{b: 1}, {}, 3]}`, rows{{nil}, {one}}, true},
		{"below an empty array", `{"a.b": 1}`, `{a: []}`, rows{{nil}}, true},
		{"below an array in an array", `{"a.b": 1}`, `{a: [[{b: 1}]]}`, rows{{nil}}, true},
		{"arrays below an array", `{"a.b": 1}`, `{a: [{b: [1, 2]}, {b: []}]}`, rows{{undefined}, {one}, {two}}, true},
		{"by its index", `{"a.0": 1}`, `{a: [1, 2]}`, rows{{one}}, true},
		{"an index is a key as well", `{"a.0": 1}`, `{a: {"0": 1}}`, rows{{one}}, false},
		{"an index that is not there", `{"a.1": 1}`, `{a: [1]}`, rows{{nil}}, true},
		{"an array by its index", `{"a.0": 1}`, `{a: [[1, 2], 3]}`, rows{{one}, {two}}, true},
		{"below an index", `{"a.1.b": 1}`, `{a: [{b: 1}, {b: 2}]}`, rows{{two}}, true},
		{"two paths", `{a: 1, b: -1}`, `{a: 1, b: 2}`, rows{{one, two}}, false},
		{"two paths, one through an array", `{b: 1, a: 1}`, `{a: [1, 2], b: 2}`, rows{{two, one}, {two, two}}, true},
		{"only the second path has an array", `{"b.x": 1, a: 1}`, `{a: [1], b: {x: 2}}`, rows{{two, one}}, true},
		{"two paths through one array", `{"a.b": 1, "a.c": 1}`, `{a: [{b: 1, c: 2}, {b: 2}]}`, rows{{one, two}, {two, nil}}, true},
		{"an array and what is below it", `{a: 1, "a.b": 1}`, `{a: [{b: 1}, 2]}`,
			rows{{two, nil}, {bson.D{{Key: "b", Value: one}}, one}}, true},
		{"arrays of which one is not on the way", `{"a.b": 1, c: 1}`, `{a: {b: [1]}, c: 2, d: [1]}`, rows{{one, two}}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := indexOf(t, test.index)
			keys, err := x.Keys(shell(t, test.doc))
			require.NoError(t, err)
			var want [][]byte
			for _, row := range test.want {
				want = append(want, keyOf(t, x, row))
			}
			require.Equal(t, want, keys.List)
			require.Equal(t, test.multikey, keys.Multikey)
			require.False(t, keys.Cut)
		})
	}
}

func TestParallelArraysAreRefused(t *testing.T) {
	for _, test := range []struct{ index, doc string }{
		{`{a: 1, b: 1}`, `{a: [1], b: [2]}`},
		{`{a: 1, b: 1}`, `{a: [], b: []}`},
		{`{"a.b": 1, "a.c": 1}`, `{a: [{b: [1], c: [2]}]}`},
		{`{"a.b": 1, "a.c": 1}`, `{a: {b: [1], c: [2]}}`},
		{`{"a.0": 1, b: 1}`, `{a: [[1]], b: [1]}`},
	} {
		_, err := indexOf(t, test.index).Keys(shell(t, test.doc))
		require.Equal(t, 171, requireQueryError(t, err).Code, "%s of %s", test.index, test.doc)
	}
}

func TestPartialIndexesHaveWhatTheirFilterSelects(t *testing.T) {
	x := indexOf(t, `{a: 1}`)
	x.Partial = query.MustParse(`{b: {$gt: 1}}`)
	keys, err := x.Keys(shell(t, `{a: [1, 2], b: 1}`))
	require.NoError(t, err)
	require.Empty(t, keys)
	keys, err = x.Keys(shell(t, `{a: [1, 2], b: 2}`))
	require.NoError(t, err)
	require.Len(t, keys.List, 2)
}

func TestLongKeysAreCut(t *testing.T) {
	text := func(n int) bson.Raw {
		return encode(bson.D{{Key: "b", Value: 1}, {Key: "a", Value: strings.Repeat("x", n)}, {Key: "c", Value: 2}})
	}
	const around = 3 // the class, and what ends a text
	for _, pattern := range []string{`{a: 1}`, `{b: 1, a: 1, c: 1}`, `{a: -1, b: 1}`} {
		x := indexOf(t, pattern)
		whole, err := x.Keys(text(query.MaxKey - around))
		require.NoError(t, err)
		require.False(t, whole.Cut)
		cut, err := x.Keys(text(query.MaxKey - around + 1))
		require.NoError(t, err)
		require.True(t, cut.Cut)
		longer, err := x.Keys(text(1 << 20))
		require.NoError(t, err)
		require.Len(t, longer.List[0], len(whole.List[0]), "a path's part of a key is bounded")
	}
}

// TestTheFirstKeyIsTheSortKey checks that a document stands in an index where a
// sort would place it (S2).
func TestTheFirstKeyIsTheSortKey(t *testing.T) {
	rounds(t, 50, func(t *rapid.T) {
		w := newWorld(t)
		keys := bson.D{}
		for range 1 + evenly(t, 3) {
			keys = append(keys, bson.E{Key: w.plainPath(t), Value: int32(1 - 2*evenly(t, 2))})
		}
		pattern := encode(keys)
		sort, err := query.ParseSort(pattern)
		require.NoError(t, err)
		x, err := query.NewIndex("", pattern)
		require.NoError(t, err)
		for _, doc := range w.records {
			keys, err := x.Keys(doc)
			want, failed := sort.AppendKey(nil, doc)
			require.Equal(t, failed == nil, err == nil)
			if err != nil {
				continue
			}
			require.Equal(t, want, keys.List[0])
			require.True(t, slices.IsSortedFunc(keys.List, bytes.Compare))
			require.False(t, len(keys.List) > 1 && !keys.Multikey)
			for _, key := range keys.List {
				requireKeyValue(t, x, key, doc)
			}
		}
	})
}

// requireKeyValue checks that the values that make a key are told.
func requireKeyValue(t *rapid.T, x *query.Index, key []byte, doc bson.Raw) {
	told, err := x.KeyValue(key, doc).Elements()
	require.NoError(t, err)
	paths, err := x.KeyPattern().Elements()
	require.NoError(t, err)
	require.Len(t, told, len(paths))
	var values bson.A
	for i, e := range told {
		require.Equal(t, paths[i].Key(), e.Key())
		values = append(values, e.Value())
	}
	require.Equal(t, key, keyOf(t, x, values))
}

func TestNewIndex(t *testing.T) {
	x := indexOf(t, `{"header.username": 1, submitted: -1}`)
	require.Equal(t, "header.username_1_submitted_-1", x.Name)
	require.Equal(t, shell(t, `{"header.username": 1, submitted: -1}`), x.KeyPattern())
	named, err := query.NewIndex("mine", shell(t, `{a: 1}`))
	require.NoError(t, err)
	require.Equal(t, "mine", named.Name)
	for _, wrong := range []string{`{}`, `{a: 2}`, `{a: "text"}`, `{"a.": 1}`, `{"": 1}`, `{"$a": 1}`} {
		_, err := query.NewIndex("", shell(t, wrong))
		requireQueryError(t, err)
	}
}

func TestGuards(t *testing.T) {
	text, number := query.AppendKey(nil, value("x")), query.AppendKey(nil, value(1))
	for unique, want := range map[query.Uniqueness][2]bool{
		query.NotUnique: {false, false}, query.UniqueKeys: {true, true}, query.UniqueStrings: {true, false},
	} {
		x := indexOf(t, `{a: 1}`)
		x.Unique = unique
		require.Equal(t, want, [2]bool{x.Guards(text), x.Guards(number)})
	}
}
