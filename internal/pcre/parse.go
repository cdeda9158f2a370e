package pcre

import (
	"strings"
	"unicode/utf8"
)

// PCRE2's limits as MongoDB builds it.
const (
	maxPatternBytes = 32764
	maxNesting      = 250
	maxRepeat       = 65535
	maxNameBytes    = 32
	maxLookbehind   = 65535
)

// flags are the options that a pattern can change on its way.
type flags struct {
	fold         bool // i
	multiline    bool // m
	dotAll       bool // s
	extended     bool // x
	extendedMore bool // xx
	noCapture    bool // n
	ungreedy     bool // U
	dupNames     bool // J
}

// A parser reads a pattern by the rules of pcre2pattern(3), release 10.42, which MongoDB builds with UTF and LF newlines.
type parser struct {
	pattern string
	pos     int
	flags   flags
	quoting bool // between \Q and \E

	ucp         bool // \d, \w, \s, \b and POSIX classes go by Unicode properties
	crlfNewline bool // \R is CR, LF or CRLF only

	depth       int // of open parentheses
	lookarounds int // how many of them are lookarounds

	notFound   string          // what was read with which a Finder does not find the same
	groups     int             // capturing groups opened so far
	names      map[string]int  // their names
	nameOf     map[int]string  // the same the other way round
	references []reference     // to groups, checked when all are known
	behind     []pendingBehind // lookbehinds, checked when all groups are known
}

// A reference is a mention of a group that may not have been seen yet.
type reference struct {
	node   *node
	name   string // of the group, or
	number int
	offset int
}

type pendingBehind struct {
	node   *node
	offset int
}

func newParser(pattern string, f flags) *parser {
	return &parser{pattern: pattern, flags: f, names: map[string]int{}, nameOf: map[int]string{}}
}

// parse reads the whole pattern.
func (p *parser) parse() (*node, error) {
	pattern := p.pattern
	if len(pattern) > maxPatternBytes {
		return nil, p.syntaxError(maxPatternBytes, "pattern string is longer than the limit of 32764 bytes")
	}
	if i := invalidUTF8(pattern); i >= 0 {
		return nil, p.syntaxError(i, "UTF-8 error: the pattern is not valid UTF-8")
	}
	if err := p.startVerbs(); err != nil {
		return nil, err
	}
	n, err := p.alternation()
	if err != nil {
		return nil, err
	}
	if !p.atEnd() {
		return nil, p.syntaxError(p.pos, "unmatched closing parenthesis")
	}
	if err := p.resolve(); err != nil {
		return nil, err
	}
	return n, nil
}

func invalidUTF8(s string) int {
	for i, r := range s {
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
			return i
		}
	}
	return -1
}

// alternation reads branches up to the closing parenthesis or the end. Options set in one branch hold in the next.
func (p *parser) alternation() (*node, error) {
	var branches []*node
	for {
		n, err := p.branch()
		if err != nil {
			return nil, err
		}
		branches = append(branches, n)
		if !p.take("|") {
			return alternate(branches...), nil
		}
	}
}

func (p *parser) branch() (*node, error) {
	var items []*node
	for {
		if err := p.skipIgnored(); err != nil {
			return nil, err
		}
		if p.atEnd() || p.at("|") || p.at(")") {
			return concat(items...), nil
		}
		n, quantifiable, err := p.item()
		if err != nil {
			return nil, err
		}
		if quantifiable {
			if n, err = p.quantified(n); err != nil {
				return nil, err
			}
		}
		if n != nil {
			items = append(items, n)
		}
	}
}

// item reads one thing that may, if it says so, be repeated. What only sets options is a nil node.
func (p *parser) item() (n *node, quantifiable bool, err error) {
	if p.quoting {
		return p.literal(p.next()), true, nil
	}
	start := p.pos
	if _, _, isQuantifier, err := p.quantifier(); err != nil || isQuantifier {
		if err == nil {
			err = p.syntaxError(start, "quantifier does not follow a repeatable item")
		}
		return nil, false, err
	}
	switch r := p.next(); r {
	case '(':
		return p.parenthesis()
	case '[':
		n, err := p.class()
		return n, true, err
	case '\\':
		return p.escape()
	case '.':
		if p.flags.dotAll {
			return setNode(everything), true, nil
		}
		return setNode(notNewline), true, nil
	case '^':
		if p.flags.multiline {
			return &node{op: opBeginLine}, false, nil
		}
		return &node{op: opBeginText}, false, nil
	case '$':
		if p.flags.multiline {
			return &node{op: opEndLine}, false, nil
		}
		return &node{op: opEndOrNewline}, false, nil
	default:
		return p.literal(r), true, nil
	}
}

func (p *parser) literal(r rune) *node {
	set := oneRune(r)
	if p.flags.fold {
		set = set.fold()
	}
	return setNode(set)
}

