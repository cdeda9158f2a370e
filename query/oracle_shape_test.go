package query_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

var errParallel = errors.New("two arrays in one sort")

// walker is one path of a sort on its way through a document.
type walker struct {
	from  datum // a document
	parts []string
	at    string // where from is in the document
	done  bool
	value datum
}

// toArray follows the path to its end, or to an array that is in the way or at
// the end. An index enters the array's element.
func (w walker) toArray() walker {
	for len(w.parts) > 0 {
		next := w.from.get(w.parts[0])
		w.at += "." + w.parts[0]
		w.parts = w.parts[1:]
		if next.isArray() && len(w.parts) > 0 && isIndex(w.parts[0]) && !next.get(w.parts[0]).missing() {
			w.from = next
			continue
		}
		w.value = next
		if !next.isDocument() {
			break
		}
		w.from = next
	}
	w.done = !w.value.isArray()
	if w.value.missing() || w.done && len(w.parts) > 0 {
		w.value = oracleNull // S1
	}
	return w
}

func isIndex(part string) bool {
	n, err := strconv.Atoi(part)
	return err == nil && strconv.Itoa(n) == part
}

// sortRows lists the combinations of values that the paths of a sort have in a
// document, an array giving one for each of its elements (S2).
func sortRows(walkers []walker) ([][]datum, error) {
	var array datum
	where := ""
	for i, w := range walkers {
		if !w.done {
			w = w.toArray()
			walkers[i] = w
		}
		if w.done {
			continue
		}
		if where != "" && where != w.at {
			return nil, errParallel
		}
		array, where = w.value, w.at
	}
	if where == "" {
		var row []datum
		for _, w := range walkers {
			row = append(row, w.value)
		}
		return [][]datum{row}, nil
	}
	elements := elementsIn(array)
	if len(elements) == 0 { // S1
		elements = []datum{{kind: bson.TypeUndefined}}
	}
	var rows [][]datum
	for i, element := range elements {
		more, err := sortRows(fromElement(walkers, element, "["+strconv.Itoa(i)+"]"))
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func fromElement(walkers []walker, element datum, index string) []walker {
	next := slices.Clone(walkers)
	for i, w := range next {
		switch {
		case w.done:
		case len(w.parts) == 0:
			next[i].value, next[i].done = element, true
		case element.isDocument():
			next[i].from, next[i].at = element, w.at+index
		default:
			next[i].from, next[i].at = datum{}, w.at+index
		}
	}
	return next
}

// sortRow returns the combination that a document is sorted by.
func sortRow(sort, doc datum) ([]datum, error) {
	var walkers []walker
	for _, f := range sort.fields {
		walkers = append(walkers, walker{from: doc, parts: strings.Split(f.key, ".")})
	}
	rows, err := sortRows(walkers)
	if err != nil {
		return nil, err
	}
	return slices.MinFunc(rows, func(a, b []datum) int { return orderRows(sort, a, b) }), nil
}

func orderRows(sort datum, a, b []datum) int {
	for i, f := range sort.fields {
		if c := order(a[i], b[i]); c != 0 {
			return c * f.value.number.Num().Sign()
		}
	}
	return 0
}

// distinctValues lists the distinct values of a path in a document: one level of
// arrays taken apart, equal values once (S5).
func distinctValues(doc datum, parts []string) []datum {
	var list []datum
	for _, v := range distinctAlong(doc, parts) {
		if !slices.ContainsFunc(list, func(known datum) bool { return equal(known, v) }) {
			list = append(list, v)
		}
	}
	return list
}

func distinctAlong(v datum, parts []string) []datum {
	switch {
	case len(parts) == 0 && v.isArray():
		return elementsIn(v)
	case len(parts) == 0 && v.missing():
		return nil
	case len(parts) == 0:
		return []datum{v}
	case v.isArray() && !isIndex(parts[0]):
		var list []datum
		for _, e := range elementsIn(v) {
			if e.isDocument() {
				list = append(list, distinctAlong(e, parts)...)
			}
		}
		return list
	}
	return distinctAlong(v.get(parts[0]), parts[1:])
}

// projected returns what a projection shows of a document: a dumb rendition for
// projections whose paths are written with dots.
func projected(projection, doc datum) datum {
	o := projector{projection, including(projection)}
	shown := o.document(doc, "")
	if !o.inclusive {
		return shown
	}
	// An element picked by $elemMatch comes last.
	for _, f := range projection.fields {
		if argument := f.value.get("$elemMatch"); !argument.missing() {
			shown.fields = append(shown.fields, pick(doc, f.key, argument)...)
		}
	}
	return shown
}

type projector struct {
	projection datum
	inclusive  bool
}

// including tells whether what a projection does not name is left out. Its keys
// but _id decide, then $elemMatch, then _id.
func including(projection datum) bool {
	for _, f := range projection.fields {
		if f.key != "_id" && !f.value.isDocument() {
			return truth(f.value)
		}
	}
	for _, f := range projection.fields {
		if !f.value.get("$elemMatch").missing() {
			return true
		}
	}
	id := projection.get("_id")
	return !id.missing() && truth(id)
}

func pick(doc datum, key string, argument datum) []member {
	array := doc.get(key)
	if !array.isArray() {
		return nil
	}
	for _, e := range elementsIn(array) {
		if elementMatches(e, argument) {
			return []member{{key, datum{kind: bson.TypeArray, fields: []member{{"0", e}}}}}
		}
	}
	return nil
}

func (o projector) document(doc datum, prefix string) datum {
	shown := datum{kind: bson.TypeEmbeddedDocument}
	for _, f := range doc.fields {
		path := prefix + f.key
		rule := o.projection.get(path)
		below := slices.ContainsFunc(o.projection.fields, func(r member) bool { return strings.HasPrefix(r.key, path+".") })
		switch {
		case !rule.get("$slice").missing():
			f.value = slice(f.value, rule.get("$slice"))
		case !rule.get("$elemMatch").missing():
			if picked := pick(doc, f.key, rule.get("$elemMatch")); !o.inclusive && picked != nil {
				shown.fields = append(shown.fields, picked...)
			}
			continue
		case !rule.missing():
			if !truth(rule) {
				continue
			}
		case below:
			if f.value = o.below(f.value, path+"."); f.value.missing() {
				continue
			}
		case o.inclusive && path != "_id":
			continue
		}
		shown.fields = append(shown.fields, f)
	}
	return shown
}

// below shows a value of whose keys some are named.
func (o projector) below(v datum, prefix string) datum {
	switch {
	case v.isDocument():
		return o.document(v, prefix)
	case v.isArray():
		shown := datum{kind: bson.TypeArray}
		for _, f := range v.fields {
			if f.value = o.below(f.value, prefix); !f.value.missing() {
				shown.fields = append(shown.fields, f)
			}
		}
		return shown
	case o.inclusive:
		return datum{}
	}
	return v
}

func slice(v, argument datum) datum {
	if !v.isArray() {
		return v
	}
	skip, limit := int64(0), int64(0)
	if argument.isArray() {
		skip, _, _ = argument.get("0").integer()
		limit, _, _ = argument.get("1").integer()
	} else if limit, _, _ = argument.integer(); limit < 0 {
		skip, limit = limit, -limit
	}
	if skip < 0 {
		skip = max(0, skip+int64(len(v.fields)))
	}
	start := min(skip, int64(len(v.fields)))
	v.fields = v.fields[start:min(start+limit, int64(len(v.fields)))]
	return v
}
