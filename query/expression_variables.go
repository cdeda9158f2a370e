package query

import "go.mongodb.org/mongo-driver/v2/bson"

// let is $let: it fills the slots of its variables and evaluates an expression
// that knows them.
type let struct {
	slots  []int
	values []expression
	in     expression
}

func (l *let) evaluate(s *scope) (value, error) {
	held := s.held
	for i, e := range l.values {
		v, err := e.evaluate(s)
		if err != nil {
			return value{}, err
		}
		if err := s.hold(sizeHeld(e, v)); err != nil {
			return value{}, err
		}
		s.variables[l.slots[i]] = v
	}
	v, err := l.in.evaluate(s)
	s.held = held
	return v, err
}

// sizeHeld is how many bytes the value of an expression takes that are not held
// anyway, by what it is a part of.
func sizeHeld(e expression, v value) int {
	switch e := e.(type) {
	case variable:
		return 0
	case fieldPath:
		return sizeHeld(e.of, v)
	}
	return len(v.data)
}

var letParameters = []parameter{{name: "vars", required: 16876}, {name: "in", required: 16877}}

func (p expressionParser) let(v value, at trail) (expression, *Error) {
	given, err := namedArguments("$let", letParameters, 16874, 16875, v, at)
	if err != nil {
		return nil, err
	}
	if given[0].kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(CodeTypeMismatch, "invalid parameter: expected an object (vars)")
	}
	l := &let{}
	inner := p
	for it := elementsOf(given[0].data); it.next(); {
		name := string(it.key)
		below := at.down("vars").down(name)
		if err := checkDefinition(name, below); err != nil {
			return nil, err
		}
		// The variables of one $let do not know each other, but must not share slots.
		outer := p
		outer.slot = inner.slot
		e, err := outer.parse(it.value, below)
		if err != nil {
			return nil, err
		}
		if allConstant(e) {
			inner = inner.naming(name, e)
			continue
		}
		var slot int
		inner, slot = inner.define(name)
		l.slots, l.values = append(l.slots, slot), append(l.values, e)
	}
	if l.in, err = inner.parse(given[1], at.down("in")); err != nil || len(l.slots) == 0 {
		return l.in, err
	}
	return l, nil
}

// mapping is $map.
type mapping struct {
	slot      int
	input, in expression
}

func (m *mapping) evaluate(s *scope) (value, error) {
	input, err := m.input.evaluate(s)
	switch {
	case err != nil || input.nullish():
		return null, err
	case input.kind != bson.TypeArray:
		return value{}, failure(16883, "input to $map must be an array not %s", TypeName(input.kind))
	}
	held := s.held
	mapped := elementValues(input)
	if err := s.hold(sizeHeld(m.input, input) + perValue*len(mapped)); err != nil {
		return value{}, err
	}
	for i := range mapped {
		s.variables[m.slot] = mapped[i]
		v, err := m.in.evaluate(s)
		if err == nil {
			err = s.turn(sizeHeld(m.in, v))
		}
		if err != nil {
			return value{}, err
		}
		mapped[i] = v.orNull()
	}
	s.held = held
	return arrayOf(mapped), nil
}

var mapParameters = []parameter{{name: "input", required: 16880}, {name: "as"}, {name: "in", required: 16882}}

func (p expressionParser) mapping(v value, at trail) (expression, *Error) {
	given, err := namedArguments("$map", mapParameters, 16878, 16879, v, at)
	if err != nil {
		return nil, err
	}
	m := &mapping{}
	if m.input, err = p.parse(given[0], at.down("input")); err != nil {
		return nil, err
	}
	inner, slot, err := p.defineElement(given[1], at)
	if err != nil {
		return nil, err
	}
	m.slot = slot
	m.in, err = inner.parse(given[2], at.down("in"))
	return m, err
}

// defineElement defines the variable for the elements of an array, whose name may
// be given by the argument as.
func (p expressionParser) defineElement(as value, at trail) (expressionParser, int, *Error) {
	name := "this"
	if !as.missing() {
		at = at.down("as")
		if as.kind != bson.TypeString {
			return p, 0, at.fail(CodeTypeMismatch, "the name of a variable must be a string, not %s", TypeName(as.kind))
		}
		name = string(as.text())
		if err := checkDefinition(name, at); err != nil {
			return p, 0, err
		}
	}
	inner, slot := p.define(name)
	return inner, slot, nil
}

// filtering is $filter. Its limit is nil if there is none.
type filtering struct {
	slot             int
	input, condition expression
	limit            expression
}

