package query

import "go.mongodb.org/mongo-driver/v2/bson"

// sortedArray is $sortArray: by documents' keys, or the whole elements by a
// direction.
type sortedArray struct {
	input expression
	order *elementOrder
}

func (a *sortedArray) evaluate(s *scope) (value, error) {
	array, err := a.input.evaluate(s)
	switch {
	case err != nil || array.nullish():
		return null, err
	case !isArray(array):
		return value{}, failure(2942504, "The input argument to $sortArray must be an array, but was of type: %s", TypeName(array.kind))
	}
	members := elementValues(array)
	if err := a.order.sort(members, &s.effort); err != nil {
		return value{}, err
	}
	return arrayOf(members), nil
}

var sortArrayParameters = []parameter{{name: "input", required: 2942502}, {name: "sortBy", required: 2942503}}

func (p expressionParser) sortedArray(v value, at trail) (expression, *Error) {
	given, err := namedArguments("$sortArray", sortArrayParameters, 2942500, 2942501, v, at)
	if err != nil {
		return nil, err
	}
	a := &sortedArray{}
	if a.input, err = p.parse(given[0], at.down("input")); err != nil {
		return nil, err
	}
	by := given[1]
	if a.order, err = parseElementOrder(by, at.down("sortBy")); err != nil {
		err.Code = 2942507
		switch {
		case by.isNumber():
			err.Code = 2942506
		case by.kind == bson.TypeEmbeddedDocument:
			err.Code = 2942505
		}
		return nil, err
	}
	return p.folded(a, at, a.input)
}
