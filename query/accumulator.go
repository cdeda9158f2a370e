package query

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// accumulator makes one value of the values of many documents.
type accumulator interface {
	// add takes one more value, which may be missing, and returns how many more
	// bytes the accumulator holds.
	add(v value) (grown int, err error)
	result() value
}

// accumulators are those of $group, by their operators.
var accumulators = map[string]func() accumulator{
	"$addToSet":     func() accumulator { return &addingToSet{seen: valueSet{}} },
	"$avg":          func() accumulator { return &average{} },
	"$concatArrays": func() accumulator { return &joining{into: &pushing{}} },
	"$first":        func() accumulator { return &firstOf{} },
	"$last":         func() accumulator { return &lastOf{} },
	"$max":          func() accumulator { return &extreme{sign: 1} },
	"$mergeObjects": func() accumulator { return &merging{} },
	"$min":          func() accumulator { return &extreme{sign: -1} },
	"$push":         func() accumulator { return &pushing{} },
	"$setUnion":     func() accumulator { return &joining{into: &addingToSet{seen: valueSet{}}} },
	"$stdDevPop":    func() accumulator { return &deviation{} },
	"$stdDevSamp":   func() accumulator { return &deviation{sample: true} },
	"$sum":          func() accumulator { return &summing{} },
}

// statistics are the accumulators that are operators of expressions as well.
var statistics = map[string]func() accumulator{
	"$avg": accumulators["$avg"], "$max": accumulators["$max"], "$min": accumulators["$min"],
	"$stdDevPop": accumulators["$stdDevPop"], "$stdDevSamp": accumulators["$stdDevSamp"], "$sum": accumulators["$sum"],
}

// statistic parses an accumulator as an operator: of its arguments, or of the
// elements of the array that is its one argument.
func (p expressionParser) statistic(name string, accumulate func() accumulator, v value, at trail) (expression, *Error) {
	return p.call(name, function{0, anyNumber, func(_ string, arguments []value) (value, error) {
		if len(arguments) == 1 && isArray(arguments[0]) {
			arguments = elementValues(arguments[0])
		}
		a := accumulate()
		for _, v := range arguments {
			if _, err := a.add(v); err != nil {
				return value{}, err
			}
		}
		return a.result(), nil
	}}, v, at)
}

// summing is $sum. What is no number counts nothing.
type summing struct{ sum summation }

func (s *summing) add(v value) (int, error) {
	if v.isNumber() {
		s.sum.add(v)
	}
	return 0, nil
}

func (s *summing) result() value { return s.sum.value() }

// average is $avg.
type average struct {
	sum summation
	n   int64
}

func (a *average) add(v value) (int, error) {
	if v.isNumber() {
		a.sum.add(v)
		a.n++
	}
	return 0, nil
}

func (a *average) result() value {
	switch {
	case a.n == 0:
		return null
	case a.sum.kind == bson.TypeDecimal128:
		return decimalValue(divideDecimals(a.sum.decimal(), int64Value(a.n).toDecimal()))
	}
	return doubleValue(a.sum.double() / float64(a.n))
}

// extreme is $min or $max, by sign. It leaves out what is null or missing.
type extreme struct {
	sign int
	best value
}

func (e *extreme) add(v value) (int, error) {
	if v.nullish() || !e.best.missing() && compare(v, e.best)*e.sign <= 0 {
		return 0, nil
	}
	grown := len(v.data) - len(e.best.data)
	e.best = v
	return grown, nil
}

func (e *extreme) result() value { return e.best.orNull() }

// firstOf is $first.
type firstOf struct {
	v     value
	taken bool
}

func (f *firstOf) add(v value) (int, error) {
	if f.taken {
		return 0, nil
	}
	f.v, f.taken = v, true
	return len(v.data), nil
}

func (f *firstOf) result() value { return f.v.orNull() }

// lastOf is $last.
type lastOf struct{ v value }

func (l *lastOf) add(v value) (int, error) {
	grown := len(v.data) - len(l.v.data)
	l.v = v
	return grown, nil
}

func (l *lastOf) result() value { return l.v.orNull() }

// perValue is about how many bytes it takes to hold a value, beside its own.
const perValue = 40

// pushing is $push.
type pushing struct{ values []value }

func (p *pushing) add(v value) (int, error) {
	if v.missing() {
		return 0, nil
	}
	p.values = append(p.values, v)
	return len(v.data) + perValue, nil
}

func (p *pushing) result() value { return arrayOf(p.values) }

// addingToSet is $addToSet.
type addingToSet struct {
	pushing
	seen valueSet
}

func (a *addingToSet) add(v value) (int, error) {
	if v.missing() || !a.seen.add(v) {
		return 0, nil
	}
	grown, err := a.pushing.add(v)
	return 2 * grown, err
}

// joining is $concatArrays, or $setUnion: it hands on the elements of arrays.
type joining struct{ into accumulator }

func (j *joining) add(v value) (held int, err error) {
	switch {
	case v.missing():
		return 0, nil
	case !isArray(v):
		return 0, failure(CodeTypeMismatch, "%s requires array inputs, but input %s is of type %s", j.name(), brief(v), TypeName(v.kind))
	}
	for it := elementsOf(v.data); it.next(); {
		grown, err := j.into.add(it.value)
		if err != nil {
			return 0, err
		}
		held += grown
	}
	return held, nil
}

func (j *joining) name() string {
	if _, isSet := j.into.(*addingToSet); isSet {
		return "$setUnion"
	}
	return "$concatArrays"
}

func (j *joining) result() value { return j.into.result() }

// merging is $mergeObjects.
type merging struct{ merged fields }

func (m *merging) add(v value) (int, error) {
	switch {
	case v.nullish():
		return 0, nil
	case v.kind != bson.TypeEmbeddedDocument:
		return 0, failure(5911200, "$mergeObjects requires object inputs, but input %s is of type %s", brief(v), TypeName(v.kind))
	}
	m.merged.setAll(v.data)
	return len(v.data), nil
}

func (m *merging) result() value { return m.merged.value() }

// deviation is $stdDevPop or $stdDevSamp, by Welford's algorithm.
type deviation struct {
	sample        bool
	n             int64
	mean, squares float64
}

func (d *deviation) add(v value) (int, error) {
	if !v.isNumber() {
		return 0, nil
	}
	f := v.approximate()
	d.n++
	delta := f - d.mean
	d.mean += delta / float64(d.n)
	d.squares += delta * (f - d.mean)
	return 0, nil
}

// approximate is the double next to a number of any type.
func (v value) approximate() float64 {
	if v.kind != bson.TypeDecimal128 {
		return v.toDouble()
	}
	converted, err := decimalToDouble(v)
	if err != nil {
		return math.Inf(1)
	}
	return converted.double()
}

func (d *deviation) result() value {
	n := d.n
	if d.sample {
		n--
	}
	if n <= 0 {
		return null
	}
	return doubleValue(math.Sqrt(d.squares / float64(n)))
}
