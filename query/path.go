package query

import (
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// path is a dotted key, taken apart. Each part may be a key of a document or,
// if it is written as one, an index into an array.
type path struct {
	parts   []string
	indexes []int // of each part, or -1
}

func newPath(dotted string) path {
	parts := strings.Split(dotted, ".")
	indexes := make([]int, len(parts))
	for i, part := range parts {
		indexes[i] = indexOf(part)
	}
	return path{parts, indexes}
}

// indexOf returns the array index that part is, or -1 (P7).
func indexOf(part string) int {
	if part == "" || len(part) > 1 && part[0] == '0' || part[0] < '0' || part[0] > '9' {
		return -1
	}
	n, err := strconv.Atoi(part)
	if err != nil {
		return -1
	}
	return n
}

func (p path) String() string { return strings.Join(p.parts, ".") }

// predicate is a condition on one value.
type predicate interface {
	matches(v value, q *question) (bool, error)
	// unwinds tells whether an array at the end of a path is taken apart (P2).
	unwinds() bool
}

// any tells whether the predicate holds for one of the path's values in doc
// (P8). It walks as MongoDB's BSONElementIterator does.
func (p path) any(doc []byte, test predicate, q *question) (bool, error) {
	return p.inDocument(doc, 0, test, q)
}

// inDocument follows the path from its i-th part through a document (P1).
func (p path) inDocument(doc []byte, i int, test predicate, q *question) (bool, error) {
	for {
		if err := q.spend(len(doc)); err != nil {
			return false, err
		}
		v := lookup(doc, p.parts[i])
		last := i+1 == len(p.parts)
		switch {
		case v.kind == bson.TypeArray && (!last || test.unwinds()):
			return p.inArray(v, i+1, test, q)
		case last:
			return test.matches(v, q)
		case v.kind != bson.TypeEmbeddedDocument:
			return test.matches(value{}, q)
		}
		doc = v.data
		i++
	}
}

// inArray follows the path from its i-th part through an array.
func (p path) inArray(array value, i int, test predicate, q *question) (bool, error) {
	if i == len(p.parts) {
		return unwind(array, test, q)
	}
	if err := q.spend(len(array.data)); err != nil {
		return false, err
	}
	it := elementsOf(array.data)
	for index := 0; it.next(); index++ {
		if it.kind == bson.TypeEmbeddedDocument {
			if ok, err := p.inDocument(it.data, i, test, q); ok || err != nil {
				q.setIf(ok, index)
				return ok, err
			}
		}
		if index == p.indexes[i] {
			if ok, err := p.atIndex(it.value, i+1, test, q); ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}

// atIndex follows the path from its i-th part through an array's element that
// was reached by its index (P4, P5, P6).
func (p path) atIndex(v value, i int, test predicate, q *question) (bool, error) {
	switch {
	case i == len(p.parts):
		return test.matches(v, q)
	case v.kind == bson.TypeEmbeddedDocument:
		return p.inDocument(v.data, i, test, q)
	case v.kind == bson.TypeArray:
		return p.inArray(v, i, test, q)
	}
	return false, nil
}

// unwind tests the elements of an array at the path's end, then the array (P2).
func unwind(array value, test predicate, q *question) (bool, error) {
	it := elementsOf(array.data)
	for index := 0; it.next(); index++ {
		if err := q.spend(len(it.data)); err != nil {
			return false, err
		}
		if ok, err := test.matches(it.value, q); ok || err != nil {
			q.setIf(ok, index)
			return ok, err
		}
	}
	return test.matches(array, q)
}

// checkFieldPath is MongoDB's check of the paths of sorts and projections.
func checkFieldPath(dotted string, at trail) *Error {
	switch {
	case dotted == "":
		return at.fail(40352, "FieldPath cannot be constructed with empty string")
	case strings.HasSuffix(dotted, "."):
		return at.fail(40353, "FieldPath must not end with a '.'.")
	}
	for part := range strings.SplitSeq(dotted, ".") {
		switch {
		case part == "":
			return at.fail(15998, "FieldPath field names may not be empty strings.")
		case part[0] == '$':
			return at.fail(16410, "FieldPath field names may not start with '$'. Consider using $getField or $setField.")
		case strings.Contains(part, "\x00"):
			return at.fail(16411, "FieldPath field names may not contain '\\0'.")
		}
	}
	return nil
}

// maxPathParts is how many parts MongoDB allows a path.
const maxPathParts = 200

func countParts(dotted string) int { return strings.Count(dotted, ".") + 1 }
