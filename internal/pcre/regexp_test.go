package pcre

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, options string
		match, miss      []string
	}{
		{"abc", "", []string{"abc", "xabcx"}, []string{"", "ab", "ABC"}},
		{"^abc", "", []string{"abc", "abcd"}, []string{"xabc", "x\nabc"}},
		{"^abc$", "", []string{"abc", "abc\n"}, []string{"abc\n\n", "abcd"}},
		{`abc\z`, "", []string{"abc"}, []string{"abc\n"}},
		{`a$b`, "", nil, []string{"a\nb", "ab", "a"}},
		{"a$\n", "", []string{"a\n"}, []string{"a\n\n", "a"}},
		{"^b$", "m", []string{"a\nb\nc", "b"}, []string{"ab"}},
		{"^$", "m", []string{"", "\n", "a\n\n"}, []string{"a\n", "a"}},
		{"a.b", "", []string{"a\rb", "aéb"}, []string{"a\nb"}},
		{"a.b", "s", []string{"a\nb"}, []string{"ab"}},
		{"a b # c", "x", []string{"ab"}, []string{"a b"}},
		{"straße", "i", []string{"STRAẞE"}, []string{"strasse"}},
		{"k", "i", []string{"K", "\u212a"}, []string{"x"}},
		{`\s`, "", []string{"\v"}, []string{"\u00a0", "\u0085"}},
		{`\w`, "", []string{"_", "1"}, []string{"é"}},
		{`\d`, "", []string{"1"}, []string{"٣"}},
		{`(*UCP)^\w\d\s$`, "", []string{"é٣\u00a0"}, []string{"-٣\u00a0"}},
		{`(a+)\1b`, "", []string{"aab", "aaaab"}, []string{"ab"}},
		{`(?i)(a)\1`, "", []string{"aA"}, []string{"ab"}},
		{`(?<x>a)(?P=x)\k<x>\g{x}`, "", []string{"aaaa"}, []string{"aaa"}},
		{`(?<!a)b`, "", []string{"b", "cb"}, []string{"ab"}},
		{`a(?=b)`, "", []string{"ab"}, []string{"ac", "a"}},
		{`a(?!b)`, "", []string{"ac", "a"}, []string{"ab"}},
		{`(?>a*)ab`, "", nil, []string{"aaab"}},
		{`a++b`, "", []string{"aaab"}, []string{"aaa"}},
		{`(a)?(?(1)b|c)$`, "", []string{"ab", "c"}, []string{"ad", "b"}},
		{`^[]a]+$`, "", []string{"]a"}, []string{"b"}},
		{`^[^]]$`, "", []string{"a"}, []string{"]"}},
		{`^[[:^alpha:]]+$`, "", []string{"12"}, []string{"a"}},
		{`^\Qa.b\E+$`, "", []string{"a.bb"}, []string{"axb"}},
		{`^a{,2}$`, "", []string{"a{,2}"}, []string{"", "aa"}},
		{`^\R$`, "", []string{"\r\n", "\u2028"}, []string{"\n\r"}},
		{`\p{sc:Greek}\p{^Lu}\PN`, "", []string{"αa-"}, []string{"aaa", "αA-", "αa1"}},
		// What Python's fnmatch.translate makes of *a*b?.
		{`^(?s:(?=(?P<g0>.*?a))(?P=g0)(?=(?P<g1>.*?b))(?P=g1).)\Z$`, "", []string{"xaxb1", "abb"}, []string{"ab", "ba"}},
		{`^(?s:(?>.*?a)(?>.*?b).)\Z$`, "", []string{"xaxb1", "abb"}, []string{"ab", "ba"}},
		{`^.*a.*b.\Z(?ms)$`, "", []string{"xaxb1"}, []string{"ab"}},
	}
	for _, test := range tests {
		re, err := Compile(test.pattern, test.options)
		require.NoError(t, err)
		for _, s := range test.match {
			ok, err := re.Match([]byte(s))
			require.NoError(t, err)
			require.True(t, ok, "%q %q should match %q", test.pattern, test.options, s)
		}
		for _, s := range test.miss {
			ok, err := re.Match([]byte(s))
			require.NoError(t, err)
			require.False(t, ok, "%q %q should not match %q", test.pattern, test.options, s)
		}
	}
}

