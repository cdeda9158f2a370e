package glob

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/internal/pcre"
)

// requireSameAsPCRE requires the glob to match what the expression does.
func requireSameAsPCRE(t *testing.T, regex, glob string, subjects []string) {
	t.Helper()
	re, err := pcre.Compile(regex, "")
	require.NoError(t, err)
	g := Compile(glob)
	for _, s := range subjects {
		want, err := re.Match([]byte(s))
		require.NoError(t, err)
		require.Equal(t, want, g.Match([]byte(s)), "%s as %q on %q", regex, glob, s)
	}
}

func TestFromTranslated(t *testing.T) {
	cases, subjects := fnmatchCases(t)
	for _, s := range subjects {
		subjects = append(subjects, s+"\n", "ab"+s)
	}
	for _, c := range cases {
		for _, regex := range c.Regexes {
			if strings.Contains(regex, "[[") {
				// Python 3.6 left a bracket in a class as it is, and PCRE2 may see a POSIX class there.
				_, ok := FromTranslated(regex)
				require.False(t, ok, regex)
				continue
			}
			// As Python 3.14 has it.
			whole := strings.TrimSuffix(regex, `\Z`) + `\z`
			for _, dressed := range []string{"^" + whole + "$", "^" + whole} {
				glob, ok := FromTranslated(dressed)
				require.True(t, ok, dressed)
				require.Equal(t, matches(Compile(c.Glob), subjects), matches(Compile(glob), subjects), dressed)
				requireSameAsPCRE(t, dressed, glob, subjects)
			}
			glob, ok := FromTranslated(whole)
			require.True(t, ok)
			requireSameAsPCRE(t, whole, glob, subjects)

			dressed := "^" + regex + "$"
			glob, ok = FromTranslated(dressed)
			require.Equal(t, strings.HasSuffix(c.Glob, "*"), ok, dressed)
			if ok {
				requireSameAsPCRE(t, dressed, glob, subjects)
			}
		}
	}
}

func TestNotTranslated(t *testing.T) {
	for _, regex := range []string{
		"",
		"abc",
		"^abc$",
		`^a.*\Z(?ms)$`, // Python 2.7
		`^(?s:abc)\Z$`, // matches "abc\n" too
		`^(?s:a|b)\z$`, // two translations joined
		`^(?s:a+.*)\Z$`,
		`^(?s:\d.*)\Z$`,
		`^(?s:[\d].*)\Z$`,
		`^(?s:[[:alpha:].*)\Z$`,
		`^(?s:[b-a].*)\Z$`, // no expression at all
		`^(?s:[a.*)\Z$`,
		`^(?s:(?>.*?a)b.*)\Z$`, // atomic, and what follows is no star
		`^(?s:(?=(?P<g0>.*?a))(?P=g1).*)\Z$`,
		`^(?s:(?=(?P<x>.*?a))(?P=x).*)\Z$`,
		`^(?s:(?>.*?(?>.*?a).*).*)\Z$`,
		`^(?s:(?>.*?a`,
		`^(?s:(?=(?P<g0>.*?a))(?P=g0)(?=(?P<g0>.*?a))(?P=g0).*)\Z$`,
		`^(?i:a.*)\Z$`,
		"^(?s:\xff.*)\\Z$",
		`^(?s:a.*?b.*)\Z$`,
		`^(?s:a\`,
		`^(?s:(?=(?P<g0>.*?a))(?P=g0)b(?>.*)\Z$`,
	} {
		glob, ok := FromTranslated(regex)
		require.False(t, ok, "%s as %q", regex, glob)
	}
}

func FuzzFromTranslated(f *testing.F) {
	for _, seed := range []string{
		`^(?s:a(?>.*?[b\-c])(?>.*?.).*)\Z$`, `(?s:(?=(?P<g0>.*?a))(?P=g0).*)\Z`, `^(?s:[^]!-]\*(?!))\z$`, `^(?s:.*.*a)\z`,
	} {
		f.Add(seed, []byte("ab-c\n"))
	}
	f.Fuzz(func(t *testing.T, regex string, s []byte) {
		if glob, ok := FromTranslated(regex); ok {
			requireSameAsPCRE(t, regex, glob, []string{strings.ToValidUTF8(string(s), "?")})
		}
	})
}
