package query

import (
	"bytes"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Index says by which keys a store keeps its documents in order, and what the
// planner must know of the documents that it has held. An Index that the planner
// was given must not be changed: a store whose index becomes multikey, or
// unordered, goes on with a changed copy.
type Index struct {
	Name    string
	Unique  Uniqueness
	Partial *Filter // nil: every document has its keys in the index
	// Multikey tells that a document in the index may have several keys, since
	// one of the paths led to or through an array.
	Multikey bool
	// Unordered tells that walking the index does not give the order of its keys:
	// a key was cut (longer than an index keeps), or the store has documents
	// that it finds otherwise.
	Unordered bool

	source bson.Raw
	paths  []path
	down   []bool
}

// Uniqueness says which keys of an index no two documents may have in common.
type Uniqueness uint8

const (
	// NotUnique lets documents share any key.
	NotUnique Uniqueness = iota
	// UniqueKeys forbids it for all keys.
	UniqueKeys
	// UniqueStrings forbids it for keys whose first value is a string, and no
	// element of an array.
	UniqueStrings
)

// Guards tells whether no two documents may have the key (but see UniqueStrings).
func (x *Index) Guards(key []byte) bool {
	return x.Unique == UniqueKeys || x.Unique == UniqueStrings && key[0] == classString.keyByte()
}

// NewIndex checks an index's keys, as in {"header.username": 1, "submitted": -1}.
// Without a name it gets MongoDB's: "header.username_1_submitted_-1". Directions
// may be numbers of any type; the index has them as 1 and -1, so that equal keys
// are the same bytes.
func NewIndex(name string, keys bson.Raw) (*Index, error) {
	sort, err := ParseSort(keys)
	if err != nil {
		return nil, err
	}
	if sort.Empty() {
		return nil, failure(CodeCannotCreateIndex, "Index keys cannot be an empty object")
	}
	if name == "" {
		name = indexName(sort)
	}
	return &Index{Name: name, source: keyPattern(sort), paths: sort.paths, down: sort.down}, nil
}

func keyPattern(sort *Sort) bson.Raw {
	pattern := bsoncore.NewDocumentBuilder()
	for i, p := range sort.paths {
		direction := int32(1)
		if sort.down[i] {
			direction = -1
		}
		pattern.AppendInt32(p.String(), direction)
	}
	return bson.Raw(pattern.Build())
}

func indexName(sort *Sort) string {
	var parts []string
	for i, p := range sort.paths {
		direction := "1"
		if sort.down[i] {
			direction = "-1"
		}
		parts = append(parts, p.String(), direction)
	}
	return strings.Join(parts, "_")
}

// KeyPattern returns the index's paths and directions. The caller must not
// change it.
func (x *Index) KeyPattern() bson.Raw { return x.source }

// Keys are the keys of one document in an index.
type Keys struct {
	List     [][]byte // in order, each once; none if the document is not in the index
	Multikey bool     // one of the index's paths leads to or through an array
	Cut      bool     // a key is longer than an index keeps
}

// Keys returns the keys of doc in the index. It fails if two of the index's
// paths lead through different arrays (MongoDB's error 171).
func (x *Index) Keys(doc bson.Raw) (Keys, error) {
	var keys Keys
	if in, err := x.selects(doc); !in || err != nil {
		return keys, err
	}
	if v, ok := x.plainValue(lookup(doc, x.paths[0].parts[0])); ok {
		keys.List = [][]byte{x.appendKey(make([]byte, 0, 64), []value{v}, &keys.Cut)}
		return keys, nil
	}
	err := eachKey(doc, x.paths, func(values []value) {
		keys.List = append(keys.List, x.appendKey(make([]byte, 0, 64), values, &keys.Cut))
	})
	if err != nil {
		return keys, failure(CodeParallelArrays, "cannot index parallel arrays")
	}
	keys.Multikey = x.throughArray(doc)
	if len(keys.List) > 1 {
		slices.SortFunc(keys.List, bytes.Compare)
		keys.List = slices.CompactFunc(keys.List, bytes.Equal)
	}
	return keys, nil
}

// selects tells whether doc has keys in the index. That must not depend on how long it
// takes: of a document that goes nobody would know whether it leaves keys.
func (x *Index) selects(doc []byte) (bool, error) {
	if x.Partial == nil {
		return true, nil
	}
	return x.Partial.root.matchDocument(doc, nil)
}

// AppendKey appends to dst the key of a document that has these values on the
// index's paths, one on each, of which none is an array.
func (x *Index) AppendKey(dst []byte, onPaths ...bson.RawValue) []byte {
	values := make([]value, 0, 4) // on the stack, if there are no more
	for _, v := range onPaths {
		values = append(values, valueOf(v))
	}
	return x.appendKey(dst, values, new(bool))
}

// AppendTextKey is AppendKey for a string, on the one path of an index upwards. It
// allocates nothing if dst has the room.
func (x *Index) AppendTextKey(dst []byte, text string) []byte {
	start := len(dst)
	dst = appendTextKey(append(dst, classString.keyByte()), text)
	return dst[:min(len(dst), start+maxKeySize)]
}

// plainValue returns the value that makes a document's only key in an index of
// one path, given what the document has under the path's first part. There is none
// if an array is on the path.
func (x *Index) plainValue(head value) (_ value, ok bool) {
	if len(x.paths) > 1 {
		return value{}, false
	}
	v := head
	for _, part := range x.paths[0].parts[1:] {
		switch v.kind {
		case bson.TypeEmbeddedDocument:
			v = lookup(v.data, part)
		case bson.TypeArray:
			return value{}, false
		default:
			return null, true
		}
	}
	if v.missing() {
		return null, true
	}
	return v, v.kind != bson.TypeArray
}

// appendKey appends one key to dst, and notes whether it is longer than an index
// keeps.
func (x *Index) appendKey(dst []byte, values []value, cut *bool) []byte {
	for i, v := range values {
		start := len(dst)
		dst = appendKey(dst, v)
		if len(dst)-start > maxKeySize {
			dst = dst[:start+maxKeySize]
			*cut = true
		}
		if x.down[i] {
			invert(dst[start:])
		}
	}
	return dst
}

// throughArray tells whether one of the index's paths leads to or through an
// array in doc.
func (x *Index) throughArray(doc []byte) bool {
	return slices.ContainsFunc(x.paths, func(p path) bool {
		below := doc
		for _, part := range p.parts {
			v := lookup(below, part)
			if v.kind != bson.TypeEmbeddedDocument {
				return v.kind == bson.TypeArray
			}
			below = v.data
		}
		return false
	})
}

// KeyValue returns the values of doc that make one of its keys, each under its
// path: what a duplicate key error tells.
func (x *Index) KeyValue(key []byte, doc bson.Raw) bson.Raw {
	start, dst := bsoncore.ReserveLength(nil)
	found := false
	// Keys found the same paths to lead through one array at most.
	_ = eachKey(doc, x.paths, func(values []value) {
		if found || !bytes.Equal(x.appendKey(nil, values, new(bool)), key) {
			return
		}
		found = true
		for i, v := range values {
			dst = appendElement(dst, x.paths[i].String(), v)
		}
	})
	return closeDocument(dst, start)
}
