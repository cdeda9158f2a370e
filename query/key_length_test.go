package query_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

func TestKeysTellTheirLength(t *testing.T) {
	rounds(t, 100, func(t *rapid.T) {
		key := query.AppendKey(nil, rawValue(t))
		behind := query.AppendKey(nil, rawValue(t))
		if rapid.Bool().Draw(t, "whatever") {
			behind = rapid.SliceOf(rapid.Byte()).Draw(t, "behind")
		}
		require.Equal(t, len(key), query.KeyLength(append(bytes.Clone(key), behind...)), "%x, %x", key, behind)
		cut := rapid.IntRange(0, len(key)-1).Draw(t, "cut")
		require.Equal(t, -1, query.KeyLength(key[:cut]), "%x of %x", key[:cut], key)
	})
}

// TestPoolsTellTheirLength tries every beginning of every key of the pools.
func TestPoolsTellTheirLength(t *testing.T) {
	for _, pool := range [][]any{numberPool, textPool, otherPool, regexPool, plainPool, {bson.Undefined{}, bson.A{bson.A{}, bson.D{}}}} {
		for _, v := range pool {
			key := query.AppendKey(nil, value(v))
			require.Equal(t, len(key), query.KeyLength(key), "%v", v)
			for cut := range key {
				require.Equal(t, -1, query.KeyLength(key[:cut]), "%v: %x", v, key[:cut])
			}
		}
	}
}

func TestDeepKeysEnd(t *testing.T) {
	array := query.AppendKey(nil, value(bson.A{}))[:1]
	document := query.AppendKey(nil, value(bson.D{{Key: "", Value: bson.D{}}}))[:1]
	field := append(bytes.Clone(document), "\x00\x01"...) // of an empty name
	for name, level := range map[string][]byte{"arrays": array, "documents": field} {
		key := append(bytes.Clone(document), field...)
		require.Equal(t, -1, query.KeyLength(append(key, bytes.Repeat(level, 1<<22)...)), name)
	}
	deeper := append(bytes.Repeat(array, 2*query.MaxDepth), make([]byte, 2*query.MaxDepth)...)
	require.Equal(t, -1, query.KeyLength(deeper), "deeper than a document may be")
	var deep any = bson.A{}
	for range query.MaxDepth - 1 {
		deep = bson.A{deep}
	}
	key := query.AppendKey(nil, value(deep))
	require.Equal(t, len(key), query.KeyLength(key), "as deep as a document may be")
}

func FuzzKeyLength(f *testing.F) {
	for _, v := range []any{
		1, math.NaN(), int64(1<<53 + 1), decimal("-0.1"), "a\x00", nil, bson.A{bson.D{{Key: "a", Value: 1}}}, bson.Binary{Data: []byte{1}},
		bson.Regex{Pattern: "a", Options: "i"}, bson.CodeWithScope{Code: "f", Scope: bson.D{}}, bson.DBPointer{DB: "x"},
	} {
		key := query.AppendKey(nil, value(v))
		f.Add(key)
		f.Add(append(key, key...))
		f.Add(key[:len(key)-1])
	}
	f.Fuzz(func(t *testing.T, keys []byte) {
		n := query.KeyLength(keys)
		if n == -1 {
			return
		}
		require.True(t, 0 < n && n <= len(keys))
		require.Equal(t, n, query.KeyLength(keys[:n]), "a key ends where it ends, whatever follows")
		for cut := range n {
			require.Equal(t, -1, query.KeyLength(keys[:cut]))
		}
	})
}
