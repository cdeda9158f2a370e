package query

import (
	"math"
	"math/big"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// widest is the type of a result of numbers of two types: the wider one.
func widest(a, b bson.Type) bson.Type {
	for _, kind := range []bson.Type{bson.TypeDecimal128, bson.TypeDouble, bson.TypeInt64} {
		if a == kind || b == kind {
			return kind
		}
	}
	return bson.TypeInt32
}

// rounded returns the nearest integer, halves away from zero, if it fits an int64.
func (v value) rounded() (int64, bool) {
	if v.kind == bson.TypeDouble {
		return doubleValue(math.Round(v.double())).truncated()
	}
	if v.kind == bson.TypeDecimal128 {
		return decimalValue(roundDecimal(v.decimal(), 0, toEven)).truncated()
	}
	return v.integer(), true
}

func addIntegers(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

func subtract(name string, arguments []value) (value, error) {
	a, b := arguments[0], arguments[1]
	switch {
	case a.nullish() || b.nullish():
		return null, nil
	case a.isNumber() && b.isNumber():
		return difference(a, b), nil
	case a.kind == bson.TypeDateTime && b.kind == bson.TypeDateTime:
		ms, ok := subtractIntegers(a.int64(), b.int64())
		if !ok {
			return value{}, failure(CodeOverflow, "overflow in $subtract of dates")
		}
		return int64Value(ms), nil
	case a.kind == bson.TypeDateTime && b.isNumber():
		return shiftDate(a, b)
	}
	return value{}, failure(CodeTypeMismatch, "can't $subtract %s from %s", TypeName(b.kind), TypeName(a.kind))
}

func subtractIntegers(a, b int64) (int64, bool) {
	n := a - b
	return n, (n < a) == (b > 0)
}

func difference(a, b value) value {
	switch widest(a.kind, b.kind) {
	case bson.TypeDecimal128:
		minuend, subtrahend := a.toDecimal(), b.toDecimal()
		return decimalValue(addDecimals(minuend, withSign(subtrahend, !isNegative(subtrahend))))
	case bson.TypeDouble:
		return doubleValue(a.toDouble() - b.toDouble())
	case bson.TypeInt32:
		return intValue(a.integer() - b.integer())
	}
	if n, ok := subtractIntegers(a.integer(), b.integer()); ok {
		return int64Value(n)
	}
	return doubleValue(float64(a.integer()) - float64(b.integer()))
}

func divide(name string, arguments []value) (value, error) {
	a, b := arguments[0], arguments[1]
	switch {
	case a.nullish() || b.nullish():
		return null, nil
	case !a.isNumber() || !b.isNumber():
		return value{}, failure(CodeTypeMismatch, "$divide only supports numeric types, not %s and %s", TypeName(a.kind), TypeName(b.kind))
	case compareNumbers(b, zero) == 0:
		return value{}, failure(CodeBadValue, divideByZero)
	case widest(a.kind, b.kind) == bson.TypeDecimal128:
		return decimalValue(divideDecimals(a.toDecimal(), b.toDecimal())), nil
	}
	return doubleValue(a.toDouble() / b.toDouble()), nil
}

// What $group tells by other codes.
const (
	divideByZero  = "can't $divide by zero"
	codeModByZero = 16610
)

// modulo is $mod.
func modulo(name string, arguments []value) (value, error) {
	a, b := arguments[0], arguments[1]
	switch {
	case a.nullish() || b.nullish():
		return null, nil
	case !a.isNumber() || !b.isNumber():
		return value{}, failure(16611, "$mod only supports numeric types, not %s and %s", TypeName(a.kind), TypeName(b.kind))
	}
	kind := widest(a.kind, b.kind)
	switch isZero := compareNumbers(b, zero) == 0; {
	case isZero && kind == bson.TypeDecimal128:
		return value{}, failure(5733415, "can't $mod by zero")
	case isZero:
		return value{}, failure(codeModByZero, "can't $mod by zero")
	case kind == bson.TypeDecimal128:
		return decimalValue(remainderOfDecimals(a.toDecimal(), b.toDecimal())), nil
	case kind == bson.TypeDouble:
		return doubleValue(math.Mod(a.toDouble(), b.toDouble())), nil
	case b.integer() == -1: // the quotient of the least int64 does not fit
		return wholeOf(kind, 0), nil
	}
	return wholeOf(kind, a.integer()%b.integer()), nil
}

// wholeOf is an integer as a value of one of the two types for them.
func wholeOf(kind bson.Type, n int64) value {
	if kind == bson.TypeInt32 {
		return int32Value(int32(n))
	}
	return int64Value(n)
}

// int32Of returns the number if it is an integer that fits an int32.
func (v value) int32Of() (int, bool) {
	n, ok := v.whole()
	return int(n), ok && int64(int32(n)) == n
}

// ofNumber makes an operation on one number. Of null it makes null.
func ofNumber(of func(name string, v value) (value, error)) operation {
	return func(name string, arguments []value) (value, error) {
		v := arguments[0]
		switch {
		case v.nullish():
			return null, nil
		case !v.isNumber():
			return value{}, failure(28765, "%s only supports numeric types, not %s", name, TypeName(v.kind))
		}
		return of(name, v)
	}
}

func absolute(name string, v value) (value, error) {
	switch v.kind {
	case bson.TypeDecimal128:
		return decimalValue(withSign(v.decimal(), false)), nil
	case bson.TypeDouble:
		return doubleValue(math.Abs(v.double())), nil
	}
	n := v.integer()
	switch {
	case n == math.MinInt64:
		return value{}, failure(28680, "can't take $abs of long long min")
	case n >= 0:
		return v, nil
	case v.kind == bson.TypeInt32:
		return intValue(-n), nil
	}
	return int64Value(-n), nil
}

// towards makes $ceil and $floor: rounding to an integer.
func towards(round func(float64) float64, direct rounding) operation {
	return ofNumber(func(name string, v value) (value, error) {
		switch v.kind {
		case bson.TypeDouble:
			return doubleValue(round(v.double())), nil
		case bson.TypeDecimal128:
			return decimalValue(roundDecimal(v.decimal(), 0, direct)), nil
		}
		return v, nil
	})
}

// roundTo makes $round and $trunc: rounding to a number of decimal places.
func roundTo(direct rounding) operation {
	return func(name string, arguments []value) (value, error) {
		v := arguments[0]
		switch {
		case v.nullish():
			return null, nil
		case !v.isNumber():
			return value{}, failure(51081, "%s only supports numeric types, not %s", name, TypeName(v.kind))
		case len(arguments) == 1:
			return roundPlaces(name, v, 0, direct)
		case arguments[1].nullish():
			return null, nil
		}
		places, ok := arguments[1].whole()
		switch {
		case !ok:
			return value{}, failure(51082, "precision argument to  %s must be a integral value", name)
		case places < -20 || places > 100:
			return value{}, failure(51083, "cannot apply %s with precision value %d value must be in [-20, 100]", name, places)
		}
		return roundPlaces(name, v, int(places), direct)
	}
}

func roundPlaces(name string, v value, places int, direct rounding) (value, error) {
	switch v.kind {
	case bson.TypeDecimal128:
		return decimalValue(roundDecimal(v.decimal(), places, direct)), nil
	case bson.TypeDouble:
		return doubleValue(roundDouble(v.double(), places, direct)), nil
	}
	if places >= 0 {
		return v, nil
	}
	n := direct(big.NewInt(v.integer()), -places)
	n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-places)), nil))
	switch {
	case !n.IsInt64():
		return value{}, failure(51080, "invalid conversion from Decimal128 result in %s resulting from arguments: [%s, %d]", name, v, places)
	case v.kind == bson.TypeInt32:
		return intValue(n.Int64()), nil
	}
	return int64Value(n.Int64()), nil
}
