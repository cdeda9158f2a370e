package query

import (
	"encoding/binary"
	"math"
	"math/big"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// endOfKey closes a document or an array in a key. It is below every class.
const endOfKey = 0

// AppendKey appends to dst the key of v: bytes whose order by bytes.Compare is
// BSON's order of the values (Compare), with equal bytes for equal values. No
// key is the beginning of another, so that keys may stand one after another, and
// inverted bytes give the opposite order.
func AppendKey(dst []byte, v bson.RawValue) []byte { return appendKey(dst, valueOf(v)) }

func appendKey(dst []byte, v value) []byte {
	return appendKeyBody(append(dst, v.class().keyByte()), v)
}

// keyByte is a class's first byte in a key: its number, moved above endOfKey.
func (c class) keyByte() byte { return byte(int(c) + 2) }

// appendKeyBody appends what follows the class in a key.
func appendKeyBody(dst []byte, v value) []byte {
	switch v.kind {
	case bson.TypeDouble, bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128:
		return appendNumberKey(dst, v)
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		return appendTextKey(dst, v.text())
	case bson.TypeEmbeddedDocument:
		return appendDocumentKey(dst, v.data)
	case bson.TypeArray:
		return appendArrayKey(dst, v.data)
	case bson.TypeBinary: // C7
		subtype, data := v.binary()
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(data)))
		return append(append(dst, subtype), data...)
	case bson.TypeObjectID, bson.TypeBoolean:
		return append(dst, v.data...)
	case bson.TypeDateTime:
		return binary.BigEndian.AppendUint64(dst, v.uint64()^1<<63)
	case bson.TypeTimestamp:
		return binary.BigEndian.AppendUint64(dst, v.uint64())
	case bson.TypeRegex:
		return append(dst, v.data...) // both parts end in NUL and hold none
	case bson.TypeDBPointer:
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(v.data)))
		return append(dst, v.data[4:]...)
	case bson.TypeCodeWithScope:
		code, scope := v.codeWithScope()
		return appendDocumentKey(appendTextKey(dst, code), scope)
	}
	return dst
}

// endOfText closes a text in a key. A NUL in the text is written as 0 255, so
// that a text is below what it is the beginning of.
const endOfText = "\x00\x01"

func appendTextKey[T string | []byte](dst []byte, text T) []byte {
	for {
		nul := 0
		for nul < len(text) && text[nul] != 0 {
			nul++
		}
		if nul == len(text) {
			return append(append(dst, text...), endOfText...)
		}
		dst = append(append(dst, text[:nul+1]...), 255)
		text = text[nul+1:]
	}
}

func appendDocumentKey(dst, doc []byte) []byte {
	for it := elementsOf(doc); it.next(); {
		dst = append(dst, it.class().keyByte())
		dst = appendTextKey(dst, it.key)
		dst = appendKeyBody(dst, it.value)
	}
	return append(dst, endOfKey)
}

func appendArrayKey(dst, array []byte) []byte {
	for it := elementsOf(array); it.next(); {
		dst = appendKey(dst, it.value)
	}
	return append(dst, endOfKey)
}

// appendNumberKey appends the largest double that is not above the number, and,
// if the number is not that double, its exact decimal digits. Integers beyond
// 2^53 and most decimals need the digits; all else is nine bytes.
func appendNumberKey(dst []byte, v value) []byte {
	switch v.kind {
	case bson.TypeDouble:
		return append(appendDoubleKey(dst, v.double()), 0)
	case bson.TypeInt32:
		return append(appendDoubleKey(dst, float64(v.int32())), 0)
	case bson.TypeInt64:
		if n := v.int64(); n >= -1<<53 && n <= 1<<53 {
			return append(appendDoubleKey(dst, float64(n)), 0)
		}
	}
	x := v.exact()
	switch x.rank {
	case notANumber:
		return append(appendDoubleKey(dst, math.NaN()), 0)
	case negativeInfinity:
		return append(appendDoubleKey(dst, math.Inf(-1)), 0)
	case positiveInfinity:
		return append(appendDoubleKey(dst, math.Inf(1)), 0)
	}
	floor, isDouble := x.floor()
	dst = appendDoubleKey(dst, floor)
	if isDouble {
		return append(dst, 0)
	}
	return appendDigits(append(dst, 1), x)
}

// appendDoubleKey appends a double so that NaN is below all others and the two
// zeros are one.
func appendDoubleKey(dst []byte, f float64) []byte {
	var ordered uint64
	switch b := math.Float64bits(f); {
	case f != f:
		ordered = 0
	case f == 0:
		ordered = 1 << 63
	case b>>63 == 1:
		ordered = ^b
	default:
		ordered = b | 1<<63
	}
	return binary.BigEndian.AppendUint64(dst, ordered)
}

// floor returns the largest double that is not above x, which is finite, and
// whether x is that double.
func (x exact) floor() (f float64, equal bool) {
	rational := new(big.Rat).SetInt(x.scaledUp())
	if x.decimal < 0 {
		power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-x.decimal)), nil)
		rational.SetFrac(x.coefficient, power)
	}
	f, equal = rational.Float64()
	if equal {
		return f, true
	}
	if math.IsInf(f, 1) || !math.IsInf(f, -1) && new(big.Rat).SetFloat64(f).Cmp(rational) > 0 {
		f = math.Nextafter(f, math.Inf(-1))
	}
	return f, false
}

// scaledUp returns the integer that x is, if its exponents are not negative.
func (x exact) scaledUp() *big.Int { return x.scaled(min(x.binary, 0), min(x.decimal, 0)) }

// appendDigits appends a decimal number so that the order of the bytes is that
// of the numbers: the place of the first digit, then the digits without zeros at
// the end, for negative numbers all inverted.
func appendDigits(dst []byte, x exact) []byte {
	start := len(dst)
	digits := new(big.Int).Abs(x.coefficient).String()
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(digits)+x.decimal+1<<31))
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	dst = append(append(dst, digits...), 0)
	if x.coefficient.Sign() < 0 {
		invert(dst[start:])
	}
	return dst
}

// invert turns a key's order around.
func invert(key []byte) {
	for i := range key {
		key[i] = ^key[i]
	}
}
