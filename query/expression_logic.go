package query

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// connective is $and, or, if what is true is decisive, $or: it evaluates no
// more than it must.
type connective struct {
	operands []expression
	decisive bool // the truth of one operand that is the truth of the whole
}

func (c *connective) evaluate(s *scope) (value, error) {
	for _, operand := range c.operands {
		v, err := operand.evaluate(s)
		if err != nil {
			return value{}, err
		}
		if v.truthy() == c.decisive {
			return boolValue(c.decisive), nil
		}
	}
	return boolValue(!c.decisive), nil
}

func (p expressionParser) connective(name string, v value, at trail) (expression, *Error) {
	operands, err := p.arguments(name, 0, anyNumber, v, at)
	if err != nil {
		return nil, err
	}
	return p.folded(&connective{operands, name == "$or"}, at, operands...)
}

// conditional is $cond.
type conditional struct{ condition, then, otherwise expression }

func (c *conditional) evaluate(s *scope) (value, error) {
	v, err := c.condition.evaluate(s)
	switch {
	case err != nil:
		return value{}, err
	case v.truthy():
		return c.then.evaluate(s)
	}
	return c.otherwise.evaluate(s)
}

var condParameters = []parameter{{name: "if", required: 17080}, {name: "then", required: 17081}, {name: "else", required: 17082}}

func (p expressionParser) conditional(v value, at trail) (expression, *Error) {
	parts, err := p.conditionalParts(v, at)
	if err != nil {
		return nil, err
	}
	return p.folded(&conditional{parts[0], parts[1], parts[2]}, at, parts...)
}

func (p expressionParser) conditionalParts(v value, at trail) ([]expression, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return p.arguments("$cond", 3, 3, v, at)
	}
	given, err := namedArguments("$cond", condParameters, 0, 17083, v, at)
	if err != nil {
		return nil, err
	}
	parts := make([]expression, len(given))
	for i, part := range given {
		if parts[i], err = p.parse(part, at.down(condParameters[i].name)); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// firstValue is $ifNull: the first of its operands that has a value, or the last.
type firstValue struct{ operands []expression }

func (f *firstValue) evaluate(s *scope) (v value, err error) {
	for _, operand := range f.operands {
		if v, err = operand.evaluate(s); err != nil || !v.nullish() {
			return v, err
		}
	}
	return v, nil
}

func (p expressionParser) ifNull(v value, at trail) (expression, *Error) {
	operands, err := p.arguments("$ifNull", 0, anyNumber, v, at)
	if err != nil {
		return nil, err
	}
	if len(operands) < 2 {
		return nil, at.fail(1257300, "$ifNull needs at least two arguments, had: %d", len(operands))
	}
	return p.folded(&firstValue{operands}, at, operands...)
}

// choice is $switch. Its default is nil if there is none.
type choice struct {
	cases, thens []expression
	otherwise    expression
}

func (c *choice) evaluate(s *scope) (value, error) {
	for i, condition := range c.cases {
		v, err := condition.evaluate(s)
		if err != nil {
			return value{}, err
		}
		if v.truthy() {
			return c.thens[i].evaluate(s)
		}
	}
	if c.otherwise == nil {
		return value{}, failure(40066, "$switch could not find a matching branch for an input, and no default was specified.")
	}
	return c.otherwise.evaluate(s)
}

func (p expressionParser) choice(v value, at trail) (expression, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(40060, "$switch requires an object as an argument, found: %s", TypeName(v.kind))
	}
	c := &choice{}
	for it := elementsOf(v.data); it.next(); {
		below := at.down(string(it.key))
		var err *Error
		switch string(it.key) {
		case "branches":
			err = p.branches(c, it.value, below)
		case "default":
			c.otherwise, err = p.parse(it.value, below)
		default:
			err = below.fail(40067, "$switch found an unknown argument: %s", it.key)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(c.cases) == 0 {
		return nil, at.fail(40068, "$switch requires at least one branch.")
	}
	if c.otherwise == nil && allFalse(c.cases) {
		return nil, at.fail(40069, "One cannot execute a switch statement where all the cases evaluate to false without a default.")
	}
	parts := append(append([]expression{}, c.cases...), c.thens...)
	if c.otherwise != nil {
		parts = append(parts, c.otherwise)
	}
	return p.folded(c, at, parts...)
}

// allFalse tells whether the conditions are constants that do not hold.
func allFalse(conditions []expression) bool {
	return !slices.ContainsFunc(conditions, func(e expression) bool {
		c, ok := e.(constant)
		return !ok || c.truthy()
	})
}

func (p expressionParser) branches(c *choice, v value, at trail) *Error {
	if v.kind != bson.TypeArray {
		return at.fail(40061, "$switch expected an array for 'branches', found: %s", TypeName(v.kind))
	}
	for it := elementsOf(v.data); it.next(); {
		below := at.down(string(it.key))
		if it.kind != bson.TypeEmbeddedDocument {
			return below.fail(40062, "$switch expected each branch to be an object, found: %s", TypeName(it.kind))
		}
		if err := p.branch(c, it.value, below); err != nil {
			return err
		}
	}
	return nil
}

var branchParameters = []parameter{{name: "case", required: 40064}, {name: "then", required: 40065}}

func (p expressionParser) branch(c *choice, v value, at trail) *Error {
	given, err := namedArguments("a branch of $switch", branchParameters, 0, 40063, v, at)
	if err != nil {
		return err
	}
	condition, err := p.parse(given[0], at.down("case"))
	if err != nil {
		return err
	}
	then, err := p.parse(given[1], at.down("then"))
	c.cases, c.thens = append(c.cases, condition), append(c.thens, then)
	return err
}
