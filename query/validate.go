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
	if err := validateDocument(doc, nil, 0); err != nil {
		return err
	}
	return nil
}

func validateDocument(doc []byte, at trail, depth int) *Error {
	if depth > MaxDepth {
		return at.fail(CodeOverflow, "BSONObj exceeds maximum nested object depth: %d", MaxDepth)
	}
	if len(doc) < 5 || int(binary.LittleEndian.Uint32(doc)) != len(doc) || doc[len(doc)-1] != 0 {
		return at.fail(CodeInvalidBSON, "a document's length does not match its bytes")
	}
	it := elementsOf(doc)
	for it.next() {
		if err := validateElement(&it.element, at, depth); err != nil {
			return err
		}
	}
	if len(it.rest) != 1 {
		return at.fail(CodeInvalidBSON, "broken element %d bytes before a document's end", len(it.rest))
	}
	return nil
}

func validateElement(e *element, at trail, depth int) *Error {
	if !utf8.Valid(e.key) {
		return at.fail(CodeInvalidBSON, "key %q is not UTF-8", e.key)
	}
	broken := ""
	switch e.kind {
	case bson.TypeEmbeddedDocument, bson.TypeArray:
		return validateDocument(e.data, at.down(string(e.key)), depth+1)
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		broken = brokenString(e.data)
	case bson.TypeBoolean:
		if e.data[0] > 1 {
			broken = "a boolean is neither 0 nor 1"
		}
	case bson.TypeRegex:
		if !utf8.Valid(e.data) {
			broken = "a regular expression is not UTF-8"
		}
	case bson.TypeDBPointer:
		broken = brokenString(e.data[:len(e.data)-12])
	case bson.TypeCodeWithScope:
		return validateCodeWithScope(e, at, depth)
	}
	if broken != "" {
		return at.down(string(e.key)).fail(CodeInvalidBSON, "%s", broken)
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

func validateCodeWithScope(e *element, at trail, depth int) *Error {
	below := at.down(string(e.key))
	code, scope := e.codeWithScope()
	if code == nil || !utf8.Valid(code) || e.data[8+len(code)] != 0 {
		return below.fail(CodeInvalidBSON, "a code with scope has a broken code")
	}
	return validateDocument(scope, below, depth+1)
}
