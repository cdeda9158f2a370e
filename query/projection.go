package query

import (
	"bytes"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Projection is a parsed projection: which parts of a document are shown, and
// how. It is immutable and safe for use by many goroutines.
type Projection struct {
	source    bson.Raw
	inclusive bool // what is not named is left out
	root      projectionNode
	// computed is added to what an inclusive projection shows.
	computed *addition
	frame    *frame
	now      value
	// positional is the path of "path.$", or nil.
	positional []string
}

// projectionNode is what is to be done with one key of a document: an action,
// or, if it has children, with the keys below it.
type projectionNode struct {
	key      string
	children []*projectionNode
	names    // of the children
	action   projectionAction
}

// projectionAction shows a value in some form, or, returning a missing value,
// leaves it out.
type projectionAction interface {
	show(v value) (value, error)
}

type showWhole struct{}

func (showWhole) show(v value) (value, error) { return v, nil }

type leaveOut struct{}

func (leaveOut) show(value) (value, error) { return value{}, nil }

// showComputed marks what is computed, until it is moved out of the tree.
type showComputed struct{ expression }

func (showComputed) show(value) (value, error) { return value{}, nil }

// showSlice is $slice: limit elements of an array after skip. A negative skip
// counts from the array's end.
type showSlice struct{ skip, limit int }

func (s showSlice) show(v value) (value, error) {
	if v.kind != bson.TypeArray {
		return v, nil
	}
	var all []value
	for it := elementsOf(v.data); it.next(); {
		all = append(all, it.value)
	}
	start := min(s.skip, len(all))
	if s.skip < 0 {
		start = max(0, len(all)+s.skip)
	}
	return arrayOf(all[start:min(len(all), start+min(s.limit, len(all)))]), nil
}

// showFirst is $elemMatch: the first element of an array that matches.
type showFirst struct{ condition operator }

func (f showFirst) show(v value) (value, error) {
	e := newEffort(evaluationTime)
	q := question{effort: &e}
	ok, err := f.condition.matches(v, &q)
	if !ok || err != nil {
		return value{}, err
	}
	return arrayOf([]value{elementAt(v, q.index)}), nil
}

// firstMatch is $elemMatch of the array at a key, as inclusive projections have it.
type firstMatch struct {
	key string
	showFirst
}

func (f firstMatch) evaluate(s *scope) (value, error) {
	return f.show(lookup(s.variables[root].data, f.key))
}

func arrayOf(values []value) value {
	size := 0
	for _, v := range values {
		size += len(v.data) + 8 // about its type and its index
	}
	start, dst := reserve(size)
	for i, v := range values {
		dst = strconv.AppendInt(append(dst, byte(v.kind)), int64(i), 10)
		dst = append(append(dst, 0), v.data...)
	}
	return value{bson.TypeArray, closeDocument(dst, start)}
}

// Whole tells whether the projection shows all of every document.
func (p *Projection) Whole() bool {
	return !p.inclusive && len(p.root.children) == 1 && p.root.children[0].action == projectionAction(showWhole{})
}

// Source returns the projection as it was parsed. The caller must not change it.
func (p *Projection) Source() bson.Raw { return p.source }

// String returns the projection as canonical extended JSON.
func (p *Projection) String() string { return jsonOf(p.source) }

// Needs tells whether a document's top-level key has any influence on what the
// projection shows, so that a store need not read it otherwise.
func (p *Projection) Needs(key string) bool {
	if len(p.positional) > 0 && p.positional[0] == key || p.frame.heads.has(key) {
		return true
	}
	child := p.root.child([]byte(key))
	if child == nil {
		return !p.inclusive
	}
	return child.action != leaveOut{}
}

func (n *projectionNode) child(key []byte) *projectionNode {
	if i := n.find(key); i >= 0 {
		return n.children[i]
	}
	return nil
}

func (n *projectionNode) add(child *projectionNode) {
	n.children = append(n.children, child)
	n.names.add(child.key)
}

// Apply appends to dst what the projection shows of doc. filter is the one that
// selected doc: a positional projection shows the element by which it did. It
// may be nil if there is none. Apply fails if a positional projection finds no
// such element, an expression does not suit the document, or a regular expression
// ran out of its budget.
func (p *Projection) Apply(dst []byte, doc bson.Raw, filter *Filter) ([]byte, error) {
	return p.apply(dst, doc, filter, p.now)
}

func (p *Projection) apply(dst, doc []byte, filter *Filter, now value) ([]byte, error) {
	if p.Whole() {
		return append(dst, doc...), nil
	}
	start := len(dst)
	dst, err := p.appendDocument(dst, &p.root, doc)
	if err != nil {
		return nil, err
	}
	if p.inclusive && len(p.computed.below) > 0 {
		shown := bytes.Clone(dst[start:])
		if dst, err = p.computed.appendAdded(dst[:start], shown, p.frame.scope(doc, now)); err != nil {
			return nil, err
		}
	}
	if p.positional == nil {
		return dst, nil
	}
	shown, err := p.showPosition(dst[start:], doc, filter)
	return append(dst[:start], shown...), err
}

// appendDocument appends what node shows of doc.
func (p *Projection) appendDocument(dst []byte, node *projectionNode, doc []byte) (_ []byte, err error) {
	start, dst := bsoncore.ReserveLength(dst)
	if p.inclusive {
		dst, err = p.appendNamed(dst, node, doc)
	} else {
		dst, err = p.appendOthers(dst, node, doc)
	}
	if err != nil {
		return nil, err
	}
	return closeDocument(dst, start), nil
}

// appendNamed appends the elements that node names. It ends when it has met as
// many as there are names, as MongoDB's ProjectionNode does.
func (p *Projection) appendNamed(dst []byte, node *projectionNode, doc []byte) (_ []byte, err error) {
	left := len(node.children)
	for it := elementsOf(doc); left > 0 && it.next(); {
		child := node.child(it.key)
		if child == nil {
			continue
		}
		if dst, err = p.appendShown(dst, child, &it.element); err != nil {
			return nil, err
		}
		left--
	}
	return dst, nil
}

// appendOthers appends all elements, but for what node says of some.
func (p *Projection) appendOthers(dst []byte, node *projectionNode, doc []byte) (_ []byte, err error) {
	it := elementsOf(doc)
	others := it.rest // beginning with those that are not appended yet
	for {
		from := it.rest
		if !it.next() {
			return append(dst, others[:len(others)-len(from)]...), nil
		}
		child := node.child(it.key)
		if child == nil {
			continue
		}
		dst = append(dst, others[:len(others)-len(from)]...)
		if dst, err = p.appendShown(dst, child, &it.element); err != nil {
			return nil, err
		}
		others = it.rest
	}
}

// appendShown appends an element as node shows it, if it does.
func (p *Projection) appendShown(dst []byte, node *projectionNode, e *element) ([]byte, error) {
	v, err := p.showValue(node, e.value)
	if err != nil || v.missing() {
		return dst, err
	}
	dst = append(append(append(dst, byte(v.kind)), e.key...), 0)
	return append(dst, v.data...), nil
}

func closeDocument(dst []byte, start int32) []byte {
	dst = append(dst, 0)
	return bsoncore.UpdateLength(dst, start, int32(len(dst))-start)
}

// showValue shows the value of a key that the projection names, or of an element
// of an array that is such a value.
func (p *Projection) showValue(node *projectionNode, v value) (value, error) {
	switch {
	case node.action != nil:
		return node.action.show(v)
	case v.kind == bson.TypeEmbeddedDocument:
		doc, err := p.appendDocument(nil, node, v.data)
		return value{v.kind, doc}, err
	case v.kind == bson.TypeArray:
		return p.showElements(node, v)
	case p.inclusive:
		return value{}, nil
	}
	return v, nil
}

func (p *Projection) showElements(node *projectionNode, array value) (value, error) {
	var shown []value
	for it := elementsOf(array.data); it.next(); {
		v, err := p.showValue(node, it.value)
		if err != nil {
			return value{}, err
		}
		if !v.missing() {
			shown = append(shown, v)
		}
	}
	return arrayOf(shown), nil
}

// showPosition leaves of the first array on the positional path the element by
// which the filter selected doc.
func (p *Projection) showPosition(shown, doc []byte, filter *Filter) ([]byte, error) {
	e := newEffort(evaluationTime)
	q := question{effort: &e}
	if filter != nil {
		if _, err := filter.root.matchDocument(doc, &q); err != nil {
			return nil, err
		}
	}
	return replaceArray(shown, p.positional, func(array value) (value, error) {
		element := elementAt(array, q.index)
		switch {
		case !q.found:
			return value{}, failure(51246, "Executor error during find command :: caused by :: "+
				"positional operator '.$' couldn't find a matching element in the array")
		case element.missing():
			return value{}, failure(51247, "Executor error during find command :: caused by :: "+
				"positional operator '.$' element mismatch")
		}
		return arrayOf([]value{element}), nil
	})
}

// replaceArray returns doc with the first array on the path replaced.
func replaceArray(doc []byte, parts []string, replace func(value) (value, error)) ([]byte, error) {
	v := lookup(doc, parts[0])
	var err error
	switch {
	case v.kind == bson.TypeArray:
		v, err = replace(v)
	case v.kind == bson.TypeEmbeddedDocument && len(parts) > 1:
		v.data, err = replaceArray(v.data, parts[1:], replace)
	default:
		return doc, nil
	}
	if err != nil {
		return nil, err
	}
	return replaceKey(doc, parts[0], v), nil
}

func replaceKey(doc []byte, key string, v value) []byte {
	start, dst := bsoncore.ReserveLength(nil)
	for it := elementsOf(doc); it.next(); {
		if bytes.Equal(it.key, []byte(key)) {
			it.value = v
		}
		dst = appendElement(dst, string(it.key), it.value)
	}
	return closeDocument(dst, start)
}
