package query

import "go.mongodb.org/mongo-driver/v2/bson"

// operation computes the value of an operator from those of its arguments. name is
// the operator's, for messages.
type operation func(name string, arguments []value) (value, error)

// function is an operator whose arguments stand in an array, or, if it takes one,
// may stand alone.
type function struct {
	least, most int
	call        operation
}

// anyNumber is how many arguments a function takes that takes any number of them.
const anyNumber = 1 << 30

// named is an operator whose arguments have names.
type named struct {
	parameters []parameter
	notObject  int // code of an argument that is no document
	unknown    int // code of an argument that has another name
	call       operation
}

// parameter is one argument of a named operator: it must be given, or else there
// is a code for that, or it need not, and then has a value.
type parameter struct {
	name     string
	required int
	absent   value
}

// call is an operator with its arguments, which are all evaluated before.
type call struct {
	name      string
	operation operation
	arguments []expression
}

func (c *call) evaluate(s *scope) (value, error) {
	first, held := len(s.arguments), s.held
	for _, argument := range c.arguments {
		v, err := argument.evaluate(s)
		if err != nil {
			return value{}, err
		}
		// A result is about as large as the arguments.
		if err := s.hold(len(v.data)); err != nil {
			return value{}, err
		}
		s.arguments = append(s.arguments, v)
	}
	result, err := c.operation(c.name, s.arguments[first:])
	if err == nil {
		err = s.spend(s.held - held + len(result.data))
	}
	s.arguments, s.held = s.arguments[:first], held
	return result, err
}

// call parses the arguments of a function.
func (p expressionParser) call(name string, f function, v value, at trail) (expression, *Error) {
	arguments, err := p.arguments(name, f.least, f.most, v, at)
	if err != nil {
		return nil, err
	}
	if name == "$setEquals" {
		if err := checkSets(arguments, at); err != nil {
			return nil, err
		}
	}
	return p.folded(&call{name, f.call, arguments}, at, arguments...)
}

// arguments parses the arguments of an operator, of which there must be so many.
func (p expressionParser) arguments(name string, least, most int, v value, at trail) ([]expression, *Error) {
	if v.kind != bson.TypeArray {
		argument, err := p.parse(v, at)
		if err != nil {
			return nil, err
		}
		return []expression{argument}, checkNumber(name, least, most, 1, at)
	}
	var arguments []expression
	for it := elementsOf(v.data); it.next(); {
		argument, err := p.parse(it.value, at.down(string(it.key)))
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, argument)
	}
	if err := checkNumber(name, least, most, len(arguments), at); err != nil {
		return nil, err
	}
	return arguments, nil
}

func checkNumber(name string, least, most, n int, at trail) *Error {
	switch {
	case n >= least && n <= most:
		return nil
	case name == "$setEquals":
		return at.fail(17045, "$setEquals needs at least two arguments had: %d", n)
	case least == most:
		return at.fail(16020, "Expression %s takes exactly %d arguments. %d were passed in.", name, least, n)
	case most == anyNumber:
		return at.fail(28667, "Expression %s takes at least %d arguments, but %d were passed in.", name, least, n)
	}
	return at.fail(28667, "Expression %s takes at least %d arguments, and at most %d, but %d were passed in.", name, least, most, n)
}

// named parses an operator whose arguments have names.
func (p expressionParser) named(name string, n named, v value, at trail) (expression, *Error) {
	given, err := namedArguments(name, n.parameters, n.notObject, n.unknown, v, at)
	if err != nil {
		return nil, err
	}
	arguments := make([]expression, len(given))
	for i, argument := range given {
		if argument.missing() {
			arguments[i] = constant{n.parameters[i].absent}
			continue
		}
		if arguments[i], err = p.parse(argument, at.down(n.parameters[i].name)); err != nil {
			return nil, err
		}
	}
	return p.folded(&call{name, n.call, arguments}, at, arguments...)
}

// namedArguments returns the arguments of an operator in the order of its
// parameters. Those that are not given are missing.
func namedArguments(name string, parameters []parameter, notObject, unknown int, v value, at trail) ([]value, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(notObject, "%s only supports an object as its argument, but found: %s", name, TypeName(v.kind))
	}
	given := make([]value, len(parameters))
	for it := elementsOf(v.data); it.next(); {
		i := parameterOf(parameters, it.key)
		if i < 0 {
			return nil, at.fail(unknown, "Unrecognized argument to %s: %s", name, it.key)
		}
		given[i] = it.value
	}
	for i, parameter := range parameters {
		if given[i].missing() && parameter.required != 0 {
			return nil, at.fail(parameter.required, "Missing '%s' parameter to %s", parameter.name, name)
		}
	}
	return given, nil
}

func parameterOf(parameters []parameter, name []byte) int {
	for i, parameter := range parameters {
		if parameter.name == string(name) {
			return i
		}
	}
	return -1
}

// notGiven is the value of a parameter that is not given, where this is something
// else than any value would say. No value of a document is like it.
var notGiven = value{kind: 0x60}
