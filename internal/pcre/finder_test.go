package pcre

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A find is where PCRE2 10.42 found a pattern: the place, the length, and what the groups captured, or nothing.
type find struct {
	Pattern, Options, Subject string
	From                      int
	Found                     []any
}

func TestFindsOfPCRE2(t *testing.T) {
	file, err := os.Open("testdata/pcre2-10.42-finds.jsonl")
	require.NoError(t, err)
	defer file.Close()
	asked, refused := 0, 0
	for lines := bufio.NewScanner(file); lines.Scan(); asked++ {
		var want find
		require.NoError(t, json.Unmarshal(lines.Bytes(), &want))
		f, err := CompileFinder(want.Pattern, want.Options)
		var unsupported *UnsupportedError
		if errors.As(err, &unsupported) {
			refused++
			continue
		}
		require.NoError(t, err, want.Pattern)
		got, err := f.Find([]rune(want.Subject), want.From)
		require.NoError(t, err)
		require.Equal(t, want.Found, written(got, []rune(want.Subject)), "%q %q on %q from %d", want.Pattern, want.Options, want.Subject, want.From)
	}
	require.Greater(t, asked, 2000)
	require.Less(t, refused*10, asked)
}

// written is a match as the answers have it.
func written(m *Found, subject []rune) []any {
	if m == nil {
		return nil
	}
	groups := []any{}
	for _, g := range m.Groups {
		if g.Captured {
			groups = append(groups, string(subject[g.Start:g.Start+g.Length]))
		} else {
			groups = append(groups, nil)
		}
	}
	return []any{float64(m.Start), float64(m.Length), groups}
}

func TestFindersRefuseWhatTheyMightFindOtherwise(t *testing.T) {
	for _, pattern := range []string{`a\Kb`, `\Ga`, `(?<=(a))b`, `(a|b*)*c`, `(?:(a?)){2}`} {
		_, err := CompileFinder(pattern, "")
		var unsupported *UnsupportedError
		require.ErrorAs(t, err, &unsupported, pattern)
		_, err = Compile(pattern, "")
		require.NoError(t, err, "it can be matched: %s", pattern)
	}
	_, err := CompileFinder("(", "")
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax)
	_, err = CompileFinder("a", "z")
	var option *OptionError
	require.ErrorAs(t, err, &option)
}

func TestFindsHaveABudget(t *testing.T) {
	f, err := CompileFinder(`(a+)+\1b`, "")
	require.NoError(t, err)
	_, err = f.Find([]rune(strings.Repeat("a", 5000)), 0)
	require.ErrorIs(t, err, ErrBudget)
}
