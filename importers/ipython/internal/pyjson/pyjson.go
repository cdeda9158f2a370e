// Package pyjson turns JSON as Python's json module writes it into BSON: the
// standard's JSON (RFC 8259), and the NaN, Infinity and -Infinity that Python
// adds to it.
package pyjson

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/importers/internal/invalid"
)

// MaxDepth is how deep objects and arrays may stand in each other.
const MaxDepth = 200

// Value returns the BSON value of the JSON text in data.
//
// Objects become documents with their keys in order. A number without fraction
// and exponent becomes an int32 if it fits, else an int64, else a Decimal128 if
// its digits are at most 34, else a string; every other number is a double.
//
// What BSON can only hold nearly is told in notes: a whole number that became
// a string, a number beyond a double's range that became infinite, a lone
// surrogate that became U+FFFD. What it cannot hold at all is an error: text
// that is not UTF-8, a key that contains NUL or occurs twice in one object,
// nesting beyond MaxDepth.
func Value(data []byte) (v bsoncore.Value, notes []error, err error) {
	p := &parser{data: data}
	if at := invalid.UTF8(data); at >= 0 {
		return v, nil, fmt.Errorf("json: byte %d is not UTF-8", at)
	}
	v.Type, v.Data, err = p.value(nil, 0)
	if err == nil {
		err = p.finish()
	}
	if err != nil {
		return bsoncore.Value{}, nil, fmt.Errorf("json at byte %d: %w", p.pos, err)
	}
	return v, p.notes, nil
}

type parser struct {
	data  []byte
	pos   int
	notes []error
}

// finish checks that nothing but white space is left.
func (p *parser) finish() error {
	if p.peek(); p.pos < len(p.data) {
		return errors.New("more follows the value")
	}
	return nil
}

// peek skips white space and returns the byte that follows, which stays
// unread: NUL, with which no value begins, if there is none.
func (p *parser) peek() byte {
	for ; p.pos < len(p.data); p.pos++ {
		switch c := p.data[p.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// accept reads c if it is next.
func (p *parser) accept(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.pos++
	return true
}

// maxNotes bounds the notes on one value.
const maxNotes = 10

func (p *parser) note(format string, args ...any) {
	switch n := len(p.notes); {
	case n < maxNotes:
		p.notes = append(p.notes, fmt.Errorf(format, args...))
	case n == maxNotes:
		p.notes = append(p.notes, errors.New("and more of the kind"))
	}
}

// value appends the BSON of the next value to dst and returns its type.
func (p *parser) value(dst []byte, depth int) (bsoncore.Type, []byte, error) {
	switch c := p.peek(); {
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return 0, nil, fmt.Errorf("nested more than %d deep", MaxDepth)
		}
		if c == '{' {
			dst, err := p.object(dst, depth+1)
			return bsoncore.TypeEmbeddedDocument, dst, err
		}
		dst, err := p.array(dst, depth+1)
		return bsoncore.TypeArray, dst, err
	case c == '"':
		s, err := p.text()
		return bsoncore.TypeString, bsoncore.AppendString(dst, s), err
	case c == '-' || '0' <= c && c <= '9':
		return p.number(dst)
	}
	return p.literal(dst)
}

// object appends the document of the object that is next.
func (p *parser) object(dst []byte, depth int) ([]byte, error) {
	start, dst := bsoncore.AppendDocumentStart(dst)
	p.pos++ // the brace
	seen := map[string]struct{}{}
	for first := true; !p.accept('}'); first = false {
		if !first && !p.accept(',') {
			return nil, errors.New("no comma or closing brace after the value")
		}
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		if _, twice := seen[key]; twice {
			return nil, fmt.Errorf("key %q stands twice in one object", key)
		}
		seen[key] = struct{}{}
		if dst, err = p.element(dst, key, depth); err != nil {
			return nil, err
		}
	}
	return bsoncore.AppendDocumentEnd(dst, start)
}

// array appends the BSON array of the array that is next.
func (p *parser) array(dst []byte, depth int) ([]byte, error) {
	start, dst := bsoncore.AppendArrayStart(dst)
	p.pos++ // the bracket
	for i := 0; !p.accept(']'); i++ {
		if i > 0 && !p.accept(',') {
			return nil, errors.New("no comma or closing bracket after the value")
		}
		var err error
		if dst, err = p.element(dst, strconv.Itoa(i), depth); err != nil {
			return nil, err
		}
	}
	return bsoncore.AppendArrayEnd(dst, start)
}

// element appends the next value under key. Its type, which comes first in
// BSON, is known only afterwards and is put in its place then.
func (p *parser) element(dst []byte, key string, depth int) ([]byte, error) {
	at := len(dst)
	typ, dst, err := p.value(bsoncore.AppendHeader(dst, 0, key), depth)
	if err != nil {
		return nil, err
	}
	dst[at] = byte(typ)
	return dst, nil
}

func (p *parser) key() (string, error) {
	if p.peek() != '"' {
		return "", errors.New("no key in double quotes")
	}
	key, err := p.text()
	if err != nil {
		return "", err
	}
	if strings.IndexByte(key, 0) >= 0 {
		return "", fmt.Errorf("key %q contains NUL, which no BSON key may", key)
	}
	if !p.accept(':') {
		return "", errors.New("no colon after the key")
	}
	return key, nil
}

// literals are the values that are words.
var literals = []struct {
	word string
	typ  bsoncore.Type
	data []byte
}{
	{"null", bsoncore.TypeNull, nil},
	{"true", bsoncore.TypeBoolean, []byte{1}},
	{"false", bsoncore.TypeBoolean, []byte{0}},
	{"NaN", bsoncore.TypeDouble, bsoncore.AppendDouble(nil, math.NaN())},
	{"Infinity", bsoncore.TypeDouble, bsoncore.AppendDouble(nil, math.Inf(1))},
	{"-Infinity", bsoncore.TypeDouble, bsoncore.AppendDouble(nil, math.Inf(-1))},
}

func (p *parser) literal(dst []byte) (bsoncore.Type, []byte, error) {
	for _, l := range literals {
		if bytes.HasPrefix(p.data[p.pos:], []byte(l.word)) {
			p.pos += len(l.word)
			return l.typ, append(dst, l.data...), nil
		}
	}
	return 0, nil, errors.New("no value")
}
