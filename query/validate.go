package query

import (
	"encoding/binary"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// MaxDepth is how deep documents and arrays may nest in a document, as
// MongoDB's maxBSONDepth has it.
const MaxDepth = 200

// Validate tells whether doc is one whole BSON document: every length right,
// every string UTF-8, nested no deeper than MaxDepth. The error is an *Error
// with code 22 (InvalidBSON) or 15 (Overflow) that names the key.
func Validate(doc bson.Raw) error {
	if err := validateDocument(doc, 0); err != nil {
		return err
	}
	return nil
}

func validateDocument(doc []byte, depth int) *Error {
	if depth > MaxDepth {
		return failure(CodeOverflow, "BSONObj exceeds maximum nested object depth: %d", MaxDepth)
	}
	if len(doc) < 5 || int(binary.LittleEndian.Uint32(doc)) != len(doc) || doc[len(doc)-1] != 0 {
		return failure(CodeInvalidBSON, "a document's length does not match its bytes")
	}
	it := elementsOf(doc)
	for it.next() {
		if !utf8.Valid(it.key) {
			return failure(CodeInvalidBSON, "key %q is not UTF-8", it.key)
		}
		if err := validateValue(it.value, depth); err != nil {
			return err.below(it.key)
		}
	}
	if len(it.rest) != 1 {
		return failure(CodeInvalidBSON, "broken element %d bytes before a document's end", len(it.rest))
	}
	return nil
}

// below returns the error with a key before its path. The path is made only when
// there is an error: documents are many, and most are sound.
func (e *Error) below(key []byte) *Error {
	if e.Path == "" {
		e.Path = string(key)
	} else {
		e.Path = string(key) + "." + e.Path
	}
	return e
}

func validateValue(v value, depth int) *Error {
	broken := ""
	switch v.kind {
	case bson.TypeEmbeddedDocument, bson.TypeArray:
		return validateDocument(v.data, depth+1)
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		broken = brokenString(v.data)
	case bson.TypeBoolean:
		if v.data[0] > 1 {
			broken = "a boolean is neither 0 nor 1"
		}
	case bson.TypeRegex:
		if !utf8.Valid(v.data) {
			broken = "a regular expression is not UTF-8"
		}
	case bson.TypeDBPointer:
		broken = brokenString(v.data[:len(v.data)-12])
	case bson.TypeCodeWithScope:
		return validateCodeWithScope(v, depth)
	}
	if broken != "" {
		return failure(CodeInvalidBSON, "%s", broken)
	}
	return nil
}

// brokenString says what is wrong with the bytes of a string, length and all.
func brokenString(data []byte) string {
	switch text := data[4:]; {
	case text[len(text)-1] != 0:
		return "a string does not end in NUL"
	case !utf8.Valid(text):
		return "a string is not UTF-8"
	}
	return ""
}

func validateCodeWithScope(v value, depth int) *Error {
	code, scope := v.codeWithScope()
	if code == nil || !utf8.Valid(code) || v.data[8+len(code)] != 0 {
		return failure(CodeInvalidBSON, "a code with scope has a broken code")
	}
	return validateDocument(scope, depth+1)
}
