package query

import (
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// quantileOperator is $percentile or $median, of expressions or of $group.
type quantileOperator struct {
	single                       bool // $median
	notObject, notObjectForGroup int  // codes of an argument that is no document
}

var quantileOperators = map[string]quantileOperator{
	"$median": {true, 7436201, 7436100}, "$percentile": {false, 7436200, 7429703},
}

// quantiles are which ones of numbers are asked for.
type quantiles struct {
	ps     []float64
	single bool
}

// value is what is answered: the values of the quantiles, or none if there are no
// numbers.
func (q quantiles) value(found []float64) value {
	values := make([]value, len(q.ps))
	for i := range values {
		values[i] = null
		if found != nil {
			values[i] = doubleValue(found[i])
		}
	}
	if q.single {
		return values[0]
	}
	return arrayOf(values)
}

// placeOf is the place of a quantile among n sorted numbers.
func placeOf(n int, p float64) int {
	if p >= 1 {
		return n - 1
	}
	return max(0, int(math.Ceil(float64(n)*p))-1)
}

// quantileExpression is $percentile or $median of an array, or a number. Its
// quantiles are those of its numbers that have their ranks.
type quantileExpression struct {
	quantiles
	input expression
}

func (q *quantileExpression) evaluate(s *scope) (value, error) {
	input, err := q.input.evaluate(s)
	if err != nil {
		return value{}, err
	}
	numbers, found := []float64{}, []float64(nil)
	switch {
	case input.isNumber():
		return q.value(slices.Repeat([]float64{input.approximate()}, len(q.ps))), nil
	case isArray(input):
		for it := elementsOf(input.data); it.next(); {
			if it.isNumber() && !it.isNaN() {
				numbers = append(numbers, it.approximate())
			}
		}
	}
	if len(numbers) > 0 {
		slices.Sort(numbers)
		for _, p := range q.ps {
			found = append(found, numbers[placeOf(len(numbers), p)])
		}
	}
	return q.value(found), s.spend(len(input.data))
}

// quantile parses the operator of expressions.
func (p expressionParser) quantile(name string, o quantileOperator, v value, at trail) (expression, *Error) {
	q, input, err := p.quantileArguments(name, o.single, o.notObject, v, at)
	if err != nil {
		return nil, err
	}
	e := &quantileExpression{quantiles: q}
	if e.input, err = p.parse(input, at.down("input")); err != nil {
		return nil, err
	}
	return p.folded(e, at, e.input)
}

// quantiles parses the operator of $group.
func (p pipelineParser) quantiles(f *frame, name string, o quantileOperator, v value, at trail) (a accumulation, _ *Error) {
	q, input, err := f.parser().quantileArguments(name, o.single, o.notObjectForGroup, p.let.expression(v), at)
	if err != nil {
		return a, err
	}
	a.accumulate = func(int64) accumulator { return &digesting{quantiles: q} }
	a.expression, err = f.parser().parse(input, at.down("input"))
	return a, err
}

// quantileArguments reads the arguments: which quantiles are wanted, and of what.
func (p expressionParser) quantileArguments(name string, single bool, notObject int, v value, at trail) (q quantiles, input value, _ *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return q, input, at.fail(notObject, "specification must be an object; found %s: %s", name, brief(v))
	}
	var ps, method value
	for it := elementsOf(v.data); it.next(); {
		below := at.down(string(it.key))
		switch key := string(it.key); {
		case key == "input":
			input = it.value
		case key == "p" && !single:
			ps = it.value
		case key == "method" && !it.isString():
			return q, input, below.fail(CodeTypeMismatch, "BSON field '%s.method' is the wrong type '%s', expected type 'string'", name, TypeName(it.kind))
		case key == "method":
			method = it.value
		default:
			return q, input, below.fail(CodeUnknownField, "BSON field '%s.%s' is an unknown field.", name, key)
		}
	}
	switch {
	case input.missing():
		return q, input, at.missing(name, "input")
	case ps.missing() && !single:
		return q, input, at.missing(name, "p")
	case method.missing():
		return q, input, at.missing(name, "method")
	case string(method.text()) != "approximate":
		return q, input, at.down("method").fail(CodeBadValue, "Currently only 'approximate' can be used as percentile 'method'.")
	case single:
		return quantiles{[]float64{0.5}, true}, input, nil
	}
	var err *Error
	q.ps, err = p.quantilesOf(ps, at.down("p"))
	return q, input, err
}

// missing is the error of a field that must be given.
func (t trail) missing(name, field string) *Error {
	return t.fail(CodeMissingField, "BSON field '%s.%s' is missing but a required field", name, field)
}

func (p expressionParser) quantilesOf(v value, at trail) (ps []float64, _ *Error) {
	parsed, err := p.parse(v, at)
	if err != nil {
		return nil, err
	}
	list, ok := parsed.(constant)
	const demand = "The $percentile 'p' field must be an array of numbers from [0.0, 1.0], but found: %s"
	switch {
	case !ok:
		return nil, at.fail(7750300, "The $percentile 'p' field must be an array of constant values, but found value: %s.", brief(v))
	case !isArray(list.value) || len(list.data) == len(emptyDocument):
		return nil, at.fail(7750301, demand, brief(list.value))
	}
	for it := elementsOf(list.data); it.next(); {
		if !it.isNumber() {
			return nil, at.fail(7750302, demand, brief(it.value))
		}
		f := it.approximate()
		if !(f >= 0 && f <= 1) {
			return nil, at.fail(7750303, demand, it.value)
		}
		ps = append(ps, f)
	}
	return ps, nil
}
