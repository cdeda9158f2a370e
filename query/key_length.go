package query

import (
	"bytes"
	"encoding/binary"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// kindOfClass is a type of each class, to tell how long a key of the class is.
var kindOfClass = func() (table [256]bson.Type) {
	for kind := range 256 {
		if c := classes[kind]; c != classMissing || bson.Type(kind) == bson.TypeUndefined {
			table[c.keyByte()] = bson.Type(kind)
		}
	}
	return table
}()

// keyLength returns how many bytes the first key in keys takes, or -1 if keys
// does not begin with a whole key. Keys may come from anywhere: what nests deeper
// than a document may is no key.
func keyLength(keys []byte) int { return within(keys, lengthBelow(keys, 0)) }

// lengthBelow is the length of a key that stands below so many documents and
// arrays. Of what is no whole key it may be anything longer than keys.
func lengthBelow(keys []byte, depth int) int {
	if len(keys) == 0 || kindOfClass[keys[0]] == 0 {
		return tooLong
	}
	return 1 + bodyLength(kindOfClass[keys[0]], keys[1:], depth)
}

// within returns length if keys has as many bytes, else -1.
func within(keys []byte, length int) int {
	if length > len(keys) {
		return -1
	}
	return length
}

// tooLong is the length of what has no end.
const tooLong = 1 << 30

// bodyLength is the length of what follows a key's class.
func bodyLength(kind bson.Type, body []byte, depth int) int {
	if depth > MaxDepth {
		return tooLong
	}
	switch kind {
	case bson.TypeDouble, bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128:
		return numberLength(body)
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		return textLength(body)
	case bson.TypeEmbeddedDocument:
		return documentLength(body, depth+1)
	case bson.TypeArray:
		return arrayLength(body, depth+1)
	case bson.TypeBinary:
		return countedLength(body, 5)
	case bson.TypeDBPointer:
		return countedLength(body, 0)
	case bson.TypeRegex:
		return regexLength(body)
	case bson.TypeCodeWithScope:
		code := textLength(body)
		if code > len(body) {
			return tooLong
		}
		return code + documentLength(body[code:], depth+1)
	case bson.TypeObjectID:
		return 12
	case bson.TypeBoolean:
		return 1
	case bson.TypeDateTime, bson.TypeTimestamp:
		return 8
	}
	return 0
}

// numberLength: eight bytes, 0, or eight bytes, 1, four bytes, digits and NUL;
// what follows the 1 is inverted for negative numbers.
func numberLength(body []byte) int {
	const double, exponent = 8, 4
	if len(body) <= double || body[double] == 0 {
		return double + 1
	}
	end := byte(0)
	if body[0] < 0x80 {
		end = 0xff
	}
	const digits = double + 1 + exponent
	if len(body) <= digits {
		return tooLong
	}
	n := bytes.IndexByte(body[digits:], end)
	if n < 0 {
		return tooLong
	}
	return digits + n + 1
}

func textLength(body []byte) int {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != 0 {
			continue
		}
		if i++; body[i] == endOfText[1] {
			return i + 1
		}
	}
	return tooLong
}

func documentLength(body []byte, depth int) int {
	at := 0
	for at < len(body) && body[at] != endOfKey {
		kind := kindOfClass[body[at]]
		name := at + 1 + textLength(body[at+1:])
		if name > len(body) {
			return tooLong
		}
		if at = name + bodyLength(kind, body[name:], depth); at > len(body) {
			return tooLong
		}
	}
	return at + 1
}

func arrayLength(body []byte, depth int) int {
	at := 0
	for at < len(body) && body[at] != endOfKey {
		if at += lengthBelow(body[at:], depth); at > len(body) {
			return tooLong
		}
	}
	return at + 1
}

// countedLength is that of what begins with the number of its bytes, in four of
// them, which does not count some.
func countedLength(body []byte, uncounted int) int {
	const number = 4
	if len(body) < number {
		return tooLong
	}
	counted := binary.BigEndian.Uint32(body)
	if counted > tooLong || int(counted)+uncounted < number {
		return tooLong
	}
	return int(counted) + uncounted
}

func regexLength(body []byte) int {
	if n := regexSize(body); n >= 0 {
		return n
	}
	return tooLong
}
