package backendtest

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// The generators draw from few keys and few values, so that filters and documents
// meet. The keys are a task's, of which stores keep indexes, and others.
var (
	anyKey       = rapid.SampledFrom([]string{"msg_id", "submitted", "completed", "engine_uuid", "label", "x", "header"})
	anyPath      = rapid.SampledFrom([]string{"submitted", "completed", "engine_uuid", "label", "x", "x.a", "x.0", "header.a", "header.b.a"})
	anyDirection = rapid.SampledFrom([]int{1, -1})
	anyScalar    = rapid.OneOf(
		rapid.SampledFrom([]any{nil, false, true, int32(0), int32(1), int64(1), int64(2), 1.0, 1.5, math.NaN(), "", "a", "b", "ab"}),
		rapid.SampledFrom([]any{bson.DateTime(0), bson.DateTime(1), bson.Binary{Data: []byte{1}}, bson.ObjectID{1}, bson.MinKey{}, bson.MaxKey{}, bson.Timestamp{T: 1}}),
	)
	anyValue    = anyValueOf(2)
	anyDocument = rapid.Custom(func(t *rapid.T) bson.D {
		var doc bson.D
		for _, key := range rapid.SliceOfDistinct(anyKey, rapid.ID).Draw(t, "keys") {
			value := anyValue
			if key == "msg_id" {
				value = anyScalar
			}
			doc = append(doc, bson.E{Key: key, Value: value.Draw(t, key)})
		}
		return doc
	})
	anyFilter = anyFilterOf(2)
)

// anyValueOf draws scalars, and documents and arrays that nest so deep.
func anyValueOf(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return anyScalar
	}
	inner := anyValueOf(depth - 1)
	return rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return bson.A(rapid.SliceOfN(inner, 0, 3).Draw(t, "array"))
		case 1:
			doc := bson.D{}
			for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "0"}), 0, 2, rapid.ID).Draw(t, "keys") {
				doc = append(doc, bson.E{Key: key, Value: inner.Draw(t, key)})
			}
			return doc
		default:
			return anyScalar.Draw(t, "scalar")
		}
	})
}

// anyFilterOf draws filters of up to three conditions, in which $and, $or and $nor
// nest so deep.
func anyFilterOf(depth int) *rapid.Generator[bson.D] {
	return rapid.Custom(func(t *rapid.T) bson.D {
		filter := bson.D{}
		for range rapid.IntRange(0, 3).Draw(t, "conditions") {
			if depth > 0 && rapid.IntRange(0, 3).Draw(t, "nested") == 0 {
				branches := bson.A{}
				for _, branch := range rapid.SliceOfN(anyFilterOf(depth-1), 1, 3).Draw(t, "branches") {
					branches = append(branches, branch)
				}
				operator := rapid.SampledFrom([]string{"$and", "$or", "$nor"}).Draw(t, "operator")
				filter = append(filter, bson.E{Key: operator, Value: branches})
				continue
			}
			filter = append(filter, bson.E{Key: anyPath.Draw(t, "path"), Value: anyCondition.Draw(t, "condition")})
		}
		return filter
	})
}

// anyCondition draws what a filter may ask of a path.
var anyCondition = rapid.Custom(func(t *rapid.T) any {
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		return anyValue.Draw(t, "equal to")
	case 1:
		return bson.D{{Key: "$not", Value: anyOperator.Draw(t, "operator")}}
	case 2:
		return append(anyOperator.Draw(t, "operator"), anyComparison.Draw(t, "another")...)
	default:
		return anyOperator.Draw(t, "operator")
	}
})

// anyComparison draws an operator that compares.
var anyComparison = rapid.Custom(func(t *rapid.T) bson.D {
	operator := rapid.SampledFrom([]string{"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$ge", "$le"}).Draw(t, "operator")
	return bson.D{{Key: operator, Value: anyValue.Draw(t, "operand")}}
})

// anyOperator draws one operator with its operand.
var anyOperator = rapid.OneOf(anyComparison, rapid.Custom(func(t *rapid.T) bson.D {
	operator := rapid.SampledFrom([]string{"$in", "$nin", "$all", "$exists", "$type", "$size", "$elemMatch", "$regex", "$glob"}).Draw(t, "operator")
	var operand any
	switch operator {
	case "$in", "$nin", "$all":
		operand = bson.A(rapid.SliceOfN(anyValue, 0, 4).Draw(t, "operands"))
	case "$exists":
		operand = rapid.Bool().Draw(t, "exists")
	case "$type":
		operand = rapid.SampledFrom([]string{"null", "number", "int", "string", "array", "object", "date", "bool"}).Draw(t, "type")
	case "$size":
		operand = rapid.IntRange(0, 3).Draw(t, "size")
	case "$elemMatch":
		operand = bson.D{{Key: rapid.SampledFrom([]string{"$gt", "$lte", "$eq", "$ne"}).Draw(t, "of elements"), Value: anyScalar.Draw(t, "element")}}
	case "$regex":
		operand = rapid.SampledFrom([]string{"^a", "b$", "", "^$"}).Draw(t, "pattern")
	case "$glob":
		operand = rapid.SampledFrom([]string{"a*", "?", "*", "[ab]"}).Draw(t, "pattern")
	}
	return bson.D{{Key: operator, Value: operand}}
}))
