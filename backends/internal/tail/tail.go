// Package tail is how a text or a list grows at its end, for stores that keep what
// was added beside the document until it is worth writing that anew.
package tail

import (
	"fmt"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// Small is up to how many bytes a document is just written anew.
const Small = 16 << 10

// Worth tells whether a document of some size is worth writing anew with a tail:
// when that is as large, so that each byte is written twice on average, however
// small the pieces were that it came in.
func Worth(doc, tail int) bool { return tail >= max(doc, Small) }

// Bytes returns a tail, a string or an array, as bytes that go on where another's
// end: of a text its own, of a list its elements with empty keys.
func Bytes(tail bson.RawValue) []byte {
	if tail.Type == bson.TypeString {
		return tail.Value[4 : len(tail.Value)-1]
	}
	var dst []byte
	for rest := []byte(tail.Value[4:]); len(rest) > 1; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		v := element.Value()
		dst = append(bsoncore.AppendHeader(dst, v.Type, ""), v.Data...)
	}
	return dst
}

// Append returns a document with a tail added under a top-level key, at the end of
// what it has there. Null, and a missing key, become the tail.
func Append(doc bson.Raw, key string, tail bson.RawValue) (bson.Raw, error) {
	if err := Check(doc, key, tail.Type); err != nil {
		return nil, err
	}
	return Join(doc, key, tail.Type, Bytes(tail)), nil
}

// Check refuses to add a tail of a type under a key whose value is of another.
func Check(doc bson.Raw, key string, kind bson.Type) error {
	v := doc.Lookup(key)
	switch {
	case v.IsZero() || v.Type == bson.TypeNull || v.Type == kind:
		return nil
	case kind == bson.TypeArray:
		return mismatch(query.CodeBadValue, key, "an array", v, doc)
	}
	return mismatch(query.CodeTypeMismatch, key, "a string", v, doc)
}

func mismatch(code int, key, want string, v bson.RawValue, doc bson.Raw) error {
	return &query.Error{
		Code:    code,
		Message: fmt.Sprintf("The field '%s' must be %s but is of type %s in document {_id: %s}", key, want, v.Type, doc.Lookup("_id")),
		Path:    key,
	}
}

// Join returns a document with the bytes of a tail of some type added under a key,
// at the end of its value, which is of that type, null or missing.
func Join(doc bson.Raw, key string, kind bson.Type, tail []byte) bson.Raw {
	return put(doc, key, len(tail), func(dst []byte, v bsoncore.Value) []byte { return appendJoined(dst, key, v, kind, tail) })
}

// WithValue returns a document with another value for a top-level key, at the end
// if it has none yet.
func WithValue(doc bson.Raw, key string, v bson.RawValue) bson.Raw {
	return put(doc, key, len(v.Value), func(dst []byte, _ bsoncore.Value) []byte {
		return bsoncore.AppendValueElement(dst, key, bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
	})
}

// put returns a document with what add appends in the place of the key's element,
// or at the end if there is none. more is about how many bytes that takes.
func put(doc bson.Raw, key string, more int, add func(dst []byte, before bsoncore.Value) []byte) bson.Raw {
	start, dst := bsoncore.ReserveLength(make([]byte, 0, len(doc)+more+len(key)+16))
	found := false
	for rest := []byte(doc[4:]); len(rest) > 1; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		if !found && string(element.KeyBytes()) == key {
			found = true
			dst = add(dst, element.Value())
			continue
		}
		dst = append(dst, element...)
	}
	if !found {
		dst = add(dst, bsoncore.Value{})
	}
	dst = append(dst, 0)
	return bson.Raw(bsoncore.UpdateLength(dst, start, int32(len(dst))))
}

func appendJoined(dst []byte, key string, v bsoncore.Value, kind bson.Type, tail []byte) []byte {
	dst = bsoncore.AppendHeader(dst, bsoncore.Type(kind), key)
	start, dst := bsoncore.ReserveLength(dst)
	if kind == bson.TypeString {
		if v.Type == bsoncore.TypeString {
			dst = append(dst, v.Data[4:len(v.Data)-1]...)
		}
		dst = append(append(dst, tail...), 0)
		return bsoncore.UpdateLength(dst, start, int32(len(dst))-start-4)
	}
	n := 0
	if v.Type == bsoncore.TypeArray {
		dst = append(dst, v.Data[4:len(v.Data)-1]...)
		n = count(v.Data[4:])
	}
	for ; len(tail) > 0; n++ {
		var element bsoncore.Element
		element, tail, _ = bsoncore.ReadElement(tail)
		value := element.Value()
		dst = append(bsoncore.AppendHeader(dst, value.Type, strconv.Itoa(n)), value.Data...)
	}
	dst = append(dst, 0)
	return bsoncore.UpdateLength(dst, start, int32(len(dst))-start)
}

func count(elements []byte) (n int) {
	for ; len(elements) > 1; n++ {
		_, elements, _ = bsoncore.ReadElement(elements)
	}
	return n
}