func TestInvalidUTF8DoesNotMatch(t *testing.T) {
	for _, pattern := range []string{"a", "^a", "a.?", "(?=a)a", ""} {
		re, err := Compile(pattern, "")
		require.NoError(t, err)
		for _, s := range []string{"a\xff", "a\xed\xa0\x80", "\xc0\x80a"} {
			ok, err := re.Match([]byte(s))
			require.NoError(t, err)
			require.False(t, ok, "%q on %q", pattern, s)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	tests := []struct {
		pattern string
		offset  int
		message string
	}{
		{"(a", 2, "missing closing parenthesis"},
		{"a)", 1, "unmatched closing parenthesis"},
		{"[a", 2, "missing terminating ] for character class"},
		{"[z-a]", 3, "range out of order in character class"},
		{"a**", 2, "quantifier does not follow a repeatable item"},
		{"^*", 1, "quantifier does not follow a repeatable item"},
		{"x{2}{3}", 4, "quantifier does not follow a repeatable item"},
		{"a{65536}", 8, "number too big in {} quantifier"},
		{"a{3,2}", 6, "numbers out of order in {} quantifier"},
		{`\i`, 1, `unrecognized character follows \`},
		{`(a)\2`, 3, "reference to non-existent subpattern"},
		{"(?<a>x)(?<a>y)", 10, "two named subpatterns have the same name (PCRE2_DUPNAMES not set)"},
		{"(?<=a+)b", 0, "lookbehind assertion is not fixed length"},
		{"(?<=(?:a|bc))d", 0, "lookbehind assertion is not fixed length"},
		{"[[:foo:]]", 3, "unknown POSIX class name"},
		{`\p{Foo}`, 7, `unknown property after \P or \p`},
		{"a\xff", 1, "UTF-8 error: the pattern is not valid UTF-8"},
		{strings.Repeat("(", 251) + strings.Repeat(")", 251), 251, "parentheses are too deeply nested"},
		{strings.Repeat("a", 32765), 32764, "pattern string is longer than the limit of 32764 bytes"},
	}
	for _, test := range tests {
		_, err := Compile(test.pattern, "")
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.Equal(t, SyntaxError{Pattern: test.pattern, Offset: test.offset, Message: test.message}, *syntax)
		require.Less(t, len(err.Error()), 500)
	}
}

func TestOptions(t *testing.T) {
	for _, options := range []string{"", "u", "imsxu", "ii"} {
		_, err := Compile("a", options)
		require.NoError(t, err)
	}
	for options, flag := range map[string]rune{"g": 'g', "iU": 'U', "é": 'é'} {
		_, err := Compile("a", options)
		var option *OptionError
		require.ErrorAs(t, err, &option)
		require.Equal(t, OptionError{Options: options, Flag: flag}, *option)
	}
}

func TestUnsupported(t *testing.T) {
	patterns := []string{
		"(?R)", "(?1)(a)", "(?&a)(?<a>b)", `\g<1>(a)`, `\X`, `\C`, "(*ACCEPT)a", "(*CRLF)a", "(*sr:a)", "(*napla:a)",
		`\p{Greek}`, `\p{Emoji}`, "(?J)(?<a>b)(?<a>c)", `(?<=(a)\1)b`, "(?(DEFINE)a)", `(?C"x")`,
		"(*UCP)" + strings.Repeat(`\w`, 10000),
	}
	for _, pattern := range patterns {
		_, err := Compile(pattern, "")
		var unsupported *UnsupportedError
		require.ErrorAs(t, err, &unsupported, pattern)
		require.Equal(t, pattern, unsupported.Pattern)
		require.NotEmpty(t, unsupported.Feature)
	}
}

func TestBudget(t *testing.T) {
	requireSpent := func(re *Regexp, s string) {
		t.Helper()
		ok, err := re.Match([]byte(s))
		require.ErrorIs(t, err, ErrBudget)
		var budget *BudgetError
		require.ErrorAs(t, err, &budget)
		require.Equal(t, len(s), budget.Length)
		require.False(t, ok)
	}

	explosive, err := Compile("(a|aa)+(?=b)c", "")
	require.NoError(t, err)
	explosive.matcher.(*backtracker).re.MatchTimeout = time.Millisecond
	requireSpent(explosive, strings.Repeat("a", 100))

	deep, err := Compile("(?:a|ab)*(?=b)c", "")
	require.NoError(t, err)
	requireSpent(deep, strings.Repeat("a", maxStackSlots))

	long, err := Compile(strings.Repeat(".*", 1000)+"z", "")
	require.NoError(t, err)
	long.matcher.(*automaton).budget = 0
	requireSpent(long, strings.Repeat("a", unwatchedSteps/1000))
}

func TestLargePatterns(t *testing.T) {
	tests := []struct {
		pattern     string
		match, miss string
	}{
		{"x{65535}", strings.Repeat("x", 65535), strings.Repeat("x", 65534)},
		{"^(a{1000}){20}", strings.Repeat("a", 20000), strings.Repeat("a", 19999)},
		{"((a{10}){10}){10}", strings.Repeat("a", 1000), strings.Repeat("a", 999)},
		{"(ab{1500}){2,3}c", strings.Repeat("a"+strings.Repeat("b", 1500), 2) + "c", "abc"},
		{"((a{1000}){1000}){1000}|b", "b", strings.Repeat("a", 1000)},
		{strings.Repeat("a?", 16000) + "b", "ab", "aa"},
		{strings.Repeat("(?:a*", 240) + "b" + strings.Repeat(")*", 240) + "c", "abaabc", "abaab"},
		{strings.Repeat("id|", 10000) + "x", "the id", "the di"},
		{"(?i)" + strings.Repeat("[^k]", 2000), strings.Repeat("x", 2000), strings.Repeat("x", 1999) + "K"},
	}
	for _, test := range tests {
		re, err := Compile(test.pattern, "")
		require.NoError(t, err)
		ok, err := re.Match([]byte(test.match))
		require.NoError(t, err)
		require.True(t, ok, test.pattern[:8])
		ok, err = re.Match([]byte(test.miss))
		require.NoError(t, err)
		require.False(t, ok, test.pattern[:8])
	}
}

func TestPrefix(t *testing.T) {
	tests := []struct {
		pattern, options, prefix string
		complete                 bool
	}{
		{"^abc", "", "abc", true},
		{`\Aabc`, "m", "abc", true},
		{`\Gab`, "", "ab", true},
		{`^a\.b`, "", "a.b", true},
		{`^\Qa.b\E`, "", "a.b", true},
		{"^(a(?:b)c)", "", "abc", true},
		{"^^é", "", "é", true},
		{"^abc$", "", "abc", false},
		{"^abc.*", "", "abc", false},
		{"^abc*", "", "ab", false},
		{"^ab{2}", "", "a", false},
		{"^a[b]c[de]", "", "abc", false},
		{"^a(?=b)c", "", "a", false},
		{"^a(?i)b", "", "a", false},
		{"^a1", "i", "", false},
		{"^1", "i", "1", true},
		{"^abc", "m", "", false},
		{"abc", "", "", false},
		{"^", "", "", false},
		{"", "", "", false},
		{"^a|b", "", "", false},
		{"^(?:a|b)", "", "", false},
		{"(^a)", "", "a", true},
		{"(^a)?b", "", "", false},
		{"a^b", "", "", false},
		{"(?!x)^a", "", "", false},
	}
	for _, test := range tests {
		re, err := Compile(test.pattern, test.options)
		require.NoError(t, err)
		prefix, complete := re.Prefix()
		require.Equal(t, test.prefix, prefix, test.pattern)
		require.Equal(t, test.complete, complete, test.pattern)
	}
}
