package query

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ranking is an accumulator that ranks documents: $topN or $bottomN, or one of one
// document alone.
type ranking struct {
	bottom, single bool
}

var rankings = map[string]ranking{
	"$top": {single: true}, "$topN": {}, "$bottom": {bottom: true, single: true}, "$bottomN": {bottom: true},
}

// ranking parses such an accumulator. What it is given of a document is, as in
// MongoDB, a document of the output and of what the sort's paths lead to.
func (p pipelineParser) ranking(f *frame, name string, r ranking, v value, at trail) (a accumulation, _ *Error) {
	given, err := r.arguments(name, v, at)
	if err != nil {
		return a, err
	}
	if !r.single {
		if a.n, err = p.number(given.n, at.down("n")); err != nil {
			return a, err
		}
	}
	order, keys, failed := rankingOrder(given.sortBy)
	if failed != nil {
		return a, at.down("sortBy").wrap(failed)
	}
	made := &documentExpression{keys: append([]string{"output"}, keys...)}
	output, err := f.parser().parse(p.let.expression(given.output), at.down("output"))
	if err != nil {
		return a, err
	}
	made.values = append(made.values, output)
	for it := elementsOf(given.sortBy.data); it.next(); {
		path, err := f.parser().path("$"+string(it.key), at.down("sortBy"))
		if err != nil {
			return a, err
		}
		made.values = append(made.values, path)
	}
	a.expression = made
	a.accumulate = func(n int64) accumulator {
		return &ranked{selection{n: max(n, 1), largest: r.bottom}, order, r.single}
	}
	return a, nil
}

// ranked is the accumulator of a ranking.
type ranked struct {
	selection
	order  *Sort
	single bool
}

func (r *ranked) add(v value) (int, error) {
	key, err := r.order.AppendKey(nil, v.data)
	if err != nil {
		return 0, err
	}
	return r.offer(key, lookup(v.data, "output").orNull()), nil
}

func (r *ranked) result() value {
	values := r.ascending()
	if r.single {
		return values[0]
	}
	return arrayOf(values)
}

// rankingArguments are those of a ranking.
type rankingArguments struct{ n, output, sortBy value }

func (r ranking) arguments(name string, v value, at trail) (given rankingArguments, _ *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return given, at.fail(5788001, "specification must be an object; found %s: %s", name, brief(v))
	}
	for it := elementsOf(v.data); it.next(); {
		switch key := string(it.key); {
		case key == "n" && !r.single:
			given.n = it.value
		case key == "output":
			given.output = it.value
		case key == "sortBy" && it.kind != bson.TypeEmbeddedDocument:
			return given, at.down(key).fail(10065, "invalid parameter: expected an object (sortBy)")
		case key == "sortBy":
			given.sortBy = it.value
		default:
			return given, at.down(key).fail(5788002, "Unknown argument to %s '%s'", name, key)
		}
	}
	switch {
	case given.n.missing() && !r.single:
		return given, at.fail(5788003, "Missing value for 'n'")
	case given.output.missing():
		return given, at.fail(5788004, "Missing value for 'output'")
	case given.sortBy.missing():
		return given, at.fail(5788005, "Missing value for 'sortBy'")
	}
	return given, nil
}

// rankingOrder checks sortBy and returns the same order of the keys that it stands
// under in what is ranked.
func rankingOrder(sortBy value) (order *Sort, keys []string, _ error) {
	if _, err := ParseSort(sortBy.data); err != nil {
		return nil, nil, err
	}
	start, renamed := reserve(len(sortBy.data))
	for it := elementsOf(sortBy.data); it.next(); {
		keys = append(keys, "sortFields"+strconv.Itoa(len(keys)))
		renamed = appendElement(renamed, keys[len(keys)-1], it.value)
	}
	order, err := ParseSort(closeDocument(renamed, start))
	return order, keys, err
}
