package query

import "go.mongodb.org/mongo-driver/v2/bson"

// total is what $add has of its operands: a sum of the widest type of theirs, or, once
// there is one, a date. Integers whose sum fits no int64 are doubles from there on.
// What rounding loses is not kept, as it is by $sum.
type total struct {
	kind     bson.Type
	isDate   bool
	integer  int64 // or the date's milliseconds
	double   float64
	decimals bson.Decimal128
}

// add is $add: a sum of numbers, to which one date may be added.
func add(name string, arguments []value) (value, error) {
	sum := total{kind: bson.TypeInt32}
	for _, v := range arguments {
		var err error
		switch {
		case v.nullish():
			return null, nil
		case v.kind == bson.TypeDateTime:
			err = sum.addDate(v)
		case !v.isNumber():
			err = failure(CodeTypeMismatch, "$add only supports numeric or date types, not %s", TypeName(v.kind))
		case sum.isDate:
			err = sum.shift(v)
		default:
			sum.add(v)
		}
		if err != nil {
			return value{}, err
		}
	}
	return sum.value(), nil
}

func (t *total) add(v value) {
	before := t.value()
	switch t.kind = widest(t.kind, v.kind); t.kind {
	case bson.TypeDecimal128:
		t.decimals = addDecimals(before.toDecimal(), v.toDecimal())
	case bson.TypeDouble:
		t.double = before.toDouble() + v.toDouble()
	default:
		sum, fits := addIntegers(t.integer, v.integer())
		if !fits {
			t.kind, t.double = bson.TypeDouble, float64(t.integer)+v.toDouble()
		}
		t.integer = sum
	}
}

// addDate adds a date to the numbers that came before it.
func (t *total) addDate(date value) error {
	if t.isDate {
		return failure(16612, "only one date allowed in an $add expression")
	}
	before := t.value()
	t.isDate, t.integer = true, date.int64()
	return t.shift(before)
}

// shift moves the date by milliseconds.
func (t *total) shift(by value) error {
	ms, ok := by.rounded()
	shifted, fits := addIntegers(t.integer, ms)
	if !ok || !fits {
		return failure(CodeOverflow, "date overflow")
	}
	t.integer = shifted
	return nil
}

func (t *total) value() value {
	switch {
	case t.isDate:
		return millisValue(t.integer)
	case t.kind == bson.TypeDecimal128:
		return decimalValue(t.decimals)
	case t.kind == bson.TypeDouble:
		return doubleValue(t.double)
	case t.kind == bson.TypeInt64:
		return int64Value(t.integer)
	}
	return intValue(t.integer)
}

// product is what $multiply has of its operands, of the widest type of theirs. It
// is a double as well from the beginning, and that alone if it fits no int64.
type product struct {
	kind    bson.Type
	integer int64
	double  float64
	decimal bson.Decimal128
}

func multiply(name string, arguments []value) (value, error) {
	p := product{kind: bson.TypeInt32, integer: 1, double: 1}
	for _, v := range arguments {
		switch {
		case v.nullish():
			return null, nil
		case !v.isNumber():
			return value{}, failure(CodeTypeMismatch, "$multiply only supports numeric types, not %s", TypeName(v.kind))
		}
		p.multiply(v)
	}
	return p.value(), nil
}

func (p *product) multiply(v value) {
	before := p.value()
	if p.kind = widest(p.kind, v.kind); p.kind == bson.TypeDecimal128 {
		p.decimal = multiplyDecimals(before.toDecimal(), v.toDecimal())
		return
	}
	p.double *= v.toDouble()
	if p.kind == bson.TypeDouble {
		return
	}
	var fits bool
	if p.integer, fits = multiplyIntegers(p.integer, v.integer()); !fits {
		p.kind = bson.TypeDouble
	}
}

func (p *product) value() value {
	switch p.kind {
	case bson.TypeDecimal128:
		return decimalValue(p.decimal)
	case bson.TypeDouble:
		return doubleValue(p.double)
	case bson.TypeInt64:
		return int64Value(p.integer)
	}
	return intValue(p.integer)
}

// shiftDate subtracts milliseconds from a date.
func shiftDate(date, by value) (value, error) {
	ms, ok := by.rounded()
	shifted, fits := subtractIntegers(date.int64(), ms)
	if !ok || !fits {
		return value{}, failure(CodeOverflow, "date overflow")
	}
	return millisValue(shifted), nil
}
