package query

import "go.mongodb.org/mongo-driver/v2/bson"

// zipping is $zip. It has as many defaults as inputs, or none.
type zipping struct {
	inputs, defaults []expression
	longest          bool
}

func (z *zipping) evaluate(s *scope) (value, error) {
	held, columns := s.held, make([][]value, len(z.inputs))
	shortest, longest := 0, 0
	for i, input := range z.inputs {
		v, err := input.evaluate(s)
		switch {
		case err != nil:
			return value{}, err
		case v.nullish():
			s.held = held
			return null, nil
		case !isArray(v):
			return value{}, failure(34468, "$zip found a non-array expression in input: %s", brief(v))
		}
		columns[i] = elementValues(v)
		if err := s.hold(sizeHeld(input, v) + perValue*len(columns[i])); err != nil {
			return value{}, err
		}
		longest = max(longest, len(columns[i]))
		if i == 0 || len(columns[i]) < shortest {
			shortest = len(columns[i])
		}
	}
	fill := make([]value, len(z.inputs))
	for i := range fill {
		fill[i] = null
		if len(z.defaults) == 0 || shortest == longest {
			continue
		}
		var err error
		if fill[i], err = z.defaults[i].evaluate(s); err != nil {
			return value{}, err
		}
	}
	n := shortest
	if z.longest {
		n = longest
	}
	zipped, err := s.zip(columns, fill, n)
	s.held = held
	return zipped, err
}

// zip makes n rows of columns. Where a column is too short, its default stands, or
// nothing if that is missing.
func (s *scope) zip(columns [][]value, fill []value, n int) (value, error) {
	rows := make([]value, n)
	for i := range rows {
		var row []value
		for j, column := range columns {
			switch {
			case i < len(column):
				row = append(row, column[i])
			case !fill[j].missing():
				row = append(row, fill[j])
			}
		}
		rows[i] = arrayOf(row)
		if err := s.turn(len(rows[i].data)); err != nil {
			return value{}, err
		}
	}
	return arrayOf(rows), nil
}

func (p expressionParser) zip(v value, at trail) (expression, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(34460, "$zip only supports an object as an argument, found %s", TypeName(v.kind))
	}
	z := &zipping{}
	for it := elementsOf(v.data); it.next(); {
		below := at.down(string(it.key))
		var err *Error
		switch string(it.key) {
		case "inputs":
			z.inputs, err = p.list(it.value, 34461, "inputs", below)
		case "defaults":
			z.defaults, err = p.list(it.value, 34462, "defaults", below)
		case "useLongestLength":
			if it.kind != bson.TypeBoolean {
				err = below.fail(34463, "useLongestLength must be a bool, found %s", TypeName(it.kind))
			}
			z.longest = it.truthy()
		default:
			err = below.fail(34464, "$zip found an unknown argument: %s", it.key)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case len(z.inputs) == 0:
		return nil, at.fail(34465, "$zip requires at least one input array")
	case len(z.defaults) > 0 && !z.longest:
		return nil, at.fail(34466, "cannot specify defaults unless useLongestLength is true")
	case len(z.defaults) > 0 && len(z.defaults) != len(z.inputs):
		return nil, at.fail(34467, "defaults and inputs must have the same length")
	}
	return p.folded(z, at, append(z.inputs[:len(z.inputs):len(z.inputs)], z.defaults...)...)
}

// list parses an array of expressions.
func (p expressionParser) list(v value, code int, what string, at trail) ([]expression, *Error) {
	if !isArray(v) {
		return nil, at.fail(code, "%s must be an array of expressions, found %s", what, TypeName(v.kind))
	}
	return p.arguments("$zip", 0, anyNumber, v, at)
}
