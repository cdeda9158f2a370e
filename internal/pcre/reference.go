package pcre

import (
	"unicode"
	"unicode/utf8"
)

const noSuchGroup = "reference to non-existent subpattern"

// numberedBackref reads the digits of \1 and the like; the backslash has been read. From \10 to \79 they are an
// octal character unless as many groups have been opened.
func (p *parser) numberedBackref(start int) (n *node, ok bool, err error) {
	offset := p.pos
	digits := p.takeWhile(isDigit)
	number, fits := decimal(digits, maxRepeat)
	if number >= 10 && digits[0] < '8' && number > p.groups || !fits && digits[0] < '8' {
		p.pos = offset
		return nil, false, nil
	}
	if !fits {
		return nil, false, p.syntaxError(p.pos, "subpattern number is too big")
	}
	return p.backref(reference{number: number, offset: start}), true, nil
}

// namedBackref reads what follows \k.
func (p *parser) namedBackref(start int) (*node, error) {
	switch {
	case p.take("{"):
		return p.backrefToName(start, '}')
	case p.take("<"):
		return p.backrefToName(start, '>')
	case p.take("'"):
		return p.backrefToName(start, '\'')
	}
	return nil, p.syntaxError(p.pos, `\k is not followed by a braced, angle-bracketed, or quoted name`)
}

// generalBackref reads what follows \g: a number or, in braces, a number or a name.
func (p *parser) generalBackref(start int) (*node, error) {
	const malformed = `\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number`
	if p.at("<") || p.at("'") {
		return nil, p.unsupported(start, `a call of a group (\g<...>)`)
	}
	open := p.pos
	braced := p.take("{")
	number, ok, err := p.groupNumber()
	switch {
	case err != nil:
		return nil, err
	case !ok && braced:
		return p.backrefToName(start, '}')
	case !ok, braced && !p.take("}"):
		return nil, p.syntaxError(open, malformed)
	}
	return p.backref(reference{number: number, offset: start}), nil
}

func (p *parser) backrefToName(start int, end byte) (*node, error) {
	name, err := p.name(end)
	if err != nil {
		return nil, err
	}
	return p.backref(reference{name: name, offset: start}), nil
}

func (p *parser) backref(r reference) *node {
	r.node = &node{op: opBackref, fold: p.flags.fold}
	p.references = append(p.references, r)
	return r.node
}

// groupNumber reads a number, or one relative to the groups opened so far if it has a sign. Without one it reads nothing.
func (p *parser) groupNumber() (number int, ok bool, err error) {
	start := p.pos
	sign := 0
	switch {
	case p.take("+"):
		sign = 1
	case p.take("-"):
		sign = -1
	}
	digits := p.takeWhile(isDigit)
	if digits == "" {
		p.pos = start
		return 0, false, nil
	}
	number, fits := decimal(digits, maxRepeat)
	switch {
	case !fits:
		return 0, false, p.syntaxError(p.pos, "subpattern number is too big")
	case sign != 0 && number == 0:
		return 0, false, p.syntaxError(p.pos, "a relative value of zero is not allowed")
	case sign > 0:
		number += p.groups
	case sign < 0:
		number = p.groups + 1 - number
	}
	if number <= 0 {
		return 0, false, p.syntaxError(p.pos, noSuchGroup)
	}
	return number, true, nil
}

// name reads a group's name and what ends it.
func (p *parser) name(end byte) (string, error) {
	name, err := p.nameRunes()
	if err != nil {
		return "", err
	}
	if !p.take(string(end)) {
		return "", p.syntaxError(p.pos, "syntax error in subpattern name (missing terminator?)")
	}
	return name, nil
}

func (p *parser) nameRunes() (string, error) {
	start := p.pos
	for !p.atEnd() && isNameRune(p.peek()) {
		p.next()
	}
	name := p.pattern[start:p.pos]
	first, _ := utf8.DecodeRuneInString(name)
	switch {
	case name == "":
		return "", p.syntaxError(start, "subpattern name expected")
	case unicode.Is(unicode.Nd, first):
		return "", p.syntaxError(start, "subpattern name must start with a non-digit")
	case len(name) > maxNameBytes:
		return "", p.syntaxError(p.pos, "subpattern name is too long (maximum 32 code units)")
	}
	return name, nil
}

func isNameRune(r rune) bool { return r == '_' || unicode.In(r, unicode.L, unicode.Nd) }

// resolve fills in the groups that are referred to, and checks what needs all of them.
func (p *parser) resolve() error {
	for _, b := range p.behind {
		if err := p.checkLookbehind(b); err != nil {
			return err
		}
	}
	for _, r := range p.references {
		number := r.number
		if r.name != "" {
			number = p.names[r.name]
		}
		if number == 0 || number > p.groups {
			return p.syntaxError(r.offset, noSuchGroup)
		}
		r.node.group = number
	}
	return nil
}

// checkLookbehind makes sure that each branch of its own has one length.
func (p *parser) checkLookbehind(b pendingBehind) error {
	body := b.node.subs[0]
	branches := []*node{body}
	if body.op == opAlternate {
		branches = body.subs
	}
	for _, branch := range branches {
		if branch.has(opBackref) || branch.has(opCondition) {
			// The engine looks backwards, and would compare before it has captured.
			return p.unsupported(b.offset, "a back reference or a condition within a lookbehind")
		}
		switch length, ok := branch.fixedLength(); {
		case !ok:
			return p.syntaxError(b.offset, "lookbehind assertion is not fixed length")
		case length > maxLookbehind:
			return p.syntaxError(b.offset, "lookbehind assertion is too long")
		}
	}
	return nil
}
