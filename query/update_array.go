package query

import (
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// maxPadding is how many nulls MongoDB puts into an array so that it reaches an
// index.
const maxPadding = 1500000

// array appends an array with the changes below n.
func (e *edit) array(dst []byte, n *updateNode, array value) (_ []byte, err error) {
	if n.filtered() {
		return e.filtered(dst, n, array)
	}
	if n, err = e.resolve(n); err != nil {
		return nil, err
	}
	start, dst := bsoncore.ReserveLength(dst)
	s := spliceOf(array.data)
	length, children := 0, n.children // indexes are first among the children
	for ; len(children) > 0 && children[0].index >= 0 && s.next(); length++ {
		if length != children[0].index {
			continue
		}
		dst = s.appendBefore(dst)
		if dst, err = e.arrayElement(dst, children[0], children[0].name, s.value); err != nil {
			return nil, err
		}
		children = children[1:]
	}
	dst = s.appendRest(dst)
	for _, child := range children {
		if child.index < 0 {
			err = e.bar(child, child.name, array)
		} else {
			dst, err = e.extend(dst, child, &length)
		}
		if err != nil {
			return nil, err
		}
	}
	return closeDocument(dst, start), nil
}

// arrayElement appends an array's element with what n makes of it. An element
// that goes leaves a null.
func (e *edit) arrayElement(dst []byte, n *updateNode, index string, v value) ([]byte, error) {
	before, start := e.changes, len(dst)
	dst, err := e.element(dst, n, index, v)
	if err == nil && len(dst) == start {
		dst = appendElement(dst, index, null)
		if v.kind == bson.TypeNull {
			e.changes = before
		}
	}
	return dst, err
}

// extend appends to an array of some length what n makes at an index beyond it,
// and nulls on the way there.
func (e *edit) extend(dst []byte, n *updateNode, length *int) ([]byte, error) {
	if e.creates(n) {
		if n.index-*length > maxPadding {
			return nil, n.locate(failure(CodeCannotBackfillArray, "can't backfill more than %d elements", maxPadding))
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
	return slices.ContainsFunc(n.children, e.creates)
}

// filtered appends an array with the changes of those of its elements that the
// filtered parts below n stand for.
func (e *edit) filtered(dst []byte, n *updateNode, array value) ([]byte, error) {
	start, dst := bsoncore.ReserveLength(dst)
	s := spliceOf(array.data)
	for i := 0; s.next(); i++ {
		index := strconv.Itoa(i)
		selected, err := e.selected(n, index, s.value)
		if err != nil {
			return nil, err
		}
		if selected == nil {
			continue
		}
		dst = s.appendBefore(dst)
		if dst, err = e.arrayElement(dst, selected, index, s.value); err != nil {
			return nil, err
		}
	}
	return closeDocument(s.appendRest(dst), start), nil
}

// selected returns the changes that the filtered parts below n have for an
// array's element, or nil.
func (e *edit) selected(n *updateNode, index string, v value) (selected *updateNode, err error) {
	for _, child := range n.children {
		if err := e.spend(len(v.data)); err != nil {
			return nil, child.locate(err)
		}
		if name := identifier(child.name); name != "" {
			ok, err := e.update.filters[name].matchDocument(e.wrap(name, v), &e.conditions)
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
