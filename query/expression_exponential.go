package query

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/libm"
)

// overDoubles makes an operation of a function of doubles. Its values for decimals
// would need all their digits, and are not known.
func overDoubles(of func(float64) float64, least, most float64, code int, demand string) operation {
	return ofNumber(func(name string, v value) (value, error) {
		if v.kind == bson.TypeDecimal128 {
			return value{}, noDecimal(name)
		}
		f := v.toDouble()
		if f < least || f > most {
			return value{}, failure(code, demand, name, v)
		}
		return doubleValue(of(f)), nil
	})
}

func noDecimal(name string) *Error {
	return failure(CodeNotImplemented, "%s of a decimal is not implemented", name)
}

// ofTwoNumbers makes an operation on two numbers, neither of which is a decimal if
// of is called. Of null it makes null. What is demanded of each has a code: the
// second's is the next.
func ofTwoNumbers(code int, demands [2]string, of func(a, b value) (value, error)) operation {
	return func(_ string, arguments []value) (value, error) {
		for _, v := range arguments {
			if v.nullish() {
				return null, nil
			}
		}
		for i, v := range arguments {
			if !v.isNumber() {
				return value{}, failure(code+i, demands[i], TypeName(v.kind))
			}
		}
		return of(arguments[0], arguments[1])
	}
}

var (
	powerDemands     = [2]string{"$pow's base must be numeric, not %s", "$pow's exponent must be numeric, not %s"}
	logarithmDemands = [2]string{"$log's argument must be numeric, not %s", "$log's base must be numeric, not %s"}
)

// power is $pow. Of integers it is an integer, if that fits.
func power(base, exponent value) (value, error) {
	if compareNumbers(base, zero) == 0 && compareNumbers(exponent, zero) < 0 {
		return value{}, failure(28764, "$pow cannot take a base of 0 and a negative exponent")
	}
	switch kind := widest(base.kind, exponent.kind); kind {
	case bson.TypeDecimal128:
		return value{}, noDecimal("$pow")
	case bson.TypeDouble:
		return doubleValue(libm.Pow(base.toDouble(), exponent.toDouble())), nil
	default:
		return powerOfIntegers(kind, base.integer(), exponent.integer()), nil
	}
}

func powerOfIntegers(kind bson.Type, base, exponent int64) value {
	if exponent < 0 && base != 1 && base != -1 {
		return doubleValue(libm.Pow(float64(base), float64(exponent)))
	}
	if base == 1 || base == -1 {
		exponent = ((exponent % 2) + 2) % 2 // what the power depends on
	}
	if base == 0 {
		exponent = min(exponent, 1)
	}
	n, fits := int64(1), true
	for i := int64(0); i < exponent; i++ {
		if n, fits = multiplyIntegers(n, base); !fits {
			return doubleValue(libm.Pow(float64(base), float64(exponent)))
		}
	}
	if kind == bson.TypeInt32 {
		return intValue(n)
	}
	return int64Value(n)
}

// logarithm is $log.
func logarithm(v, base value) (value, error) {
	switch {
	case compareNumbers(v, zero) <= 0 && !v.isNaN():
		return value{}, failure(28758, "$log's argument must be a positive number, but is %s", v)
	case (compareNumbers(base, zero) <= 0 || compareNumbers(base, one) == 0) && !base.isNaN():
		return value{}, failure(28759, "$log's base must be a positive number not equal to 1, but is %s", base)
	case widest(v.kind, base.kind) == bson.TypeDecimal128:
		return value{}, noDecimal("$log")
	}
	return doubleValue(libm.Log(v.toDouble()) / libm.Log(base.toDouble())), nil
}

// exponentials are the operators of powers and logarithms.
var exponentials = map[string]function{
	"$exp":   {1, 1, overDoubles(libm.Exp, math.Inf(-1), math.Inf(1), 0, "")},
	"$ln":    {1, 1, overDoubles(libm.Log, math.SmallestNonzeroFloat64, math.Inf(1), 28766, "%s's argument must be a positive number, but is %s")},
	"$log":   {2, 2, ofTwoNumbers(28756, logarithmDemands, logarithm)},
	"$log10": {1, 1, overDoubles(libm.Log10, math.SmallestNonzeroFloat64, math.Inf(1), 28761, "%s's argument must be a positive number, but is %s")},
	"$pow":   {2, 2, ofTwoNumbers(28762, powerDemands, power)},
	"$sqrt":  {1, 1, overDoubles(math.Sqrt, 0, math.Inf(1), 28714, "%s's argument must be greater than or equal to 0, but is %s")},
}
