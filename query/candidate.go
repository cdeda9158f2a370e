package query

import (
	"bytes"
	"slices"
)

// maxRanges is how many ranges a scan has at the most, but for those of an
// index's first path; what would take more is left to the filter.
const maxRanges = 200_000

// candidate is one index with what the conditions leave of its keys. The zero
// value is no index: all documents.
type candidate struct {
	index *Index
	// fields are the bounds of the index's first paths. Behind a path that is not
	// bound to points no other is bounded: its keys are not in one piece.
	fields  []fieldBounds
	sorted  int  // how many of the sort's paths a walk gives the order of
	reverse bool // whether it does so backwards
	worth   int
}

// fieldBounds are the bounds of one path of an index.
type fieldBounds struct {
	bounds
	points bool // each range is one key
	only   node // the one condition that the bounds are made of; nil: all on the path
}

func newFieldBounds(b bounds, only node) fieldBounds {
	return fieldBounds{bounds: b, points: b.keys.points(), only: only}
}

func (p planner) candidate(index *Index, conditions []condition) candidate {
	c := candidate{index: index}
	count := 1
	for i := range index.paths {
		f := index.fieldBounds(i, conditions)
		count *= len(f.keys)
		if f.keys.whole() || i > 0 && count > maxRanges {
			break
		}
		c.fields = append(c.fields, f)
		if !f.points {
			break
		}
	}
	c.sorted, c.reverse = p.order(&c)
	c.worth = p.worth(&c)
	return c
}

// fieldBounds returns the bounds of the index's i-th path: what all conditions
// on it leave, or, where a document may have several keys, the one that leaves
// the least.
func (x *Index) fieldBounds(i int, conditions []condition) fieldBounds {
	f := fieldBounds{bounds: bounds{allKeys, true}}
	if x.Multikey && (x.sharesArray(i) || x.paths[i].positional()) {
		return f
	}
	for _, c := range conditions {
		switch {
		case !c.asksAbout(x.paths[i]):
		case x.Multikey:
			if next := newFieldBounds(boundsOf(c.node, true), c.node); next.worth() > f.worth() {
				f = next
			}
		default:
			f = newFieldBounds(f.and(boundsOf(c.node, false)), nil)
		}
	}
	return f
}

// sharesArray tells whether path i may lead through the same array as one before
// it: then a document's values for both need not be of one element.
func (x *Index) sharesArray(i int) bool {
	return slices.ContainsFunc(x.paths[:i], func(p path) bool { return p.parts[0] == x.paths[i].parts[0] })
}

func (p path) equal(other path) bool { return slices.Equal(p.parts, other.parts) }

// positional tells whether a part of the path may be an array's index. Such a
// path reaches values in an array that its keys do not tell (P4, P5).
func (p path) positional() bool {
	return slices.ContainsFunc(p.indexes, func(index int) bool { return index >= 0 })
}

// fixed tells whether the index's i-th path is bound to one point.
func (c *candidate) fixed(i int) bool {
	return i < len(c.fields) && c.fields[i].points && len(c.fields[i].keys) == 1
}

// order tells how many of the sort's paths a walk over the index gives the order
// of, and in which direction. Paths that are fixed have no part in it.
func (p planner) order(c *candidate) (sorted int, reverse bool) {
	x := c.index
	if x.Multikey || x.Unordered {
		return 0, false
	}
	directed := false
	for i := 0; i < len(x.paths) && sorted < len(p.sort.paths); i++ {
		fixed := c.fixed(i)
		if !x.paths[i].equal(p.sort.paths[sorted]) {
			if fixed {
				continue
			}
			break
		}
		if !fixed {
			opposite := x.down[i] != p.sort.down[sorted]
			if directed && opposite != reverse {
				break
			}
			directed, reverse = true, opposite
		}
		sorted++
	}
	return sorted, reverse
}

// resume leaves out what lies before the key to go on after: on the first path
// of the sort that is not fixed.
func (p planner) resume(c *candidate) {
	after, sorted := p.after, 0
	for i := 0; sorted < c.sorted && len(after) > 0; i++ {
		if !c.index.paths[i].equal(p.sort.paths[sorted]) {
			continue
		}
		key, rest := firstKey(after, p.sort.down[sorted])
		switch {
		case !c.fixed(i):
			c.bound(i, onwards(key, p.sort.down[sorted]))
			return
		case !bytes.Equal(c.fields[i].keys[0].Low, key):
			return // all lie on the same side of the key
		}
		after, sorted = rest, sorted+1
	}
}

// firstKey takes the first path's key off a key of a sort. It returns none if
// there is no whole one.
func firstKey(keys []byte, down bool) (key, rest []byte) {
	upright := keys
	if down {
		upright = inverse(keys)
	}
	n := max(0, keyLength(upright))
	return upright[:n], keys[n:]
}

// onwards are the keys from one on, upwards or downwards.
func onwards(key []byte, down bool) Range {
	if down {
		return Range{High: successor(key)}
	}
	return Range{Low: key}
}

// bound leaves of the index's i-th path, the first behind those that are fixed,
// only the keys in a range.
func (c *candidate) bound(i int, within Range) {
	if i == len(c.fields) {
		c.fields = append(c.fields, fieldBounds{bounds: bounds{allKeys, true}})
	}
	c.fields[i].keys = c.fields[i].keys.intersect(ranges{within})
}

// ranges returns the ranges of the index's keys that the bounds of its paths
// make.
func (c *candidate) ranges() ranges {
	if len(c.fields) == 0 {
		return allKeys
	}
	combined := c.fieldKeys(0)
	for i := range c.fields[1:] {
		combined = combine(combined, c.fieldKeys(i+1))
	}
	return combined
}

// fieldKeys are the keys that the bounds of the index's i-th path leave, in the
// order of the index.
func (c *candidate) fieldKeys(i int) ranges {
	if c.index.down[i] {
		return c.fields[i].keys.inverted()
	}
	return c.fields[i].keys
}

// combine appends each of a path's ranges to each of the points of the paths
// before.
func combine(points, keys ranges) ranges {
	combined := make(ranges, 0, len(points)*len(keys))
	for _, p := range points {
		for _, k := range keys {
			next := Range{Low: slices.Concat(p.Low, k.Low), High: p.High}
			if k.High != nil {
				next.High = slices.Concat(p.Low, k.High)
			}
			combined = append(combined, next)
		}
	}
	return combined
}

// undecided returns the conditions that may not hold for a document in the
// candidate's ranges.
func (c *candidate) undecided(conditions []condition) (open []node) {
	for _, given := range conditions {
		if !c.decides(given) && !c.index.secures(given) {
			open = append(open, given.node)
		}
	}
	return open
}

// decides tells whether a condition holds for all documents in the candidate's
// ranges: the bounds of a path are made of it, with others or alone, and leave
// nothing else.
func (c *candidate) decides(given condition) bool {
	for i, f := range c.fields {
		if f.exact && (f.only == given.node || f.only == nil && given.asksAbout(c.index.paths[i])) {
			return true
		}
	}
	return false
}
