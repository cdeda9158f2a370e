package query

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// expression is one node of an expression of aggregation. Where it has no value it
// gives a missing one.
type expression interface {
	evaluate(s *scope) (value, error)
}

// scope is what an expression is evaluated in.
type scope struct {
	effort
	now       value
	variables []value  // by slot: the document, then what $let and its kin define
	arguments []value  // a stack: those of the calls that are being made, see call
	room      [2]value // for the first of them, so that most need no other
}

// root is the slot of $$ROOT.
const root = 0

// frame is what several expressions about one document share.
type frame struct {
	allowance *allowance
	slots     int
	heads     heads // that they ask about
	usesNow   bool
}

func newFrame(a *allowance) *frame {
	a.frames++
	return &frame{allowance: a, slots: 1}
}

// scope begins the evaluation of expressions for a document.
func (f *frame) scope(doc []byte, now value) *scope {
	share := f.allowance.limit / time.Duration(f.allowance.frames)
	s := &scope{effort: newEffort(share), now: now, variables: make([]value, f.slots)}
	s.variables[root], s.arguments = documentValue(doc), s.room[:0]
	return s
}

// heads are the top-level keys of a document that something asks about.
type heads struct {
	keys  map[string]bool
	whole bool // all of them
}

func (h *heads) add(key string) {
	if h.keys == nil {
		h.keys = map[string]bool{}
	}
	h.keys[key] = true
}

func (h *heads) addAll(others heads) {
	for key := range others.keys {
		h.add(key)
	}
	h.whole = h.whole || others.whole
}

// any tells whether a test holds for one of the keys; of all keys it may.
func (h *heads) any(test func(head string) bool) bool {
	for key := range h.keys {
		if test(key) {
			return true
		}
	}
	return h.whole
}

func (h *heads) has(key string) bool { return h.whole || h.keys[key] }

// constant has a value that no document has any influence on.
type constant struct{ value }

func (c constant) evaluate(*scope) (value, error) { return c.value, nil }

// allConstant tells whether the expressions are constants.
func allConstant(expressions ...expression) bool {
	for _, e := range expressions {
		if _, ok := e.(constant); !ok {
			return false
		}
	}
	return true
}

// folded is the expression, or if all that it depends on is constant, its value:
// what is wrong with constants is wrong before there is a document.
func (p expressionParser) folded(e expression, at trail, parts ...expression) (expression, *Error) {
	if !allConstant(parts...) {
		return e, nil
	}
	v, err := p.evaluated(e)
	if err != nil {
		return nil, at.wrap(err)
	}
	return constant{v}, nil
}

// evaluated evaluates what is constant.
func (p expressionParser) evaluated(e expression) (value, error) {
	s := &scope{effort: p.frame.allowance.parsing}
	v, err := e.evaluate(s)
	p.frame.allowance.parsing = s.effort
	return v, err
}

// now is $$NOW.
type nowVariable struct{}

func (nowVariable) evaluate(s *scope) (value, error) { return s.now, nil }

// variable is one that $let or its kin defines, or $$ROOT.
type variable struct{ slot int }

func (v variable) evaluate(s *scope) (value, error) { return s.variables[v.slot], nil }

// fieldPath is what a path leads to in the value of an expression.
type fieldPath struct {
	of    expression
	parts []string
}

func (f fieldPath) evaluate(s *scope) (value, error) {
	v, err := f.of.evaluate(s)
	if err != nil {
		return value{}, err
	}
	return walkPath(v, f.parts), s.spend(len(v.data))
}

// walkPath walks a path as expressions do: of an array it takes the documents, and
// makes an array of what the rest of the path leads to in each. A part is never an
// index.
func walkPath(v value, parts []string) value {
	for i, part := range parts {
		switch v.kind {
		case bson.TypeEmbeddedDocument:
			v = lookup(v.data, part)
		case bson.TypeArray:
			return walkEach(v, parts[i:])
		default:
			return value{}
		}
	}
	return v
}

func walkEach(array value, parts []string) value {
	found := []value{}
	for it := elementsOf(array.data); it.next(); {
		if it.kind != bson.TypeEmbeddedDocument {
			continue
		}
		if v := walkPath(it.value, parts); !v.missing() {
			found = append(found, v)
		}
	}
	return arrayOf(found)
}

// documentExpression makes a document. A key without a value is left out.
type documentExpression struct {
	keys   []string
	values []expression
}

func (d *documentExpression) evaluate(s *scope) (value, error) {
	held := s.held
	start, dst := reserve(0)
	for i, key := range d.keys {
		v, err := d.values[i].evaluate(s)
		if err != nil {
			return value{}, err
		}
		if err := s.hold(len(v.data)); err != nil {
			return value{}, err
		}
		if !v.missing() {
			dst = appendElement(dst, key, v)
		}
	}
	s.held = held
	return documentValue(closeDocument(dst, start)), s.spend(len(dst))
}

// arrayExpression makes an array. What is missing is null in it.
type arrayExpression struct{ elements []expression }

func (a arrayExpression) evaluate(s *scope) (value, error) {
	held, values := s.held, make([]value, len(a.elements))
	for i, element := range a.elements {
		v, err := element.evaluate(s)
		if err != nil {
			return value{}, err
		}
		if err := s.hold(len(v.data)); err != nil {
			return value{}, err
		}
		values[i] = v.orNull()
	}
	made := arrayOf(values)
	s.held = held
	return made, s.spend(len(made.data))
}

func memoryExceeded(what string) *Error {
	return failure(CodeMemoryLimit, "%s used too much memory and cannot spill to disk. Memory limit: %d bytes", what, maxHeld)
}
