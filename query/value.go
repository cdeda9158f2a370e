package query

import (
	"bytes"
	"encoding/binary"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// value is one BSON value: its type and its bytes. The zero value stands for
// one that is missing.
type value struct {
	kind bson.Type
	data []byte
}

// kindMissing is the type of a missing value. BSON uses 0 to end a document, so
// that no stored value has it.
const kindMissing bson.Type = 0

func (v value) missing() bool { return v.kind == kindMissing }

// raw returns the value in the driver's form. It shares the value's bytes.
func (v value) raw() bson.RawValue { return bson.RawValue{Type: v.kind, Value: v.data} }

func valueOf(r bson.RawValue) value { return value{r.Type, r.Value} }

// element is one key and its value in a document or an array.
type element struct {
	key []byte
	value
}

// elements walks the elements of a document or an array without allocating:
//
//	for it := elementsOf(doc); it.next(); {
//		use(it.key, it.value)
//	}
//
// It ends at the document's end, or where the bytes stop making sense.
type elements struct {
	rest []byte
	element
}

func elementsOf(doc []byte) elements {
	if len(doc) < 5 {
		return elements{}
	}
	return elements{rest: doc[4:]}
}

func (it *elements) next() bool {
	if len(it.rest) < 2 || it.rest[0] == 0 {
		return false
	}
	end := bytes.IndexByte(it.rest[1:], 0)
	if end < 0 {
		return false
	}
	kind, data := bson.Type(it.rest[0]), it.rest[end+2:]
	size := sizeOf(kind, data)
	if size < 0 {
		return false
	}
	it.key = it.rest[1 : end+1]
	it.value = value{kind, data[:size:size]}
	it.rest = data[size:]
	return true
}

// lookup returns the value of the first element of doc whose key is key, or a
// missing one.
func lookup(doc []byte, key string) value {
	if len(doc) < 5 {
		return value{}
	}
	rest := doc[4:]
	for len(rest) >= 2 && rest[0] != 0 {
		kind := bson.Type(rest[0])
		rest = rest[1:]
		found := len(rest) > len(key) && rest[len(key)] == 0 && string(rest[:len(key)]) == key
		end := len(key)
		if !found {
			if end = bytes.IndexByte(rest, 0); end < 0 {
				return value{}
			}
		}
		rest = rest[end+1:]
		size := sizeOf(kind, rest)
		if size < 0 {
			return value{}
		}
		if found {
			return value{kind, rest[:size:size]}
		}
		rest = rest[size:]
	}
	return value{}
}

// sizeOf returns how many bytes of data a value of type kind takes, or -1 if
// data holds no such value.
func sizeOf(kind bson.Type, data []byte) int {
	size := -1
	switch kind {
	case bson.TypeDouble, bson.TypeDateTime, bson.TypeTimestamp, bson.TypeInt64:
		size = 8
	case bson.TypeInt32:
		size = 4
	case bson.TypeBoolean:
		size = 1
	case bson.TypeNull, bson.TypeUndefined, bson.TypeMinKey, bson.TypeMaxKey:
		size = 0
	case bson.TypeObjectID:
		size = 12
	case bson.TypeDecimal128:
		size = 16
	case bson.TypeString, bson.TypeJavaScript, bson.TypeSymbol:
		size = prefixed(data, 4, 1)
	case bson.TypeEmbeddedDocument, bson.TypeArray:
		size = prefixed(data, 0, 5)
	case bson.TypeCodeWithScope:
		size = prefixed(data, 0, 14)
	case bson.TypeBinary:
		size = prefixed(data, 5, 0)
	case bson.TypeDBPointer:
		size = prefixed(data, 16, 1)
	case bson.TypeRegex:
		size = regexSize(data)
	}
	if size > len(data) {
		return -1
	}
	return size
}

// prefixed returns the size of a value that starts with a length of four
// bytes, which counts all but extra bytes, and is no less than least.
func prefixed(data []byte, extra, least int) int {
	if len(data) < 4 {
		return -1
	}
	n := int(int32(binary.LittleEndian.Uint32(data)))
	if n < least {
		return -1
	}
	return n + extra
}

func regexSize(data []byte) int {
	pattern := bytes.IndexByte(data, 0)
	if pattern < 0 {
		return -1
	}
	options := bytes.IndexByte(data[pattern+1:], 0)
	if options < 0 {
		return -1
	}
	return pattern + options + 2
}

// The accessors below expect a value of the right type.

func (v value) int32() int32   { return int32(binary.LittleEndian.Uint32(v.data)) }
func (v value) int64() int64   { return int64(binary.LittleEndian.Uint64(v.data)) }
func (v value) uint64() uint64 { return binary.LittleEndian.Uint64(v.data) }

// text returns the bytes of a string, symbol or code, without its length and
// its final NUL.
func (v value) text() []byte { return v.data[4 : len(v.data)-1] }

// binary returns the subtype and the bytes of a binary value.
func (v value) binary() (subtype byte, data []byte) { return v.data[4], v.data[5:] }

// regex returns the pattern and the options of a regular expression.
func (v value) regex() (pattern, options []byte) {
	end := bytes.IndexByte(v.data, 0)
	return v.data[:end], v.data[end+1 : len(v.data)-1]
}

// codeWithScope returns the two parts of a code with scope.
func (v value) codeWithScope() (code, scope []byte) {
	n := int(binary.LittleEndian.Uint32(v.data[4:]))
	if n < 1 || 8+n > len(v.data) {
		return nil, nil
	}
	return v.data[8 : 8+n-1], v.data[8+n:]
}

// is tells whether two values are the same bytes in memory.
func (v value) is(other value) bool {
	return v.kind == other.kind && len(v.data) == len(other.data) && (len(v.data) == 0 || &v.data[0] == &other.data[0])
}

// truthy tells whether MongoDB takes the value as true: all but false, null,
// missing and the numbers equal to zero.
func (v value) truthy() bool {
	switch v.kind {
	case bson.TypeBoolean:
		return v.data[0] != 0
	case bson.TypeNull, bson.TypeUndefined, kindMissing:
		return false
	case bson.TypeDouble, bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128:
		return compareNumbers(v, zero) != 0
	}
	return true
}

var zero = value{bson.TypeInt32, make([]byte, 4)}
