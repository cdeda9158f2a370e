package pcre

import "strings"

// parenthesis reads what begins with an opening parenthesis, which has been read.
func (p *parser) parenthesis() (n *node, quantifiable bool, err error) {
	start := p.pos - 1
	switch {
	case p.take("*"):
		return p.verb(start)
	case p.take("?"):
		return p.special(start)
	case p.flags.noCapture:
		n, err = p.plainGroup()
	default:
		n, err = p.capture()
	}
	return n, true, err
}

// special reads what begins with (? .
func (p *parser) special(start int) (n *node, quantifiable bool, err error) {
	switch {
	case p.take(":"):
		n, err = p.plainGroup()
	case p.take("|"):
		n, err = p.branchReset()
	case p.take(">"):
		n, err = p.wrapped(opAtomic, false)
	case p.at("="), p.at("!"), p.at("<="), p.at("<!"), p.at("*"), p.at("<*"):
		n, err = p.lookaround(start)
	case p.take("P<"), p.take("<"):
		n, err = p.namedCapture('>')
	case p.take("'"):
		n, err = p.namedCapture('\'')
	case p.take("P="):
		n, err = p.backrefToName(start, ')')
	case p.take("("):
		n, err = p.condition(start)
	case p.take("C"):
		return nil, false, p.callout(start)
	case p.at("R"), p.at("&"), p.at("P>"), p.startsCall():
		return nil, false, p.unsupported(start, "a call of a group (recursion or subroutine)")
	case p.take("P") && !p.atEnd():
		return nil, false, p.syntaxError(p.pos, "unrecognized character after (?P")
	default:
		return p.options()
	}
	return n, true, err
}

// startsCall reports a group's number, absolute or relative.
func (p *parser) startsCall() bool {
	rest := strings.TrimLeft(p.pattern[p.pos:], "+-")
	signs := len(p.pattern) - p.pos - len(rest)
	return signs <= 1 && rest != "" && isDigit(rest[0])
}

// body reads up to the closing parenthesis; what a group sets of the options ends with it.
func (p *parser) body(branches func() (*node, error)) (*node, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, p.syntaxError(p.pos, "parentheses are too deeply nested")
	}
	outside := p.flags
	n, err := branches()
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		return nil, p.syntaxError(p.pos, "missing closing parenthesis")
	}
	p.flags = outside
	p.depth--
	return n, nil
}

// plainGroup keeps its node apart from what it contains: a lookbehind's own branches may differ in length, a group's not.
func (p *parser) plainGroup() (*node, error) {
	return p.wrapped(opConcat, false)
}

func (p *parser) wrapped(o op, negated bool) (*node, error) {
	n, err := p.body(p.alternation)
	return &node{op: o, subs: []*node{n}, negated: negated}, err
}

func (p *parser) capture() (*node, error) {
	p.groups++
	group := p.groups
	n, err := p.wrapped(opCapture, false)
	n.group = group
	return n, err
}

func (p *parser) namedCapture(end byte) (*node, error) {
	start := p.pos
	name, err := p.name(end)
	if err != nil {
		return nil, err
	}
	number := p.groups + 1
	if known, ok := p.names[name]; ok && known != number {
		if p.flags.dupNames {
			return nil, p.unsupported(start, "several groups of one name")
		}
		return nil, p.syntaxError(start, "two named subpatterns have the same name (PCRE2_DUPNAMES not set)")
	}
	if known, ok := p.nameOf[number]; ok && known != name {
		return nil, p.syntaxError(start, "different names for subpatterns of the same number are not allowed")
	}
	p.names[name], p.nameOf[number] = number, name
	return p.capture()
}

// branchReset reads (?|...): the groups of each branch have the same numbers.
func (p *parser) branchReset() (*node, error) {
	before, most := p.groups, p.groups
	n, err := p.body(func() (*node, error) {
		var branches []*node
		for {
			p.groups = before
			n, err := p.branch()
			if err != nil {
				return nil, err
			}
			most = max(most, p.groups)
			branches = append(branches, n)
			if !p.take("|") {
				return alternate(branches...), nil
			}
		}
	})
	p.groups = most
	return &node{op: opConcat, subs: []*node{n}}, err
}

// lookaround reads an assertion of which (? has been read.
func (p *parser) lookaround(start int) (*node, error) {
	switch {
	case p.take("="):
		return p.assertion(opLookahead, false, start)
	case p.take("!"):
		return p.assertion(opLookahead, true, start)
	case p.take("<="):
		return p.assertion(opLookbehind, false, start)
	case p.take("<!"):
		return p.assertion(opLookbehind, true, start)
	default:
		return nil, p.unsupported(start, "a non-atomic assertion")
	}
}

func (p *parser) assertion(o op, negated bool, start int) (*node, error) {
	p.lookarounds++
	n, err := p.wrapped(o, negated)
	p.lookarounds--
	if o == opLookbehind {
		p.behind = append(p.behind, pendingBehind{node: n, offset: start})
	}
	return n, err
}

// callout goes past (?C) and (?Cn): MongoDB calls nothing.
func (p *parser) callout(start int) error {
	digits := p.takeWhile(isDigit)
	if _, ok := decimal(digits, 255); !ok {
		return p.syntaxError(p.pos, "number after (?C is greater than 255")
	}
	switch {
	case p.take(")"):
		return nil
	case p.atEnd() || digits != "":
		return p.syntaxError(p.pos, "closing parenthesis for (?C expected")
	case strings.Contains("`'\"^%#${", p.pattern[p.pos:p.pos+1]):
		return p.unsupported(start, "a callout with a string")
	}
	return p.syntaxError(p.pos, "unrecognized string delimiter follows (?C")
}
