package glob

import (
	"strings"
	"unicode/utf8"
)

// FromTranslated turns what Python's fnmatch.translate makes of a glob back into a glob, if the expression matches, as
// MongoDB reads it, exactly what the glob matches. IPython puts ^ before and $ after the translation.
//
// It knows the forms of Python 3.6 to 3.14: plain; from 3.9 on with (?=(?P<g0>.*?x))(?P=g0), and from 3.11 on with
// (?>.*?x), for a star and what follows it up to the next star. That these do not backtrack makes no difference to a
// match of the whole string, since a star follows; so they mean *x.
//
// Not every translation means to PCRE2 what it means to Python. \Z, before Python 3.14, lets a newline at the end of the
// string pass: such an expression is a glob only if it ends with a star. Without ^ it can begin to match anywhere, and
// is a glob with a star before it. Python 2.7 sets its options at the end, where PCRE2 takes them to hold for nothing:
// these expressions are no globs.
func FromTranslated(regex string) (pattern string, ok bool) {
	body, anchored := strings.CutPrefix(regex, "^")
	body, ok = strings.CutPrefix(body, "(?s:")
	if !ok {
		return "", false
	}
	body = strings.TrimSuffix(body, "$")
	body, whole := strings.CutSuffix(body, `)\z`)
	if !whole {
		if body, ok = strings.CutSuffix(body, `)\Z`); !ok {
			return "", false
		}
	}
	t := &translation{rest: body, groups: map[string]bool{}}
	if !anchored {
		t.star()
	}
	if !t.read() || !whole && !t.endsWithStar {
		return "", false
	}
	return t.glob.String(), true
}

// A translation is read from the left, while its glob is written.
type translation struct {
	rest         string
	glob         strings.Builder
	endsWithStar bool
	groups       map[string]bool // their names
}

func (t *translation) read() bool {
	for t.rest != "" {
		if !t.piece() {
			return false
		}
	}
	return true
}

// piece reads a star, a star with what must follow it, or one position.
func (t *translation) piece() bool {
	switch {
	case t.take("(?>.*?"):
		t.star()
		return t.fixed() && t.take(")") && t.starFollows()
	case t.take("(?=(?P<"):
		name, rest, ok := strings.Cut(t.rest, ">.*?")
		if !ok || !isGroupName(name) || t.groups[name] {
			return false
		}
		t.groups[name] = true
		t.rest = rest
		t.star()
		return t.fixed() && t.take("))(?P="+name+")") && t.starFollows()
	case t.take(".*"):
		t.star()
		return true
	default:
		return t.position()
	}
}

// fixed reads positions up to the end of a group.
func (t *translation) fixed() bool {
	for !strings.HasPrefix(t.rest, ")") {
		if t.rest == "" || !t.position() {
			return false
		}
	}
	return true
}

func (t *translation) starFollows() bool {
	return strings.HasPrefix(t.rest, ".*") || strings.HasPrefix(t.rest, "(?>.*?") || strings.HasPrefix(t.rest, "(?=(?P<")
}

// isGroupName reports g and a number, in no more bytes than PCRE2 allows.
func isGroupName(s string) bool {
	digits, ok := strings.CutPrefix(s, "g")
	return ok && len(s) <= 32 && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// position reads what matches one code point.
func (t *translation) position() bool {
	t.endsWithStar = false
	switch {
	case t.take("(?!)"):
		t.glob.WriteString((&class{}).String())
		return true
	case t.take("."):
		t.glob.WriteByte('?')
		return true
	case t.take("["):
		return t.class()
	}
	r, ok := t.char(`()[]{}?*+|^$.`)
	if ok {
		t.glob.WriteString(quote(r))
	}
	return ok
}

func (t *translation) class() bool {
	c := &class{negated: t.take("^")}
	for first := true; first || !t.take("]"); first = false {
		special := "[]"
		if first {
			special = "["
		}
		lo, ok := t.char(special)
		if !ok {
			return false
		}
		hi := lo
		if strings.HasPrefix(t.rest, "-") && !strings.HasPrefix(t.rest, "-]") {
			t.take("-")
			if hi, ok = t.char("[]"); !ok || hi < lo {
				return false
			}
		}
		c.ranges = append(c.ranges, [2]rune{lo, hi})
	}
	t.glob.WriteString(c.String())
	return true
}

// char reads a literal: anything that is not special, or anything but a letter or digit after a backslash.
func (t *translation) char(special string) (rune, bool) {
	escaped := t.take(`\`)
	r, size := utf8.DecodeRuneInString(t.rest)
	switch {
	case size == 0, r == utf8.RuneError && size == 1:
		return 0, false
	case escaped && isAlphanumeric(r):
		return 0, false
	case !escaped && strings.ContainsRune(special, r):
		return 0, false
	}
	t.rest = t.rest[size:]
	return r, true
}

func (t *translation) star() {
	if !t.endsWithStar {
		t.glob.WriteByte('*')
	}
	t.endsWithStar = true
}

func (t *translation) take(s string) bool {
	rest, ok := strings.CutPrefix(t.rest, s)
	t.rest = rest
	return ok
}
