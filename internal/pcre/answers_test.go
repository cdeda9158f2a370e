package pcre

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// An answer is what PCRE2 10.42, compiling with PCRE2_UTF and the options, said of a pattern.
type answer struct {
	Pattern, Options string
	Error            string   // the message, if the pattern is invalid
	Match, Miss      []string // subjects
}

func answers(t *testing.T) []answer {
	t.Helper()
	file, err := os.Open("testdata/pcre2-10.42.jsonl")
	require.NoError(t, err)
	defer file.Close()
	var out []answer
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var a answer
		require.NoError(t, json.Unmarshal(lines.Bytes(), &a))
		out = append(out, a)
	}
	require.NoError(t, lines.Err())
	require.Greater(t, len(out), 2000)
	return out
}

func TestAnswersOfPCRE2(t *testing.T) {
	for _, a := range answers(t) {
		re, err := Compile(a.Pattern, a.Options)
		if a.Error != "" {
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax, "%q %q should be refused: %s", a.Pattern, a.Options, a.Error)
			continue
		}
		require.NoError(t, err)
		requireAnswers(t, a, re.matcher, "chosen")
		if m, ok := newAutomaton(re.root); ok {
			requireAnswers(t, a, m, "automaton")
		}
		m, ok := newBacktracker(re.root)
		require.True(t, ok)
		requireAnswers(t, a, m, "backtracker")
	}
}

func requireAnswers(t *testing.T, a answer, m matcher, engine string) {
	t.Helper()
	for _, s := range a.Match {
		requireMatch(t, m, s, true, "%s: %q %q on %q", engine, a.Pattern, a.Options, s)
	}
	for _, s := range a.Miss {
		requireMatch(t, m, s, false, "%s: %q %q on %q", engine, a.Pattern, a.Options, s)
	}
}

func requireMatch(t *testing.T, m matcher, s string, want bool, message string, args ...any) {
	t.Helper()
	got, spent := m.match([]byte(s))
	require.Empty(t, spent)
	require.Equal(t, want, got, append([]any{message}, args...)...)
}
