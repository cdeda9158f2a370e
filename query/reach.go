package query

import "github.com/taskdb/taskdb/internal/pcre"

// Reach is how often the filter may look at each byte of a document, at most, as far as
// that is counted. Filters of few predicates have little; one path has much if it has
// many parts that are keys and indexes alike, which lead through arrays in ever more ways.
func (f *Filter) Reach() int { return f.reach }

// reachOf is Filter.Reach of a node.
func reachOf(n node) int {
	switch n := n.(type) {
	case *and:
		return reachOfAll(n.children)
	case *or:
		return reachOfAll(n.children)
	case *nor:
		return reachOfAll(n.children)
	case *not:
		return reachOf(n.child)
	case *field:
		return min(briefly, n.path.ways()*reachOfTest(n.test))
	}
	return 1 // an $expr, which has a time of its own
}

func reachOfAll(list []node) (sum int) {
	for _, n := range list {
		sum = min(briefly, sum+reachOf(n))
	}
	return sum
}

// perRegex is how often a regular expression is taken to look at a text that does so once.
const perRegex = 1 << 9

func reachOfTest(test operator) int {
	switch test := test.(type) {
	case *regex:
		return test.reach()
	case *in:
		sum := 1
		for _, re := range test.regexes {
			sum = min(briefly, sum+re.reach())
		}
		return sum
	case *bits:
		return test.reach()
	case *elemMatchValue:
		return 1 + reachOf(test.condition)
	case *elemMatchObject:
		return 1 + reachOf(test.condition)
	}
	return 1
}

func (r *regex) reach() int {
	switch text := r.text.(type) {
	case wholeGlob:
		return 1
	case *pcre.Regexp:
		if text.Backtracks() {
			return briefly
		}
	}
	return perRegex
}

// ways is how often each byte of a document may be looked at to follow the path: for each
// of its parts, and twice as often for each that may be the index of an array's element.
func (p path) ways() int {
	ways := len(p.parts)
	for i := range p.parts {
		if p.indexes[i] >= 0 {
			ways = min(briefly, 2*ways)
		}
	}
	return ways
}

func (b *bits) reach() (n int) {
	for range b.positions {
		if n++; n == briefly {
			break
		}
	}
	return n
}
