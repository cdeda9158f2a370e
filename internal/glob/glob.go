// Package glob matches strings against patterns as Python's fnmatch.fnmatchcase does:
//
//   - any string, the empty one too
//     ?       any code point
//     [seq]   one of the code points in seq, which can hold ranges such as a-z
//     [!seq]  any other code point
//
// Everything else is literal, a [ without its ] too. To match one of *, ? and [ literally, put it in brackets. A pattern
// matches whole strings, and case matters; * and ? match newlines and slashes as well.
package glob

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// A Glob is a compiled pattern. It can be used by several goroutines at once.
type Glob struct {
	pattern  string
	elements []element
}

// An element is a star or, if class is set, one code point of a class, or else a literal.
type element struct {
	star    bool
	class   *class
	literal []byte
}

// Compile reads a pattern; there is none that is not valid.
func Compile(pattern string) *Glob {
	g := &Glob{pattern: pattern}
	closed := true // until a bracket is found that nothing closes: then nothing closes a later one either
	for rest := pattern; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		var c *class
		if rest[0] == '[' && closed {
			c, size, closed = readClass(rest)
		}
		switch {
		case c != nil:
			g.addClass(c)
		case rest[0] == '*':
			g.addStar()
		case rest[0] == '?':
			g.addClass(anything)
		default:
			g.addLiteral(rest[:size])
		}
		rest = rest[size:]
	}
	return g
}

func (g *Glob) addStar() {
	if n := len(g.elements); n == 0 || !g.elements[n-1].star {
		g.elements = append(g.elements, element{star: true})
	}
}

func (g *Glob) addClass(c *class) {
	if r, ok := c.single(); ok {
		g.addLiteral(string(r))
		return
	}
	g.elements = append(g.elements, element{class: c})
}

func (g *Glob) addLiteral(s string) {
	if n := len(g.elements); n > 0 && g.elements[n-1].literal != nil {
		g.elements[n-1].literal = append(g.elements[n-1].literal, s...)
		return
	}
	g.elements = append(g.elements, element{literal: []byte(s)})
}

// Match reports whether the whole of s matches. It takes time in proportion to the length of s times that of the pattern
// at most, and allocates nothing. A byte of s that is not valid UTF-8 counts as U+FFFD.
func (g *Glob) Match(s []byte) bool {
	next, pos := 0, 0      // what is to match next, and where
	star, starEnd := -1, 0 // the last star, and up to where it has matched
	for pos < len(s) {
		if next < len(g.elements) {
			e := &g.elements[next]
			if e.star {
				star, starEnd = next, pos
				next++
				continue
			}
			if size := e.matchAt(s[pos:]); size > 0 {
				next++
				pos += size
				continue
			}
		}
		// Earlier stars need not be tried again: what a later one begins with could only move to the right.
		switch star {
		case -1:
			return false
		case len(g.elements) - 1:
			return true
		}
		_, size := utf8.DecodeRune(s[starEnd:])
		starEnd += size
		next, pos = star+1, starEnd
	}
	for next < len(g.elements) && g.elements[next].star {
		next++
	}
	return next == len(g.elements)
}

// matchAt returns the length of what the element, which is no star, matches at the beginning of s: 0 if nothing.
func (e *element) matchAt(s []byte) int {
	if e.class == nil {
		if bytes.HasPrefix(s, e.literal) {
			return len(e.literal)
		}
		return 0
	}
	r, size := utf8.DecodeRune(s)
	if e.class.contains(r) {
		return size
	}
	return 0
}

// Prefix returns the literal with which every match begins, and whether the pattern is that literal and nothing else.
func (g *Glob) Prefix() (prefix string, exact bool) {
	if len(g.elements) == 0 {
		return "", true
	}
	return string(g.elements[0].literal), len(g.elements) == 1 && g.elements[0].literal != nil
}

// String returns the pattern.
func (g *Glob) String() string { return g.pattern }

// Regex returns an expression of PCRE's, for MongoDB's $regex, that matches the same strings. As Python's
// fnmatch.translate does since 3.11, it makes each piece between two stars atomic, lest it be tried at ever other places.
func (g *Glob) Regex() string {
	var out strings.Builder
	out.WriteString("^(?s:")
	lastStar := -1
	for i, e := range g.elements {
		if e.star {
			lastStar = i
		}
	}
	open := false // an atomic group
	for i, e := range g.elements {
		switch {
		case !e.star:
			e.writeRegex(&out)
			continue
		case open:
			out.WriteByte(')')
		}
		if open = i < lastStar; open {
			out.WriteString("(?>.*?")
		} else {
			out.WriteString(".*")
		}
	}
	out.WriteString(`)\z`)
	return out.String()
}

func (e *element) writeRegex(out *strings.Builder) {
	if e.class != nil {
		e.class.writeRegex(out)
		return
	}
	for _, r := range string(e.literal) {
		writeRegexRune(out, r)
	}
}
