package pcre

import (
	"slices"
	"strings"
)

// startVerbs reads the settings that only the very beginning of a pattern may have.
func (p *parser) startVerbs() error {
	for {
		end := strings.IndexByte(p.pattern[p.pos:], ')')
		if !p.at("(*") || end < 0 {
			return nil
		}
		setting, value, hasValue := strings.Cut(p.pattern[p.pos+2:p.pos+end], "=")
		switch setting {
		case "UTF", "UTF8", "LF", "BSR_UNICODE", "NO_AUTO_POSSESS", "NO_DOTSTAR_ANCHOR", "NO_JIT", "NO_START_OPT":
			// These ask for what MongoDB does anyway, or for nothing that shows.
		case "UCP":
			p.ucp = true
		case "BSR_ANYCRLF":
			p.crlfNewline = true
		case "CR", "CRLF", "ANY", "ANYCRLF", "NUL", "NOTEMPTY", "NOTEMPTY_ATSTART":
			return p.unsupported(p.pos, "(*"+setting+")")
		case "LIMIT_HEAP", "LIMIT_MATCH", "LIMIT_DEPTH", "LIMIT_RECURSION":
			if hasValue && value != "" && isDigits(value) {
				return p.unsupported(p.pos, "(*"+setting+"=n)")
			}
			return nil
		default:
			return nil
		}
		if hasValue {
			return nil
		}
		p.pos += end + 1
	}
}

// verb reads what begins with (* .
func (p *parser) verb(start int) (n *node, quantifiable bool, err error) {
	switch {
	case p.atEnd(), p.at(")"):
		return nil, false, p.syntaxError(p.pos-1, "quantifier does not follow a repeatable item")
	case p.pattern[p.pos] >= 'a' && p.pattern[p.pos] <= 'z':
		return p.alphaGroup(start)
	}
	name := p.takeWhile(isWordByte)
	switch {
	case !p.at(")") && !p.at(":"), !slices.Contains(verbs, name):
		return nil, false, p.syntaxError(p.pos, "(*VERB) not recognized or malformed")
	case (name == "F" || name == "FAIL") && p.take(")"):
		return setNode(nil), false, nil
	case name == "MARK" && p.at(")"):
		return nil, false, p.syntaxError(p.pos, "(*MARK) must have an argument")
	}
	return nil, false, p.unsupported(start, "the backtracking verb (*"+name+")")
}

// verbs are PCRE2's; the one without a name is MARK's short form (*:mark).
var verbs = []string{"", "ACCEPT", "COMMIT", "F", "FAIL", "MARK", "PRUNE", "SKIP", "THEN"}

// alphaGroup reads the groups that have a name for a symbol, such as (*pla:...), of which (* has been read.
func (p *parser) alphaGroup(start int) (n *node, quantifiable bool, err error) {
	name := p.takeWhile(isWordByte)
	kind, known := alphaGroups[name]
	if !p.take(":") || !known {
		return nil, false, p.syntaxError(p.pos, "(*alpha_assertion) not recognized")
	}
	switch kind.op {
	case opAtomic:
		n, err = p.wrapped(opAtomic, false)
	case opLookahead, opLookbehind:
		n, err = p.assertion(kind.op, kind.negated, start)
	default:
		err = p.unsupported(start, "(*"+name+":...)")
	}
	return n, true, err
}

// alphaGroups are PCRE2's; those that are not supported have no operation of their own.
var alphaGroups = map[string]struct {
	op      op
	negated bool
}{
	"atomic":              {op: opAtomic},
	"pla":                 {op: opLookahead},
	"positive_lookahead":  {op: opLookahead},
	"nla":                 {op: opLookahead, negated: true},
	"negative_lookahead":  {op: opLookahead, negated: true},
	"plb":                 {op: opLookbehind},
	"positive_lookbehind": {op: opLookbehind},
	"nlb":                 {op: opLookbehind, negated: true},
	"negative_lookbehind": {op: opLookbehind, negated: true},

	"napla": {}, "non_atomic_positive_lookahead": {},
	"naplb": {}, "non_atomic_positive_lookbehind": {},
	"sr": {}, "script_run": {}, "asr": {}, "atomic_script_run": {},
}
