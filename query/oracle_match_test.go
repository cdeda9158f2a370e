package query_test

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// values lists the values of a path in a document. An array at the path's end is
// taken apart if unwind is set.
func values(doc datum, parts []string, unwind bool) []datum {
	v, rest := doc.get(parts[0]), parts[1:]
	switch {
	case len(rest) == 0 && v.isArray() && unwind: // P2
		return append(elementsIn(v), v)
	case len(rest) == 0:
		return []datum{v}
	case v.isDocument():
		return values(v, rest, unwind)
	case v.isArray():
		return valuesThrough(v, rest, unwind)
	}
	return []datum{{}} // P1
}

// valuesThrough lists the values of the rest of a path from an array on (P3).
func valuesThrough(array datum, parts []string, unwind bool) []datum {
	var list []datum
	for i, element := range elementsIn(array) {
		if element.isDocument() {
			list = append(list, values(element, parts, unwind)...)
		}
		if parts[0] != strconv.Itoa(i) { // P7
			continue
		}
		switch rest := parts[1:]; {
		case len(rest) == 0: // P4
			list = append(list, element)
		case element.isDocument(): // P5
			list = append(list, values(element, rest, unwind)...)
		case element.isArray(): // P6
			list = append(list, valuesThrough(element, rest, unwind)...)
		}
	}
	return list
}

func elementsIn(array datum) []datum {
	var list []datum
	for _, f := range array.fields {
		list = append(list, f.value)
	}
	return list
}

// subject is what operators are asked about: the values of a path, or the one
// value that an $elemMatch looks at.
type subject func(unwind bool) []datum

func (s subject) some(holds func(datum) bool) bool { return slices.ContainsFunc(s(true), holds) }

// selects tells whether a filter in MongoDB's operators selects a document.
func selects(filter, doc datum) bool {
	for _, f := range filter.fields {
		if !selectsBy(f.key, f.value, doc) {
			return false
		}
	}
	return true
}

func selectsBy(key string, argument, doc datum) bool {
	selecting := func(filter datum) bool { return selects(filter, doc) }
	switch key {
	case "$and":
		return !slices.ContainsFunc(elementsIn(argument), func(filter datum) bool { return !selecting(filter) })
	case "$or":
		return slices.ContainsFunc(elementsIn(argument), selecting)
	case "$nor":
		return !slices.ContainsFunc(elementsIn(argument), selecting)
	case "$comment":
		return true
	}
	parts := strings.Split(key, ".")
	of := subject(func(unwind bool) []datum { return values(doc, parts, unwind) })
	if hasOperators(argument) {
		return allHold(argument, of)
	}
	return equals(argument, of)
}

func hasOperators(d datum) bool {
	return d.isDocument() && len(d.fields) > 0 && strings.HasPrefix(d.fields[0].key, "$") &&
		(d.get("$ref").missing() || d.get("$id").missing())
}

// equals is implicit equality, for which a regular expression is a pattern.
func equals(argument datum, of subject) bool {
	if argument.kind == bson.TypeRegex {
		pattern, options := argument.raw.Regex()
		return of.some(matching(pattern, options))
	}
	return of.some(func(v datum) bool { return compares("$eq", v, argument) })
}

func matching(pattern, options string) func(datum) bool {
	re := regexp.MustCompile("(?" + options + ":" + pattern + ")")
	return func(v datum) bool {
		switch v.kind {
		case bson.TypeString, bson.TypeSymbol:
			return re.MatchString(v.text())
		case bson.TypeRegex:
			storedPattern, storedOptions := v.raw.Regex()
			return storedPattern == pattern && storedOptions == options
		}
		return false
	}
}

func allHold(operators datum, of subject) bool {
	for _, f := range operators.fields {
		if !holds(f.key, f.value, operators, of) {
			return false
		}
	}
	return true
}

func holds(operator string, argument, siblings datum, of subject) bool {
	switch operator {
	case "$eq", "$gt", "$gte", "$lt", "$lte":
		return of.some(func(v datum) bool { return compares(operator, v, argument) })
	case "$ne": // P9
		return !holds("$eq", argument, siblings, of)
	case "$in":
		return slices.ContainsFunc(elementsIn(argument), func(m datum) bool { return equals(m, of) })
	case "$nin":
		return !holds("$in", argument, siblings, of)
	case "$not":
		if argument.kind == bson.TypeRegex {
			return !equals(argument, of)
		}
		return !allHold(argument, of)
	case "$exists":
		return of.some(func(v datum) bool { return !v.missing() }) == truth(argument)
	case "$type":
		return of.some(func(v datum) bool { return hasType(v, argument) })
	case "$size":
		n, _, _ := argument.integer()
		return slices.ContainsFunc(of(false), func(v datum) bool { return v.isArray() && int64(len(v.fields)) == n })
	case "$all":
		return holdsAll(argument, of)
	case "$elemMatch":
		return slices.ContainsFunc(of(false), func(v datum) bool {
			return v.isArray() && slices.ContainsFunc(elementsIn(v), func(e datum) bool { return elementMatches(e, argument) })
		})
	case "$regex":
		return of.some(matching(argument.text(), optionsIn(siblings)))
	case "$options":
		return true
	case "$mod":
		return of.some(func(v datum) bool { return leaves(v, argument) })
	}
	return of.some(func(v datum) bool { return bitsHold(operator, v, argument) })
}

