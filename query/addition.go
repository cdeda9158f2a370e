package query

import (
	"bytes"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// addition gives a key of a document a computed value, or keys below it.
type addition struct {
	key        string
	expression expression // nil if there is something below
	below      []*addition
	names      // of those below
}

// appendAdded appends doc with what a adds below it: keys that it has keep their
// places. A key whose expression has no value is left out.
func (a *addition) appendAdded(dst, doc []byte, s *scope) ([]byte, error) {
	start, dst := bsoncore.ReserveLength(dst)
	met := make([]bool, len(a.below))
	walk := spliceOf(doc)
	for walk.next() {
		i := a.find(walk.key)
		if i < 0 {
			continue
		}
		met[i] = true
		dst = walk.appendBefore(dst)
		var err error
		if dst, err = a.below[i].append(dst, walk.value, s); err != nil {
			return nil, err
		}
	}
	dst = walk.appendRest(dst)
	for i, added := range a.below {
		if met[i] {
			continue
		}
		var err error
		if dst, err = added.append(dst, value{}, s); err != nil {
			return nil, err
		}
	}
	return closeDocument(dst, start), nil
}

// append appends the key with what becomes of its value.
func (a *addition) append(dst []byte, v value, s *scope) ([]byte, error) {
	v, err := a.value(v, s)
	if err != nil || v.missing() {
		return dst, err
	}
	return appendElement(dst, a.key, v), nil
}

// value returns what becomes of a value. What is no document, and no array of
// documents, gives way to one.
func (a *addition) value(v value, s *scope) (value, error) {
	switch {
	case a.expression != nil:
		v, err := a.expression.evaluate(s)
		if err != nil {
			return value{}, err
		}
		return v, s.hold(len(v.data))
	case v.kind == bson.TypeArray:
		elements := elementValues(v)
		for i := range elements {
			var err error
			if elements[i], err = a.value(elements[i], s); err != nil {
				return value{}, err
			}
		}
		return arrayOf(elements), nil
	case v.kind != bson.TypeEmbeddedDocument:
		v.data = emptyDocument
	}
	doc, err := a.appendAdded(nil, v.data, s)
	return documentValue(doc), err
}

// additionParser builds the additions of $addFields.
type additionParser struct {
	expressions expressionParser
	root        addition
}

// document parses the additions at a path.
func (p *additionParser) document(doc []byte, prefix []string, at trail) *Error {
	for it := elementsOf(doc); it.next(); {
		key := string(it.key)
		below := at.down(key)
		if err := checkFieldPath(key, below); err != nil {
			return err
		}
		if len(prefix)+countParts(key) > maxPathParts {
			return below.fail(CodeOverflow, "FieldPath is too long")
		}
		parts := append(prefix[:len(prefix):len(prefix)], strings.Split(key, ".")...)
		if err := p.element(parts, it.value, below); err != nil {
			return err
		}
	}
	return nil
}

func (p *additionParser) element(parts []string, v value, at trail) *Error {
	if v.kind == bson.TypeEmbeddedDocument {
		it := elementsOf(v.data)
		switch {
		case !it.next():
			return at.fail(40180, "an empty object is not a valid value. Found empty object at path %s", strings.Join(parts, "."))
		case !bytes.HasPrefix(it.key, []byte("$")):
			return p.document(v.data, parts, at)
		}
	}
	parsed, err := p.expressions.parse(v, at)
	if err != nil {
		return err
	}
	return p.add(parts, parsed, at)
}

// add puts an expression at the end of a path.
func (p *additionParser) add(parts []string, e expression, at trail) *Error {
	node := &p.root
	for i, part := range parts {
		if node.expression != nil {
			return at.fail(31249, "Path collision at %s remaining portion %s", strings.Join(parts, "."), strings.Join(parts[i:], "."))
		}
		place := node.find([]byte(part))
		if place < 0 {
			place = len(node.below)
			node.add(&addition{key: part})
		} else if i+1 == len(parts) {
			return at.fail(31250, "Path collision at %s", strings.Join(parts, "."))
		}
		node = node.below[place]
	}
	node.expression = e
	return nil
}

func (a *addition) add(below *addition) {
	a.below = append(a.below, below)
	a.names.add(below.key)
}
