package pcre

import "strings"

// condition reads (?(condition)yes|no), of which (?( has been read.
func (p *parser) condition(start int) (*node, error) {
	test, err := p.conditionTest(start)
	if err != nil {
		return nil, err
	}
	n, err := p.body(p.alternation)
	if err != nil {
		return nil, err
	}
	branches := []*node{n, concat()}
	if n.op == opAlternate {
		branches = n.subs
	}
	if len(branches) > 2 {
		return nil, p.syntaxError(start, "conditional subpattern contains more than two branches")
	}
	if test.op == opCondition {
		test.subs = branches
		return test, nil
	}
	return &node{op: opCondition, subs: append(branches, test)}, nil
}

// conditionTest is an assertion, or a condition still without branches.
func (p *parser) conditionTest(start int) (*node, error) {
	switch {
	case p.take("?"):
		if p.at("=") || p.at("!") || p.at("<=") || p.at("<!") {
			return p.lookaround(start)
		}
		if p.at("C") || p.at("#") {
			return nil, p.unsupported(start, "a condition that begins with a callout or a comment")
		}
		return nil, p.syntaxError(p.pos-1, "assertion expected after (?( or (?(?C)")
	case p.take("*"):
		n, _, err := p.alphaGroup(start)
		if err == nil && n.op != opLookahead && n.op != opLookbehind {
			err = p.syntaxError(p.pos, "assertion expected after (?( or (?(?C)")
		}
		return n, err
	}
	test := &node{op: opCondition}
	offset := p.pos
	number, ok, err := p.groupNumber()
	if err != nil {
		return nil, err
	}
	if ok {
		p.references = append(p.references, reference{node: test, number: number, offset: offset})
	} else if err := p.conditionName(test, start); err != nil {
		return nil, err
	}
	if !p.take(")") {
		return nil, p.syntaxError(p.pos, "missing closing parenthesis for condition")
	}
	return test, nil
}

func (p *parser) conditionName(test *node, start int) error {
	offset := p.pos
	var name string
	var err error
	switch {
	case p.take("<"):
		name, err = p.name('>')
	case p.take("'"):
		name, err = p.name('\'')
	case p.at("R&"), p.at("VERSION"):
		return p.unsupported(start, "a condition on recursion or version")
	default:
		if name, err = p.nameRunes(); err == nil {
			if digits, isR := strings.CutPrefix(name, "R"); isR && isDigits(digits) || name == "DEFINE" {
				err = p.unsupported(start, "a condition on recursion, or DEFINE")
			}
		}
		if err == nil && !p.at(")") {
			err = p.syntaxError(p.pos, "syntax error in subpattern name (missing terminator?)")
		}
	}
	p.references = append(p.references, reference{node: test, name: name, offset: offset})
	return err
}
