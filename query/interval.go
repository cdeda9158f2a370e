package query

import (
	"bytes"
	"slices"
)

// interval is a range of the keys of one field: all keys from low on that are
// below high. A high of nil is above all keys.
type interval struct{ low, high []byte }

func (i interval) empty() bool { return i.high != nil && bytes.Compare(i.low, i.high) >= 0 }

// point tells whether the interval is one key, and what begins with it.
func (i interval) point() bool {
	return keyLength(i.low) == len(i.low) && bytes.Equal(i.high, successor(i.low))
}

// intervals is a set of keys: intervals in order that do not touch. The zero
// value is the empty set.
type intervals []interval

var allKeys = intervals{{}}

// whole tells whether every key is in the set.
func (set intervals) whole() bool {
	return len(set) == 1 && len(set[0].low) == 0 && set[0].high == nil
}

// successor returns the smallest byte string that is above key and above all
// that begin with it, or nil if there is none.
func successor(key []byte) []byte {
	next := bytes.Clone(key)
	for len(next) > 0 && next[len(next)-1] == 0xff {
		next = next[:len(next)-1]
	}
	if len(next) == 0 {
		return nil
	}
	next[len(next)-1]++
	return next
}

// beginningWith is the interval of all keys that begin with prefix.
func beginningWith(prefix []byte) interval { return interval{prefix, successor(prefix)} }

// normalized puts intervals in order and joins those that touch.
func normalized(set intervals) intervals {
	set = slices.DeleteFunc(set, interval.empty)
	slices.SortFunc(set, func(a, b interval) int { return bytes.Compare(a.low, b.low) })
	var joined intervals
	for _, next := range set {
		if last := len(joined) - 1; last >= 0 && reaches(joined[last].high, next.low) {
			joined[last].high = higher(joined[last].high, next.high)
			continue
		}
		joined = append(joined, next)
	}
	return joined
}

// reaches tells whether an interval that ends at high leaves no gap to low.
func reaches(high, low []byte) bool { return high == nil || bytes.Compare(low, high) <= 0 }

func higher(a, b []byte) []byte {
	if a == nil || b == nil {
		return nil
	}
	if bytes.Compare(a, b) < 0 {
		return b
	}
	return a
}

func lower(a, b []byte) []byte {
	if a == nil || b != nil && bytes.Compare(b, a) < 0 {
		return b
	}
	return a
}

func (set intervals) intersect(other intervals) intervals {
	var common intervals
	for i, j := 0, 0; i < len(set) && j < len(other); {
		a, b := set[i], other[j]
		low := a.low
		if bytes.Compare(b.low, low) > 0 {
			low = b.low
		}
		if both := (interval{low, lower(a.high, b.high)}); !both.empty() {
			common = append(common, both)
		}
		if a.high != nil && (b.high == nil || bytes.Compare(a.high, b.high) < 0) {
			i++
		} else {
			j++
		}
	}
	return common
}

func (set intervals) complement() intervals {
	var rest intervals
	low := []byte{}
	for _, i := range set {
		if gap := (interval{low, i.low}); !gap.empty() {
			rest = append(rest, gap)
		}
		if low = i.high; low == nil {
			return rest
		}
	}
	return append(rest, interval{low: low})
}

// within tells whether the set has no key that other has not.
func (set intervals) within(other intervals) bool {
	return len(set.intersect(other.complement())) == 0
}

func (set intervals) points() bool {
	return !slices.ContainsFunc(set, func(i interval) bool { return !i.point() })
}

// inverted is the set for keys whose bytes are inverted, in their order.
func (set intervals) inverted() intervals {
	down := make(intervals, 0, len(set))
	for _, i := range slices.Backward(set) {
		var low []byte
		if i.high != nil {
			low = successor(inverse(i.high))
		}
		var high []byte
		if len(i.low) > 0 {
			high = successor(inverse(i.low))
		}
		down = append(down, interval{low, high})
	}
	return down
}

func inverse(key []byte) []byte {
	inverted := bytes.Clone(key)
	invert(inverted)
	return inverted
}
