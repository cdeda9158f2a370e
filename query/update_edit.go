package query

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// maxPadding is how many nulls MongoDB puts into an array so that it reaches an
// index.
const maxPadding = 1500000

// edit is the application of an update to one document: one walk over both,
// which copies what lies between the changes.
type edit struct {
	update  *Update
	doc     []byte // as it was
	now     time.Time
	filter  *Filter // nil if there is none
	insert  bool    // the document is about to be inserted
	fixedID bool    // the document has an _id
	path    []string
	at      position // by which the filter selected the document
	wrapped []byte   // scratch, see wrap
}

func newEdit(u *Update, doc []byte, now time.Time) *edit {
	return &edit{update: u, doc: doc, now: now, fixedID: !lookup(doc, "_id").missing(), path: make([]string, 0, 8)}
}

// run returns the document with the update's changes, and whether there are any.
func (e *edit) run() ([]byte, bool, error) {
	return e.document(make([]byte, 0, len(e.doc)+len(e.update.source)), e.update.root, e.doc)
}

// document appends doc with the changes below n.
func (e *edit) document(dst []byte, n *updateNode, doc []byte) (_ []byte, changed bool, err error) {
	if n, err = e.resolve(n); err != nil {
		return nil, false, err
	}
	var few [fewChildren]bool
	met := few[:]
	if len(n.children) > len(few) {
		met = make([]bool, len(n.children))
	}
	start, dst := bsoncore.ReserveLength(dst)
	it := elementsOf(doc)
	others := it.rest // beginning with those that are not appended yet
	for left := len(n.children); left > 0; {
		from := it.rest
		if !it.next() {
			break
		}
		i := n.find(it.key)
		if i < 0 || met[i] {
			continue
		}
		met[i] = true
		left--
		dst = append(dst, others[:len(others)-len(from)]...)
		others = it.rest
		var one bool
		if dst, one, err = e.element(dst, n.children[i], n.children[i].name, it.value); err != nil {
			return nil, false, err
		}
		changed = changed || one
	}
	dst = append(dst, others[:max(0, len(others)-1)]...)
	for i, child := range n.children {
		if met[i] {
			continue
		}
		var one bool
		if dst, one, err = e.element(dst, child, child.name, value{}); err != nil {
			return nil, false, err
		}
		changed = changed || one
	}
	return closeDocument(dst, start), changed, nil
}

// resolve returns n with the positional child in its place.
func (e *edit) resolve(n *updateNode) (*updateNode, error) {
	if !n.positional() {
		return n, nil
	}
	if !e.at.found && e.filter != nil {
		if _, err := e.filter.root.matchDocument(e.doc, &e.at); err != nil {
			return nil, err
		}
	}
	if !e.at.found {
		return nil, n.locate(failure(CodeBadValue, "The positional operator did not find the match needed from the query."))
	}
	return n.at(strconv.Itoa(e.at.index), e.path)
}

// element appends a key with what n makes of its value v, if that leaves one. v
// is missing if there is no such key.
func (e *edit) element(dst []byte, n *updateNode, key string, v value) (_ []byte, changed bool, err error) {
	e.path = append(e.path, key)
	start := len(dst)
	switch {
	case n.change != nil:
		dst, changed, err = e.changed(dst, n.change, key, v)
	case n.filtered() && v.kind != bson.TypeArray:
		err = n.locate(e.noArray(v))
	case v.kind == bson.TypeEmbeddedDocument:
		dst = bsoncore.AppendHeader(dst, bsoncore.TypeEmbeddedDocument, key)
		dst, changed, err = e.document(dst, n, v.data)
	case v.kind == bson.TypeArray:
		dst = bsoncore.AppendHeader(dst, bsoncore.TypeArray, key)
		dst, changed, err = e.array(dst, n, v)
	case v.missing():
		dst = bsoncore.AppendHeader(dst, bsoncore.TypeEmbeddedDocument, key)
		if dst, changed, err = e.document(dst, n, emptyDocument); !changed && err == nil {
			dst = dst[:start]
		}
	default:
		dst, err = appendElement(dst, key, v), e.barAll(n, v)
	}
	e.path = e.path[:len(e.path)-1]
	return dst, changed, err
}

var emptyDocument = []byte{5, 0, 0, 0, 0}

// changed appends a key with what an operator makes of its value.
func (e *edit) changed(dst []byte, c *change, key string, v value) ([]byte, bool, error) {
	if v.missing() && c.absent(e) != creates {
		return dst, false, nil
	}
	after, err := c.modify(v, e)
	changed := err == nil && !after.same(v)
	if changed {
		err = e.permit(v, after)
	}
	if !after.missing() {
		dst = appendElement(dst, key, after)
	}
	if err == nil && len(dst) > maxDocument {
		err = tooLarge(e.insert)
	}
	return dst, changed, c.locate(err)
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
	if key != "" && key[0] == '$' && !after.missing() {
		return dollarPrefixed(key, strings.Join(e.path, "."))
	}
	return nil
}

