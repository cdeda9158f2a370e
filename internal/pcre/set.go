package pcre

import (
	"slices"
	"sync"
	"unicode"
)

// A runeSet is a set of code points: pairs of first and last, ascending, apart from each other by at least one.
// Sets are shared between nodes and never changed.
type runeSet []rune

func oneRune(r rune) runeSet { return runeSet{r, r} }

var (
	everything = runeSet{0, unicode.MaxRune}
	newline    = oneRune('\n')
	notNewline = newline.negate()
)

// union is the set of what is in any of the sets.
func union(sets ...runeSet) runeSet {
	return normalize(slices.Concat(sets...))
}

// normalize makes a set of pairs in any order; it may reorder the pairs in place.
func normalize(pairs []rune) runeSet {
	if len(pairs) <= 2 {
		return pairs
	}
	ranges := make([][2]rune, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		ranges = append(ranges, [2]rune{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(ranges, func(a, b [2]rune) int { return int(a[0] - b[0]) })
	set := runeSet{ranges[0][0], ranges[0][1]}
	for _, r := range ranges[1:] {
		last := &set[len(set)-1]
		if r[0] <= *last+1 {
			*last = max(*last, r[1])
			continue
		}
		set = append(set, r[0], r[1])
	}
	return set
}

func (s runeSet) negate() runeSet {
	var out runeSet
	next := rune(0)
	for i := 0; i < len(s); i += 2 {
		if next < s[i] {
			out = append(out, next, s[i]-1)
		}
		next = s[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

func (s runeSet) without(t runeSet) runeSet {
	return union(s.negate(), t).negate()
}

// single reports the only code point of the set, if it has only one.
func (s runeSet) single() (rune, bool) {
	if len(s) == 2 && s[0] == s[1] {
		return s[0], true
	}
	return 0, false
}

// fold adds every code point that differs from one of the set by case alone. PCRE2 in UTF mode and Go both go by
// Unicode's simple case folding: k, K and the Kelvin sign are one letter.
func (s runeSet) fold() runeSet {
	var added []rune
	for i := 0; i < len(s); i += 2 {
		added = appendFolded(added, s[i], s[i+1])
	}
	if len(added) == 0 {
		return s
	}
	return union(s, added)
}

func appendFolded(pairs []rune, lo, hi rune) []rune {
	all := caseVariants()
	first, _ := slices.BinarySearchFunc(all, lo, func(v variant, r rune) int { return int(v.of - r) })
	for _, v := range all[first:] {
		if v.of > hi {
			break
		}
		if v.is < lo || v.is > hi {
			pairs = append(pairs, v.is, v.is)
		}
	}
	return pairs
}

// A variant is a code point that differs from another by case alone.
type variant struct{ of, is rune }

// caseVariants are all of Unicode's, ascending by the code point they belong to.
var caseVariants = sync.OnceValue(func() []variant {
	var out []variant
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			out = append(out, variant{of: r, is: f})
		}
	}
	return out
})

// tableSet is the set of a table of package unicode.
func tableSet(table *unicode.RangeTable) runeSet {
	var pairs []rune
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			pairs = append(pairs, lo, hi)
			return
		}
		for r := lo; r <= hi; r += stride {
			pairs = append(pairs, r, r)
		}
	}
	for _, r := range table.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range table.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return normalize(pairs)
}
