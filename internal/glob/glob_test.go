package glob

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/internal/pcre"
)

// A translation of Python's: see testdata.
type fnmatchCase struct {
	Glob    string
	Match   []string
	Regexes []string
}

func fnmatchCases(t *testing.T) (cases []fnmatchCase, subjects []string) {
	t.Helper()
	file, err := os.Open("testdata/fnmatch.jsonl")
	require.NoError(t, err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var c fnmatchCase
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		cases = append(cases, c)
		if c.Glob == "*" {
			subjects = c.Match
		}
	}
	require.NotEmpty(t, subjects)
	return cases, subjects
}

func matches(g *Glob, subjects []string) []string {
	out := []string{}
	for _, s := range subjects {
		if g.Match([]byte(s)) {
			out = append(out, s)
		}
	}
	return out
}

func TestMatchesAsPython(t *testing.T) {
	cases, subjects := fnmatchCases(t)
	for _, c := range cases {
		require.Equal(t, c.Match, matches(Compile(c.Glob), subjects), "%q", c.Glob)
	}
}

func TestHostilePatterns(t *testing.T) {
	g := Compile(strings.Repeat("*a", 50) + "*b")
	require.False(t, g.Match([]byte(strings.Repeat("a", 100_000))))
	require.True(t, Compile(strings.Repeat("[", 1_000_000)).Match([]byte(strings.Repeat("[", 1_000_000))))
}

func TestMatchDoesNotAllocate(t *testing.T) {
	g := Compile("*/sub*_[ab]?")
	s := []byte("group_a/subgroup_a1")
	require.True(t, g.Match(s))
	require.Zero(t, testing.AllocsPerRun(100, func() { g.Match(s) }))
}

func TestPrefix(t *testing.T) {
	tests := []struct {
		glob, prefix string
		exact        bool
	}{
		{"abc", "abc", true},
		{"", "", true},
		{"a[*]b", "a*b", true},
		{"a[", "a[", true},
		{"abc*", "abc", false},
		{"é?", "é", false},
		{"a[bc]d", "a", false},
		{"*a", "", false},
		{"[a-b]", "", false},
		{"[b-a]", "", false},
	}
	for _, test := range tests {
		prefix, exact := Compile(test.glob).Prefix()
		require.Equal(t, test.prefix, prefix, test.glob)
		require.Equal(t, test.exact, exact, test.glob)
	}
}

func TestRegex(t *testing.T) {
	for glob, want := range map[string]string{
		"":         `^(?s:)\z`,
		"a.b":      `^(?s:a\.b)\z`,
		"a*":       `^(?s:a.*)\z`,
		"*a*[!b]?": `^(?s:(?>.*?a).*[^b].)\z`,
		"[b-a]\n":  "^(?s:(?!)\n)\\z",
	} {
		require.Equal(t, want, Compile(glob).Regex())
	}
}

// oracle says the same as Match in as few words as possible.
func oracle(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	if pattern[0] == '*' {
		_, size := utf8.DecodeRuneInString(s)
		return oracle(pattern[1:], s) || s != "" && oracle(pattern, s[size:])
	}
	p, patternSize := utf8.DecodeRuneInString(pattern)
	r, size := utf8.DecodeRuneInString(s)
	if s == "" {
		return false
	}
	matched := p == '?' || p == r
	if p == '[' {
		if end := strings.Index(pattern[min(2, len(pattern)):], "]"); end >= 0 && pattern[1] != '!' {
			seq := []rune(pattern[1 : end+2])
			matched, patternSize = oracleClass(seq, r), end+3
		} else if end := strings.Index(pattern[min(3, len(pattern)):], "]"); end >= 0 && pattern[1] == '!' {
			seq := []rune(pattern[2 : end+3])
			matched, patternSize = !oracleClass(seq, r), end+4
		}
	}
	return matched && oracle(pattern[patternSize:], s[size:])
}

func oracleClass(seq []rune, r rune) bool {
	switch {
	case len(seq) == 0:
		return false
	case len(seq) >= 3 && seq[1] == '-':
		return seq[0] <= r && r <= seq[2] || oracleClass(seq[3:], r)
	default:
		return seq[0] == r || oracleClass(seq[1:], r)
	}
}

func somePattern() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("**??[[]]!!--abcé.\\^\n")), 0, 10, -1)
}

func someSubject() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("abcé.\\^\n[]!-*?")), 0, 8, -1)
}

func TestMatchIsTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, s := somePattern().Draw(t, "pattern"), someSubject().Draw(t, "s")
		require.Equal(t, oracle(pattern, s), Compile(pattern).Match([]byte(s)))
	})
}

func TestRegexMatchesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Compile(somePattern().Draw(t, "pattern"))
		re, err := pcre.Compile(g.Regex(), "")
		require.NoError(t, err)
		back, ok := FromTranslated(g.Regex())
		require.True(t, ok)
		for _, s := range rapid.SliceOfN(someSubject(), 1, 10).Draw(t, "subjects") {
			want := g.Match([]byte(s))
			matched, err := re.Match([]byte(s))
			require.NoError(t, err)
			require.Equal(t, want, matched, "%q on %q", re, s)
			require.Equal(t, want, Compile(back).Match([]byte(s)), "%q on %q", back, s)
		}
	})
}

func TestPrefixIsNeverWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Compile(somePattern().Draw(t, "pattern"))
		prefix, exact := g.Prefix()
		s := rapid.SampledFrom([]string{"", prefix}).Draw(t, "beginning") + someSubject().Draw(t, "s")
		matched := g.Match([]byte(s))
		require.True(t, strings.HasPrefix(s, prefix) || !matched)
		if exact {
			require.Equal(t, s == prefix, matched)
		}
	})
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{"a*b?", "[!a-c]*[]]", "[", "[!]", "*a*b*", "[b-a]\xff"} {
		f.Add(seed, []byte("axb"))
	}
	f.Fuzz(func(t *testing.T, pattern string, s []byte) {
		g := Compile(pattern)
		require.NotEmpty(t, g.Regex())
		prefix, exact := g.Prefix()
		s = s[:min(len(s), 1000)] // the time to match is the product of both lengths
		matched := g.Match(s)
		require.True(t, strings.HasPrefix(string(s), prefix) || !matched)
		require.True(t, !exact || matched == (string(s) == prefix))
	})
}
