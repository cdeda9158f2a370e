package query

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// push is $push: elements are put into an array at a position, then it is
// sorted, then cut.
type push struct {
	creating
	values   []value
	position int // from the front, or, if negative, from the end
	order    *elementOrder
	keep     int // how many elements are kept of the front, or, if negative, of the end
}

// unlimited is a position or a number of elements beyond every array's.
const unlimited = math.MaxInt

func parsePush(v value, at trail) (modifier, *Error) {
	p := push{position: unlimited, keep: unlimited}
	if v.kind != bson.TypeEmbeddedDocument || lookup(v.data, "$each").missing() {
		p.values = []value{v}
		return p, nil
	}
	clauses := map[string]bool{}
	for it := elementsOf(v.data); it.next(); {
		name := string(it.key)
		if clauses[name] {
			return nil, at.fail(CodeBadValue, "Only one %s is supported.", name)
		}
		clauses[name] = true
		if err := p.parseClause(name, it.value, at); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *push) parseClause(name string, v value, at trail) (err *Error) {
	switch name {
	case "$each":
		p.values, err = parseEach("$push", CodeBadValue, v, at.down(name))
	case "$slice":
		p.keep, err = parseClauseInteger(name, v, at.down(name))
	case "$position":
		p.position, err = parseClauseInteger(name, v, at.down(name))
	case "$sort":
		p.order, err = parseElementOrder(v, at.down(name))
	default:
		err = at.fail(CodeBadValue, "Unrecognized clause in $push: %s", name)
	}
	return err
}

// parseEach returns the elements of the array of $each.
func parseEach(operator string, code int, v value, at trail) ([]value, *Error) {
	if v.kind != bson.TypeArray {
		return nil, at.fail(code, "The argument to $each in %s must be an array but it was of type: %s", operator, TypeName(v.kind))
	}
	return elementValues(v), nil
}

// elementValues returns the elements of an array.
func elementValues(array value) []value {
	var values []value
	for it := elementsOf(array.data); it.next(); {
		values = append(values, it.value)
	}
	return values
}

func parseClauseInteger(name string, v value, at trail) (int, *Error) {
	n, ok := v.whole()
	if !ok {
		return 0, at.fail(CodeBadValue, "The value for %s must be an integer value but was given type: %s", name, TypeName(v.kind))
	}
	return int(n), nil
}

func (p push) modify(v value, e *edit) (value, error) {
	if !v.missing() && v.kind != bson.TypeArray {
		return value{}, failure(CodeBadValue, "The field '%s' must be an array but is of type %s in document %s",
			strings.Join(e.path, "."), TypeName(v.kind), e.id())
	}
	list := elementValues(v)
	list = slices.Insert(list, placeIn(list, p.position), p.values...)
	if p.order != nil {
		if err := p.order.sort(list, &e.effort); err != nil {
			return value{}, err
		}
	}
	if p.keep < 0 {
		list = list[placeIn(list, p.keep):]
	} else {
		list = list[:placeIn(list, p.keep)]
	}
	return arrayOf(list), nil
}

// placeIn returns a place in a list, counted from its front, or, if negative,
// from its end; one that is beyond the list is its nearest.
func placeIn(list []value, place int) int {
	if place < 0 {
		return max(0, len(list)+place)
	}
	return min(place, len(list))
}

// elementOrder is $sort of $push: of the elements themselves, or, if there are
// paths, of what documents have there.
type elementOrder struct {
	paths [][]string
	down  []bool
}

func parseElementOrder(v value, at trail) (*elementOrder, *Error) {
	switch {
	case v.isNumber():
		down, err := parseElementDirection(v, at)
		return &elementOrder{paths: [][]string{nil}, down: []bool{down}}, err
	case v.kind != bson.TypeEmbeddedDocument:
		return nil, at.fail(CodeBadValue,
			"The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields")
	}
	order := &elementOrder{}
	for it := elementsOf(v.data); it.next(); {
		if err := order.add(string(it.key), it.value, at.down(string(it.key))); err != nil {
			return nil, err
		}
	}
	if len(order.paths) == 0 {
		return nil, at.fail(CodeBadValue, "The $sort pattern is empty when it should be a set of fields.")
	}
	return order, nil
}

func (o *elementOrder) add(key string, direction value, at trail) *Error {
	down, err := parseElementDirection(direction, at)
	if err != nil {
		return err
	}
	parts := strings.Split(key, ".")
	switch {
	case key == "":
		return at.fail(CodeBadValue, "The $sort field cannot be empty")
	case slices.Contains(parts, ""):
		return at.fail(CodeBadValue, "The $sort field is a dotted field but has an empty part: %s", key)
	}
	o.paths, o.down = append(o.paths, parts), append(o.down, down)
	return nil
}

func parseElementDirection(v value, at trail) (down bool, err *Error) {
	n, ok := v.whole()
	if !ok || n != 1 && n != -1 {
		return false, at.fail(CodeBadValue, "The $sort element value must be either 1 or -1")
	}
	return n == -1, nil
}

// sort sorts a list. Many paths of large elements take long.
func (o *elementOrder) sort(list []value, e *effort) (err error) {
	slices.SortStableFunc(list, func(a, b value) (order int) {
		if err == nil {
			order, err = o.compare(a, b, e)
		}
		return order
	})
	return err
}

func (o *elementOrder) compare(a, b value, e *effort) (int, error) {
	for i := range o.paths {
		if err := e.spend(min(perLook, len(a.data)+len(b.data))); err != nil {
			return 0, err
		}
		if order := o.compareAt(i, a, b); order != 0 {
			return order, nil
		}
	}
	return 0, nil
}

// compareAt compares what two elements have at the i-th of the paths.
func (o *elementOrder) compareAt(i int, a, b value) int {
	order := compare(below(a, o.paths[i]), below(b, o.paths[i]))
	if o.down[i] {
		return -order
	}
	return order
}

// below returns what an element has at a path, in which an array is a document
// of its indexes; null if there is nothing.
func below(v value, path []string) value {
	for _, part := range path {
		if v.kind != bson.TypeEmbeddedDocument && v.kind != bson.TypeArray {
			return null
		}
		v = lookup(v.data, part)
	}
	if v.missing() {
		return null
	}
	return v
}

// addToSet is $addToSet.
type addToSet struct {
	creating
	values []value // each once, as they were given
	sorted []int   // their places, in the order of the values
}

func parseAddToSet(v value, at trail) (modifier, *Error) {
	values := []value{v}
	if v.kind == bson.TypeEmbeddedDocument {
		if it := elementsOf(v.data); it.next() && string(it.key) == "$each" {
			var err *Error
			if values, err = parseEach("$addToSet", CodeTypeMismatch, it.value, at.down("$each")); err != nil {
				return nil, err
			}
			if it.next() {
				return nil, at.fail(CodeBadValue, "Found unexpected fields after $each in $addToSet: %s", brief(v))
			}
		}
	}
	return newAddToSet(values), nil
}

func newAddToSet(values []value) addToSet {
	sorted := make([]int, len(values))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortFunc(sorted, func(i, j int) int { return cmp.Or(compare(values[i], values[j]), cmp.Compare(i, j)) })
	sorted = slices.CompactFunc(sorted, func(i, j int) bool { return compare(values[i], values[j]) == 0 })
	return addToSet{values: values, sorted: sorted}
}

func (a addToSet) modify(v value, e *edit) (value, error) {
	if !v.missing() && v.kind != bson.TypeArray {
		return value{}, failure(CodeBadValue, "Cannot apply $addToSet to non-array field. Field named '%s' has non-array type %s",
			e.path[len(e.path)-1], TypeName(v.kind))
	}
	list := elementValues(v)
	wanted := make([]bool, len(a.values))
	for _, i := range a.sorted {
		wanted[i] = true
	}
	for _, element := range list {
		if place, found := slices.BinarySearchFunc(a.sorted, element, a.compareAt); found {
			wanted[a.sorted[place]] = false
		}
	}
	for i, v := range a.values {
		if wanted[i] {
			list = append(list, v)
		}
	}
	return arrayOf(list), nil
}

func (a addToSet) compareAt(i int, v value) int { return compare(a.values[i], v) }
