package jsonlines

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/internal/invalid"
)

// maxDepth is how deep objects and arrays may stand in each other: what
// MongoDB takes at most.
const maxDepth = 200

// A placeError is a mistake in a document, and where in its text it is.
type placeError struct {
	offset int
	err    error
}

func (e *placeError) Error() string { return e.err.Error() }

func wrongAt(offset int, format string, args ...any) error {
	return &placeError{offset, fmt.Errorf(format, args...)}
}

// Parse returns the BSON of one document in Extended JSON, as a [Reader] reads it.
func Parse(text []byte) (bson.Raw, error) {
	if len(bytes.TrimLeft(text, blank)) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return parse(text)
}

// parse returns the BSON of a document whose text is not blank.
//
// The driver reads Extended JSON, but passes over what follows the document and
// puts U+FFFD for what is not Unicode: that is found before. The same key twice
// it leaves in BSON: that is found after.
func parse(text []byte) (bson.Raw, error) {
	if err := check(text); err != nil {
		return nil, err
	}
	var doc bson.Raw
	if err := bson.UnmarshalExtJSON(text, false, &doc); err != nil {
		return nil, err
	}
	if err := checkKeys(doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// check finds what the driver does not: it looks at strings, at the nesting and
// at the end of the text, and leaves the rest of the grammar to the driver.
func check(text []byte) error {
	if at := invalid.UTF8(text); at >= 0 {
		return wrongAt(at, "byte 0x%02x is not UTF-8", text[at])
	}
	if open := bytes.TrimLeft(text, blank); open[0] != '{' {
		return wrongAt(len(text)-len(open), "%q where a document's { should be", open[0])
	}
	depth := 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			end, err := checkString(text, at+1)
			if err != nil {
				return err
			}
			at = end
		case '{', '[':
			if depth++; depth > maxDepth {
				return wrongAt(at, "nested more than %d deep", maxDepth)
			}
		case '}', ']':
			if depth--; depth == 0 {
				return checkEnd(text, at+1)
			}
		}
	}
	return wrongAt(len(text), "the document does not end on its line")
}

func checkEnd(text []byte, at int) error {
	if rest := bytes.TrimLeft(text[at:], blank); len(rest) > 0 {
		return wrongAt(len(text)-len(rest), "%q after the document", rest[0])
	}
	return nil
}

// checkString returns where the string ends that begins at at, after its quote.
func checkString(text []byte, at int) (end int, err error) {
	for ; at < len(text); at++ {
		switch text[at] {
		case '"':
			return at, nil
		case '\\':
			n, ok := escapeLength(text[at:])
			if !ok {
				return 0, wrongAt(at, "%s is half of a surrogate pair", text[at:at+n])
			}
			at += n - 1
		}
	}
	return 0, wrongAt(len(text), "no quote ends the string")
}

// escapeLength returns the length of the escape with which text begins, of both
// escapes of a pair of surrogates. It reports whether no surrogate is alone.
func escapeLength(text []byte) (n int, ok bool) {
	first, isUnicode := unicodeEscape(text)
	if !isUnicode {
		return 2, true
	}
	if !utf16.IsSurrogate(first) {
		return 6, true
	}
	second, _ := unicodeEscape(text[6:])
	if utf16.DecodeRune(first, second) == utf8.RuneError {
		return 6, false
	}
	return 12, true
}

// unicodeEscape returns the code unit of the \u escape with which text begins,
// if it does.
func unicodeEscape(text []byte) (unit rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(v), err == nil
}

// checkKeys refuses a document with the same key twice: which of the two counts
// would be left to chance.
func checkKeys(doc bson.Raw) error {
	elements, err := doc.Elements()
	if err != nil {
		return err
	}
	seen := make(map[string]struct{}, len(elements))
	for _, e := range elements {
		if _, twice := seen[e.Key()]; twice {
			return fmt.Errorf("key %q stands twice in one object", e.Key())
		}
		seen[e.Key()] = struct{}{}
		if err := checkKeysIn(e.Value()); err != nil {
			return err
		}
	}
	return nil
}

func checkKeysIn(v bson.RawValue) error {
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return checkKeys(v.Document())
	case bson.TypeArray:
		return checkKeys(bson.Raw(v.Array()))
	case bson.TypeCodeWithScope:
		_, scope := v.CodeWithScope()
		return checkKeys(scope)
	}
	return nil
}
