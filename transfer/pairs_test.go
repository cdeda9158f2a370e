package transfer_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

// TestPairs holds that two collections are walked side by side in the order of _id,
// of whatever types.
func TestPairs(t *testing.T) {
	doc := func(id any, x int) bson.Raw { return encode(t, bson.D{{Key: "_id", Value: id}, {Key: "x", Value: x}}) }
	for _, urls := range [][2]string{{"dict:", newFile(t)}, {newFile(t), newFile(t)}} {
		a, b := open(t, urls[0]).In("a.b"), open(t, urls[1]).In("a.b")
		require.NoError(t, a.AddRaw(t.Context(), doc("b", 1), doc(2, 1), doc("a", 1), doc(true, 1)))
		require.NoError(t, b.AddRaw(t.Context(), doc("b", 2), doc(1.5, 1), doc(2.0, 1), doc("c", 1), doc(true, 1)))
		var got []transfer.Pair
		for pair, err := range transfer.Pairs(t.Context(), a, b, nil) {
			require.NoError(t, err)
			got = append(got, pair)
		}
		require.Equal(t, []transfer.Pair{
			{nil, doc(1.5, 1)},
			{doc(2, 1), doc(2.0, 1)},
			{doc("a", 1), nil},
			{doc("b", 1), doc("b", 2)},
			{nil, doc("c", 1)},
			{doc(true, 1), doc(true, 1)},
		}, got)

		var some []transfer.Pair
		for pair, err := range transfer.Pairs(t.Context(), a, b, `{x: 2}`) {
			require.NoError(t, err)
			some = append(some, pair)
		}
		require.Equal(t, []transfer.Pair{{nil, doc("b", 2)}}, some)
	}
	for _, err := range transfer.Pairs(t.Context(), open(t, "dict:"), open(t, "nodb:"), nil) {
		require.ErrorIs(t, err, taskdb.ErrNoData)
	}
}

// TestCompare holds where two documents differ.
func TestCompare(t *testing.T) {
	d := func(elements ...any) bson.D {
		doc := bson.D{}
		for i := 0; i < len(elements); i += 2 {
			doc = append(doc, bson.E{Key: elements[i].(string), Value: elements[i+1]})
		}
		return doc
	}
	tests := map[string]struct {
		a, b bson.D
		want transfer.Discrepancy
	}{
		"the same":           {d("a", 1), d("a", 1), transfer.Discrepancy{}},
		"a value":            {d("a", 1, "b", 1), d("a", 1, "b", 2), transfer.Discrepancy{Paths: []string{"b"}}},
		"a type":             {d("a", 1), d("a", int64(1)), transfer.Discrepancy{Paths: []string{"a"}}},
		"null and missing":   {d("a", nil), d(), transfer.Discrepancy{Paths: []string{"a"}}},
		"in one only":        {d("a", 1, "b", 1), d("c", 1, "b", 1), transfer.Discrepancy{Paths: []string{"a", "c"}}},
		"within":             {d("a", d("b", d("c", 1, "d", 1))), d("a", d("b", d("c", 1, "d", 2))), transfer.Discrepancy{Paths: []string{"a.b.d"}}},
		"an element":         {d("a", bson.A{1, d("b", 1), 3}), d("a", bson.A{1, d("b", 2)}), transfer.Discrepancy{Paths: []string{"a.1.b", "a.2"}}},
		"document and array": {d("a", d("0", 1)), d("a", bson.A{1}), transfer.Discrepancy{Paths: []string{"a"}}},
		"order":              {d("a", 1, "b", 2), d("b", 2, "a", 1), transfer.Discrepancy{Order: true}},
		"order within":       {d("x", 1, "d", d("a", 1, "b", 2)), d("x", 2, "d", d("b", 2, "a", 1)), transfer.Discrepancy{Paths: []string{"x"}, Order: true}},
		"a key in between":   {d("a", 1, "b", 2), d("a", 1, "n", 1, "b", 2), transfer.Discrepancy{Paths: []string{"n"}}},
		"a key twice":        {d("a", 1, "a", 2), d("a", 1, "a", 3), transfer.Discrepancy{Paths: []string{"a"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, same := transfer.Compare(encode(t, tt.a), encode(t, tt.b))
			require.Equal(t, tt.want, got)
			require.Equal(t, name == "the same", same)
		})
	}
	var long, other bson.A
	for i := range 1000 {
		long, other = append(long, i), append(other, -i-1)
	}
	got, _ := transfer.Compare(encode(t, d("a", long)), encode(t, d("a", other)))
	require.Len(t, got.Paths, transfer.MaxPaths)
	require.Equal(t, "a.99", got.Paths[99])
}
