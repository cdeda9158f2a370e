package query

import "slices"

// Difference takes a filter that asks for A and not B apart: the documents that it
// selects are those that all selects, A, but for those that excepted selects, A and
// B. So they can be counted without looking at each. It tells false if the filter
// has no such form. The two filters have no Source.
func (f *Filter) Difference() (all, excepted *Filter, ok bool) {
	conditions := []node{f.root}
	if root, isAnd := f.root.(*and); isAnd {
		conditions = root.children
	}
	for i, condition := range conditions {
		if negation, isNot := condition.(*not); isNot {
			others := slices.Delete(slices.Clone(conditions), i, i+1)
			all = partOf(conjunction(others))
			excepted = partOf(conjunction(append(slices.Clone(others), negation.child)))
			return all, excepted, true
		}
	}
	return nil, nil, false
}
