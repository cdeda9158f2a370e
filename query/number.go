package query

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/big"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func (v value) isNumber() bool { return v.class() == classNumber }

func (v value) double() float64 { return math.Float64frombits(v.uint64()) }

func (v value) decimal() bson.Decimal128 {
	return bson.NewDecimal128(binary.LittleEndian.Uint64(v.data[8:]), binary.LittleEndian.Uint64(v.data))
}

// isNaN tells whether the value is one of the numbers that are none.
func (v value) isNaN() bool {
	switch v.kind {
	case bson.TypeDouble:
		return math.IsNaN(v.double())
	case bson.TypeDecimal128:
		return v.decimal().IsNaN()
	}
	return false
}

// compareNumbers compares numbers of any types by their exact values (C5). NaN
// is below all numbers and equal to itself (C4).
func compareNumbers(a, b value) int {
	if a.kind == bson.TypeDecimal128 || b.kind == bson.TypeDecimal128 {
		return compareExact(a, b)
	}
	if a.kind == bson.TypeDouble {
		if b.kind == bson.TypeDouble {
			return cmp.Compare(a.double(), b.double())
		}
		return -compareIntDouble(b.integer(), a.double())
	}
	if b.kind == bson.TypeDouble {
		return compareIntDouble(a.integer(), b.double())
	}
	return cmp.Compare(a.integer(), b.integer())
}

// integer returns the value of an int32 or int64.
func (v value) integer() int64 {
	if v.kind == bson.TypeInt32 {
		return int64(v.int32())
	}
	return v.int64()
}

// compareIntDouble compares without rounding: the integer's neighbours that are
// doubles may be up to 1024 away.
func compareIntDouble(i int64, f float64) int {
	switch {
	case f != f:
		return 1
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(0, f-whole)
}

// compareExact compares numbers of which one at least is a decimal.
func compareExact(a, b value) int {
	x, y := a.exact(), b.exact()
	if x.rank != y.rank || x.rank != finite {
		return cmp.Compare(x.rank, y.rank)
	}
	return x.cmp(y)
}

// exact is a number of any type: rank, and if that is finite, the value
// coefficient × 2^binary × 10^decimal.
type exact struct {
	rank        rank
	coefficient *big.Int
	binary      int
	decimal     int
}

// rank orders what has no finite value around what has one.
type rank int8

const (
	notANumber rank = iota
	negativeInfinity
	finite
	positiveInfinity
)

func rankOf(f float64) rank {
	switch {
	case math.IsNaN(f):
		return notANumber
	case math.IsInf(f, -1):
		return negativeInfinity
	case math.IsInf(f, 1):
		return positiveInfinity
	}
	return finite
}

func (v value) exact() exact {
	switch v.kind {
	case bson.TypeDouble:
		return exactDouble(v.double())
	case bson.TypeDecimal128:
		return exactDecimal(v.decimal())
	}
	return exact{rank: finite, coefficient: big.NewInt(v.integer())}
}

func exactDouble(f float64) exact {
	if r := rankOf(f); r != finite {
		return exact{rank: r}
	}
	fraction, exponent := math.Frexp(f)
	return exact{rank: finite, coefficient: big.NewInt(int64(fraction * (1 << 53))), binary: exponent - 53}
}

func exactDecimal(d bson.Decimal128) exact {
	switch {
	case d.IsNaN():
		return exact{rank: notANumber}
	case d.IsInf() > 0:
		return exact{rank: positiveInfinity}
	case d.IsInf() < 0:
		return exact{rank: negativeInfinity}
	}
	coefficient, exponent, err := d.BigInt()
	if err != nil { // of the two causes, NaN and infinity, none is left
		return exact{rank: notANumber}
	}
	return exact{rank: finite, coefficient: coefficient, decimal: exponent}
}

// cmp compares finite numbers. It brings both to a common power of two and ten,
// which for the widest decimals is a number of twenty thousand bits.
func (x exact) cmp(y exact) int {
	if c := cmp.Compare(x.coefficient.Sign(), y.coefficient.Sign()); c != 0 || x.coefficient.Sign() == 0 {
		return c
	}
	common, commonDecimal := min(x.binary, y.binary), min(x.decimal, y.decimal)
	return x.scaled(common, commonDecimal).Cmp(y.scaled(common, commonDecimal))
}

func (x exact) scaled(binary, decimal int) *big.Int {
	n := new(big.Int).Lsh(x.coefficient, uint(x.binary-binary))
	if x.decimal > decimal {
		n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(x.decimal-decimal)), nil))
	}
	return n
}

// truncated returns the number without its fraction, if that fits an int64.
func (v value) truncated() (int64, bool) {
	switch v.kind {
	case bson.TypeInt32, bson.TypeInt64:
		return v.integer(), true
	case bson.TypeDouble:
		f := math.Trunc(v.double())
		return int64(f), f >= -1<<63 && f < 1<<63
	case bson.TypeDecimal128:
		return truncatedDecimal(exactDecimal(v.decimal()))
	}
	return 0, false
}

func truncatedDecimal(x exact) (int64, bool) {
	if x.rank != finite || x.decimal > 19 && x.coefficient.Sign() != 0 {
		return 0, false
	}
	if x.decimal >= 0 {
		n := x.scaled(0, 0)
		return n.Int64(), n.IsInt64()
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-x.decimal)), nil)
	n := new(big.Int).Quo(x.coefficient, power)
	return n.Int64(), n.IsInt64()
}

// whole returns the number if it is an integer that fits an int64.
func (v value) whole() (int64, bool) {
	n, ok := v.truncated()
	if !ok || v.kind == bson.TypeInt32 || v.kind == bson.TypeInt64 {
		return n, ok
	}
	return n, compareNumbers(v, int64Value(n)) == 0
}

func int64Value(n int64) value {
	return value{bson.TypeInt64, binary.LittleEndian.AppendUint64(nil, uint64(n))}
}

func doubleValue(f float64) value {
	return value{bson.TypeDouble, binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))}
}

var doubleNaN = doubleValue(math.NaN())
