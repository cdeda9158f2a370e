package query

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// arithmetic is $inc, or $mul.
type arithmetic struct {
	creating
	multiplies bool
	operand    value
}

func (a arithmetic) operator() string {
	if a.multiplies {
		return "$mul"
	}
	return "$inc"
}

func parseArithmetic(multiplies bool, v value, at trail) (modifier, *Error) {
	if v.isNumber() {
		return arithmetic{multiplies: multiplies, operand: v}, nil
	}
	verb := "increment"
	if multiplies {
		verb = "multiply"
	}
	return nil, at.fail(CodeTypeMismatch, "Cannot %s with non-numeric argument: %s", verb, describe(at[len(at)-1], v))
}

func (a arithmetic) modify(v value, e *edit) (value, error) {
	switch {
	case v.missing() && a.multiplies:
		return a.make(), nil
	case v.missing():
		return a.operand, nil
	case !v.isNumber():
		return value{}, failure(CodeTypeMismatch, "Cannot apply %s to a value of non-numeric type. %s has the field '%s' of non-numeric type %s",
			a.operator(), e.id(), e.path[len(e.path)-1], TypeName(v.kind))
	}
	after, ok := a.result(v)
	if !ok {
		return value{}, failure(CodeBadValue, "Failed to apply %s operations to current value ((%s)%s) for document %s",
			a.operator(), TypeName(v.kind), v, e.id())
	}
	if after.kind == v.kind && compareNumbers(after, v) == 0 {
		return v, nil // so that -0 and 1.0 stay as they are
	}
	return after, nil
}

// make is what $mul makes of what is missing: a zero of the operand's type.
func (a arithmetic) make() value {
	after, _ := a.result(zero)
	return after
}

// result returns the sum or the product, in the wider of the two types. It tells
// whether there is one: integers that do not fit an int64 have none.
func (a arithmetic) result(v value) (value, bool) {
	switch {
	case v.kind == bson.TypeDecimal128 || a.operand.kind == bson.TypeDecimal128:
		return decimalValue(a.decimals(v.toDecimal(), a.operand.toDecimal())), true
	case v.kind == bson.TypeDouble || a.operand.kind == bson.TypeDouble:
		return doubleValue(a.doubles(v.toDouble(), a.operand.toDouble())), true
	}
	n, ok := a.integers(v.integer(), a.operand.integer())
	if v.kind == bson.TypeInt32 && a.operand.kind == bson.TypeInt32 && int64(int32(n)) == n {
		return int32Value(int32(n)), ok
	}
	return int64Value(n), ok
}

func (a arithmetic) integers(x, y int64) (int64, bool) {
	if a.multiplies {
		return multiplyIntegers(x, y)
	}
	sum := x + y
	return sum, (sum > x) == (y > 0)
}

// multiplyIntegers multiplies, and tells whether the product fits. The quotient
// tells it, but for the least int64, which is its own negative.
func multiplyIntegers(x, y int64) (int64, bool) {
	product := x * y
	fits := x == 0 || product/x == y && !(x == -1 && y == math.MinInt64)
	return product, fits
}

func (a arithmetic) doubles(x, y float64) float64 {
	if a.multiplies {
		return x * y
	}
	return x + y
}

func (a arithmetic) decimals(x, y bson.Decimal128) bson.Decimal128 {
	if a.multiplies {
		return multiplyDecimals(x, y)
	}
	return addDecimals(x, y)
}

// toDouble returns a number that is no decimal as a double.
func (v value) toDouble() float64 {
	if v.kind == bson.TypeDouble {
		return v.double()
	}
	return float64(v.integer())
}
