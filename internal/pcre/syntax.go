package pcre

import (
	"fmt"
	"strings"
	"unicode"
)

// maxSyntaxBytes bounds what a pattern can grow to when its classes and repeats are written out for an engine.
const maxSyntaxBytes = 1 << 20

// A syntaxWriter writes a pattern in the notation that Go's regexp and regexp2 have in common. It stops, and overflow
// says so, once it has written too much.
type syntaxWriter struct {
	strings.Builder
	any, none string // a class of everything, and what never matches, in the engine's notation
}

func (w *syntaxWriter) overflow() bool { return w.Len() > maxSyntaxBytes }

func (w *syntaxWriter) set(s runeSet) {
	r, isSingle := s.single()
	outside := s.negate()
	switch {
	case len(s) == 0:
		w.WriteString(w.none)
	case len(outside) == 0:
		w.WriteString(w.any)
	case isSingle:
		w.char(r)
	case s[0] == 0 && s[len(s)-1] == unicode.MaxRune:
		w.class("[^", outside)
	default:
		w.class("[", s)
	}
}

func (w *syntaxWriter) class(open string, s runeSet) {
	w.WriteString(open)
	for i := 0; i < len(s); i += 2 {
		w.char(s[i])
		if s[i] != s[i+1] {
			w.WriteByte('-')
			w.char(s[i+1])
		}
	}
	w.WriteByte(']')
}

// char writes a literal character; what is not plain ASCII is written as its number, so that no control, separator or
// surrogate stands in the text itself. So is the hyphen: as the first of a range, regexp2 does not take it escaped.
func (w *syntaxWriter) char(r rune) {
	switch {
	case r == '-':
		w.WriteString(`\x{2D}`)
	case r > ' ' && r < 0x7F && !isWordByte(byte(r)):
		w.WriteByte('\\')
		w.WriteByte(byte(r))
	case r >= ' ' && r < 0x7F:
		w.WriteByte(byte(r))
	default:
		fmt.Fprintf(w, `\x{%X}`, r)
	}
}
