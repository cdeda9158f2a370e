package query

import (
	"bytes"
	"slices"
)

// maxRanges is how many ranges a plan has at the most; beyond, a plan looks at
// fewer of an index's paths.
const maxRanges = 200_000

// Plan says how a store finds the documents that a filter selects, in the order
// of a sort.
type Plan struct {
	// Scans are the parts of the plan; a document may be found by several of
	// them, or by one scan several times. None finds nothing: the filter
	// contradicts itself.
	Scans []Scan
	// Exact tells that every document found is selected. Otherwise Filter.Match
	// decides about each.
	Exact bool
	// Sorted is how many of the sort's paths the documents come in order of.
	Sorted int
}

// Scan is a walk over ranges of an index, or over all documents.
type Scan struct {
	Index   *Index // nil: all documents, in the order of their insertion
	Ranges  []Range
	Reverse bool // from the last range's end to the first one's start
	exact   bool
	sorted  int
}

// Range is a range of an index's keys, as Index.Keys makes them: all keys from
// Low on that are below High. A High of nil is above all keys.
type Range struct{ Low, High []byte }

// NewPlan chooses how to find what a filter selects, among the indexes of a
// collection. after, if not empty, is a key of the sort (Sort.AppendKey): only
// documents whose keys are not below it are wanted.
func NewPlan(filter *Filter, sort *Sort, limit int64, after []byte, indexes []*Index) Plan {
	p := planner{sort: sort, limit: limit, after: after, indexes: indexes}
	return p.plan(filter.root)
}

type planner struct {
	sort    *Sort
	limit   int64
	after   []byte
	indexes []*Index
}

// conjuncts returns the nodes that all must hold for n to hold.
func conjuncts(n node) []node {
	all, ok := n.(*and)
	if !ok {
		return []node{n}
	}
	var flat []node
	for _, child := range all.children {
		flat = append(flat, conjuncts(child)...)
	}
	return flat
}

func (p planner) plan(root node) Plan {
	conditions := conjuncts(root)
	if slices.ContainsFunc(conditions, func(n node) bool { _, is := n.(never); return is }) {
		return Plan{Exact: true}
	}
	best := p.best(conditions)
	if best.value < valueOfPoints {
		if plan, ok := p.disjunction(conditions); ok {
			return plan
		}
	}
	scan := best.scan
	if scan.Index != nil && len(scan.Ranges) == 0 {
		return Plan{Exact: true}
	}
	return Plan{Scans: []Scan{scan}, Exact: scan.exact, Sorted: scan.sorted}
}

// disjunction plans an $or among the conditions by an index for each branch.
func (p planner) disjunction(conditions []node) (Plan, bool) {
	for _, condition := range conditions {
		either, ok := condition.(*or)
		if !ok {
			continue
		}
		if plan, ok := p.union(either.children); ok {
			plan.Exact = plan.Exact && len(conditions) == 1
			return plan, true
		}
	}
	return Plan{}, false
}

func (p planner) union(branches []node) (Plan, bool) {
	plan := Plan{Exact: true}
	unordered := planner{sort: &Sort{}, indexes: p.indexes}
	for _, branch := range branches {
		part := unordered.plan(branch)
		for _, scan := range part.Scans {
			if scan.Index == nil {
				return Plan{}, false
			}
		}
		plan.Scans = append(plan.Scans, part.Scans...)
		plan.Exact = plan.Exact && part.Exact
	}
	plan.Scans = mergeScans(plan.Scans)
	return plan, true
}

// mergeScans makes one scan of all that walk the same index.
func mergeScans(scans []Scan) []Scan {
	var merged []Scan
	at := map[*Index]int{}
	for _, scan := range scans {
		if i, ok := at[scan.Index]; ok {
			merged[i].Ranges = append(merged[i].Ranges, scan.Ranges...)
			continue
		}
		at[scan.Index] = len(merged)
		merged = append(merged, scan)
	}
	for i := range merged {
		merged[i].Ranges = joinRanges(merged[i].Ranges)
	}
	return merged
}

func joinRanges(ranges []Range) []Range {
	set := make(intervals, len(ranges))
	for i, r := range ranges {
		set[i] = interval{r.Low, r.High}
	}
	set = normalized(set)
	ranges = ranges[:0]
	for _, i := range set {
		ranges = append(ranges, Range{i.low, i.high})
	}
	return ranges
}