func (f *filtering) evaluate(s *scope) (value, error) {
	input, err := f.input.evaluate(s)
	switch {
	case err != nil || input.nullish():
		return null, err
	case input.kind != bson.TypeArray:
		return value{}, failure(28651, "input to $filter must be an array not %s", TypeName(input.kind))
	}
	limit, err := f.limitOf(s)
	if err != nil {
		return value{}, err
	}
	held := s.held
	if err := s.hold(sizeHeld(f.input, input)); err != nil {
		return value{}, err
	}
	kept := []value{}
	for it := elementsOf(input.data); len(kept) < limit && it.next(); {
		s.variables[f.slot] = it.value
		v, err := f.condition.evaluate(s)
		if err == nil {
			err = s.turn(0)
		}
		if err == nil && v.truthy() {
			kept = append(kept, it.value)
			err = s.hold(perValue)
		}
		if err != nil {
			return value{}, err
		}
	}
	s.held = held
	return arrayOf(kept), nil
}

func (f *filtering) limitOf(s *scope) (int, error) {
	if f.limit == nil {
		return anyNumber, nil
	}
	v, err := f.limit.evaluate(s)
	if err != nil || v.nullish() {
		return anyNumber, err
	}
	n, ok := v.int32Of()
	switch {
	case !ok:
		return 0, failure(327391, "$filter: limit must be represented as a 32-bit integral value: %s", v)
	case n < 1:
		return 0, failure(327392, "$filter: limit must be greater than 0: %d", n)
	}
	return n, nil
}

var filterParameters = []parameter{{name: "input", required: 28648}, {name: "as"}, {name: "cond", required: 28650}, {name: "limit"}}

func (p expressionParser) filtering(v value, at trail) (expression, *Error) {
	given, err := namedArguments("$filter", filterParameters, 28646, 28647, v, at)
	if err != nil {
		return nil, err
	}
	f := &filtering{}
	if f.input, err = p.parse(given[0], at.down("input")); err != nil {
		return nil, err
	}
	if limit := given[3]; !limit.missing() {
		if f.limit, err = p.parse(limit, at.down("limit")); err != nil {
			return nil, err
		}
	}
	inner, slot, err := p.defineElement(given[1], at)
	if err != nil {
		return nil, err
	}
	f.slot = slot
	f.condition, err = inner.parse(given[2], at.down("cond"))
	return f, err
}

// reduction is $reduce.
type reduction struct {
	this, sofar        int // slots
	input, initial, in expression
}

func (r *reduction) evaluate(s *scope) (value, error) {
	input, err := r.input.evaluate(s)
	switch {
	case err != nil || input.nullish():
		return null, err
	case input.kind != bson.TypeArray:
		return value{}, failure(40080, "$reduce requires that 'input' be an array, found: %s", brief(input))
	}
	held := s.held
	if err := s.hold(sizeHeld(r.input, input)); err != nil {
		return value{}, err
	}
	reduced, err := r.initial.evaluate(s)
	waiting := s.held
	for it := elementsOf(input.data); err == nil && it.next(); {
		s.variables[r.this], s.variables[r.sofar] = it.value, reduced
		s.held = waiting
		if err = s.turn(len(reduced.data)); err == nil {
			reduced, err = r.in.evaluate(s)
		}
	}
	if err != nil {
		return value{}, err
	}
	s.held = held
	return reduced, checkNesting(reduced)
}

// checkNesting checks how deep a value nests to which every turn may add.
func checkNesting(v value) error {
	if (v.kind == bson.TypeEmbeddedDocument || isArray(v)) && depthOf(v.data) >= MaxDepth {
		return failure(CodeOverflow, "$reduce accumulated value exceeded max allowable BSON depth")
	}
	return nil
}

var reduceParameters = []parameter{{name: "input", required: 40077}, {name: "initialValue", required: 40078}, {name: "in", required: 40079}}

func (p expressionParser) reduction(v value, at trail) (expression, *Error) {
	given, err := namedArguments("$reduce", reduceParameters, 40075, 40076, v, at)
	if err != nil {
		return nil, err
	}
	r := &reduction{}
	if r.input, err = p.parse(given[0], at.down("input")); err != nil {
		return nil, err
	}
	if r.initial, err = p.parse(given[1], at.down("initialValue")); err != nil {
		return nil, err
	}
	inner, this := p.define("this")
	inner, sofar := inner.define("value")
	r.this, r.sofar = this, sofar
	r.in, err = inner.parse(given[2], at.down("in"))
	return r, err
}
