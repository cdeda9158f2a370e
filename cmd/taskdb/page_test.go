package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var nextPage = regexp.MustCompile(`^taskdb find: next page: --page (\S+)\n$`)

// TestPages holds that the pages of an answer are the answer, even of a sort that
// does not tell records apart.
func TestPages(t *testing.T) {
	filledStore(t)
	all := onStore(t, "find", "--sort", "queue,_id", "--keys", "queue")
	args := []string{"find", "--sort", "queue", "--keys", "queue", "--page-size", "100"}
	var pages strings.Builder
	token := ""
	for n := 1; ; n++ {
		got := taskdbRun(t, "", append(args, "--page", token)...)
		require.Equal(t, exitOK, got.code)
		pages.WriteString(got.stdout)
		if got.stderr == "" {
			require.Equal(t, 5, n)
			break
		}
		token = nextPage.FindStringSubmatch(got.stderr)[1]
	}
	require.Equal(t, all, pages.String())
}

func TestWrongPages(t *testing.T) {
	filledStore(t)
	token := nextPage.FindStringSubmatch(taskdbRun(t, "", "find", "--page-size", "1").stderr)[1]
	for name, c := range map[string]struct{ args, want string }{
		"of another filter": {"--page-size 1 --running --page " + token, "wrong --page: it does not belong to this query"},
		"no token":          {"--page-size 1 --page x", "wrong --page: it does not belong to this query"},
		"without a size":    {"--page " + token, "--page goes with --page-size"},
		"negative":          {"--page-size -1", "wrong --page-size: -1"},
		"with a limit":      {"--page-size 1 --limit 1", "--page-size excludes --skip and --limit"},
	} {
		t.Run(name, func(t *testing.T) {
			got := taskdbRun(t, "", append([]string{"find"}, strings.Fields(c.args)...)...)
			require.Equal(t, exitUsage, got.code)
			require.Empty(t, got.stdout)
			require.Equal(t, "taskdb find: "+c.want, lines(got.stderr)[0])
		})
	}
}
