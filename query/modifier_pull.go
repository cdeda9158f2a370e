package query

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// pull is $pull or $pullAll: the elements of an array that are unwanted go.
type pull struct {
	removing
	operator string
	unwanted unwanted
}

// unwanted tells whether an element is to go.
type unwanted interface {
	is(v value, e *edit) (bool, error)
}

func (p pull) modify(v value, e *edit) (value, error) {
	if v.kind != bson.TypeArray {
		return value{}, failure(CodeBadValue, "Cannot apply %s to a non-array value", p.operator)
	}
	var rest []value
	pulled := false
	for it := elementsOf(v.data); it.next(); {
		if err := e.spend(len(it.data)); err != nil {
			return value{}, err
		}
		goes, err := p.unwanted.is(it.value, e)
		if err != nil {
			return value{}, err
		}
		if !goes {
			rest = append(rest, it.value)
		}
		pulled = pulled || goes
	}
	if !pulled {
		return v, nil
	}
	return arrayOf(rest), nil
}

// equalValue is the argument of $pull where it is neither a document nor a
// regular expression.
type equalValue struct{ operand value }

func (u equalValue) is(v value, _ *edit) (bool, error) { return compare(u.operand, v) == 0, nil }

// oneOf is the argument of $pullAll, in BSON's order.
type oneOf []value

func (u oneOf) is(v value, _ *edit) (bool, error) {
	_, found := slices.BinarySearchFunc(u, v, compare)
	return found, nil
}

// matchingDocument is a filter as the argument of $pull.
type matchingDocument struct{ filter node }

func (u matchingDocument) is(v value, e *edit) (bool, error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return false, nil
	}
	return u.filter.matchDocument(v.data, &e.conditions)
}

// matchingValue is a document of operators, or a regular expression, as the
// argument of $pull. The condition asks about the key "" of a document, so that
// an element that is an array is unwound.
type matchingValue struct{ condition node }

func (u matchingValue) is(v value, e *edit) (bool, error) {
	return u.condition.matchDocument(e.wrap("", v), &e.conditions)
}

func parsePull(v value, at trail) (modifier, *Error) {
	condition, err := parseUnwanted(v, at)
	return pull{operator: "$pull", unwanted: condition}, err
}

func parseUnwanted(v value, at trail) (unwanted, *Error) {
	parser := filterParser{update: true}
	switch {
	case v.kind == bson.TypeRegex:
		condition, err := parser.equality(newPath(""), v, at)
		return matchingValue{condition}, err
	case v.kind != bson.TypeEmbeddedDocument:
		return equalValue{v}, nil
	case asksAboutValue(v.data):
		conditions, err := parser.operators(newPath(""), v.data, at, 0)
		return matchingValue{conjunction(conditions)}, err
	}
	filter, err := parser.document(v.data, at, 0)
	return matchingDocument{filter}, err
}

// asksAboutValue tells whether a condition begins with an operator that needs a
// path. $not is none of them here.
func asksAboutValue(doc []byte) bool {
	it := elementsOf(doc)
	if !it.next() {
		return false
	}
	key := string(it.key)
	return strings.HasPrefix(key, "$") && !standsAlone(key) && key != "$not"
}

func parsePullAll(v value, at trail) (modifier, *Error) {
	if v.kind != bson.TypeArray {
		return nil, at.fail(CodeBadValue, "$pullAll requires an array argument but was given a %s", TypeName(v.kind))
	}
	values := elementValues(v)
	slices.SortFunc(values, compare)
	return pull{operator: "$pullAll", unwanted: oneOf(values)}, nil
}

// pop is $pop.
type pop struct {
	removing
	first bool // rather than the last element
}

func parsePop(v value, at trail) (modifier, *Error) {
	n, ok := v.whole()
	key := at[len(at)-1]
	switch {
	case !v.isNumber():
		return nil, at.fail(CodeFailedToParse, "Expected a number in: %s", describe(key, v))
	case !ok:
		return nil, at.fail(CodeFailedToParse, "Expected an integer: %s", describe(key, v))
	case n != 1 && n != -1:
		return nil, at.fail(CodeFailedToParse, "$pop expects 1 or -1, found: %s", v)
	}
	return pop{first: n == -1}, nil
}

func (p pop) modify(v value, e *edit) (value, error) {
	if v.kind != bson.TypeArray {
		return value{}, failure(CodeTypeMismatch, "Path '%s' contains an element of non-array type '%s'",
			strings.Join(e.path, "."), TypeName(v.kind))
	}
	list := elementValues(v)
	switch {
	case len(list) == 0:
		return v, nil
	case p.first:
		return arrayOf(list[1:]), nil
	}
	return arrayOf(list[:len(list)-1]), nil
}
