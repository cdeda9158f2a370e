package pcre

import (
	"math"
	"slices"
)

type op uint8

const (
	opConcat       op = iota // subs, one after the other; without subs: the empty string
	opAlternate              // one of subs, the first that leads to a match
	opRepeat                 // subs[0], min to max times
	opSet                    // one code point of set; none if set is empty
	opCapture                // subs[0], remembered as group
	opAtomic                 // the first way in which subs[0] matches, and no other
	opLookahead              // subs[0] (negated: not) matches from here on
	opLookbehind             // subs[0] (negated: not) matches up to here
	opBackref                // what group has captured, in any case if fold
	opCondition              // subs[0] if group has captured (or the assertion subs[2], if there is one, holds), else subs[1]
	opBeginText              // \A, \G, and ^ without m
	opEndText                // \z
	opEndOrNewline           // \Z, and $ without m: the end, or before a newline that is the last thing
	opBeginLine              // ^ with m: the beginning, or after a newline that is not the last thing
	opEndLine                // $ with m: the end, or before a newline
	opBoundary               // \b (negated: \B): between a code point of set and one that is not
)

// unbounded is the max of a repeat without an upper limit.
const unbounded = math.MaxInt

// A node is a piece of a parsed pattern. Every option (i, m, s, x, U, UCP) has been worked into it: case into the sets,
// dotall into the set of a dot, and so on, so that what remains means the same whatever surrounds it.
type node struct {
	op       op
	subs     []*node
	set      runeSet
	min, max int
	lazy     bool
	negated  bool
	fold     bool
	group    int
}

func concat(subs ...*node) *node {
	if len(subs) == 1 {
		return subs[0]
	}
	return &node{op: opConcat, subs: subs}
}

func alternate(subs ...*node) *node {
	if len(subs) == 1 {
		return subs[0]
	}
	return &node{op: opAlternate, subs: subs}
}

func setNode(set runeSet) *node { return &node{op: opSet, set: set} }

// minLength is the least number of code points that the node consumes.
func (n *node) minLength() int {
	switch n.op {
	case opSet:
		return 1
	case opConcat:
		total := 0
		for _, sub := range n.subs {
			total = addCapped(total, sub.minLength())
		}
		return total
	case opAlternate:
		least := hugeSize
		for _, sub := range n.subs {
			least = min(least, sub.minLength())
		}
		return least
	case opCondition:
		return min(n.subs[0].minLength(), n.subs[1].minLength())
	case opRepeat:
		return multiplyCapped(n.subs[0].minLength(), n.min)
	case opCapture, opAtomic:
		return n.subs[0].minLength()
	default:
		return 0
	}
}

// weight is the size of an automaton for the node, in states, with every counted repeat written out.
func (n *node) weight() int {
	total := 0
	for _, sub := range n.subs {
		total = addCapped(total, sub.weight())
	}
	switch {
	case n.op != opRepeat:
	case n.max == unbounded:
		total = multiplyCapped(total, n.min+1)
	default:
		total = multiplyCapped(total, n.max)
	}
	return addCapped(total, 1+len(n.set)/rangesPerState)
}

// rangesPerState sets the memory of a set's ranges off against that of a state of Go's automata.
const rangesPerState = 16

// hugeSize is where sizes stop growing: any limit is far below.
const hugeSize = math.MaxInt32

func addCapped(a, b int) int { return min(a+b, hugeSize) }

func multiplyCapped(a, b int) int {
	if b != 0 && a > hugeSize/b {
		return hugeSize
	}
	return min(a*b, hugeSize)
}

// fixedLength is the number of code points that the node consumes, if it is always the same.
func (n *node) fixedLength() (length int, ok bool) {
	switch n.op {
	case opSet:
		return 1, true
	case opConcat:
		for _, sub := range n.subs {
			one, ok := sub.fixedLength()
			if !ok {
				return 0, false
			}
			length = addCapped(length, one)
		}
		return length, true
	case opAlternate:
		length, ok = n.subs[0].fixedLength()
		for _, sub := range n.subs[1:] {
			one, same := sub.fixedLength()
			ok = ok && same && one == length
		}
		return length, ok
	case opRepeat:
		length, ok = n.subs[0].fixedLength()
		return multiplyCapped(length, n.min), ok && n.min == n.max || n.subs[0].op == opLookahead
	case opCapture, opAtomic:
		return n.subs[0].fixedLength()
	case opBackref, opCondition:
		return 0, false
	default:
		return 0, true
	}
}

// has reports whether the node or one within it is of the kind.
func (n *node) has(o op) bool {
	return n.op == o || slices.ContainsFunc(n.subs, func(sub *node) bool { return sub.has(o) })
}
