package query_test

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The oracle of updates: operators are applied one after another, in the order
// of their paths, to a document decoded whole.

// oracleBranches are the operators that stand in place of a path.
var oracleBranches = []string{"$and", "$or", "$nor"}

// oracleChange is one operator at one path.
type oracleChange struct {
	operator string
	parts    []string
	argument datum
}

// updated returns what becomes of a document, and whether that is possible.
func updated(update, doc datum) (datum, bool) {
	var changes []oracleChange
	for _, operator := range update.fields {
		for _, f := range operator.value.fields {
			path := f.key
			if operator.key == "$rename" {
				path = f.value.text() // where a renamed value appears decides
			}
			changes = append(changes, oracleChange{operator.key, strings.Split(path, "."), f.value})
			if operator.key == "$rename" {
				changes[len(changes)-1].argument = datum{kind: bson.TypeString, raw: value(f.key)}
			}
		}
	}
	slices.SortFunc(changes, func(a, b oracleChange) int { return slices.CompareFunc(a.parts, b.parts, orderParts) })
	before := doc
	for _, c := range changes {
		var ok bool
		if c.operator == "$rename" {
			doc, ok = c.rename(before, doc)
		} else {
			doc, ok = c.along(doc, c.parts)
		}
		if !ok {
			return datum{}, false
		}
	}
	return doc, true
}

