package query

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"
)

// selection holds the n values with the smallest keys, or the largest, of those that
// it is offered. It is a heap whose first value is the next to give way: of those
// with the outermost key the one that came last, if the smallest are wanted, or
// first.
type selection struct {
	n       int64
	largest bool
	values  []selected
	offered int
}

// selected is a value with its key, and when it came.
type selected struct {
	key  []byte
	v    value
	came int
}

func (s selected) compare(other selected) int {
	return cmp.Or(bytes.Compare(s.key, other.key), cmp.Compare(s.came, other.came))
}

// perSelected is about how many bytes it takes to hold a value, beside its own and
// its key's.
const perSelected = 2 * perValue

// offer takes a value if it is one of the n, and returns how many more bytes are
// held.
func (s *selection) offer(key []byte, v value) (grown int) {
	s.offered++
	next := selected{key, v, s.offered}
	if int64(len(s.values)) < s.n {
		heap.Push(s, next)
		return len(key) + len(v.data) + perSelected
	}
	order := bytes.Compare(key, s.values[0].key)
	if s.largest && order <= 0 || !s.largest && order >= 0 {
		return 0
	}
	grown = len(key) + len(v.data) - len(s.values[0].key) - len(s.values[0].v.data)
	s.values[0] = next
	heap.Fix(s, 0)
	return grown
}

// ascending are the values in the order of their keys.
func (s *selection) ascending() []value {
	sorted := slices.SortedFunc(slices.Values(s.values), selected.compare)
	values := make([]value, len(sorted))
	for i, next := range sorted {
		values[i] = next.v
	}
	return values
}

func (s *selection) Len() int { return len(s.values) }

func (s *selection) Less(i, j int) bool {
	return s.values[i].compare(s.values[j]) < 0 == s.largest
}

func (s *selection) Swap(i, j int) { s.values[i], s.values[j] = s.values[j], s.values[i] }

func (s *selection) Push(next any) { s.values = append(s.values, next.(selected)) }

// Pop is not called: nothing is taken out but for something else.
func (s *selection) Pop() any { panic("a selection does not shrink") }
