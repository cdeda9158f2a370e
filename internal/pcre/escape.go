package pcre

import (
	"strings"
	"unicode"
)

// escape reads what follows a backslash outside of a class.
func (p *parser) escape() (n *node, quantifiable bool, err error) {
	start := p.pos - 1
	if p.atEnd() {
		return nil, false, p.syntaxError(p.pos, `\ at end of pattern`)
	}
	if n := p.assertionEscape(p.pattern[p.pos]); n != nil {
		p.pos++
		return n, false, nil
	}
	set, ok, err := p.setEscape()
	if err != nil || ok {
		return setNode(set), true, err
	}
	switch c := p.pattern[p.pos]; {
	case c == 'K':
		p.pos++
		if p.lookarounds > 0 {
			return nil, false, p.syntaxError(p.pos, `\K is not allowed in lookarounds`)
		}
		// It only moves the beginning of what is reported as matched.
		p.notFound = `\K`
		return concat(), false, nil
	case c == 'R':
		p.pos++
		return p.newlineSequence(), true, nil
	case c == 'X':
		return nil, false, p.unsupported(start, `\X (a grapheme cluster)`)
	case c == 'C':
		return nil, false, p.unsupported(start, `\C (one byte)`)
	case c == 'k':
		p.pos++
		n, err := p.namedBackref(start)
		return n, true, err
	case c == 'g':
		p.pos++
		n, err := p.generalBackref(start)
		return n, true, err
	case c >= '1' && c <= '9':
		if n, ok, err := p.numberedBackref(start); ok || err != nil {
			return n, true, err
		}
	}
	r, err := p.charEscape()
	if err != nil {
		return nil, false, err
	}
	return p.literal(r), true, nil
}

func (p *parser) assertionEscape(c byte) *node {
	switch c {
	case 'A':
		return &node{op: opBeginText}
	case 'G': // a search for a match begins where the subject does
		p.notFound = `\G`
		return &node{op: opBeginText}
	case 'z':
		return &node{op: opEndText}
	case 'Z':
		return &node{op: opEndOrNewline}
	case 'b':
		return &node{op: opBoundary, set: p.wordSet()}
	case 'B':
		return &node{op: opBoundary, set: p.wordSet(), negated: true}
	default:
		return nil
	}
}

// newlineSequence is \R, which does not give back the LF of a CRLF.
func (p *parser) newlineSequence() *node {
	single := verticalSpace
	if p.crlfNewline {
		single = runeSet{'\n', '\n', '\r', '\r'}
	}
	crlf := concat(setNode(oneRune('\r')), setNode(newline))
	return &node{op: opAtomic, subs: []*node{alternate(crlf, setNode(single))}}
}

// setEscape reads \d, \w, \s, \h, \v, \p, their opposites, and \N, in or outside of a class.
func (p *parser) setEscape() (set runeSet, ok bool, err error) {
	c := p.pattern[p.pos]
	switch c {
	case 'd', 'D':
		set = p.digitSet()
	case 'w', 'W':
		set = p.wordSet()
	case 's', 'S':
		set = p.spaceSet()
	case 'h', 'H':
		set = horizontalSpace
	case 'v', 'V':
		set = verticalSpace
	case 'p', 'P':
		p.pos++
		set, err = p.property()
		if c == 'P' {
			set = set.negate()
		}
		return set, err == nil, err
	case 'N':
		if p.pos+1 < len(p.pattern) && p.pattern[p.pos+1] == '{' {
			p.pos++
			_, isQuantifier := p.braceQuantifier()
			p.pos--
			if !isQuantifier {
				return nil, false, nil
			}
		}
		p.pos++
		return notNewline, true, nil
	default:
		return nil, false, nil
	}
	p.pos++
	if unicode.IsUpper(rune(c)) {
		set = set.negate()
	}
	return set, true, nil
}

// charEscape reads an escape that stands for one code point, in or outside of a class.
func (p *parser) charEscape() (rune, error) {
	start := p.pos
	switch r := p.next(); {
	case r == 'a':
		return '\a', nil
	case r == 'e':
		return '\x1b', nil
	case r == 'f':
		return '\f', nil
	case r == 'n':
		return '\n', nil
	case r == 'r':
		return '\r', nil
	case r == 't':
		return '\t', nil
	case r == 'c':
		return p.controlEscape()
	case r == 'o':
		if !p.lookingAt("{") {
			return 0, p.syntaxError(p.pos, `missing opening brace after \o`)
		}
		return p.bracedNumber("{", 8)
	case r == 'x':
		if p.lookingAt("{") {
			return p.bracedNumber("{", 16)
		}
		return p.digitsOf(16, 2), nil
	case r == 'N' && p.lookingAt("{U+"):
		return p.bracedNumber("{U+", 16)
	case r >= '0' && r <= '7':
		p.pos = start
		return p.digitsOf(8, 3), nil
	case strings.ContainsRune("FLlNUu", r):
		return 0, p.syntaxError(p.pos, `PCRE2 does not support \F, \L, \l, \N{name}, \U, or \u`)
	case r < 0x80 && isWordByte(byte(r)) && r != '_':
		return 0, p.syntaxError(start, `unrecognized character follows \`)
	default:
		return r, nil
	}
}

// controlEscape reads the character of \c.
func (p *parser) controlEscape() (rune, error) {
	if p.atEnd() {
		return 0, p.syntaxError(p.pos, `\c at end of pattern`)
	}
	start := p.pos
	r := unicode.ToUpper(p.next())
	if r < ' ' || r > '~' {
		return 0, p.syntaxError(start, `\c must be followed by a printable ASCII character`)
	}
	return r ^ 0x40, nil
}

// digitsOf reads up to most digits of the base; none make 0.
func (p *parser) digitsOf(base, most int) rune {
	n := 0
	for range most {
		if p.atEnd() {
			break
		}
		d, ok := digitValue(p.pattern[p.pos], base)
		if !ok {
			break
		}
		n = n*base + d
		p.pos++
	}
	return rune(n)
}

// bracedNumber reads a code point that begins with open, which is there, and ends with a brace.
func (p *parser) bracedNumber(open string, base int) (rune, error) {
	p.pos += len(open)
	first := p.pos
	n := 0
	for ; !p.atEnd() && p.pattern[p.pos] != '}'; p.pos++ {
		d, ok := digitValue(p.pattern[p.pos], base)
		if !ok {
			return 0, p.badDigit(base)
		}
		if n = n*base + d; n > unicode.MaxRune {
			return 0, p.syntaxError(p.pos, `character code point value in \x{} or \o{} is too large`)
		}
	}
	switch {
	case p.pos == first:
		return 0, p.syntaxError(p.pos, `digits missing in \x{} or \o{} or \N{U+}`)
	case p.atEnd():
		return 0, p.badDigit(base)
	case n >= 0xD800 && n <= 0xDFFF:
		return 0, p.syntaxError(p.pos, "disallowed Unicode code point (>= 0xd800 && <= 0xdfff)")
	}
	p.pos++
	return rune(n), nil
}

func (p *parser) badDigit(base int) error {
	if base == 8 {
		return p.syntaxError(p.pos, `non-octal character in \o{} (closing brace missing?)`)
	}
	return p.syntaxError(p.pos, `non-hex character in \x{} (closing brace missing?)`)
}

func digitValue(c byte, base int) (value int, ok bool) {
	switch {
	case isDigit(c):
		value = int(c - '0')
	case c >= 'a' && c <= 'f':
		value = int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		value = int(c-'A') + 10
	default:
		return 0, false
	}
	return value, value < base
}

func isWordByte(c byte) bool {
	return isDigit(c) || c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
