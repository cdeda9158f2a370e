package query

import "slices"

// Plan says how a store finds the documents that a filter selects, in the order
// of a sort.
type Plan struct {
	// Scans are the parts of the plan; a document may be found by several of
	// them, or by one scan several times. None finds nothing: the filter
	// contradicts itself.
	Scans []Scan
	// Exact tells that every document found is selected. Otherwise Rest decides
	// about each: it is what of the filter the scans leave open.
	Exact bool
	Rest  *Filter
	// Sorted is how many of the sort's paths the documents come in order of.
	Sorted int
}

// Scan is a walk over ranges of an index, or over all documents.
type Scan struct {
	Index   *Index  // nil: all documents, in the order of their insertion
	Ranges  []Range // in order, none of them empty, no two with a key in common
	Reverse bool    // from the last range's end to the first one's start
}

// NewPlan chooses how to find what a filter selects, among the indexes of a
// collection. after, if not empty, is a key of the sort (Sort.AppendKey): only
// documents whose keys are not below it are wanted. Without a census the choice is
// made by the forms of the conditions alone.
func NewPlan(filter *Filter, sort *Sort, limit int64, after []byte, indexes []*Index, census Census) Plan {
	p := planner{sort: sort, limit: limit, after: after, indexes: indexes, census: census}
	plan, _ := p.plan(filter.root)
	if !plan.Exact && plan.Rest == nil {
		plan.Rest = filter
	}
	return plan
}

type planner struct {
	sort    *Sort
	limit   int64
	after   []byte
	indexes []*Index
	census  Census
}

// plan returns the best plan for a node, and what it is worth.
func (p planner) plan(root node) (Plan, int) {
	conditions := conditionsOf(root)
	if slices.ContainsFunc(conditions, condition.impossible) {
		return Plan{Exact: true}, worthOfNone
	}
	candidates := p.candidates(conditions)
	var best candidate
	for _, c := range candidates {
		if c.worth > best.worth {
			best = c
		}
	}
	plan, worth := p.carryOut(best, conditions), best.worth
	if worth < worthOfPoints {
		if union, w := p.disjunction(conditions); w > worth {
			plan, worth = union, w
		}
	}
	if p.census != nil && worth < worthOfUnique {
		plan = p.narrowed(plan, candidates, conditions)
	}
	return plan, worth
}

// candidates are the indexes that may serve, with what the conditions leave of each.
func (p planner) candidates(conditions []condition) (candidates []candidate) {
	for _, index := range p.indexes {
		if index.covers(conditions) {
			if c := p.candidate(index, conditions); c.worth > 0 {
				candidates = append(candidates, c)
			}
		}
	}
	return candidates
}

// carryOut makes a plan of a candidate.
func (p planner) carryOut(c candidate, conditions []condition) Plan {
	if c.index == nil {
		return Plan{Scans: []Scan{{}}, Exact: len(conditions) == 0}
	}
	rest := c.undecided(conditions)
	p.resume(&c)
	list := c.ranges()
	if len(list) == 0 {
		return Plan{Exact: true}
	}
	plan := Plan{
		Scans:  []Scan{{Index: c.index, Ranges: list, Reverse: c.reverse}},
		Exact:  len(rest) == 0,
		Sorted: c.sorted,
	}
	if !plan.Exact {
		plan.Rest = partOf(&and{rest})
	}
	return plan
}

// disjunction plans an $or among the conditions by an index for each branch. It
// is worth nothing if there is none.
func (p planner) disjunction(conditions []condition) (best Plan, worth int) {
	for _, c := range conditions {
		either, ok := c.node.(*or)
		if !ok {
			continue
		}
		if plan, w := p.union(either.children); w > worth {
			plan.Exact, plan.Rest = plan.Exact && len(conditions) == 1, nil
			best, worth = plan, w
		}
	}
	return best, worth
}

// union plans each of the branches by itself. It is worth what the worst branch
// is, and nothing if that would walk most of an index: walking all documents
// once is cheaper.
func (p planner) union(branches []node) (plan Plan, worth int) {
	plan, worth = Plan{Exact: true}, worthOfNone
	unordered := planner{sort: &Sort{}, indexes: p.indexes, census: p.census}
	for _, branch := range branches {
		part, w := unordered.plan(branch)
		if w <= worthOfRest {
			return Plan{}, 0
		}
		plan.Scans = append(plan.Scans, part.Scans...)
		plan.Exact = plan.Exact && part.Exact
		worth = min(worth, w)
	}
	plan.Scans = mergeScans(plan.Scans)
	return plan, worth
}

// mergeScans makes one scan of all that walk the same index.
func mergeScans(scans []Scan) []Scan {
	var merged []Scan
	at := map[*Index]int{}
	for _, scan := range scans {
		i, ok := at[scan.Index]
		if !ok {
			i = len(merged)
			at[scan.Index] = i
			merged = append(merged, Scan{Index: scan.Index})
		}
		merged[i].Ranges = append(merged[i].Ranges, scan.Ranges...)
	}
	for i := range merged {
		merged[i].Ranges = normalized(merged[i].Ranges)
	}
	return merged
}
