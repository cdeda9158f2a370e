package query

import (
	"math/big"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// rounding divides an integer by a power of ten.
type rounding func(n *big.Int, digits int) *big.Int

func powerOfTen(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// toEven rounds to the nearest, halves to the even one.
func toEven(n *big.Int, digits int) *big.Int {
	rounded := roundHalfEven(new(big.Int).Abs(n), digits)
	if n.Sign() < 0 {
		rounded.Neg(rounded)
	}
	return rounded
}

func toZero(n *big.Int, digits int) *big.Int { return new(big.Int).Quo(n, powerOfTen(digits)) }

func downwards(n *big.Int, digits int) *big.Int { return new(big.Int).Div(n, powerOfTen(digits)) }

func upwards(n *big.Int, digits int) *big.Int {
	rounded := downwards(new(big.Int).Neg(n), digits)
	return rounded.Neg(rounded)
}

// roundDecimal rounds to a number of decimal places, which the result then has,
// unless it has not the digits for them.
func roundDecimal(d bson.Decimal128, places int, round rounding) bson.Decimal128 {
	x := exactDecimal(d)
	if x.rank != finite {
		return d
	}
	coefficient := x.coefficient
	if drop := -places - x.decimal; drop > 0 {
		coefficient = round(coefficient, drop)
	} else if coefficient = x.scaled(0, -places); len(coefficient.String()) > decimalDigits {
		return d
	}
	return newDecimal(isNegative(d), new(big.Int).Abs(coefficient), -places)
}

// roundDouble rounds to a number of decimal places by the double's first 34 digits,
// as MongoDB does.
func roundDouble(f float64, places int, round rounding) float64 {
	x := exactDouble(f)
	if x.rank != finite {
		return f
	}
	if x.binary < 0 { // n × 2^-b is n × 5^b × 10^-b
		five := new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(-x.binary)), nil)
		x = exact{rank: finite, coefficient: five.Mul(five, x.coefficient), decimal: x.binary}
	}
	coefficient := x.scaled(0, min(x.decimal, 0))
	d := newDecimal(f < 0, coefficient.Abs(coefficient), min(x.decimal, 0))
	rounded, err := strconv.ParseFloat(roundDecimal(d, places, round).String(), 64)
	if err != nil { // the number is no larger than a double was
		return f
	}
	return rounded
}

// divideDecimals divides by what is not zero.
func divideDecimals(a, b bson.Decimal128) bson.Decimal128 {
	x, y := exactDecimal(a), exactDecimal(b)
	negative := isNegative(a) != isNegative(b)
	switch {
	case x.rank == notANumber || y.rank == notANumber || x.rank != finite && y.rank != finite:
		return decimalNaN
	case x.rank != finite:
		return withSign(decimalInfinity, negative)
	case y.rank != finite:
		return newDecimal(negative, new(big.Int), minDecimalExponent)
	}
	dividend, divisor := new(big.Int).Abs(x.coefficient), new(big.Int).Abs(y.coefficient)
	more := max(0, decimalDigits+2+len(divisor.String())-len(dividend.String()))
	dividend.Mul(dividend, powerOfTen(more))
	quotient, rest := dividend.QuoRem(dividend, divisor, new(big.Int))
	exponent := x.decimal - y.decimal - more
	if rest.Sign() != 0 { // a digit that tells that something follows
		quotient.Add(quotient.Mul(quotient, big.NewInt(10)), big.NewInt(1))
		return newDecimal(negative, quotient, exponent-1)
	}
	for ; more > 0; more-- {
		shorter, digit := new(big.Int).QuoRem(quotient, big.NewInt(10), new(big.Int))
		if digit.Sign() != 0 {
			break
		}
		quotient, exponent = shorter, exponent+1
	}
	return newDecimal(negative, quotient, exponent)
}

// remainderOfDecimals is what is left of a when b, which is not zero, was taken
// from it as often as it goes.
func remainderOfDecimals(a, b bson.Decimal128) bson.Decimal128 {
	x, y := exactDecimal(a), exactDecimal(b)
	switch {
	case x.rank != finite || y.rank == notANumber:
		return decimalNaN
	case y.rank != finite:
		return a
	}
	exponent := min(x.decimal, y.decimal)
	rest := new(big.Int).Rem(x.scaled(0, exponent), y.scaled(0, exponent))
	return newDecimal(isNegative(a), rest.Abs(rest), exponent)
}
