package pcre

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// somePattern draws a pattern that is mostly valid.
func somePattern(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		atom := rapid.SampledFrom([]string{
			"a", "b", "k", "é", ".", "^", "$", `\A`, `\z`, `\Z`, `\b`, `\B`, `\d`, `\W`, `\s`, `\N`, `\R`, "[ab]", "[^a]",
			"[[:alpha:]-]", `\x{e9}`, `\n`, `\1`, "(?i)", "(?s)", "(?m)", `\Qa.\E`, "(*F)", "()", `\Z$`,
		})
		open := rapid.SampledFrom([]string{"(", "(?:", "(?i:", "(?m:", "(?>", "(?=", "(?!", "(?<!", "(?<=", "(?|", "(?(1)"})
		quantifier := rapid.SampledFrom([]string{"", "", "", "*", "+", "?", "*?", "{2}", "{0,2}", "++", "{0}"})
		var out strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "items") {
			if depth > 0 && rapid.Bool().Draw(t, "group") {
				out.WriteString(open.Draw(t, "open") + somePattern(depth-1).Draw(t, "body") + ")")
			} else {
				out.WriteString(atom.Draw(t, "atom"))
			}
			out.WriteString(quantifier.Draw(t, "quantifier"))
			if rapid.IntRange(0, 5).Draw(t, "branch") == 0 {
				out.WriteString("|")
			}
		}
		return out.String()
	})
}

func someSubject() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("aabbkK\u212aéÉ1_-. \n\n\r")), 0, 8, -1)
}

// someRegexp draws an expression of a pattern that compiles; it begins with start, which may open one group.
func someRegexp(start string, options ...string) *rapid.Generator[*Regexp] {
	end := strings.Repeat(")", strings.Count(start, "("))
	return rapid.Custom(func(t *rapid.T) *Regexp {
		pattern := start + somePattern(2).Draw(t, "pattern") + end
		re, err := Compile(pattern, rapid.SampledFrom(options).Draw(t, "options"))
		if err != nil {
			return nil
		}
		return re
	}).Filter(func(re *Regexp) bool { return re != nil })
}

func TestEnginesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		re := someRegexp("", "", "", "i", "m", "s").Draw(t, "re")
		b, ok := newBacktracker(re.root)
		require.True(t, ok)
		for _, s := range rapid.SliceOfN(someSubject(), 1, 10).Draw(t, "subjects") {
			want, err := re.Match([]byte(s)) // by the literal or the automaton, where one can be made
			require.NoError(t, err)
			got, spent := b.match([]byte(s))
			require.Empty(t, spent)
			require.Equal(t, want, got, "%q on %q", re, s)
			if a, ok := newAutomaton(re.root); ok {
				got, _ = a.match([]byte(s))
				require.Equal(t, want, got, "%q on %q", re, s)
			}
		}
	})
}

func TestPrefixIsNeverWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.SampledFrom([]string{"^", `\A`, "(?:^", "(^", "(?>^"}).Draw(t, "start")
		re := someRegexp(start, "", "i", "m").Draw(t, "re")
		prefix, complete := re.Prefix()
		s := rapid.SampledFrom([]string{"", prefix}).Draw(t, "beginning") + someSubject().Draw(t, "subject")
		matched, err := re.Match([]byte(s))
		require.NoError(t, err)
		begins := strings.HasPrefix(s, prefix)
		require.True(t, begins || !matched, "%q matches %q", re, s)
		if complete {
			require.Equal(t, begins, matched, "%q on %q", re, s)
		}
	})
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"^abc$", "(a+)+$", `(?<n>a)\k<n>(?(n)b|c)`, `[[:alpha:]\d-]{2,3}+`, `(*UCP)\Qa\E\x{41}\p{Lu}(?#c)`, "(?<=a|bc)(?>d)",
		"((a{1000}){1000}){1000}", "(?|(a)|(b))(?i-s:c)", `\o{101}\cA\N{U+41}\R\Z`,
	} {
		f.Add(seed, "i", []byte("abcAé\n"))
	}
	f.Fuzz(func(t *testing.T, pattern, options string, subject []byte) {
		re, err := Compile(pattern, options)
		if err != nil {
			var syntax *SyntaxError
			var option *OptionError
			var unsupported *UnsupportedError
			require.True(t, errors.As(err, &syntax) || errors.As(err, &option) || errors.As(err, &unsupported), "%v", err)
			return
		}
		if b, ok := re.matcher.(*backtracker); ok {
			b.re.MatchTimeout = 10 * time.Millisecond
		}
		matched, err := re.Match(subject)
		if err != nil {
			require.ErrorIs(t, err, ErrBudget)
			return
		}
		require.False(t, matched && !utf8.Valid(subject))
		prefix, complete := re.Prefix()
		begins := strings.HasPrefix(string(subject), prefix)
		require.True(t, begins || !matched)
		require.True(t, !complete || !begins || matched || !utf8.Valid(subject))
	})
}
