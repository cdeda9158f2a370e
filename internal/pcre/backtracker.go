package pcre

import (
	"errors"
	"strconv"

	"github.com/dlclark/regexp2/v2"
)

// maxStackSlots bounds the memory of a match: 8 MB.
const maxStackSlots = 1 << 20

// A backtracker tries one way after the other, as PCRE2 does, which can take time exponential in the subject.
type backtracker struct {
	re *regexp2.Regexp
}

// newBacktracker reports false if the pattern is too large.
func newBacktracker(n *node) (*backtracker, bool) {
	w := newBacktrackWriter()
	captures, mentioned := map[int]bool{}, map[int]bool{}
	n.collectGroups(captures, mentioned)
	for group := range mentioned {
		if captures[group] {
			w.captured[group] = strconv.Itoa(len(w.captured) + 1)
		}
	}
	re, ok := w.compile(n)
	return &backtracker{re: re}, ok
}

// compile reports false if the pattern is too large.
func (w *backtrackWriter) compile(n *node) (*regexp2.Regexp, bool) {
	w.node(n)
	if w.overflow() {
		return nil, false
	}
	re, err := regexp2.Compile(w.String(), regexp2.OptionMaxBacktrackingStackSize(maxStackSlots))
	if err != nil {
		return nil, false
	}
	re.MatchTimeout = timeBudget
	return re, true
}

// collectGroups notes which groups capture, and which are mentioned by a reference or a condition.
func (n *node) collectGroups(captures, mentioned map[int]bool) {
	switch {
	case n.op == opCapture:
		captures[n.group] = true
	case n.group > 0:
		mentioned[n.group] = true
	}
	for _, sub := range n.subs {
		sub.collectGroups(captures, mentioned)
	}
}

func (b *backtracker) match(s []byte) (ok bool, spent string) {
	ok, err := b.re.MatchString(string(s))
	return ok && err == nil, spentBy(err)
}

// spentBy says which part of the budget ran out, if there is an error.
func spentBy(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, regexp2.ErrBacktrackingStackLimit):
		return "its stack of 2^20 entries is full"
	}
	return outOfTime // regexp2 documents no other error than its timeout
}

// A backtrackWriter writes a pattern for regexp2, as .NET has it. Groups are captured only if something refers to
// them, or they are looked for, and shorthands whose meaning depends on the engine's options are written out.
type backtrackWriter struct {
	syntaxWriter
	captured map[int]string // the names of the groups that are
}

func newBacktrackWriter() *backtrackWriter {
	return &backtrackWriter{syntaxWriter: syntaxWriter{any: `[\s\S]`, none: `(?!)`}, captured: map[int]string{}}
}

func (w *backtrackWriter) node(n *node) {
	if w.overflow() {
		return
	}
	switch n.op {
	case opConcat:
		w.group("(?:", n.subs, "")
	case opAlternate:
		w.group("(?:", n.subs, "|")
	case opRepeat:
		w.repeat(n)
	case opSet:
		w.set(n.set)
	case opCapture:
		w.capture(n)
	case opAtomic:
		w.group("(?>", n.subs, "")
	case opLookahead, opLookbehind:
		w.assertion(n)
	case opBackref:
		w.backref(n)
	case opCondition:
		w.condition(n)
	case opBeginText:
		w.WriteString(`\A`)
	case opEndText:
		w.WriteString(`\z`)
	case opEndOrNewline:
		w.WriteString(`\Z`)
	case opBeginLine:
		w.WriteString(`(?:\A|(?m:^)(?!\z))`)
	case opEndLine:
		w.WriteString(`(?m:$)`)
	case opBoundary:
		w.boundary(n)
	}
}

func (w *backtrackWriter) group(open string, subs []*node, between string) {
	w.WriteString(open)
	for i, sub := range subs {
		if i > 0 {
			w.WriteString(between)
		}
		w.node(sub)
	}
	w.WriteByte(')')
}

func (w *backtrackWriter) repeat(n *node) {
	open := "(?:"
	if n.subs[0].has(opAtomic) {
		// regexp2 multiplies the counts of a repeat within a repeat, even if the inner one is atomic: it takes
		// (?:(?>a+)){2} for (?>a{2,}). It does not look into a capture.
		open = "(?<atomic>"
	}
	w.group(open, n.subs, "")
	w.WriteString("{" + strconv.Itoa(n.min) + ",")
	if n.max != unbounded {
		w.WriteString(strconv.Itoa(n.max))
	}
	w.WriteByte('}')
	if n.lazy {
		w.WriteByte('?')
	}
}

func (w *backtrackWriter) capture(n *node) {
	if name, ok := w.captured[n.group]; ok {
		w.group("(?<"+name+">", n.subs, "")
		return
	}
	w.group("(?:", n.subs, "")
}

func (w *backtrackWriter) assertion(n *node) {
	open := map[op]string{opLookahead: "(?", opLookbehind: "(?<"}[n.op]
	if n.negated {
		w.group(open+"!", n.subs, "")
		return
	}
	w.group(open+"=", n.subs, "")
}

// backref fails, as PCRE2 has it, if the group has captured nothing.
func (w *backtrackWriter) backref(n *node) {
	name, ok := w.captured[n.group]
	switch {
	case !ok:
		w.WriteString(w.none)
	case n.fold:
		w.WriteString(`(?i:\k<` + name + `>)`)
	default:
		w.WriteString(`\k<` + name + `>`)
	}
}

func (w *backtrackWriter) condition(n *node) {
	yes, no := n.subs[0], n.subs[1]
	name, ok := w.captured[n.group]
	switch {
	case n.group == 0:
		w.WriteString("(?")
		w.node(n.subs[2])
	case !ok:
		w.node(no)
		return
	default:
		w.WriteString("(?(" + name + ")")
	}
	w.group("", []*node{yes, no}, "|")
}

func (w *backtrackWriter) boundary(n *node) {
	word := setNode(n.set)
	look := func(o op, negated bool) { w.node(&node{op: o, subs: []*node{word}, negated: negated}) }
	w.WriteString("(?:")
	look(opLookbehind, false)
	look(opLookahead, !n.negated)
	w.WriteByte('|')
	look(opLookbehind, true)
	look(opLookahead, n.negated)
	w.WriteByte(')')
}