// candidate is a scan with what it is worth: more is better.
type candidate struct {
	scan  Scan
	value int
}

// The values of candidates. An index whose paths are bound to points, as by $eq
// and $in, is taken for the narrowest, then ranges with two ends, then with one,
// then what is left by $ne. An index in the order of the sort is better than
// sorting, but only worth more than a range where a limit ends the walk early.
const (
	valueOfNothing    = 0
	valueOfComplement = 10
	valueOfOrder      = 20
	valueOfHalfRange  = 30
	valueOfLimitOrder = 40
	valueOfRange      = 50
	valueOfPoints     = 100
)

func (p planner) best(conditions []node) candidate {
	best := candidate{scan: Scan{exact: len(conditions) == 0}}
	for _, index := range p.indexes {
		if !index.covers(conditions) {
			continue
		}
		if c := p.candidate(index, conditions); c.value > best.value {
			best = c
		}
	}
	return best
}

// covers tells whether a partial index has all documents for which the
// conditions hold: each of its own conditions must follow from one of them.
func (x *Index) covers(conditions []node) bool {
	if x.Partial == nil {
		return true
	}
	for _, own := range conjuncts(x.Partial.root) {
		if !slices.ContainsFunc(conditions, func(n node) bool { return implies(n, own) }) {
			return false
		}
	}
	return true
}

// implies tells whether one predicate follows from another: both ask about the
// same path, and the values that satisfy the one satisfy the other. Where there
// are arrays that holds only if both ask for some value, or both for none.
func implies(given, wanted node) bool {
	a, b := pathOf(given), pathOf(wanted)
	if a == nil || b == nil || !slices.Equal(a.parts, b.parts) || given.rank() == rankNot != (wanted.rank() == rankNot) {
		return false
	}
	known, asked := boundsOf(given, false), boundsOf(wanted, false)
	return asked.exact && known.exact && known.keys.within(asked.keys)
}

// pathOf returns the path that a node asks about, or nil.
func pathOf(n node) *path {
	switch n := n.(type) {
	case *field:
		return &n.path
	case *not:
		return pathOf(n.child)
	}
	return nil
}

// candidate is the best scan of one index.
func (p planner) candidate(index *Index, conditions []node) candidate {
	c := candidate{scan: Scan{Index: index}}
	used := map[node]bool{}
	if index.Partial != nil {
		c.value++ // a partial index is the smaller one
		for _, n := range conditions {
			if slices.ContainsFunc(conjuncts(index.Partial.root), func(own node) bool { return implies(own, n) }) {
				used[n] = true
			}
		}
	}
	fields := index.fieldBounds(conditions, used)
	c.scan.sorted, c.scan.Reverse = p.order(index, fields)
	fields = p.resume(index, fields, c.scan)
	c.scan.Ranges, c.scan.exact = index.ranges(fields)
	for _, n := range conditions {
		c.scan.exact = c.scan.exact && used[n]
	}
	for _, f := range fields {
		c.scan.exact = c.scan.exact && f.exact
	}
	c.value += p.value(fields, c.scan)
	return c
}

// fieldBounds returns the bounds of each of the index's paths, and notes which
// conditions they are made of. After the first path that is not bound to points
// no other is bounded: its keys are not in one piece.
func (x *Index) fieldBounds(conditions []node, used map[node]bool) []bounds {
	fields := make([]bounds, len(x.paths))
	points := true
	for i, p := range x.paths {
		fields[i] = bounds{allKeys, true}
		if !points || x.Multikey && x.sharesArray(i) {
			continue
		}
		fields[i] = x.pathBounds(p, conditions, used)
		points = fields[i].keys.points()
	}
	return fields
}

// sharesArray tells whether path i may lead through the same array as one before
// it: then a document's values for both need not be of one element.
func (x *Index) sharesArray(i int) bool {
	return slices.ContainsFunc(x.paths[:i], func(p path) bool { return p.parts[0] == x.paths[i].parts[0] })
}

