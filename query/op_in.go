package query

import (
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// in is $in: one of many equalities and regular expressions.
type in struct {
	unwinding
	values  []value // in BSON's order, each once
	regexes []*regex
	null    bool // null is among the values, which missing equals

	// The bounds of a long list take longer to make than to use: they are kept,
	// in an index without arrays and in a multikey one.
	plain, multikey keptBounds
}

type keptBounds struct {
	once sync.Once
	bounds
}

// newIn returns the predicate of a list. A list of one is that one, as MongoDB's
// optimizer has it.
func newIn(values []value, regexes []*regex) operator {
	slices.SortFunc(values, compare)
	values = slices.CompactFunc(values, func(a, b value) bool { return compare(a, b) == 0 })
	switch {
	case len(values) == 1 && len(regexes) == 0:
		return newComparison(opEq, values[0])
	case len(values) == 0 && len(regexes) == 1:
		return regexes[0]
	}
	null := slices.ContainsFunc(values, func(v value) bool { return v.kind == bson.TypeNull })
	return &in{values: values, regexes: regexes, null: null}
}

func (n *in) rank() int { return rankIn }

func (n *in) matches(v value, q *question) (bool, error) {
	if v.missing() {
		return n.null, nil
	}
	if _, found := slices.BinarySearchFunc(n.values, v, compare); found {
		return true, nil
	}
	for _, re := range n.regexes {
		if ok, err := re.matches(v, q); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
