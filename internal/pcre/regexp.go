// Package pcre matches regular expressions as MongoDB does.
//
// MongoDB compiles a $regex with PCRE2, release 10.42, in UTF mode, without Unicode properties for \d, \w, \s and \b
// (unless the pattern begins with (*UCP)), and with LF as the only newline. [Compile] reads PCRE2's syntax, as described
// in pcre2pattern(3), and hands the pattern to the first engine that can be given exactly the same meaning:
//
//   - plain comparison of bytes, for a literal;
//   - Go's package regexp, in linear time, for what describes a regular language;
//   - regexp2, which backtracks, for the rest: back references, lookaround, atomic groups, conditions.
//
// What neither can say is refused with an [UnsupportedError]: calls of groups and recursion, \X, \C, backtracking verbs
// other than (*FAIL), other newlines, script extensions and a few more Unicode properties, several groups of one name,
// back references and conditions within a lookbehind. PCRE2's abbreviations of the names of properties are taken for
// unknown names.
//
// PCRE2's limits of nesting (250), counts (65535) and length (32764 bytes) hold here too, but not its limit for the
// compiled size. Where release 10.42 departs from its own documentation (in \R+\s it lets \R keep the newline that \s
// needs) the documentation counts. Unicode properties are those of Go's version of Unicode, where release 10.42 has 14.0.
//
// Matching says whether there is a match, not where: that finds a [Finder]. It has a budget: one second and, for the
// backtracking engine, a stack of 2^20 entries. Where that does not suffice the answer is a [BudgetError]; MongoDB, which has a limit of steps,
// would take such a string for one that does not match.
package pcre

import (
	"time"
	"unicode/utf8"
)

// timeBudget is how long a match may take.
const timeBudget = time.Second

const outOfTime = "it took longer than a second"

// A Regexp is a compiled regular expression. It can be used by several goroutines at once.
type Regexp struct {
	pattern string
	root    *node
	matcher matcher
}

// A matcher matches valid UTF-8; spent, unless empty, says which part of the budget ran out.
type matcher interface {
	match(s []byte) (ok bool, spent string)
}

// Compile reads a pattern and MongoDB's options: any of i (case does not matter), m (^ and $ also match at newlines within
// the string), s (a dot matches a newline too), x (white space and comments are ignored) and u (which says nothing).
// The error is a [*SyntaxError], an [*OptionError] or an [*UnsupportedError].
func Compile(pattern, options string) (*Regexp, error) {
	f, err := parseOptions(options)
	if err != nil {
		return nil, err
	}
	root, err := newParser(pattern, f).parse()
	if err != nil {
		return nil, err
	}
	m, ok := newMatcher(root)
	if !ok {
		return nil, &UnsupportedError{Pattern: pattern, Feature: "so large a pattern"}
	}
	return &Regexp{pattern: pattern, root: root, matcher: m}, nil
}

func parseOptions(options string) (flags, error) {
	var f flags
	for _, c := range options {
		switch c {
		case 'i':
			f.fold = true
		case 'm':
			f.multiline = true
		case 's':
			f.dotAll = true
		case 'x':
			f.extended = true
		case 'u':
		default:
			return f, &OptionError{Options: options, Flag: c}
		}
	}
	return f, nil
}

func newMatcher(root *node) (matcher, bool) {
	if m, ok := newLiteral(root); ok {
		return m, true
	}
	if m, ok := newAutomaton(root); ok {
		return m, true
	}
	m, ok := newBacktracker(root)
	return m, ok
}

// Match reports whether the expression matches somewhere in s. As PCRE2 refuses what is not valid UTF-8, and MongoDB takes
// that for no match, such an s does not match. The error is a [*BudgetError], and then nothing is known.
func (re *Regexp) Match(s []byte) (bool, error) {
	if !utf8.Valid(s) {
		return false, nil
	}
	ok, spent := re.matcher.match(s)
	if spent != "" {
		return false, &BudgetError{Pattern: re.pattern, Length: len(s), Spent: spent}
	}
	return ok, nil
}

// Backtracks tells whether a match may take up to a second on a short string, too.
func (re *Regexp) Backtracks() bool {
	_, ok := re.matcher.(*backtracker)
	return ok
}

// Prefix returns the literal with which a string must begin to match, and whether that is all: whether every string (of
// valid UTF-8) that begins with it matches. It is empty unless the expression can match only at the beginning of a
// string, and does so with a literal in which case matters. ^abc$ begins with abc, and is not complete.
func (re *Regexp) Prefix() (prefix string, complete bool) {
	return re.root.prefix()
}

// String returns the pattern.
func (re *Regexp) String() string { return re.pattern }
