package query

import (
	"math/big"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// summation is the sum of numbers, as $sum and $add have it: its type is the widest
// of theirs, integers are added exactly, doubles with what their rounding loses,
// and an integer sum that fits no int64 is a double.
type summation struct {
	kind     bson.Type
	integers big.Int
	doubles  compensated
	decimals bson.Decimal128
}

func (s *summation) add(v value) {
	switch v.kind {
	case bson.TypeDecimal128:
		if s.kind != bson.TypeDecimal128 {
			s.decimals = newDecimal(false, new(big.Int), 0)
		}
		s.decimals = addDecimals(s.decimals, v.decimal())
	case bson.TypeDouble:
		s.doubles.add(v.double())
	default:
		s.integers.Add(&s.integers, big.NewInt(v.integer()))
	}
	s.kind = widest(s.kind, v.kind)
}

// value is the sum. That of nothing is the int32 0.
func (s *summation) value() value {
	switch s.kind {
	case bson.TypeDecimal128:
		return decimalValue(s.decimal())
	case bson.TypeDouble:
		return doubleValue(s.double())
	}
	switch {
	case !s.integers.IsInt64():
		return doubleValue(s.double())
	case s.kind == bson.TypeInt64:
		return int64Value(s.integers.Int64())
	}
	return intValue(s.integers.Int64())
}

func (s *summation) decimal() bson.Decimal128 {
	sum := s.decimals
	if s.integers.Sign() != 0 {
		sum = addDecimals(sum, newDecimal(s.integers.Sign() < 0, new(big.Int).Abs(&s.integers), 0))
	}
	if f := s.doubles.sum(); f != 0 {
		sum = addDecimals(sum, decimalOfDouble(f))
	}
	return sum
}

func (s *summation) double() float64 {
	if s.integers.Sign() == 0 {
		return s.doubles.sum()
	}
	total := s.doubles
	high, _ := new(big.Float).SetInt(&s.integers).Float64()
	exact, _ := new(big.Float).SetFloat64(high).Int(nil)
	low, _ := new(big.Float).SetInt(exact.Sub(&s.integers, exact)).Float64()
	total.add(high)
	total.add(low)
	return total.sum()
}

// compensated is a sum of doubles with the error that rounding made in it, as
// MongoDB's DoubleDoubleSummation.
type compensated struct {
	high, low float64
	special   float64 // the plain sum, which tells infinities and NaN
	used      bool
}

func (c *compensated) add(f float64) {
	if !c.used {
		c.used, c.high, c.special = true, f, f
		return
	}
	c.special += f
	// Knuth's exact sum of two.
	sum := c.high + f
	back := sum - c.high
	c.low += (c.high - (sum - back)) + (f - back)
	c.high = sum
}

func (c *compensated) sum() float64 {
	sum := c.high + c.low
	if sum-sum != 0 { // infinite or not a number
		return c.special
	}
	return sum
}
