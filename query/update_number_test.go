package query_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// TestDecimals has the ends of what decimals can be.
func TestDecimals(t *testing.T) {
	for _, c := range []struct{ operator, a, b, want string }{
		{"$inc", "NaN", "1", "NaN"},
		{"$inc", "Infinity", "-Infinity", "NaN"},
		{"$inc", "1", "-Infinity", "-Infinity"},
		{"$inc", "-Infinity", "1", "-Infinity"},
		{"$inc", "1E+10", "1", "10000000001"},
		{"$inc", "1.0", "2.00", "3.00"},
		{"$inc", "5", "-5.0", "0.0"},
		{"$inc", "9999999999999999999999999999999999", "1", "1.000000000000000000000000000000000E+34"},
		{"$inc", "9999999999999999999999999999999999", "0.5", "1.000000000000000000000000000000000E+34"},
		{"$inc", "1000000000000000000000000000000001", "0.5", "1000000000000000000000000000000002"},
		{"$inc", "1000000000000000000000000000000000", "0.5", "1000000000000000000000000000000000"},
		{"$inc", "9.999999999999999999999999999999999E+6144", "1E+6111", "Infinity"},
		{"$mul", "2", "NaN", "NaN"},
		{"$mul", "-Infinity", "-2", "Infinity"},
		{"$mul", "-2.50", "4.0", "-10.000"},
		{"$mul", "1E+6000", "1E+140", "1.00000000000000000000000000000E+6140"},
		{"$mul", "-1E-6170", "1.5E-6", "-2E-6176"},
		{"$mul", "1E-6170", "1E-20", "0E-6176"},
		{"$mul", "0E+6000", "1E+6000", "0E+6000"},
	} {
		update := mustUpdate(t, bson.D{{Key: c.operator, Value: bson.D{{Key: "n", Value: decimal(c.b)}}}})
		got, _, err := update.Apply(encode(bson.D{{Key: "n", Value: decimal(c.a)}}), nil, updateTime)
		require.NoError(t, err)
		require.Equal(t, c.want, got.Lookup("n").Decimal128().String(), "%s %s %s", c.a, c.operator, c.b)
	}
}

func TestDoublesAsDecimals(t *testing.T) {
	for f, want := range map[float64]string{
		0.1: "0.100000000000000", 5: "5.00000000000000", -1e300: "-1.00000000000000E+300", 1.0 / 3: "0.333333333333333",
		math.Inf(1): "Infinity", math.Inf(-1): "-Infinity", math.NaN(): "NaN",
	} {
		update := mustUpdate(t, bson.D{{Key: "$mul", Value: bson.D{{Key: "n", Value: decimal("1")}}}})
		got, _, err := update.Apply(encode(bson.D{{Key: "n", Value: f}}), nil, updateTime)
		require.NoError(t, err)
		require.Equal(t, want, got.Lookup("n").Decimal128().String())
	}
}

// TestWideUpdates changes many keys at once, and adds as many.
func TestWideUpdates(t *testing.T) {
	const n = 20000
	doc, steps, want := bson.D{}, bson.D{}, bson.D{}
	for i := range n {
		key := fmt.Sprintf("k%05d", i)
		doc = append(doc, bson.E{Key: key, Value: i})
		steps = append(steps, bson.E{Key: key, Value: 1}, bson.E{Key: "new" + key, Value: 5})
		want = append(want, bson.E{Key: key, Value: i + 1})
	}
	for i := range n {
		want = append(want, bson.E{Key: fmt.Sprintf("newk%05d", i), Value: 5})
	}
	got, modified, err := mustUpdate(t, bson.D{{Key: "$inc", Value: steps}}).Apply(encode(doc), nil, updateTime)
	require.NoError(t, err)
	require.True(t, modified)
	require.True(t, bytes.Equal(encode(want), got))
	_, err = query.ParseUpdateValue(bson.D{{Key: "$inc", Value: steps}, {Key: "$set", Value: bson.D{{Key: "k00077", Value: 1}}}})
	require.Equal(t, 40, requireQueryError(t, err).Code)
}
