package query_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

// expressionValues are values that some operator has a use for, or a fault to find
// with.
var expressionValues = []any{
	nil, 0, 1, -1, 2, int64(1) << 62, -9223372036854775808, 1.5, 1e300, decimal("1.50"), decimal("NaN"), decimal("-1E+6000"), "", "x", "é", "12", "UTC",
	"Europe/Berlin", "-0330", "day", "week", "%Y-%m-%d", "2020-02-29T12:00:00Z", "int", true, bson.DateTime(0), bson.DateTime(1 << 62), bson.DateTime(-1 << 40),
	bson.Timestamp{T: 5, I: 1}, bson.ObjectID{1}, bson.A{}, bson.A{1, "x", nil}, bson.A{bson.A{"k", 1}}, bson.A{bson.D{{Key: "k", Value: "a"}, {Key: "v", Value: 1}}},
	bson.D{}, bson.D{{Key: "a", Value: 1}}, bson.Regex{Pattern: "x", Options: "i"}, bson.Undefined{}, bson.MinKey{}, bson.Binary{Data: []byte{1}}, bson.Symbol("s"),
}

// Whatever values an operator is given, it makes a value or tells what is wrong; and
// it makes the same of constants, before there is a document, as of a document's
// keys.
func TestOperatorsTakeAnyValues(t *testing.T) {
	operators := query.Operators()
	names := slices.Sorted(maps.Keys(operators))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "operator")
		doc, byPath, byValue := bson.D{}, bson.A{}, bson.A{}
		var namedByPath, namedByValue bson.D
		keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 4, rapid.ID).Draw(t, "arguments")
		if parameters := operators[name]; parameters != nil {
			keys = rapid.SliceOfNDistinct(rapid.SampledFrom(parameters), 0, len(parameters), rapid.ID).Draw(t, "parameters")
		}
		for _, key := range keys {
			i := rapid.IntRange(-1, len(expressionValues)-1).Draw(t, "value")
			path, literal := any("$"+key), any("$missing")
			if i >= 0 {
				literal = bson.D{{Key: "$literal", Value: expressionValues[i]}}
				doc = append(doc, bson.E{Key: key, Value: expressionValues[i]})
			} else {
				path = "$missing"
			}
			byPath, byValue = append(byPath, path), append(byValue, literal)
			namedByPath, namedByValue = append(namedByPath, bson.E{Key: key, Value: path}), append(namedByValue, bson.E{Key: key, Value: literal})
		}
		arguments := [2]any{byPath, byValue}
		if operators[name] != nil {
			arguments = [2]any{namedByPath, namedByValue}
		}
		fromPath, pathErr := computed(t, bson.D{{Key: name, Value: arguments[0]}}, encode(doc))
		fromValue, valueErr := computed(t, bson.D{{Key: name, Value: arguments[1]}}, encode(doc))
		if pathErr != nil {
			require.Error(t, valueErr)
			require.Equal(t, requireQueryError(t, pathErr).Code, requireQueryError(t, valueErr).Code, "%v %v", pathErr, valueErr)
			return
		}
		require.NoError(t, valueErr)
		require.Equal(t, fromPath.String(), fromValue.String())
		require.NoError(t, query.Validate(fromPath))
	})
}

// computed returns {r: value} for an expression of a document.
func computed(t require.TestingT, expression any, doc bson.Raw) (bson.Raw, error) {
	projection, err := query.ParseProjection(encode(bson.D{{Key: "_id", Value: 0}, {Key: "r", Value: expression}}))
	if err != nil {
		return nil, err
	}
	shown, err := projection.Apply(nil, doc, nil)
	return shown, err
}
