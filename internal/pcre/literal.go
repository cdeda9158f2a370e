package pcre

import "bytes"

// A literal is found, or stands at the beginning.
type literal struct {
	text     []byte
	anchored bool
}

// newLiteral reports false if n is not a literal, possibly anchored.
func newLiteral(n *node) (*literal, bool) {
	r := prefixReader{}
	r.read(n)
	if r.stopped {
		return nil, false
	}
	return &literal{text: r.text, anchored: r.anchored}, true
}

func (l *literal) match(s []byte) (ok bool, spent string) {
	if l.anchored {
		return bytes.HasPrefix(s, l.text), ""
	}
	return bytes.Contains(s, l.text), ""
}

func (n *node) prefix() (text string, complete bool) {
	r := prefixReader{}
	r.read(n)
	if !r.anchored || len(r.text) == 0 {
		return "", false
	}
	return string(r.text), !r.stopped
}

// A prefixReader collects the literal with which a pattern begins.
type prefixReader struct {
	text     []byte
	anchored bool // at the beginning of the subject
	stopped  bool // something that is no literal comes next
}

func (r *prefixReader) read(n *node) {
	if r.stopped {
		return
	}
	char, isChar := n.set.single()
	switch {
	case n.op == opConcat:
		for _, sub := range n.subs {
			r.read(sub)
		}
	case n.op == opCapture, n.op == opAtomic:
		r.read(n.subs[0])
	case n.op == opSet && isChar:
		r.text = append(r.text, string(char)...)
	case n.op == opBeginText && len(r.text) == 0:
		r.anchored = true
	default:
		r.stopped = true
	}
}
