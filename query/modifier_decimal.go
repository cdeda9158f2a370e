package query

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The bounds of a decimal of 128 bits (IEEE 754-2008): a coefficient of so many
// digits, times ten to an exponent between these.
const (
	decimalDigits      = 34
	minDecimalExponent = -6176
	maxDecimalExponent = 6111
)

// decimalSign is the sign's bit in a decimal's high half.
const decimalSign = 1 << 63

var (
	decimalNaN      = bson.NewDecimal128(0x7C<<56, 0)
	decimalInfinity = bson.NewDecimal128(0x78<<56, 0)
)

func decimalValue(d bson.Decimal128) value {
	high, low := d.GetBytes()
	data := binary.LittleEndian.AppendUint64(nil, low)
	return value{bson.TypeDecimal128, binary.LittleEndian.AppendUint64(data, high)}
}

// toDecimal returns a number as a decimal: a double, as MongoDB does, by 15
// digits.
func (v value) toDecimal() bson.Decimal128 {
	switch v.kind {
	case bson.TypeDecimal128:
		return v.decimal()
	case bson.TypeDouble:
		return decimalOfDouble(v.double())
	}
	n := big.NewInt(v.integer())
	return newDecimal(n.Sign() < 0, n.Abs(n), 0)
}

func decimalOfDouble(f float64) bson.Decimal128 {
	switch {
	case math.IsNaN(f):
		return decimalNaN
	case math.IsInf(f, 0):
		return withSign(decimalInfinity, f < 0)
	case f == 0:
		return newDecimal(math.Signbit(f), new(big.Int), 0)
	}
	d, err := bson.ParseDecimal128(strconv.FormatFloat(f, 'e', 14, 64))
	if err != nil { // a finite double is within a decimal's bounds
		return decimalNaN
	}
	return d
}

func isNegative(d bson.Decimal128) bool {
	high, _ := d.GetBytes()
	return high&decimalSign != 0
}

func withSign(d bson.Decimal128, negative bool) bson.Decimal128 {
	high, low := d.GetBytes()
	high &^= decimalSign
	if negative {
		high |= decimalSign
	}
	return bson.NewDecimal128(high, low)
}

func addDecimals(a, b bson.Decimal128) bson.Decimal128 {
	x, y := exactDecimal(a), exactDecimal(b)
	switch {
	case x.rank == notANumber || y.rank == notANumber:
		return decimalNaN
	case x.rank != finite && y.rank != finite && x.rank != y.rank:
		return decimalNaN
	case x.rank != finite:
		return withSign(decimalInfinity, isNegative(a))
	case y.rank != finite:
		return withSign(decimalInfinity, isNegative(b))
	}
	exponent := min(x.decimal, y.decimal)
	sum := new(big.Int).Add(x.scaled(0, exponent), y.scaled(0, exponent))
	negative := sum.Sign() < 0 || sum.Sign() == 0 && isNegative(a) && isNegative(b)
	return newDecimal(negative, sum.Abs(sum), exponent)
}

func multiplyDecimals(a, b bson.Decimal128) bson.Decimal128 {
	x, y := exactDecimal(a), exactDecimal(b)
	negative := isNegative(a) != isNegative(b)
	switch {
	case x.rank == notANumber || y.rank == notANumber:
		return decimalNaN
	case x.rank != finite || y.rank != finite:
		if x.isZero() || y.isZero() {
			return decimalNaN
		}
		return withSign(decimalInfinity, negative)
	}
	product := new(big.Int).Mul(x.coefficient, y.coefficient)
	return newDecimal(negative, product.Abs(product), x.decimal+y.decimal)
}

func (x exact) isZero() bool { return x.rank == finite && x.coefficient.Sign() == 0 }

// newDecimal returns ±coefficient × 10^exponent, rounded to the nearest decimal
// that there is, halves to the even one. What is too large is infinite.
func newDecimal(negative bool, coefficient *big.Int, exponent int) bson.Decimal128 {
	excess := max(len(coefficient.String())-decimalDigits, minDecimalExponent-exponent)
	if excess > 0 {
		coefficient, exponent = roundHalfEven(coefficient, excess), exponent+excess
		if len(coefficient.String()) > decimalDigits { // 99…9 became 100…0
			coefficient, exponent = roundHalfEven(coefficient, 1), exponent+1
		}
	}
	if room := decimalDigits - len(coefficient.String()); exponent > maxDecimalExponent && coefficient.Sign() != 0 {
		if exponent-maxDecimalExponent > room {
			return withSign(decimalInfinity, negative)
		}
		coefficient = exact{coefficient: coefficient, decimal: exponent}.scaled(0, maxDecimalExponent)
	}
	d, ok := bson.ParseDecimal128FromBigInt(coefficient, min(exponent, maxDecimalExponent))
	if !ok { // it is within all bounds
		return decimalNaN
	}
	return withSign(d, negative)
}

// roundHalfEven divides by a power of ten.
func roundHalfEven(n *big.Int, digits int) *big.Int {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	quotient, rest := new(big.Int).QuoRem(n, power, new(big.Int))
	switch rest.Lsh(rest, 1).Cmp(power) {
	case 1:
		quotient.Add(quotient, big.NewInt(1))
	case 0:
		quotient.Add(quotient, big.NewInt(int64(quotient.Bit(0))))
	}
	return quotient
}
