package query

import (
	"maps"
	"slices"
)

// What tests ask of the keys of indexes.
var (
	KeyLength = keyLength
	MaxKey    = maxKeySize
	MaxRanges = maxRanges
)

// Operators are the operators of expressions, but for those that have variables or
// look at some arguments before there is a document, with the names of arguments, if
// these have names.
func Operators() map[string][]string {
	operators := map[string][]string{"$convert": {"input", "to", "onError", "onNull"}}
	for name, n := range namedOperators {
		for _, parameter := range n.parameters {
			operators[name] = append(operators[name], parameter.name)
		}
	}
	for name := range severalOperators {
		operators[name] = []string{"n", "input"}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(plain)), slices.Collect(maps.Keys(exponentials)),
		slices.Collect(maps.Keys(trigonometry)), slices.Collect(maps.Keys(dateParts)),
		slices.Collect(maps.Keys(conversions)), slices.Collect(maps.Keys(statistics)), []string{"$and", "$or", "$cond", "$ifNull"}) {
		operators[name] = nil
	}
	delete(operators, "$setEquals") // what is constant has a code of its own
	return operators
}