func orderParts(a, b string) int {
	if isIndex(a) && isIndex(b) {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	}
	if isIndex(a) != isIndex(b) {
		if isIndex(a) {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}

// along follows a path and returns the value with what it leads to changed.
func (c oracleChange) along(v datum, parts []string) (datum, bool) {
	switch {
	case len(parts) == 0:
		return c.operate(v)
	case v.missing() && !c.creates():
		return v, true
	case v.missing():
		return c.along(datum{kind: bson.TypeEmbeddedDocument}, parts)
	case v.isDocument():
		return c.alongDocument(v, parts)
	case v.isArray() && isIndex(parts[0]):
		return c.alongArray(v, parts)
	}
	return v, c.operator == "$unset"
}

func (c oracleChange) alongDocument(doc datum, parts []string) (datum, bool) {
	below, ok := c.along(doc.get(parts[0]), parts[1:])
	return doc.with(parts[0], below), ok
}

// with returns a document with another value for a key, which may be missing.
func (d datum) with(key string, v datum) datum {
	changed := datum{kind: d.kind}
	found := false
	for _, f := range d.fields {
		if f.key == key {
			found = true
			f.value = v
		}
		if !f.value.missing() {
			changed.fields = append(changed.fields, f)
		}
	}
	if !found && !v.missing() {
		changed.fields = append(changed.fields, member{key, v})
	}
	return changed
}

func (c oracleChange) alongArray(array datum, parts []string) (datum, bool) {
	index, _ := strconv.Atoi(parts[0])
	if index >= len(array.fields) && !c.creates() {
		return array, true
	}
	changed := datum{kind: array.kind, fields: slices.Clone(array.fields)}
	for len(changed.fields) < index {
		changed.fields = append(changed.fields, member{"", oracleNull})
	}
	if index == len(changed.fields) {
		changed.fields = append(changed.fields, member{})
	}
	below, ok := c.along(changed.fields[index].value, parts[1:])
	if below.missing() {
		below = oracleNull
	}
	changed.fields[index].value = below
	return changed, ok
}

func (c oracleChange) creates() bool {
	return !slices.Contains([]string{"$unset", "$pull", "$pullAll", "$pop"}, c.operator)
}

// operate returns what the operator makes of a value.
func (c oracleChange) operate(v datum) (datum, bool) {
	switch c.operator {
	case "$set":
		return c.argument, true
	case "$unset":
		return datum{}, true
	case "$min", "$max":
		sign := map[string]int{"$min": 1, "$max": -1}[c.operator]
		if v.missing() || order(v, c.argument)*sign > 0 {
			return c.argument, true
		}
		return v, true
	case "$inc", "$mul":
		return c.calculate(v)
	case "$push", "$addToSet":
		return c.enlarge(v)
	}
	return c.reduce(v)
}

// calculate knows integers and doubles, no decimals.
func (c oracleChange) calculate(v datum) (datum, bool) {
	missing := v.missing()
	if missing {
		v = decode(value(int32(0)))
	}
	if !v.isNumber() {
		return datum{}, false
	}
	a, b := v.raw, c.argument.raw
	var result datum
	if a.Type == bson.TypeDouble || b.Type == bson.TypeDouble {
		x, y := a.AsFloat64(), b.AsFloat64()
		if missing && c.operator == "$inc" {
			return c.argument, true
		}
		result = decode(value(map[string]float64{"$inc": x + y, "$mul": x * y}[c.operator]))
	} else {
		x, y := big.NewInt(a.AsInt64()), big.NewInt(b.AsInt64())
		n := map[string]*big.Int{"$inc": new(big.Int).Add(x, y), "$mul": new(big.Int).Mul(x, y)}[c.operator]
		if !n.IsInt64() {
			return datum{}, false
		}
		result = decode(value(n.Int64()))
		if narrow := int32(n.Int64()); a.Type == bson.TypeInt32 && b.Type == bson.TypeInt32 && int64(narrow) == n.Int64() {
			result = decode(value(narrow))
		}
	}
	if !missing && result.kind == v.kind && equal(result, v) {
		return v, true
	}
	return result, true
}

// enlarge is $push and $addToSet.
func (c oracleChange) enlarge(v datum) (datum, bool) {
	if !v.missing() && !v.isArray() {
		return datum{}, false
	}
	list := datum{kind: bson.TypeArray, fields: slices.Clone(v.fields)}
	added := []member{{"", c.argument}}
	if each := c.argument.get("$each"); each.isArray() {
		added = each.fields
	}
	if c.operator == "$addToSet" {
		for _, m := range added {
			if !slices.ContainsFunc(list.fields, func(known member) bool { return equal(known.value, m.value) }) {
				list.fields = append(list.fields, m)
			}
		}
		return list, true
	}
	place := len(list.fields)
	if n, _, ok := c.argument.get("$position").integer(); ok {
		place = clampedPlace(int(n), place)
	}
	list.fields = slices.Insert(list.fields, place, added...)
	if direction, _, ok := c.argument.get("$sort").integer(); ok {
		slices.SortStableFunc(list.fields, func(a, b member) int { return order(a.value, b.value) * int(direction) })
	}
	if n, _, ok := c.argument.get("$slice").integer(); ok && n < 0 {
		list.fields = list.fields[clampedPlace(int(n), len(list.fields)):]
	} else if ok {
		list.fields = list.fields[:clampedPlace(int(n), len(list.fields))]
	}
	return list, true
}

func clampedPlace(n, length int) int {
	if n < 0 {
		n += length
	}
	return min(max(n, 0), length)
}

// reduce is $pull, $pullAll and $pop.
func (c oracleChange) reduce(v datum) (datum, bool) {
	if v.missing() {
		return v, true
	}
	if !v.isArray() {
		return datum{}, false
	}
	list := datum{kind: bson.TypeArray}
	for i, m := range v.fields {
		if !c.drops(m.value, i, len(v.fields)) {
			list.fields = append(list.fields, m)
		}
	}
	return list, true
}

func (c oracleChange) drops(element datum, i, length int) bool {
	switch c.operator {
	case "$pop":
		n, _, _ := c.argument.integer()
		return n == 1 && i == length-1 || n == -1 && i == 0
	case "$pullAll":
		return slices.ContainsFunc(c.argument.fields, func(m member) bool { return equal(m.value, element) })
	}
	wrapped := func(v datum) datum { return datum{kind: bson.TypeEmbeddedDocument, fields: []member{{"", v}}} }
	switch {
	case c.argument.kind == bson.TypeRegex, hasOperators(c.argument) && !slices.Contains(oracleBranches, c.argument.fields[0].key):
		return selects(wrapped(c.argument), wrapped(element))
	case c.argument.isDocument():
		return element.isDocument() && selects(c.argument, element)
	}
	return equal(c.argument, element)
}

// rename moves a value of the document as it was before all changes.
func (c oracleChange) rename(before, doc datum) (datum, bool) {
	from := strings.Split(c.argument.text(), ".")
	source, ok := before, true
	for i, part := range from {
		switch {
		case source.missing():
			return doc, true
		case source.isDocument(), source.isArray() && isIndex(part):
			ok = ok && !source.isArray()
			source = source.get(part)
		default:
			return datum{}, i == 0
		}
	}
	if source.missing() {
		return doc, true
	}
	target := before
	for _, part := range c.parts {
		ok = ok && !target.isArray()
		target = target.get(part)
	}
	if !ok {
		return datum{}, false
	}
	doc, ok = oracleChange{operator: "$set", argument: source}.along(doc, c.parts)
	if !ok {
		return datum{}, false
	}
	return oracleChange{operator: "$unset"}.along(doc, from)
}
