package query

import "slices"

// What a candidate is worth: of several, the one that is worth most is taken.
// Nothing is known of how often values occur, so that this is a judgement by the
// form of the bounds: paths that are bound to points, as by $eq and $in, are taken
// for the narrowest; then ranges with two ends; then what lies above something,
// which of times is what is recent; then what lies below; then what an $ne
// leaves. The order of an index is better than sorting, but only worth more than
// a range where a limit ends the walk early.
const (
	worthOfRest         = 100
	worthOfOrder        = 200
	worthOfBelow        = 300
	worthOfLimitedOrder = 400
	worthOfAbove        = 500
	worthOfRange        = 600
	worthOfPoints       = 1_000     // for each path
	worthOfUnique       = 100_000   // no more documents than points
	worthOfNone         = 1_000_000 // no documents
)

func (p planner) worth(c *candidate) int {
	worth := c.index.worthOfPartial()
	for _, f := range c.fields {
		worth += f.worth()
	}
	if c.unique() {
		worth += worthOfUnique
	}
	switch {
	case c.sorted == 0:
		return worth
	case p.limit > 0:
		return max(worth, worthOfLimitedOrder) + c.sorted
	}
	return max(worth, worthOfOrder) + c.sorted
}

// worthOfPartial is what it is worth that a partial index, which is smaller than
// another, has only the documents that its filter selects.
func (x *Index) worthOfPartial() int {
	if x.Partial == nil {
		return 0
	}
	worth := 1
	for _, own := range conditionsOf(x.Partial.root) {
		worth += newFieldBounds(boundsOf(own.node, false), nil).worth()
	}
	return worth
}

func (f fieldBounds) worth() int {
	switch {
	case f.keys.whole():
		return 0
	case len(f.keys) == 0:
		return worthOfNone
	case f.points:
		return worthOfPoints
	}
	// An end of one byte is that of a class: no end among the class's values.
	low, high := f.keys[0].Low, f.keys[len(f.keys)-1].High
	switch {
	case len(low) == 0 && high == nil:
		return worthOfRest
	case len(low) <= 1:
		return worthOfBelow
	case len(high) <= 1:
		return worthOfAbove
	}
	return worthOfRange
}

// unique tells whether each of the candidate's ranges has one document at most.
func (c *candidate) unique() bool {
	if c.index.Unique == NotUnique || len(c.fields) < len(c.index.paths) || !c.fields[len(c.fields)-1].points {
		return false
	}
	return !slices.ContainsFunc(c.fields[0].keys, func(r Range) bool { return !c.index.Guards(r.Low) })
}
