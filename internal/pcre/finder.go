package pcre

import (
	"strconv"

	"github.com/dlclark/regexp2/v2"
)

// A Finder is a compiled regular expression that finds where it matches, and what its groups capture. It can be used by
// several goroutines at once.
type Finder struct {
	pattern string
	groups  int
	re      *regexp2.Regexp
}

// A Found is where a regular expression matches.
type Found struct {
	Start, Length int // in code points
	Groups        []Group
}

// A Group is what a capturing group has captured last.
type Group struct {
	Start, Length int  // in code points
	Captured      bool // false if the group has captured nothing, which is less than the empty string
}

// CompileFinder is [Compile] for a Finder. It refuses, with an [*UnsupportedError], also where the engine might find
// something else than PCRE2 does: \K and \G, captures within a lookbehind, which the engine reads from its end, and
// captures within a repeat of what may be empty.
func CompileFinder(pattern, options string) (*Finder, error) {
	f, err := parseOptions(options)
	if err != nil {
		return nil, err
	}
	p := newParser(pattern, f)
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	switch {
	case p.notFound != "":
		return nil, &UnsupportedError{Pattern: pattern, Feature: "to find with " + p.notFound}
	case root.capturesVaguely():
		return nil, &UnsupportedError{Pattern: pattern, Feature: "to capture within a lookbehind, or a repeat of what may be empty,"}
	}
	w := newBacktrackWriter()
	for group := 1; group <= p.groups; group++ {
		w.captured[group] = strconv.Itoa(group)
	}
	re, ok := w.compile(root)
	if !ok {
		return nil, &UnsupportedError{Pattern: pattern, Feature: "so large a pattern"}
	}
	return &Finder{pattern: pattern, groups: p.groups, re: re}, nil
}

// capturesVaguely reports whether what a group has captured last depends on how an engine goes about it.
func (n *node) capturesVaguely() bool {
	switch {
	case n.op == opLookbehind, n.op == opRepeat && n.max > 1 && n.subs[0].minLength() == 0:
		return n.has(opCapture)
	}
	for _, sub := range n.subs {
		if sub.capturesVaguely() {
			return true
		}
	}
	return false
}

// Find finds the first match in s that does not begin before from, counted in code points, or nothing. What is before
// from counts as context. The error is a [*BudgetError].
func (f *Finder) Find(s []rune, from int) (*Found, error) {
	m, err := f.re.FindRunesMatchStartingAt(s, from)
	if spent := spentBy(err); spent != "" {
		return nil, &BudgetError{Pattern: f.pattern, Length: len(s), Spent: spent}
	}
	if m == nil {
		return nil, nil
	}
	found := &Found{Start: m.RuneIndex, Length: m.RuneLength, Groups: make([]Group, f.groups)}
	for i := range found.Groups {
		if g := m.GroupByNumber(i + 1); g != nil && len(g.Captures) > 0 {
			found.Groups[i] = Group{Start: g.RuneIndex, Length: g.RuneLength, Captured: true}
		}
	}
	return found, nil
}
