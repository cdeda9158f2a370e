package query

import "slices"

// Fallible returns the name of an operator of the filter that may fail of a document,
// so that nobody knows whether it is selected: $expr, or $regex, which has a budget. It
// is "" if there is none. A partial index, which has to know, must not have one.
func (f *Filter) Fallible() string { return fallible(f.root) }

func fallible(n node) (operator string) {
	anyLeaf(n, func(leaf node) bool {
		switch leaf := leaf.(type) {
		case *exprNode:
			operator = "$expr"
		case *field:
			operator = fallibleTest(leaf.test)
		}
		return operator != ""
	})
	return operator
}

func fallibleTest(test operator) string {
	switch test := test.(type) {
	case *regex:
		return test.fallible()
	case *in:
		if i := slices.IndexFunc(test.regexes, func(re *regex) bool { return re.fallible() != "" }); i >= 0 {
			return test.regexes[i].fallible()
		}
	case *elemMatchValue:
		return fallible(test.condition)
	case *elemMatchObject:
		return fallible(test.condition)
	}
	return ""
}

// fallible is Filter.Fallible for a regular expression: what is a glob in truth takes
// no budget.
func (r *regex) fallible() string {
	if _, ok := r.text.(wholeGlob); ok {
		return ""
	}
	return "$regex"
}
