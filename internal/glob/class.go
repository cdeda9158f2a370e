package glob

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A class is a set of code points: those within its ranges or, if negated, all others.
type class struct {
	ranges  [][2]rune // first and last
	negated bool
}

var anything = &class{negated: true}

// readClass reads a class and its brackets, and returns their size. Without a closing bracket, which cannot be the first
// thing in a class, there is none: then the opening one, of size 1, is a literal. A range that ends before it begins is
// empty.
func readClass(pattern string) (c *class, size int, ok bool) {
	body, negated := strings.CutPrefix(pattern[len("["):], "!")
	if body == "" {
		return nil, 1, false
	}
	end := strings.IndexByte(body[1:], ']') + 1
	if end == 0 {
		return nil, 1, false
	}
	size = len(pattern) - len(body) + end + len("]")
	return &class{ranges: rangesOf([]rune(body[:end])), negated: negated}, size, true
}

// rangesOf finds the ranges in a sequence. A hyphen is literal at either end, and after a range.
func rangesOf(seq []rune) [][2]rune {
	var out [][2]rune
	for len(seq) > 0 {
		first, last, size := seq[0], seq[0], 1
		if len(seq) >= 3 && seq[1] == '-' {
			last, size = seq[2], 3
		}
		if first <= last {
			out = append(out, [2]rune{first, last})
		}
		seq = seq[size:]
	}
	return out
}

func (c *class) contains(r rune) bool {
	within := slices.ContainsFunc(c.ranges, func(x [2]rune) bool { return x[0] <= r && r <= x[1] })
	return within != c.negated
}

// single returns the only code point of the class, if that is evident.
func (c *class) single() (rune, bool) {
	if c.negated || len(c.ranges) != 1 || c.ranges[0][0] != c.ranges[0][1] {
		return utf8.RuneError, false
	}
	return c.ranges[0][0], true
}

// String writes the class as a glob.
func (c *class) String() string {
	switch r, isSingle := c.single(); {
	case c.negated && len(c.ranges) == 0:
		return "?"
	case len(c.ranges) == 0:
		return "[b-a]"
	case isSingle:
		return quote(r)
	case c.negated:
		return "[!" + c.sequence() + "]"
	default:
		return "[" + c.sequence() + "]"
	}
}

// quote writes a literal.
func quote(r rune) string {
	if strings.ContainsRune("*?[", r) {
		return "[" + string(r) + "]"
	}
	return string(r)
}

// sequence writes the ranges so that what means something in a class does not: a bracket comes first, an exclamation mark
// does not, a hyphen comes last.
func (c *class) sequence() string {
	ranges, bracket := cut(c.ranges, ']')
	ranges, exclamation := cut(ranges, '!')
	ranges, hyphen := cut(ranges, '-')
	var out strings.Builder
	if bracket {
		out.WriteByte(']')
	}
	for _, x := range ranges {
		fmt.Fprintf(&out, "%c-%c", x[0], x[1])
	}
	switch {
	case exclamation && hyphen && out.Len() == 0:
		return "-!"
	case exclamation && hyphen:
		out.WriteString("!-")
	case exclamation:
		out.WriteByte('!')
	case hyphen:
		out.WriteByte('-')
	}
	return out.String()
}

// cut takes a code point out of the ranges, and says whether it was in one.
func cut(ranges [][2]rune, r rune) (out [][2]rune, found bool) {
	for _, x := range ranges {
		if r < x[0] || x[1] < r {
			out = append(out, x)
			continue
		}
		found = true
		if x[0] < r {
			out = append(out, [2]rune{x[0], r - 1})
		}
		if r < x[1] {
			out = append(out, [2]rune{r + 1, x[1]})
		}
	}
	return out, found
}

func (c *class) writeRegex(out *strings.Builder) {
	switch {
	case len(c.ranges) == 0 && c.negated:
		out.WriteByte('.')
		return
	case len(c.ranges) == 0:
		out.WriteString("(?!)")
		return
	case c.negated:
		out.WriteString("[^")
	default:
		out.WriteByte('[')
	}
	for _, x := range c.ranges {
		writeRegexRune(out, x[0])
		if x[0] != x[1] {
			out.WriteByte('-')
			writeRegexRune(out, x[1])
		}
	}
	out.WriteByte(']')
}

// writeRegexRune writes a literal, in or outside of a class. No expression in BSON can hold a NUL.
func writeRegexRune(out *strings.Builder, r rune) {
	switch {
	case r == 0:
		out.WriteString(`\x{0}`)
	case r > ' ' && r < 0x7F && !isAlphanumeric(r) && r != '_':
		out.WriteByte('\\')
		out.WriteRune(r)
	default:
		out.WriteRune(r)
	}
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
