package query

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// several is an operator, of expressions and of $group, that makes an array of at
// most n values.
type several struct {
	accumulate func(n int64) accumulator
	notObject  int // code of an argument that is no document
}

var severalOperators = map[string]several{
	"$firstN": {func(n int64) accumulator { return &firstOfSeveral{n: n} }, 5787801},
	"$lastN":  {func(n int64) accumulator { return &lastOfSeveral{n: n} }, 5787801},
	"$maxN":   {func(n int64) accumulator { return &extremes{selection{n: n, largest: true}} }, 5787900},
	"$minN":   {func(n int64) accumulator { return &extremes{selection{n: n}} }, 5787900},
}

var severalParameters = []parameter{{name: "n", required: 5787906}, {name: "input", required: 5787907}}

// ofSeveral makes the operation on an array: its arguments are n and the array.
func (o several) ofSeveral(_ string, arguments []value) (value, error) {
	n, err := positive(arguments[0])
	switch {
	case err != nil:
		return value{}, err
	case !isArray(arguments[1]):
		return value{}, failure(5788200, "Input must be an array")
	}
	a := o.accumulate(n)
	for it := elementsOf(arguments[1].data); it.next(); {
		if _, err := a.add(it.value); err != nil {
			return value{}, err
		}
	}
	return a.result(), nil
}

// positive returns the n of an operator of expressions.
func positive(v value) (int64, error) {
	n, whole := v.whole()
	switch {
	case !v.isNumber():
		return 0, failure(5787902, "Value for 'n' must be of integral type, but found %s", brief(v))
	case !whole:
		return 0, failure(5787903, "Value for 'n' must be of integral type, but found %s", v)
	case n <= 0:
		return 0, failure(5787908, "'n' must be greater than 0, found %d", n)
	}
	return n, nil
}

// several parses such an operator of expressions.
func (p expressionParser) several(name string, o several, v value, at trail) (expression, *Error) {
	return p.named(name, named{severalParameters, o.notObject, 5787901, o.ofSeveral}, v, at)
}

// several parses such an operator of $group.
func (p pipelineParser) several(f *frame, name string, o several, v value, at trail) (a accumulation, _ *Error) {
	given, err := namedArguments(name, severalParameters, o.notObject, 5787901, v, at)
	if err != nil {
		return a, err
	}
	a.accumulate = o.accumulate
	if a.n, err = p.number(given[0], at.down("n")); err != nil {
		return a, err
	}
	a.expression, err = f.parser().parse(p.let.expression(given[1]), at.down("input"))
	return a, err
}

// number is an expression of how many values an accumulator takes: of the _id of a
// group.
type number struct {
	expression expression
	frame      *frame
}

func (p pipelineParser) number(v value, at trail) (*number, *Error) {
	f := newFrame(p.allowance)
	parsed, err := f.parser().parse(p.let.expression(v), at)
	return &number{parsed, f}, err
}

func (n *number) of(id, now value) (int64, error) {
	if id.kind != bson.TypeEmbeddedDocument {
		id.data = emptyDocument
	}
	v, err := n.expression.evaluate(n.frame.scope(id.data, now))
	if err != nil {
		return 0, err
	}
	whole, ok := v.whole()
	if !ok || whole <= 0 {
		return 0, failure(7548606, "parameter 'n' must be coercible to a positive 64-bit integer")
	}
	return whole, nil
}

// firstOfSeveral is $firstN.
type firstOfSeveral struct {
	n      int64
	values []value
}

func (f *firstOfSeveral) add(v value) (int, error) {
	if int64(len(f.values)) == f.n {
		return 0, nil
	}
	f.values = append(f.values, v.orNull())
	return len(v.data) + perValue, nil
}

func (f *firstOfSeveral) result() value { return arrayOf(f.values) }

// lastOfSeveral is $lastN. Its values are a ring once there are n of them.
type lastOfSeveral struct {
	n      int64
	values []value
	oldest int
}

func (l *lastOfSeveral) add(v value) (int, error) {
	v = v.orNull()
	if int64(len(l.values)) < l.n {
		l.values = append(l.values, v)
		return len(v.data) + perValue, nil
	}
	grown := len(v.data) - len(l.values[l.oldest].data)
	l.values[l.oldest] = v
	l.oldest = (l.oldest + 1) % len(l.values)
	return grown, nil
}

func (l *lastOfSeveral) result() value {
	return arrayOf(slices.Concat(l.values[l.oldest:], l.values[:l.oldest]))
}

// extremes is $minN or $maxN. It leaves out what is null or missing.
type extremes struct{ selection }

func (e *extremes) add(v value) (int, error) {
	if v.nullish() {
		return 0, nil
	}
	return e.offer(appendKey(nil, v), v), nil
}

func (e *extremes) result() value {
	values := e.ascending()
	if e.largest {
		slices.Reverse(values)
	}
	return arrayOf(values)
}
