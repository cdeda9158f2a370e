package query_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

// TestIndexSetIsItsIndexes takes keys for all indexes at once and for each by
// itself.
func TestIndexSetIsItsIndexes(t *testing.T) {
	var indexes []*query.Index
	for _, keys := range []string{
		`{a: 1}`, `{a: -1}`, `{b: 1}`, `{"a.b": 1}`, `{"a.0": 1}`, `{"b.a.c": -1}`, `{a: 1, b: -1}`, `{"a.b": 1, c: 1}`,
	} {
		x, err := query.NewIndex("", shell(t, keys))
		require.NoError(t, err)
		indexes = append(indexes, x)
	}
	indexes[2].Partial = query.MustParse(`{a: {$ne: null}}`)
	set := query.NewIndexSet(indexes)
	var room query.KeyRoom
	rapid.Check(t, func(t *rapid.T) {
		doc := encode(record(t))
		keys, err := set.Keys(&room, doc)
		for i, x := range indexes {
			alone, failed := x.Keys(doc)
			if failed != nil {
				require.Equal(t, failed, err)
				return
			}
			if err == nil {
				require.Equal(t, alone, keys[i], "%s", x.KeyPattern())
			}
		}
		require.NoError(t, err)
	})
}

// TestIndexIsMultikeyByAnyOfItsPaths has the array on the second path.
func TestIndexIsMultikeyByAnyOfItsPaths(t *testing.T) {
	x, err := query.NewIndex("", shell(t, `{"a.b": 1, c: 1}`))
	require.NoError(t, err)
	keys, err := x.Keys(shell(t, `{a: {b: 1}, c: [1, 2]}`))
	require.NoError(t, err)
	require.Len(t, keys.List, 2)
	require.True(t, keys.Multikey)
}

func TestKeyIsThatOfADocument(t *testing.T) {
	x, err := query.NewIndex("", shell(t, `{a: 1, b: -1}`))
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		a, b := scalar(t), scalar(t)
		keys, err := x.Keys(encode(bson.D{{Key: "a", Value: a}, {Key: "b", Value: b}}))
		if err == nil && !keys.Multikey {
			require.Equal(t, keys.List, [][]byte{x.AppendKey(nil, value(a), value(b))})
		}
	})
}

func TestTheKeyOfATextIsThatOfADocument(t *testing.T) {
	x := indexOf(t, `{a: 1}`)
	for _, text := range append(slices.Clone(longTexts), "", "a", "\x00", "a\x00\x00b\x00") {
		keys, err := x.Keys(encode(bson.D{{Key: "a", Value: text}}))
		require.NoError(t, err)
		require.Equal(t, keys.List, [][]byte{x.AppendTextKey(nil, text.(string))})
	}
}
