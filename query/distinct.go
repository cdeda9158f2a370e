package query

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Distinct collects the distinct values that a path has in documents, as the
// distinct command does: an array counts as its elements, and values that compare
// as equal are one, of which the first met is kept. It is not safe for concurrent
// use.
type Distinct struct {
	path path
	seen map[string]struct{}
	list []bson.RawValue
	key  []byte
	size int // bytes of an array of the values
}

// maxDistinct is how many bytes an array of the values may have, as in MongoDB.
const maxDistinct = 16 << 20

// NewDistinct checks the path and returns an empty collection.
func NewDistinct(dotted string) (*Distinct, error) {
	if strings.ContainsRune(dotted, 0) {
		return nil, failure(31032, "Distinct key cannot contain an embedded null byte")
	}
	if countParts(dotted) > maxPathParts {
		return nil, failure(CodeOverflow, "FieldPath is too long")
	}
	return &Distinct{path: newPath(dotted), seen: map[string]struct{}{}}, nil
}

// Add adds the values that the path has in doc. What is kept is copied. It fails,
// with MongoDB's error 17217, if an array of the values has more than 16 MiB.
func (d *Distinct) Add(doc bson.Raw) error {
	d.document(doc, 0)
	return d.check()
}

// AddValue adds one value of the path, as a server found it that looked at the
// documents itself. It fails as Add does.
func (d *Distinct) AddValue(v bson.RawValue) error {
	d.add(valueOf(v))
	return d.check()
}

func (d *Distinct) check() error {
	if d.size > maxDistinct {
		return failure(17217, "distinct too big, 16mb cap")
	}
	return nil
}

// Path returns the path.
func (d *Distinct) Path() string { return d.path.String() }

// Values returns the values found so far, in the order in which they were met.
func (d *Distinct) Values() []bson.RawValue { return d.list }

// document follows the path from its i-th part.
func (d *Distinct) document(doc []byte, i int) {
	v := lookup(doc, d.path.parts[i])
	switch {
	case v.missing():
	case i+1 == len(d.path.parts):
		d.leaf(v)
	case v.kind == bson.TypeEmbeddedDocument:
		d.document(v.data, i+1)
	case v.kind == bson.TypeArray && d.path.indexes[i+1] >= 0:
		d.document(v.data, i+1) // an array is a document of its indexes
	case v.kind == bson.TypeArray:
		for it := elementsOf(v.data); it.next(); {
			if it.kind == bson.TypeEmbeddedDocument {
				d.document(it.data, i+1)
			}
		}
	}
}

func (d *Distinct) leaf(v value) {
	if v.kind != bson.TypeArray {
		d.add(v)
		return
	}
	for it := elementsOf(v.data); it.next(); {
		d.add(it.value)
	}
}

func (d *Distinct) add(v value) {
	d.key = appendKey(d.key[:0], v)
	if _, ok := d.seen[string(d.key)]; ok {
		return
	}
	d.seen[string(d.key)] = struct{}{}
	d.size += elementSize(len(d.list)) + len(v.data)
	d.list = append(d.list, bson.RawValue{Type: v.kind, Value: append([]byte(nil), v.data...)})
}

// elementSize is how many bytes the i-th element of an array has besides its value: its
// type, and its index as text.
func elementSize(i int) int {
	size := 1 + 1 + 1
	for ; i >= 10; i /= 10 {
		size++
	}
	return size
}

// Needs tells whether the path leads through a document's top-level key.
func (d *Distinct) Needs(key string) bool { return d.path.parts[0] == key }