// quantified wraps n in the quantifier that follows it, if one does.
func (p *parser) quantified(n *node) (*node, error) {
	if err := p.skipIgnored(); err != nil || p.quoting {
		return n, err
	}
	least, most, ok, err := p.quantifier()
	if err != nil || !ok {
		return n, err
	}
	if (n.op == opLookahead || n.op == opLookbehind) && most == unbounded {
		most = least + 1 // looking more often sees nothing new
	}
	lazy, possessive, err := p.quantifierSuffix()
	if err != nil {
		return nil, err
	}
	switch {
	case most == 0:
		return concat(), nil
	case least == 1 && most == 1 && !possessive:
		return n, nil
	}
	n = &node{op: opRepeat, subs: []*node{n}, min: least, max: most, lazy: lazy != p.flags.ungreedy}
	if possessive {
		n.lazy = false
		n = &node{op: opAtomic, subs: []*node{n}}
	}
	return n, nil
}

func (p *parser) quantifierSuffix() (lazy, possessive bool, err error) {
	if err := p.skipIgnored(); err != nil {
		return false, false, err
	}
	switch {
	case p.take("?"):
		return true, false, nil
	case p.take("+"):
		return false, true, nil
	}
	return false, false, nil
}

// quantifier reads *, +, ?, {n}, {n,} or {n,m}. A brace that begins none of these is a literal.
func (p *parser) quantifier() (least, most int, ok bool, err error) {
	switch {
	case p.take("*"):
		return 0, unbounded, true, nil
	case p.take("+"):
		return 1, unbounded, true, nil
	case p.take("?"):
		return 0, 1, true, nil
	}
	body, isBraces := p.braceQuantifier()
	if !isBraces {
		return 0, 0, false, nil
	}
	p.pos += len("{") + len(body) + len("}")
	first, second, hasComma := strings.Cut(body, ",")
	if least, err = p.repeatCount(first); err != nil {
		return 0, 0, false, err
	}
	switch {
	case !hasComma:
		return least, least, true, nil
	case second == "":
		return least, unbounded, true, nil
	}
	if most, err = p.repeatCount(second); err != nil {
		return 0, 0, false, err
	}
	if most < least {
		return 0, 0, false, p.syntaxError(p.pos, "numbers out of order in {} quantifier")
	}
	return least, most, true, nil
}

func (p *parser) braceQuantifier() (body string, ok bool) {
	if !p.at("{") {
		return "", false
	}
	body, _, closed := strings.Cut(p.pattern[p.pos+1:], "}")
	first, second, _ := strings.Cut(body, ",")
	return body, closed && first != "" && isDigits(first) && isDigits(second)
}

func (p *parser) repeatCount(digits string) (int, error) {
	n, ok := decimal(digits, maxRepeat)
	if !ok {
		return 0, p.syntaxError(p.pos, "number too big in {} quantifier")
	}
	return n, nil
}

// skipIgnored goes past what stands for nothing: comments, white space under x, \E without \Q. It enters quotes.
func (p *parser) skipIgnored() error {
	for !p.atEnd() {
		switch {
		case p.lookingAt(`\E`):
			p.quoting = false
			p.pos += 2
		case p.quoting:
			return nil
		case p.take(`\Q`):
			p.quoting = true
		case p.at("(?#"):
			end := strings.IndexByte(p.pattern[p.pos:], ')')
			if end < 0 {
				return p.syntaxError(len(p.pattern), "missing ) after (?# comment")
			}
			p.pos += end + 1
		case p.flags.extended && p.take("#"):
			end := strings.IndexByte(p.pattern[p.pos:], '\n')
			if end < 0 {
				end = len(p.pattern) - p.pos - 1
			}
			p.pos += end + 1
		case p.flags.extended && isPatternSpace(p.peek()):
			p.next()
		default:
			return nil
		}
	}
	return nil
}

// isPatternSpace reports Unicode's Pattern_White_Space, which x ignores.
func isPatternSpace(r rune) bool {
	return r >= '\t' && r <= '\r' || r == ' ' || r == 0x85 || r == 0x200E || r == 0x200F || r == 0x2028 || r == 0x2029
}

func (p *parser) atEnd() bool { return p.pos >= len(p.pattern) }

func (p *parser) lookingAt(s string) bool { return strings.HasPrefix(p.pattern[p.pos:], s) }

// at reports whether s is next and is syntax rather than quoted.
func (p *parser) at(s string) bool { return !p.quoting && p.lookingAt(s) }

// take goes past s if it is next and is syntax rather than quoted.
func (p *parser) take(s string) bool {
	if !p.at(s) {
		return false
	}
	p.pos += len(s)
	return true
}

func (p *parser) peek() rune {
	r, _ := utf8.DecodeRuneInString(p.pattern[p.pos:])
	return r
}

// next reads a code point; the caller knows that there is one.
func (p *parser) next() rune {
	r, size := utf8.DecodeRuneInString(p.pattern[p.pos:])
	p.pos += size
	return r
}

// takeWhile reads the bytes that satisfy the condition.
func (p *parser) takeWhile(condition func(byte) bool) string {
	start := p.pos
	for !p.atEnd() && condition(p.pattern[p.pos]) {
		p.pos++
	}
	return p.pattern[start:p.pos]
}

func (p *parser) syntaxError(offset int, message string) error {
	return &SyntaxError{Pattern: p.pattern, Offset: offset, Message: message}
}

func (p *parser) unsupported(offset int, feature string) error {
	return &UnsupportedError{Pattern: p.pattern, Offset: offset, Feature: feature}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// decimal is the value of the digits, if it is not above the limit.
func decimal(digits string, limit int) (int, bool) {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
		if n > limit {
			return 0, false
		}
	}
	return n, true
}
