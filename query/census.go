package query

// Census tells how many entries of its index a scan has, as far as that is cheaply
// told, but no more than limit: a scan of which it knows nothing has limit. Only
// what a plan costs depends on it, and not what the plan finds.
type Census func(scan Scan, limit int64) int64

// How far a census counts: first to cheapest, whose walk is cheaper than to compare;
// then further and further, since what is counted is less than what the narrowest
// rival would have to read; at last to widest, behind which rivals are taken to be
// alike. With a limit, and an index that gives the order, it is narrowest behind which
// a walk in that order is taken to meet enough of what is selected; and ordered is
// how many times as far as the narrowest rival such an index is counted.
const (
	censusCheapest  = 64
	censusFactor    = 4
	censusOrdered   = 8
	censusNarrowest = 1 << 14
	censusWidest    = 1 << 18
)

// narrowed returns, of the plan that is worth most and its rivals, the one that has
// the fewest entries to look at.
func (p planner) narrowed(plan Plan, candidates []candidate, conditions []condition) Plan {
	if p.isBest(plan) {
		return plan
	}
	rivals := []Plan{plan}
	for _, c := range candidates {
		if p.rivals(&c) && !plan.walks(c.index) {
			rivals = append(rivals, p.carryOut(c, conditions))
		}
	}
	if len(rivals) < 2 || p.count(plan, censusCheapest) < censusCheapest {
		return plan
	}
	for limit := int64(censusCheapest * censusFactor); limit <= censusWidest; limit *= censusFactor {
		if limit > censusNarrowest {
			for _, rival := range rivals {
				if p.endsEarly(rival) {
					return rival
				}
			}
		}
		least := limit
		for _, rival := range rivals {
			if n := p.count(rival, limit); n < least {
				least, plan = n, rival
			}
		}
		if least < limit {
			return p.orderedInstead(plan, least, rivals)
		}
	}
	return plan
}

// orderedInstead returns a rival that gives the order, if it is expected to meet as
// many documents as are asked for before it has looked at n, the entries of the
// narrowest plan: where those that are selected are spread evenly over its own.
func (p planner) orderedInstead(narrowest Plan, n int64, rivals []Plan) Plan {
	if p.limit == 0 || p.limit >= n {
		return narrowest
	}
	most := min(n*n/p.limit, n*censusOrdered)
	for _, rival := range rivals {
		if p.endsEarly(rival) && p.count(rival, most) < most {
			return rival
		}
	}
	return narrowest
}

// isBest tells whether a plan needs no comparison: it looks at nothing but what is
// selected, and at no more of that than is asked for.
func (p planner) isBest(plan Plan) bool { return plan.Exact && (p.limit == 0 || p.endsEarly(plan)) }

// rivals tells whether a candidate may be much cheaper than it is worth: conditions
// leave a part of its index that may be small, or there is a limit and it gives the
// order.
func (p planner) rivals(c *candidate) bool {
	return c.index.Partial != nil || len(c.fields) > 0 && c.fields[0].worth() >= worthOfBelow ||
		p.limit > 0 && p.ordered(c.sorted)
}

// walks tells whether the plan is a walk over an index.
func (plan *Plan) walks(index *Index) bool {
	return len(plan.Scans) == 1 && plan.Scans[0].Index == index
}

// endsEarly tells whether a walk ends when it has come upon as many documents as
// are asked for.
func (p planner) endsEarly(plan Plan) bool {
	return p.limit > 0 && len(plan.Scans) == 1 && (p.sort.Len() == 0 || p.ordered(plan.Sorted))
}

// ordered tells whether the first paths of the sort order the documents, but for an
// _id that breaks ties, as that of pages does.
func (p planner) ordered(sorted int) bool {
	return sorted > 0 && (sorted == p.sort.Len() || sorted == p.sort.Len()-1 && p.sort.paths[sorted].String() == "_id")
}

// count returns how many entries a plan looks at, but no more than limit.
func (p planner) count(plan Plan, limit int64) (n int64) {
	for _, scan := range plan.Scans {
		n += p.census(scan, limit-n)
		if n >= limit {
			return limit
		}
	}
	return n
}
