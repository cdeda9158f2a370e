// Package shelljson reads documents as people type them in a MongoDB shell, and as programs print
// them, into BSON. Field order and duplicate keys are kept.
//
// The text is MongoDB Extended JSON v2, canonical or relaxed, with all its type wrappers
// ({"$oid": …}, {"$date": …}, …) and, of the older v1, {"$binary": "…", "$type": "00"} and
// {"$date": milliseconds}. Beyond JSON it may hold what JavaScript allows in a literal: keys
// without quotes, single quotes, trailing commas, comments, /regular/i expressions, and undefined,
// NaN and Infinity; and what mongosh prints: ObjectId("…"), ISODate("…"), new Date("…"),
// NumberLong("…") and the other constructors of its types, with or without new.
//
// Nothing is computed: arithmetic, template strings, variables, functions, spread and computed keys
// are refused, and so are constructors that mean the present time or a fresh id.
//
// A number without point and exponent is an int32 if it fits, else an int64, else a double; any
// other number is a double, and so is -0. A time needs Z or an offset. ISODate and new Date also
// take a day alone, which is midnight UTC, as in mongosh.
//
// An object with a key that names a wrapper must be a whole and valid wrapper. {"$regex": …},
// {"$type": …}, {"$gt": …} and all others stay documents.
package shelljson

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

const (
	// maxSize bounds a text, and the BSON that comes of it: MongoDB's longest message.
	maxSize = 48 << 20
	// maxDepth bounds how deep objects, arrays and calls may nest.
	maxDepth = 200
)

// Parse reads a document. All its errors are a *SyntaxError.
func Parse(text string) (bson.Raw, error) {
	value, err := ParseValue(text)
	if err != nil {
		return nil, err
	}
	if value.Type != bson.TypeEmbeddedDocument {
		start := len(text) - len(strings.TrimLeft(text, " \t\r\n"))
		return nil, problemf("write {key: value}", "a document is wanted, not %s", describe(value.Type)).at(text, start)
	}
	return value.Value, nil
}

// ParseValue reads a value of any type. All its errors are a *SyntaxError.
func ParseValue(text string) (bson.RawValue, error) {
	scan, err := newScanner(text)
	if err != nil {
		return bson.RawValue{}, err
	}
	p := &parser{scan: scan}
	if err := p.advance(); err != nil {
		return bson.RawValue{}, err
	}
	if p.tok.kind == endOfText {
		return bson.RawValue{}, p.fail(p.tok, "write {} for an empty document", "the text is empty")
	}
	value, err := p.rawValue()
	if err != nil {
		return bson.RawValue{}, err
	}
	if p.tok.kind != endOfText {
		return bson.RawValue{}, p.fail(p.tok, p.hintAfterValue(), "unexpected %s after the value", p.tok.describe())
	}
	return value, nil
}
