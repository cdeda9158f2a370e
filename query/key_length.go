package query

import (
	"encoding/binary"
	"strings"

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
// does not begin with a whole key.
func keyLength(keys []byte) int {
	if len(keys) == 0 || kindOfClass[keys[0]] == 0 {
		return -1
	}
	return within(keys, 1+bodyLength(kindOfClass[keys[0]], keys[1:]))
}

// within returns length if keys has as many bytes, else -1. A part of unknown
// length counts as tooLong.
func within(keys []byte, length int) int {
	if length > len(keys) {
		return -1
	}
	return length
}

const tooLong = 1 << 40

func bodyLength(kind bson.Type, body []byte) int {
	switch kind {
	case bson.TypeDouble, bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128:
		return numberLength(body)
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		return textLength(body)
	case bson.TypeEmbeddedDocument:
		return documentLength(body)
	case bson.TypeArray:
		return arrayLength(body)
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
		return code + documentLength(body[code:])
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
	end := "\x00"
	if body[0] < 0x80 {
		end = "\xff"
	}
	const digits = double + 1 + exponent
	if len(body) <= digits {
		return tooLong
	}
	n := strings.Index(string(body[digits:]), end)
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

func documentLength(body []byte) int {
	at := 0
	for at < len(body) && body[at] != endOfKey {
		kind := kindOfClass[body[at]]
		name := at + 1 + textLength(body[at+1:])
		if name > len(body) {
			return tooLong
		}
		if at = name + bodyLength(kind, body[name:]); at > len(body) {
			return tooLong
		}
	}
	return at + 1
}

func arrayLength(body []byte) int {
	at := 0
	for at < len(body) && body[at] != endOfKey {
		element := keyLength(body[at:])
		if element < 0 {
			return tooLong
		}
		at += element
	}
	return at + 1
}

// countedLength is that of what begins with the number of its bytes, which does
// not count some of them.
func countedLength(body []byte, uncounted int) int {
	if len(body) < 4 {
		return tooLong
	}
	return int(binary.BigEndian.Uint32(body)) + uncounted
}

func regexLength(body []byte) int {
	if n := regexSize(body); n >= 0 {
		return n
	}
	return tooLong
}
