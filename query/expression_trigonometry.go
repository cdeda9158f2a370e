package query

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/libm"
)

// trigonometry are the operators of angles, in radians.
var trigonometry = map[string]function{
	"$acos":             angular(libm.Acos, -1, 1, "[-1,1]"),
	"$acosh":            angular(libm.Acosh, 1, math.Inf(1), "[1,inf]"),
	"$asin":             angular(libm.Asin, -1, 1, "[-1,1]"),
	"$asinh":            angular(libm.Asinh, math.Inf(-1), math.Inf(1), ""),
	"$atan":             angular(libm.Atan, math.Inf(-1), math.Inf(1), ""),
	"$atan2":            {2, 2, ofTwoNumbers(51044, [2]string{anglesOf, anglesOf}, arctangent)},
	"$atanh":            angular(libm.Atanh, -1, 1, "[-1,1]"),
	"$cos":              angular(libm.Cos, -math.MaxFloat64, math.MaxFloat64, "(-inf,inf)"),
	"$cosh":             angular(libm.Cosh, math.Inf(-1), math.Inf(1), ""),
	"$degreesToRadians": {1, 1, ofNumber(times(math.Pi/180, "0.01745329251994329576923690768488613"))},
	"$radiansToDegrees": {1, 1, ofNumber(times(180/math.Pi, "57.29577951308232087679815481410517"))},
	"$sin":              angular(libm.Sin, -math.MaxFloat64, math.MaxFloat64, "(-inf,inf)"),
	"$sinh":             angular(libm.Sinh, math.Inf(-1), math.Inf(1), ""),
	"$tan":              angular(libm.Tan, -math.MaxFloat64, math.MaxFloat64, "(-inf,inf)"),
	"$tanh":             angular(libm.Tanh, math.Inf(-1), math.Inf(1), ""),
}

// angular makes an operator of a function with bounds.
func angular(of func(float64) float64, least, most float64, bounds string) function {
	return function{1, 1, overDoubles(of, least, most, 50989, "cannot apply %s to %s, value must in "+bounds)}
}

const anglesOf = "$atan2 only supports numeric types, not %s"

// arctangent is $atan2.
func arctangent(y, x value) (value, error) {
	if widest(y.kind, x.kind) == bson.TypeDecimal128 {
		return value{}, noDecimal("$atan2")
	}
	return doubleValue(libm.Atan2(y.toDouble(), x.toDouble())), nil
}

// times makes a multiplication by a factor, which has more digits for decimals.
func times(factor float64, digits string) func(name string, v value) (value, error) {
	return func(_ string, v value) (value, error) {
		if v.kind != bson.TypeDecimal128 {
			return doubleValue(v.toDouble() * factor), nil
		}
		exact, err := bson.ParseDecimal128(digits)
		if err != nil {
			return value{}, err
		}
		product, _ := arithmetic{multiplies: true, operand: decimalValue(exact)}.result(v)
		return product, nil
	}
}
