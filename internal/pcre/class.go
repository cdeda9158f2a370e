package pcre

import (
	"slices"
	"strings"
)

// class reads a bracketed class, of which the opening bracket has been read.
func (p *parser) class() (*node, error) {
	start := p.pos - 1
	if n := p.wordEdge(); n != nil {
		return n, nil
	}
	if kind, _, ok := p.posixClass(start); ok {
		return nil, p.strayPosix(start, kind)
	}
	c := &classReader{parser: p, start: start}
	c.skipInClass()
	negated := p.take("^")
	set, err := c.read()
	if err != nil {
		return nil, err
	}
	if negated {
		set = set.negate()
	}
	return setNode(set), nil
}

// wordEdge reads [[:<:]] and [[:>:]], which PCRE2 has from BSD.
func (p *parser) wordEdge() *node {
	edge := func() *node { return &node{op: opBoundary, set: p.wordSet()} }
	switch {
	case p.take("[:<:]]"):
		return concat(edge(), &node{op: opLookahead, subs: []*node{setNode(p.wordSet())}})
	case p.take("[:>:]]"):
		return concat(edge(), &node{op: opLookbehind, subs: []*node{setNode(p.wordSet())}})
	}
	return nil
}

// posixClass reports whether what begins with the bracket at start has the form of [:name:], [.name.] or [=name=].
func (p *parser) posixClass(start int) (kind byte, name string, ok bool) {
	text := p.pattern[start+1:]
	if text == "" || !strings.Contains(":.=", text[:1]) {
		return 0, "", false
	}
	kind = text[0]
	for i := 1; i+1 < len(text); i++ {
		switch c, after := text[i], text[i+1]; {
		case c == '\\' && (after == ']' || after == '\\'):
			i++
		case c == '[' && after == kind, c == ']':
			return 0, "", false
		case c == kind && after == ']':
			return kind, text[1:i], true
		}
	}
	return 0, "", false
}

func (p *parser) strayPosix(offset int, kind byte) error {
	if kind == ':' {
		return p.syntaxError(offset, "POSIX named classes are supported only within a class")
	}
	return p.syntaxError(offset, "POSIX collating elements are not supported")
}

// A classReader reads the members of a class.
type classReader struct {
	*parser
	start   int    // of the class
	chars   []rune // pairs that i folds
	sets    []rune // pairs that it does not
	last    rune   // the character read last, which a hyphen would make the first of a range
	isRange bool   // last and a hyphen have been read
	hasLast bool
}

func (c *classReader) read() (runeSet, error) {
	for first := true; ; first = false {
		c.skipInClass()
		switch {
		case c.atEnd():
			return nil, c.syntaxError(c.pos, "missing terminating ] for character class")
		case c.quoting:
			if err := c.char(c.next()); err != nil {
				return nil, err
			}
		case !first && c.take("]"):
			return c.finish(), nil
		default:
			if err := c.member(); err != nil {
				return nil, err
			}
		}
	}
}

// skipInClass enters and leaves quotes, and goes past blanks under xx; what is next then is a member.
func (c *classReader) skipInClass() {
	for {
		switch {
		case c.flags.extendedMore && (c.take(" ") || c.take("\t")):
		case c.lookingAt(`\E`):
			c.quoting = false
			c.pos += 2
		case c.take(`\Q`):
			c.quoting = true
		default:
			return
		}
	}
}

func (c *classReader) member() error {
	start := c.pos
	switch r := c.next(); {
	case r == '[':
		if kind, name, ok := c.posixClass(start); ok {
			return c.posix(kind, name)
		}
	case r == '-' && c.hasLast && !c.isRange:
		c.isRange = true
		return nil
	case r == '\\':
		return c.escape()
	}
	c.pos = start
	return c.char(c.next())
}

// char adds a character, or the range that it ends.
func (c *classReader) char(r rune) error {
	if !c.isRange {
		c.chars = append(c.chars, r, r)
		c.last, c.hasLast = r, true
		return nil
	}
	if r < c.last {
		return c.syntaxError(c.pos-1, "range out of order in character class")
	}
	c.chars = append(c.chars, c.last, r)
	c.isRange, c.hasLast = false, false
	return nil
}

// set adds a set, which can begin or end no range.
func (c *classReader) set(set runeSet) error {
	if c.isRange || c.at("-") && !c.at("-]") && c.pos+1 < len(c.pattern) {
		return c.syntaxError(c.pos, "invalid range in character class")
	}
	c.sets = append(c.sets, set...)
	c.hasLast = false
	return nil
}

func (c *classReader) escape() error {
	if c.atEnd() {
		return c.syntaxError(c.pos, `\ at end of pattern`)
	}
	switch b := c.pattern[c.pos]; b {
	case 'b':
		c.pos++
		return c.char('\b')
	case 'g': // an oddity of release 10.42
		c.pos++
		return c.char('g')
	case '8', '9':
		c.pos++
		return c.char(rune(b))
	case 'A', 'B', 'C', 'G', 'K', 'R', 'X', 'Z', 'k', 'z':
		return c.syntaxError(c.pos, "escape sequence is invalid in character class")
	}
	isN := c.lookingAt("N")
	set, ok, err := c.setEscape()
	switch {
	case err != nil:
		return err
	case isN && (ok || !c.lookingAt("N{U+")):
		return c.syntaxError(c.pos, `\N is not supported in a class`)
	case ok:
		return c.set(set)
	}
	r, err := c.charEscape()
	if err != nil {
		return err
	}
	return c.char(r)
}

// posix adds [:name:] or [:^name:]; all but its opening bracket is still to be read.
func (c *classReader) posix(kind byte, name string) error {
	if c.isRange {
		return c.syntaxError(c.pos, "invalid range in character class")
	}
	if kind != ':' {
		return c.strayPosix(c.pos, kind)
	}
	name, negated := strings.CutPrefix(name, "^")
	set, ok := c.posixSet(name)
	if !ok {
		return c.syntaxError(c.pos+1, "unknown POSIX class name")
	}
	if negated {
		set = set.negate()
		c.pos += len("^")
	}
	c.pos += len(":") + len(name) + len(":]")
	return c.set(set)
}

func (c *classReader) finish() runeSet {
	if c.isRange {
		c.chars = append(c.chars, '-', '-')
	}
	set := normalize(slices.Clone(c.chars))
	if c.flags.fold {
		set = set.fold()
	}
	return union(set, c.sets)
}