// array appends an array with the changes below n.
func (e *edit) array(dst []byte, n *updateNode, array value) (_ []byte, changed bool, err error) {
	if n.filtered() {
		return e.filtered(dst, n, array)
	}
	if n, err = e.resolve(n); err != nil {
		return nil, false, err
	}
	start, dst := bsoncore.ReserveLength(dst)
	it := elementsOf(array.data)
	others := it.rest
	length, children := 0, n.children
	for ; len(children) > 0 && children[0].index >= 0; length++ {
		from := it.rest
		if !it.next() {
			break
		}
		if length != children[0].index {
			continue
		}
		dst = append(dst, others[:len(others)-len(from)]...)
		others = it.rest
		var one bool
		if dst, one, err = e.arrayElement(dst, children[0], children[0].name, it.value); err != nil {
			return nil, false, err
		}
		changed = changed || one
		children = children[1:]
	}
	dst = append(dst, others[:max(0, len(others)-1)]...)
	for _, child := range children {
		if child.index < 0 {
			if err := e.bar(child, child.name, array); err != nil {
				return nil, false, err
			}
			continue
		}
		var one bool
		if dst, one, err = e.extend(dst, child, &length); err != nil {
			return nil, false, err
		}
		changed = changed || one
	}
	return closeDocument(dst, start), changed, nil
}

// arrayElement appends an array's element with what n makes of it. An element
// that goes leaves a null.
func (e *edit) arrayElement(dst []byte, n *updateNode, index string, v value) ([]byte, bool, error) {
	start := len(dst)
	dst, changed, err := e.element(dst, n, index, v)
	if len(dst) == start && err == nil {
		return appendElement(dst, index, null), v.kind != bson.TypeNull, nil
	}
	return dst, changed, err
}

// extend appends to an array of some length what n makes at an index beyond it,
// and nulls on the way there.
func (e *edit) extend(dst []byte, n *updateNode, length *int) ([]byte, bool, error) {
	if e.creates(n) {
		if n.index-*length > maxPadding {
			return nil, false, n.locate(failure(CodeCannotBackfillArray, "can't backfill more than %d elements", maxPadding))
		}
		for ; *length < n.index; *length++ {
			dst = appendElement(dst, strconv.Itoa(*length), null)
		}
		*length++
	}
	return e.element(dst, n, n.name, value{})
}

// creates tells whether one of the changes at n or below makes what is missing.
func (e *edit) creates(n *updateNode) bool {
	if n.change != nil {
		return n.change.absent(e) == creates
	}
	for _, child := range n.children {
		if e.creates(child) {
			return true
		}
	}
	return false
}

// filtered appends an array with the changes of those of its elements that the
// filtered parts below n stand for.
func (e *edit) filtered(dst []byte, n *updateNode, array value) ([]byte, bool, error) {
	start, dst := bsoncore.ReserveLength(dst)
	changed := false
	it := elementsOf(array.data)
	others := it.rest
	for i := 0; ; i++ {
		from := it.rest
		if !it.next() {
			return closeDocument(append(dst, others[:max(0, len(others)-1)]...), start), changed, nil
		}
		index := strconv.Itoa(i)
		selected, err := e.selected(n, index, it.value)
		if err != nil {
			return nil, false, err
		}
		if selected == nil {
			continue
		}
		dst = append(dst, others[:len(others)-len(from)]...)
		others = it.rest
		var one bool
		if dst, one, err = e.arrayElement(dst, selected, index, it.value); err != nil {
			return nil, false, err
		}
		changed = changed || one
	}
}

// selected returns the changes that the filtered parts below n have for an
// array's element, or nil.
func (e *edit) selected(n *updateNode, index string, v value) (selected *updateNode, err error) {
	for _, child := range n.children {
		if name := identifier(child.name); name != "" {
			ok, err := e.update.filters[name].matchDocument(e.wrap(name, v), nil)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		if selected == nil {
			selected = child
		} else if selected, err = merge(selected, child, append(e.path, index)); err != nil {
			return nil, err
		}
	}
	return selected, nil
}

// wrap returns {key: v}, which is good until the next call.
func (e *edit) wrap(key string, v value) []byte {
	start, dst := bsoncore.ReserveLength(e.wrapped[:0])
	e.wrapped = closeDocument(appendElement(dst, key, v), start)
	return e.wrapped
}

// noArray is the error of filtered parts below what is no array.
func (e *edit) noArray(v value) error {
	if v.missing() {
		return mustExist(e.path)
	}
	return failure(CodeBadValue, "Cannot apply array updates to non-array element %s", describe(e.path[len(e.path)-1], v))
}

func mustExist(path []string) *Error {
	return failure(CodeBadValue, "The path '%s' must exist in the document in order to apply array updates.", strings.Join(path, "."))
}

// barAll is bar for the children of n.
func (e *edit) barAll(n *updateNode, v value) error {
	n, err := e.resolve(n)
	if err != nil {
		return err
	}
	for _, child := range n.children {
		if err := e.bar(child, child.name, v); err != nil {
			return err
		}
	}
	return nil
}

// bar returns what is wrong with changes that lead through v, a value at the
// path that has no such key: nothing, if they do not mind.
func (e *edit) bar(n *updateNode, key string, v value) error {
	holder := e.path[len(e.path)-1]
	switch {
	case n.filtered():
		return n.locate(mustExist(append(e.path, key)))
	case n.change == nil:
		return e.barBelow(n, key, v)
	case n.change.absent(e) == creates:
		return n.change.locate(failure(CodePathNotViable, "Cannot create field '%s' in element %s", key, describe(holder, v)))
	case n.change.absent(e) == needsWay:
		return n.change.locate(notViable(key, n.change.path, holder, v))
	}
	return nil
}

func (e *edit) barBelow(n *updateNode, key string, v value) error {
	n, err := e.resolve(n)
	if err != nil {
		return err
	}
	for _, child := range n.children {
		if err := e.bar(child, key, v); err != nil {
			return err
		}
	}
	return nil
}

// notViable is the error of a path that ends before its time, at v, the value of
// the key holder.
func notViable(part, path, holder string, v value) *Error {
	return failure(CodePathNotViable, "Cannot use the part (%s) of (%s) to traverse the element (%s)", part, path, describe(holder, v))
}