// pathBounds combines the conditions on a path: all of them, or, where a
// document may have several keys, the one that leaves the fewest.
func (x *Index) pathBounds(p path, conditions []node, used map[node]bool) bounds {
	combined := bounds{allKeys, true}
	var only node
	for _, n := range conditions {
		asked := pathOf(n)
		if asked == nil || !slices.Equal(asked.parts, p.parts) {
			continue
		}
		b := boundsOf(n, x.Multikey)
		if !x.Multikey {
			combined = bounds{combined.keys.intersect(b.keys), combined.exact && b.exact}
			used[n] = true
			continue
		}
		if only == nil || narrower(b.keys, combined.keys) {
			combined, only = b, n
		}
	}
	if only != nil {
		used[only] = true
	}
	return combined
}

// narrower guesses which of two sets has fewer keys.
func narrower(a, b intervals) bool { return rating(a) > rating(b) }

// rating is the value of bounds, see the values of candidates.
func rating(set intervals) int {
	switch {
	case len(set) == 0 || set.points():
		return valueOfPoints
	case set.whole():
		return valueOfNothing
	case len(set[0].low) == 0 && set[len(set)-1].high == nil:
		return valueOfComplement
	case set[len(set)-1].high == nil || len(set[0].low) <= 1 || len(set[len(set)-1].high) <= 1:
		return valueOfHalfRange
	}
	return valueOfRange
}

func (p planner) value(fields []bounds, scan Scan) int {
	value := 0
	for _, f := range fields {
		r := rating(f.keys)
		value += r
		if r < valueOfPoints {
			break
		}
	}
	if scan.Index.Unique != NotUnique && value == len(fields)*valueOfPoints {
		value++
	}
	if scan.sorted > 0 && scan.sorted == len(p.sort.paths) || scan.sorted > 0 && p.limit > 0 {
		order := valueOfOrder
		if p.limit > 0 {
			order = valueOfLimitOrder
		}
		value = max(value, order) + 5
	}
	return value
}

// order tells how many of the sort's paths a walk over the index gives the order
// of, and in which direction. Paths that are bound to one point have no part in
// it.
func (p planner) order(index *Index, fields []bounds) (sorted int, reverse bool) {
	if index.Multikey || index.Unordered {
		return 0, false
	}
	directed := false
	for i := 0; i < len(index.paths) && sorted < len(p.sort.paths); i++ {
		points := fields[i].keys.points()
		fixed := points && len(fields[i].keys) == 1
		if !slices.Equal(index.paths[i].parts, p.sort.paths[sorted].parts) {
			if fixed {
				continue
			}
			break
		}
		opposite := index.down[i] != p.sort.down[sorted]
		if directed && opposite != reverse && !fixed {
			break
		}
		if !fixed {
			directed, reverse = true, opposite
		}
		sorted++
		if points && !fixed {
			break // what follows is in order only within each of the points
		}
	}
	return sorted, reverse
}

// resume leaves out of the first path's bounds what lies before the key after
// which to go on.
func (p planner) resume(index *Index, fields []bounds, scan Scan) []bounds {
	if len(p.after) == 0 || scan.sorted == 0 || !slices.Equal(index.paths[0].parts, p.sort.paths[0].parts) {
		return fields
	}
	first := p.after
	if p.sort.down[0] {
		first = inverse(first)
	}
	first = cutKey(first[:max(0, keyLength(first))])
	rest := interval{low: first}
	if p.sort.down[0] {
		rest = interval{high: successor(first)}
	}
	fields[0].keys = fields[0].keys.intersect(intervals{rest})
	return fields
}

// ranges returns the ranges of the index's keys that the bounds of its paths
// make, and whether they are made of all these bounds.
func (x *Index) ranges(fields []bounds) (ranges []Range, all bool) {
	ranges = []Range{{}}
	for i, f := range fields {
		keys := f.keys
		if x.down[i] {
			keys = keys.inverted()
		}
		if keys.whole() {
			break
		}
		if i > 0 && len(ranges)*len(keys) > maxRanges {
			return ranges, false
		}
		ranges = combine(ranges, keys)
		if !f.keys.points() {
			break
		}
	}
	return ranges, true
}

// combine appends each of a field's intervals to each of the ranges of the
// fields before, which are points.
func combine(ranges []Range, keys intervals) []Range {
	combined := make([]Range, 0, len(ranges)*len(keys))
	for _, r := range ranges {
		for _, k := range keys {
			next := Range{Low: append(bytes.Clone(r.Low), k.low...), High: r.High}
			if k.high != nil {
				next.High = append(bytes.Clone(r.Low), k.high...)
			}
			combined = append(combined, next)
		}
	}
	return combined
}
