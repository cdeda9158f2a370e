package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPurge holds that records are removed only if this is said, and that what
// would go is told before, also while another process writes.
func TestPurge(t *testing.T) {
	filledStore(t)
	for _, which := range [][]string{{"--failed"}, {`{"result_content.status": "error"}`}, {"--finished", `{"result_content.ename": "ValueError"}`}} {
		require.Equal(t, result{"32 would be removed, 0 of them not finished\n", "taskdb purge: nothing was removed; to remove them: --yes\n", exitOK},
			taskdbRun(t, "", append([]string{"purge", "--read-only"}, which...)...), which)
	}
	require.Equal(t, "406\n", onStore(t, "count"))
	require.Equal(t, "32 removed, 0 of them not finished\n", onStore(t, "purge", "--failed", "--yes"))
	require.Equal(t, "374\n", onStore(t, "count"))
	require.Equal(t, "0 removed, 0 of them not finished\n", onStore(t, "purge", "--failed", "--yes"))
	require.Equal(t, "0 would be removed, 0 of them not finished\n", onStore(t, "purge", "--failed"))
}

// TestPurgeOfUnfinished holds that tasks that are not finished go only by --force.
func TestPurgeOfUnfinished(t *testing.T) {
	filledStore(t)
	require.Equal(t, result{"406 would be removed, 10 of them not finished\n",
		"taskdb purge: nothing was removed; to remove them: --yes --force; the finished ones only: --yes --finished\n", exitOK},
		taskdbRun(t, "", "purge", "--all"))
	require.Equal(t, result{"", `taskdb purge: tasks that are not finished: 5
  6969cde6-90bc26c19c8f30f0ae515a29_27383_149
  6969cde6-90bc26c19c8f30f0ae515a29_27383_150
  6969cde6-90bc26c19c8f30f0ae515a29_27383_151
  6969cde6-90bc26c19c8f30f0ae515a29_27383_152
  6969cde6-90bc26c19c8f30f0ae515a29_27383_153
nothing was removed; the finished ones only: --finished; those too: --force
`, exitUsage}, taskdbRun(t, "", "purge", "--since", "2026-11-22T00:51:47Z", "--yes"))
	require.Equal(t, "406\n", onStore(t, "count"))

	onStore(t, "add", `{msg_id: "new"}`)
	got := taskdbRun(t, "", "purge", "--all", "--yes")
	require.Len(t, lines(got.stderr), 13)
	require.Contains(t, got.stderr, "taskdb purge: tasks that are not finished: 11\n  new\n")
	require.Contains(t, got.stderr, "_152\n  …\nnothing was removed")

	require.Equal(t, "396 removed, 0 of them not finished\n", onStore(t, "purge", "--all", "--finished", "--yes"))
	require.Equal(t, result{"11 would be removed, 11 of them not finished\n", "taskdb purge: nothing was removed; to remove them: --yes\n", exitOK},
		taskdbRun(t, "", "purge", "--all", "--force"))
	require.Equal(t, "11 removed, 11 of them not finished\n", onStore(t, "purge", "--all", "--force", "--yes"))
	require.Equal(t, "0\n", onStore(t, "count"))
}

func TestWrongPurges(t *testing.T) {
	filledStore(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"all that was not said": {nil, `
taskdb purge: this selects every record
say which, by a FILTER or a shortcut; or mean it: --all
`},
		"empty filter": {[]string{"{}"}, `
taskdb purge: this selects every record
say which, by a FILTER or a shortcut; or mean it: --all
`},
		"filter": {[]string{`{completed: {$gtt: "-7d"}}`}, `
taskdb purge: wrong filter: unknown operator: $gtt (MongoDB's error 2, BadValue)
  at completed.$gtt
did you mean $gt?
`},
		"states that exclude each other": {[]string{"--finished", "--running"}, `
taskdb purge: no task is finished or failed and also incomplete or running
ask for one of them
`},
		"file": {[]string{"--failed", "--in", sample}, `
taskdb purge: --in asks a file, and this is about a store
import the file into one: taskdb import FILE
`},
	} {
		for _, yes := range []bool{false, true} {
			args := append([]string{"purge"}, c.args...)
			if yes {
				args = append(args, "--yes", "--force")
			}
			require.Equal(t, result{"", c.want[1:], exitUsage}, taskdbRun(t, "", args...), name)
		}
	}
	require.Equal(t, "406\n", onStore(t, "count"))
}

// TestPurgePointsOutKeys holds that a misspelt key, by which all records may be
// selected, is told in the dry run.
func TestPurgePointsOutKeys(t *testing.T) {
	filledStore(t)
	got := taskdbRun(t, "", "purge", `{complete: null}`)
	require.Equal(t, "406 would be removed, 10 of them not finished\n", got.stdout)
	require.Contains(t, got.stderr, "taskdb purge: no record has the key complete; did you mean completed?\n")
}

func TestPurgeInterrupted(t *testing.T) {
	filledStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"purge", "--failed", "--yes"}, strings.NewReader(""), &stdout, &stderr)
	require.Equal(t, exitInterrupted, code)
	require.Empty(t, stdout.String())
	require.Contains(t, stderr.String(), "taskdb purge: interrupted\n")
	require.Equal(t, "406\n", onStore(t, "count"))
}

// TestPurgeBetweenTasksThatComeAfterEachOther holds that tasks come after others that
// were ok, be these purged before the rest of them has ended.
func TestPurgeBetweenTasksThatComeAfterEachOther(t *testing.T) {
	filledStore(t)
	onStore(t, "purge", "--all", "--force", "--yes")
	for _, name := range []string{"a", "b"} {
		onStore(t, "submit", "--id", name, "--queue", name, "true")
	}
	for range 10 {
		onStore(t, "submit", "--queue", "gather", "--after", "a", "--after", "b", "true")
	}
	onStore(t, "work", "--queue", "a", "--until-idle", "--", "sh")
	require.Equal(t, "1 removed, 0 of them not finished\n", onStore(t, "purge", "--finished", "--yes"))
	for _, queue := range []string{"b", "gather"} {
		onStore(t, "work", "--queue", queue, "--until-idle", "--", "sh")
	}
	require.Equal(t, "11\n", onStore(t, "count", "{'result_content.status': 'ok'}"))
}