func optionsIn(operators datum) string {
	if options := operators.get("$options"); !options.missing() {
		return options.text()
	}
	return ""
}

// compares are the rules C1 to C5 of one value against an operator's argument.
func compares(operator string, v, argument datum) bool {
	inclusive := operator == "$eq" || operator == "$gte" || operator == "$lte"
	switch {
	case v.missing() && argument.kind == bson.TypeNull: // C2
		return inclusive
	case argument.kind == bson.TypeMinKey && v.kind != bson.TypeMinKey: // C3
		return operator == "$gt" || operator == "$gte"
	case argument.kind == bson.TypeMaxKey && v.kind != bson.TypeMaxKey:
		return operator == "$lt" || operator == "$lte"
	case v.class() != argument.class(): // C1
		return false
	case v.isNaN() || argument.isNaN(): // C4
		return inclusive && v.isNaN() && argument.isNaN()
	}
	switch c := order(v, argument); operator {
	case "$eq":
		return c == 0
	case "$gt":
		return c > 0
	case "$gte":
		return c >= 0
	case "$lt":
		return c < 0
	}
	return order(v, argument) <= 0
}

func truth(d datum) bool {
	switch {
	case d.kind == bson.TypeBoolean:
		return d.raw.Boolean()
	case d.number != nil:
		return d.number.Sign() != 0
	}
	return d.kind != bson.TypeNull && d.kind != bson.TypeUndefined
}

var oracleTypeNames = map[string]bson.Type{
	"double": 1, "string": 2, "object": 3, "array": 4, "binData": 5, "undefined": 6, "objectId": 7, "bool": 8,
	"date": 9, "null": 10, "regex": 11, "dbPointer": 12, "javascript": 13, "symbol": 14, "javascriptWithScope": 15,
	"int": 16, "timestamp": 17, "long": 18, "decimal": 19, "minKey": 255, "maxKey": 127,
}

func hasType(v, argument datum) bool {
	if argument.isArray() {
		return slices.ContainsFunc(elementsIn(argument), func(a datum) bool { return hasType(v, a) })
	}
	if argument.isNumber() {
		n, _, _ := argument.integer()
		return v.kind == bson.Type(n)
	}
	if argument.text() == "number" {
		return v.isNumber()
	}
	return v.kind == oracleTypeNames[argument.text()]
}

func holdsAll(members datum, of subject) bool {
	for _, m := range members.fields {
		if hasOperators(m.value) {
			if !allHold(m.value, of) {
				return false
			}
		} else if !equals(m.value, of) {
			return false
		}
	}
	return len(members.fields) > 0
}

// elementMatches tells whether one element satisfies the argument of $elemMatch.
func elementMatches(element, argument datum) bool {
	if hasOperators(argument) && !slices.Contains([]string{"$and", "$or", "$nor", "$comment"}, argument.fields[0].key) {
		return allHold(argument, func(bool) []datum { return []datum{element} })
	}
	return (element.isDocument() || element.isArray()) && selects(argument, element)
}

func leaves(v, argument datum) bool {
	n, _, ok := v.integer()
	divisor, _, _ := argument.get("0").integer()
	remainder, _, _ := argument.get("1").integer()
	return ok && new(big.Int).Rem(big.NewInt(n), big.NewInt(divisor)).Cmp(big.NewInt(remainder)) == 0
}

// bitsHold spells numbers and masks out as lists of bits.
func bitsHold(operator string, v, argument datum) bool {
	var bit func(position int64) bool
	if n, whole, ok := v.integer(); ok && whole {
		bit = func(position int64) bool { return new(big.Int).Rsh(big.NewInt(n), uint(position)).Bit(0) == 1 }
	} else if v.kind == bson.TypeBinary {
		_, data := v.raw.Binary()
		bit = func(position int64) bool { return slices.Contains(onesIn(data), position) }
	} else {
		return false
	}
	all, wanted := strings.Contains(operator, "All"), strings.HasSuffix(operator, "Set")
	for _, position := range maskOf(argument) {
		if (bit(position) == wanted) != all {
			return !all
		}
	}
	return all
}

func maskOf(argument datum) []int64 {
	var positions []int64
	switch {
	case argument.kind == bson.TypeBinary:
		_, data := argument.raw.Binary()
		return onesIn(data)
	case argument.isArray():
		for _, p := range elementsIn(argument) {
			n, _, _ := p.integer()
			positions = append(positions, n)
		}
		return positions
	}
	n, _, _ := argument.integer()
	for i := range int64(64) {
		if n>>i&1 == 1 {
			positions = append(positions, i)
		}
	}
	return positions
}

func onesIn(data []byte) []int64 {
	var positions []int64
	for i := range 8 * len(data) {
		if data[i/8]>>(i%8)&1 == 1 {
			positions = append(positions, int64(i))
		}
	}
	return positions
}
