package pcre

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

const (
	// maxStates bounds an automaton. Each code point of the subject can cost a step in every state: with many more states
	// (x{65535}) trying one way after the other does better.
	maxStates = 1 << 13
	// maxCount is the largest repeat count, alone or as a product of nested ones, that package regexp takes.
	maxCount = 1000
	// unwatchedSteps is up to how many states times bytes an automaton runs without looking at the clock: a fraction
	// of a second.
	unwatchedSteps = 1 << 25
	// runesPerLook is how many code points a watched automaton reads between two looks at the clock: with maxStates,
	// again a fraction of a second.
	runesPerLook = 1 << 10
)

// An automaton matches in time linear in the subject.
type automaton struct {
	re     *regexp.Regexp
	states int
	budget time.Duration
}

// newAutomaton reports false if n has anything that a regular language cannot say, or package regexp cannot.
func newAutomaton(n *node) (*automaton, bool) {
	states := n.weight()
	if states > maxStates {
		return nil, false
	}
	w := &automatonWriter{syntaxWriter: syntaxWriter{any: `(?s:.)`, none: `[^\x00-\x{10FFFF}]`}}
	w.node(n, followedByEnd, maxCount)
	if w.inexpressible || w.overflow() {
		return nil, false
	}
	re, err := regexp.Compile(w.String())
	if err != nil {
		return nil, false
	}
	return &automaton{re: re, states: states, budget: timeBudget}, true
}

func (a *automaton) match(s []byte) (ok bool, spent string) {
	if len(s) < unwatchedSteps/a.states {
		return a.re.Match(s), ""
	}
	r := &watchedReader{Reader: bytes.NewReader(s), deadline: time.Now().Add(a.budget)}
	ok = a.re.MatchReader(r)
	if r.late {
		return false, outOfTime
	}
	return ok, ""
}

// A watchedReader feigns the end of the text when time is up.
type watchedReader struct {
	*bytes.Reader
	deadline time.Time
	count    int
	late     bool
}

func (r *watchedReader) ReadRune() (rune, int, error) {
	if r.count++; r.count%runesPerLook == 0 && time.Now().After(r.deadline) {
		r.late = true
		return utf8.RuneError, 0, io.EOF
	}
	return r.Reader.ReadRune()
}

// following is what is known of the match after a node: it decides what some assertions can be turned into.
type following uint8

const (
	followedByAnything following = iota
	followedByRune               // at least one more code point will be consumed
	followedByEnd                // nothing: to match the node is to match the pattern
)

// An automatonWriter writes a pattern for package regexp. Whether there is a match is all that counts: captures,
// laziness and the like are left out, and where nothing follows, a lookahead may as well consume what it sees.
type automatonWriter struct {
	syntaxWriter
	inexpressible bool
}

// node writes n; counts says how large the product of repeat counts may become within it.
func (w *automatonWriter) node(n *node, f following, counts int) {
	if w.inexpressible || w.overflow() {
		return
	}
	switch n.op {
	case opConcat:
		w.concat(n.subs, f, counts)
	case opAlternate:
		w.alternate(n.subs, f, counts)
	case opRepeat:
		w.repeat(n, f, counts)
	case opSet:
		w.set(n.set)
	case opCapture:
		w.node(n.subs[0], f, counts)
	case opAtomic:
		w.need(f == followedByEnd)
		w.node(n.subs[0], f, counts)
	case opLookahead:
		w.need(f == followedByEnd && !n.negated)
		w.node(n.subs[0], f, counts)
	case opBeginText:
		w.WriteString(`\A`)
	case opEndText:
		w.WriteString(`\z`)
	case opEndOrNewline:
		w.need(f == followedByEnd)
		w.WriteString(`\n?\z`)
	case opBeginLine:
		w.need(f == followedByRune)
		w.WriteString(`(?m:^)`)
	case opEndLine:
		w.WriteString(`(?m:$)`)
	case opBoundary:
		w.boundary(n)
	default:
		w.need(false)
	}
}

// need gives up unless the condition holds under which what is written next is right.
func (w *automatonWriter) need(condition bool) {
	w.inexpressible = w.inexpressible || !condition
}

func (w *automatonWriter) concat(subs []*node, f following, counts int) {
	// \Z$, as IPython's expressions end, is $.
	subs = slices.CompactFunc(slices.Clone(subs), func(a, b *node) bool {
		return a.op == opEndOrNewline && b.op == opEndOrNewline
	})
	lastConsumer := -1
	for i, sub := range subs {
		if sub.minLength() > 0 {
			lastConsumer = i
		}
	}
	w.WriteString("(?:")
	for i, sub := range subs {
		switch {
		case i == len(subs)-1:
			w.node(sub, f, counts)
		case i < lastConsumer || f == followedByRune:
			w.node(sub, followedByRune, counts)
		default:
			w.node(sub, followedByAnything, counts)
		}
	}
	w.WriteByte(')')
}

func (w *automatonWriter) alternate(subs []*node, f following, counts int) {
	w.WriteString("(?:")
	for i, sub := range subs {
		if i > 0 {
			w.WriteByte('|')
		}
		w.node(sub, f, counts)
	}
	w.WriteByte(')')
}

// repeat writes n{min,max} as n{min} and then n* or n{0,max-min}, which is the same set of strings.
func (w *automatonWriter) repeat(n *node, f following, counts int) {
	if n.max > 1 && f == followedByEnd {
		f = followedByAnything
	}
	body := n.subs[0]
	w.counted(body, f, counts, n.min, "")
	switch {
	case n.max == unbounded:
		w.group(body, f, counts)
		w.WriteByte('*')
	default:
		w.counted(body, f, counts, n.max-n.min, "0,")
	}
}

// counted writes body n times, or if least is "0," up to n times, in as many pieces as package regexp's limit demands.
func (w *automatonWriter) counted(body *node, f following, counts, n int, least string) {
	for n > 0 && !w.inexpressible && !w.overflow() {
		count := min(n, counts)
		w.group(body, f, counts/count)
		w.WriteString("{" + least + strconv.Itoa(count) + "}")
		n -= count
	}
}

func (w *automatonWriter) group(n *node, f following, counts int) {
	w.WriteString("(?:")
	w.node(n, f, counts)
	w.WriteByte(')')
}

func (w *automatonWriter) boundary(n *node) {
	w.need(len(n.set) == len(asciiWord))
	if n.negated {
		w.WriteString(`\B`)
		return
	}
	w.WriteString(`\b`)
}
