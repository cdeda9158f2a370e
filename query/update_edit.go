package query

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// edit is the application of an update to one document: one walk over both,
// which copies what lies between the changes.
type edit struct {
	effort
	update  *Update
	doc     []byte // as it was
	now     time.Time
	filter  *Filter // nil if there is none
	insert  bool    // the document is about to be inserted
	fixedID bool    // the document has an _id
	path    []string
	changes int    // made so far
	wrapped []byte // scratch, see wrap

	selection  question // by which element the filter selected the document
	conditions question // what array filters and those of $pull are asked
}

func newEdit(u *Update, doc []byte, now time.Time) *edit {
	e := &edit{
		effort: newEffort(evaluationTime), update: u, doc: doc, now: now,
		fixedID: !lookup(doc, "_id").missing(), path: make([]string, 0, 8),
	}
	e.selection.effort = &e.effort
	e.conditions = question{effort: &e.effort, silent: true}
	return e
}

// run returns the document with the update's changes, and whether there are any. It
// is in the given room, if that suffices.
func (e *edit) run(room []byte) ([]byte, bool, error) {
	if size := len(e.doc) + len(e.update.source); cap(room) < size {
		room = make([]byte, 0, size)
	}
	dst, err := e.document(room[:0], e.update.root, e.doc)
	return dst, e.changes > 0, err
}

// document appends doc with the changes below n.
func (e *edit) document(dst []byte, n *updateNode, doc []byte) (_ []byte, err error) {
	if n, err = e.resolve(n); err != nil {
		return nil, err
	}
	var few [fewNames]bool
	met := few[:]
	if len(n.children) > len(few) {
		met = make([]bool, len(n.children))
	}
	start, dst := bsoncore.ReserveLength(dst)
	s := spliceOf(doc)
	for left := len(n.children); left > 0 && s.next(); {
		i := n.find(s.key)
		if i < 0 || met[i] {
			continue
		}
		met[i] = true
		left--
		dst = s.appendBefore(dst)
		if dst, err = e.element(dst, n.children[i], n.children[i].name, s.value); err != nil {
			return nil, err
		}
	}
	dst = s.appendRest(dst)
	for i, child := range n.children {
		if met[i] {
			continue
		}
		if dst, err = e.element(dst, child, child.name, value{}); err != nil {
			return nil, err
		}
	}
	return closeDocument(dst, start), nil
}

// splice walks the elements of a document or an array, of which most are copied
// as they stand, many at once.
type splice struct {
	elements
	pending []byte // beginning with those that are not copied yet
	current []byte // beginning with the element at hand
}

func spliceOf(doc []byte) splice {
	it := elementsOf(doc)
	return splice{elements: it, pending: it.rest}
}

func (s *splice) next() bool {
	s.current = s.rest
	return s.elements.next()
}

// appendBefore appends the elements before the one at hand, which is left out.
func (s *splice) appendBefore(dst []byte) []byte {
	dst = append(dst, s.pending[:len(s.pending)-len(s.current)]...)
	s.pending = s.rest
	return dst
}

// appendRest appends all elements that are left.
func (s *splice) appendRest(dst []byte) []byte {
	return append(dst, s.pending[:max(0, len(s.pending)-1)]...)
}

// resolve returns n with the positional child in its place.
func (e *edit) resolve(n *updateNode) (*updateNode, error) {
	if !n.positional() {
		return n, nil
	}
	if !e.selection.found && e.filter != nil {
		if _, err := e.filter.root.matchDocument(e.doc, &e.selection); err != nil {
			return nil, err
		}
	}
	if !e.selection.found {
		return nil, n.locate(failure(CodeBadValue, "The positional operator did not find the match needed from the query."))
	}
	return n.at(strconv.Itoa(e.selection.index), e.path)
}

// element appends a key with what n makes of its value v, if that leaves one. v
// is missing if there is no such key.
func (e *edit) element(dst []byte, n *updateNode, key string, v value) (_ []byte, err error) {
	if err := e.spend(0); err != nil {
		return nil, n.locate(err)
	}
	e.path = append(e.path, key)
	switch {
	case n.change != nil:
		dst, err = e.changed(dst, n.change, key, v)
	case n.filtered() && v.kind != bson.TypeArray:
		err = n.locate(e.noArray(v))
	case v.kind == bson.TypeEmbeddedDocument:
		dst = bsoncore.AppendHeader(dst, bsoncore.TypeEmbeddedDocument, key)
		dst, err = e.document(dst, n, v.data)
	case v.kind == bson.TypeArray:
		dst = bsoncore.AppendHeader(dst, bsoncore.TypeArray, key)
		dst, err = e.array(dst, n, v)
	case v.missing():
		dst, err = e.created(dst, n, key)
	default:
		dst, err = appendElement(dst, key, v), e.barBelow(n, v)
	}
	e.path = e.path[:len(e.path)-1]
	return dst, err
}

// created appends a key with the document of what n creates, if that is anything.
func (e *edit) created(dst []byte, n *updateNode, key string) ([]byte, error) {
	before, start := e.changes, len(dst)
	dst = bsoncore.AppendHeader(dst, bsoncore.TypeEmbeddedDocument, key)
	dst, err := e.document(dst, n, emptyDocument)
	if e.changes == before && err == nil {
		dst = dst[:start]
	}
	return dst, err
}

var emptyDocument = []byte{5, 0, 0, 0, 0}

// changed appends a key with what an operator makes of its value.
func (e *edit) changed(dst []byte, c *change, key string, v value) ([]byte, error) {
	if v.missing() && c.absent(e) != creates {
		return dst, nil
	}
	after, err := c.modify(v, e)
	if err == nil {
		err = e.spend(len(v.data) + len(after.data))
	}
	if err == nil && !after.same(v) {
		e.changes++
		err = e.permit(v, after)
	}
	if err != nil {
		return nil, c.locate(err)
	}
	if after.missing() {
		return dst, nil
	}
	if dst = appendElement(dst, key, after); len(dst) > e.update.max {
		return nil, c.locate(e.update.tooLarge(e.insert))
	}
	return dst, nil
}

// same tells whether two values have the same type and bytes.
func (v value) same(other value) bool { return v.kind == other.kind && bytes.Equal(v.data, other.data) }

// permit checks a change of the value at the path against the rules for _id and
// for names that begin with a dollar.
func (e *edit) permit(before, after value) error {
	key := e.path[0]
	if key == "_id" && e.fixedID && (len(e.path) > 1 || after.missing() || compare(before, after) != 0) {
		return failure(CodeImmutableField, "Performing an update on the path '%s' would modify the immutable field '_id'", strings.Join(e.path, "."))
	}
	if strings.HasPrefix(key, "$") && !after.missing() {
		return dollarPrefixed(key, strings.Join(e.path, "."))
	}
	return nil
}
