package query

import (
	"bytes"
	"slices"
)

// Range is a range of an index's keys, as Index.Keys makes them: all keys from
// Low on that are below High. A High of nil is above all keys. The bytes must not
// be changed.
type Range struct{ Low, High []byte }

func (r Range) empty() bool { return r.High != nil && bytes.Compare(r.Low, r.High) >= 0 }

// point tells whether the range is one key of a path, and what begins with it.
func (r Range) point() bool { return keyLength(r.Low) == len(r.Low) && isSuccessor(r.High, r.Low) }

// beginningWith is the range of all keys that begin with prefix.
func beginningWith(prefix []byte) Range { return Range{prefix, successor(prefix)} }

// successor returns the smallest byte string that is above key and above all
// that begin with it, or nil if there is none.
func successor(key []byte) []byte {
	next := bytes.Clone(incrementable(key))
	if len(next) == 0 {
		return nil
	}
	next[len(next)-1]++
	return next
}

// incrementable is key up to its last byte that can be incremented.
func incrementable(key []byte) []byte {
	for len(key) > 0 && key[len(key)-1] == 0xff {
		key = key[:len(key)-1]
	}
	return key
}

// isSuccessor tells whether next is the successor of key.
func isSuccessor(next, key []byte) bool {
	key = incrementable(key)
	last := len(key) - 1
	if last < 0 {
		return next == nil
	}
	return len(next) == len(key) && next[last] == key[last]+1 && bytes.Equal(next[:last], key[:last])
}

// ranges is a set of keys: ranges in order, none empty, that do not overlap. The
// zero value is the empty set.
type ranges []Range

var allKeys = ranges{{}}

// whole tells whether every key is in the set.
func (set ranges) whole() bool {
	return len(set) == 1 && len(set[0].Low) == 0 && set[0].High == nil
}

// points tells whether every range of the set is one key.
func (set ranges) points() bool {
	return !slices.ContainsFunc(set, func(r Range) bool { return !r.point() })
}

// normalized makes a set of ranges in any order. It changes the slice that it is
// given. Ranges that touch stay two, so that points stay points.
func normalized(list []Range) ranges {
	list = slices.DeleteFunc(list, Range.empty)
	slices.SortFunc(list, func(a, b Range) int { return bytes.Compare(a.Low, b.Low) })
	set := list[:0]
	for _, next := range list {
		if last := len(set) - 1; last >= 0 && overlaps(set[last].High, next.Low) {
			set[last].High = higher(set[last].High, next.High)
			continue
		}
		set = append(set, next)
	}
	return set
}

// overlaps tells whether a range that ends at high has keys from low on.
func overlaps(high, low []byte) bool { return high == nil || bytes.Compare(low, high) < 0 }

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

func (set ranges) intersect(other ranges) ranges {
	switch {
	case set.whole():
		return other
	case other.whole():
		return set
	}
	var common ranges
	for i, j := 0, 0; i < len(set) && j < len(other); {
		a, b := set[i], other[j]
		low := a.Low
		if bytes.Compare(b.Low, low) > 0 {
			low = b.Low
		}
		if both := (Range{low, lower(a.High, b.High)}); !both.empty() {
			common = append(common, both)
		}
		if a.High != nil && (b.High == nil || bytes.Compare(a.High, b.High) < 0) {
			i++
		} else {
			j++
		}
	}
	return common
}

func (set ranges) complement() ranges {
	var rest ranges
	low := []byte{}
	for _, r := range set {
		if bytes.Compare(low, r.Low) < 0 {
			rest = append(rest, Range{low, r.Low})
		}
		if low = r.High; low == nil {
			return rest
		}
	}
	return append(rest, Range{Low: low})
}

// within tells whether the set has no key that other has not.
func (set ranges) within(other ranges) bool {
	return len(set.intersect(other.complement())) == 0
}

// inverted is the set for keys whose bytes are inverted, in their order. A range
// in which no key can be, as all below the smallest of a class, may turn out to
// be empty.
func (set ranges) inverted() ranges {
	down := make(ranges, 0, len(set))
	for _, r := range slices.Backward(set) {
		if turned := r.inverted(); !turned.empty() {
			down = append(down, turned)
		}
	}
	return down
}

// inverted turns a range around. The ends of a point are its key still, to which
// the keys of more paths may be appended.
func (r Range) inverted() Range {
	var turned Range
	switch {
	case r.point():
		return beginningWith(inverse(r.Low))
	case r.High != nil:
		turned.Low = successor(inverse(r.High))
	}
	if len(r.Low) > 0 {
		turned.High = successor(inverse(r.Low))
	}
	return turned
}

func inverse(key []byte) []byte {
	inverted := bytes.Clone(key)
	invert(inverted)
	return inverted
}
