//go:build unix

package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shown is what result shows of a task.
type shown struct {
	MsgID  string         `json:"msg_id"`
	State  string         `json:"state"`
	Result map[string]any `json:"result_content"`
	Stdout string         `json:"stdout"`
	Stderr string         `json:"stderr"`
}

// resultOf waits for a task.
func resultOf(t *testing.T, id string, args ...string) (task shown) {
	got := taskdbRun(t, "", append([]string{"result", id, "--timeout", "1m"}, args...)...)
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &task), "%s%s", got.stdout, got.stderr)
	return task
}

// TestWork holds what a command gets of a task, and what becomes of what it gives, on
// a store and through a hub.
func TestWork(t *testing.T) {
	filledStore(t)
	t.Run("store", func(t *testing.T) { testWork(t) })
	served := startServe(t)
	t.Run("hub", func(t *testing.T) { testWork(t, "--hub", served.url) })
}

func testWork(t *testing.T, where ...string) {
	code := func(args ...string) shown {
		id := strings.TrimSpace(taskdbRun(t, "", append(append([]string{"submit", "--queue", "work"}, args...), where...)...).stdout)
		got := taskdbRun(t, "", append(append([]string{"work", "--queue", "work", "--until-idle"}, where...), "--", "sh")...)
		require.Equal(t, exitOK, got.code, got.stderr)
		return resultOf(t, id, where...)
	}
	task := code("echo hello; echo oops >&2")
	require.Equal(t, shown{task.MsgID, "ok", map[string]any{"status": "ok", "text": "hello"}, "hello\n", "oops\n"}, task)
	require.Equal(t, map[string]any{"status": "ok", "answer": float64(42)}, code(`echo '{"answer": 42}'`).Result)
	require.Equal(t, map[string]any{"status": "ok", "result": []any{float64(1), nil}}, code(`echo '[1, null]'`).Result)
	require.Equal(t, "fit work\n", code("--label", "fit", `echo $TASKDB_LABEL $TASKDB_QUEUE`).Stdout)
	task = code(`echo "$TASKDB_MSG_ID"`)
	require.Equal(t, task.MsgID+"\n", task.Stdout)
	require.Equal(t, "\ufffdé\n", code(`printf '\377\303'; sleep 0.5; printf '\251\n'`).Stdout, "a letter in two pieces")

	task = code("echo no such luck >&2; exit 3")
	require.Equal(t, "failed", task.State)
	require.Equal(t, map[string]any{
		"status": "error", "ename": "CommandFailed", "evalue": "exit status 3", "traceback": []any{"no such luck"},
	}, task.Result)
	again := filepath.Join(t.TempDir(), "again")
	require.Equal(t, "ok", code("--retries", "1", "test -e "+again+" || { touch "+again+"; exit 1; }").State, "tried again")
}

// TestWorkReadsContents holds that a content without code comes as JSON.
func TestWorkReadsContents(t *testing.T) {
	filledStore(t)
	id := strings.TrimSpace(taskdbRun(t, "", "submit", `{a: 1}`).stdout)
	require.Equal(t, exitOK, taskdbRun(t, "", "work", "--until-idle", "--", "cat").code)
	require.Equal(t, map[string]any{"status": "ok", "a": float64(1)}, resultOf(t, id).Result)
}

// TestWorkIsStopped holds that the command of a task that is cancelled is stopped,
// with what it has started, and that an engine goes on with the next.
func TestWorkIsStopped(t *testing.T) {
	filledStore(t)
	served := startServe(t)
	t.Setenv(hubVariable, served.url)
	alive := filepath.Join(t.TempDir(), "alive")
	long := strings.TrimSpace(taskdbRun(t, "", "submit", "echo begun; (trap '' HUP; sleep 1h) & echo $! >"+alive+"; wait").stdout)
	next := strings.TrimSpace(taskdbRun(t, "", "submit", "echo next").stdout)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		var out strings.Builder
		ended <- run(ctx, []string{"work", "--lease", "300ms", "--", "sh"}, strings.NewReader(""), &out, &out)
	}()
	require.Eventually(t, func() bool {
		return strings.Contains(taskdbRun(t, "", "find", `{stdout: "begun\n"}`).stdout, long)
	}, time.Minute, 50*time.Millisecond, "its output comes while it runs")
	require.Equal(t, "1 cancelled\n", taskdbRun(t, "", "cancel", long, "--reason", "enough").stdout)
	require.Equal(t, "ok", resultOf(t, next).State)
	require.Equal(t, map[string]any{"status": "aborted", "reason": "enough"}, resultOf(t, long).Result)
	pid, err := os.ReadFile(alive)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return exec.Command("kill", "-0", strings.TrimSpace(string(pid))).Run() != nil
	}, time.Minute, 50*time.Millisecond, "what it has started is stopped")
	stop()
	require.Equal(t, exitOK, <-ended)
}

// TestWorkEnds holds that a worker finishes what runs when it gets a signal, and gives
// it up when it gets a second one.
func TestWorkEnds(t *testing.T) {
	url := filledStore(t)
	self, err := os.Executable()
	require.NoError(t, err)
	bin := filepath.Join(t.TempDir(), "taskdb")
	require.NoError(t, os.Symlink(self, bin))
	for state, signals := range map[string][]os.Signal{"ok": {syscall.SIGINT}, "failed": {syscall.SIGINT, syscall.SIGTERM}} {
		dir := t.TempDir()
		begun, goOn := filepath.Join(dir, "begun"), filepath.Join(dir, "go-on")
		id := strings.TrimSpace(taskdbRun(t, "", "submit", "touch "+begun+"; until test -e "+goOn+"; do sleep 0.1; done").stdout)
		worker := exec.CommandContext(t.Context(), bin, "work", "--store", url, "--", "sh")
		var stderr strings.Builder
		worker.Stderr = &stderr
		require.NoError(t, worker.Start())
		require.Eventually(t, func() bool { _, err := os.Stat(begun); return err == nil }, time.Minute, 20*time.Millisecond)
		for _, signal := range signals {
			require.NoError(t, worker.Process.Signal(signal))
		}
		if len(signals) == 1 {
			require.NoError(t, os.WriteFile(goOn, nil, 0o600))
		}
		require.NoError(t, worker.Wait())
		require.Equal(t, state, resultOf(t, id).State)
		require.Contains(t, stderr.String(), id+" is running, and ends first; a second interrupt stops it\n")
	}
}

// TestWrongWork holds that what cannot work takes no task.
func TestWrongWork(t *testing.T) {
	filledStore(t)
	id := strings.TrimSpace(taskdbRun(t, "", "submit", "true").stdout)
	for want, args := range map[string][]string{
		"there is no command to run: exec: \"no-such-program\": executable file not found in $PATH\nname a program, or its path\n": {"--", "no-such-program"},
		"there is no command to run: exec: \"\": executable file not found in $PATH\nname a program, or its path\n":                {"--", ""},
		"wrong --engines: 0\nwant 1 or more\n":    {"--engines", "0", "--", "true"},
		"wrong --lease: -1s\nwant more than 0s\n": {"--lease", "-1s", "--", "true"},
	} {
		require.Equal(t, result{"", "taskdb work: " + want, exitUsage}, taskdbRun(t, "", append([]string{"work", "--until-idle"}, args...)...))
	}
	require.Equal(t, "1\n", onStore(t, "count", `{msg_id: "`+id+`", started: null}`))
}

// TestTour runs the tour that the documentation tells a new user to run.
func TestTour(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(bin, "taskdb")))
	cmd := exec.CommandContext(t.Context(), "sh", "../../examples/tour.sh")
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "TASKDB_USERS="+filepath.Join(bin, "users.json"), storeVariable+"=")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	for _, line := range []string{
		`"greeting":"hello"`, "CommandFailed: exit status 3", "\"stderr\":\"no such luck\\n\"",
		"4 would be removed, 0 of them not finished", "4 removed, 0 of them not finished",
	} {
		require.Contains(t, string(output), line)
	}
}

// TestWorkOfACommandThatWritesMuch holds that a task whose output fills its record ends
// as any other, and that the worker says once that some of it is lost.
func TestWorkOfACommandThatWritesMuch(t *testing.T) {
	filledStore(t)
	code := "# " + strings.Repeat("-", 14_000_000) + "\nhead -c 4000000 /dev/zero | tr '\\0' x; echo why >&2; exit 3"
	onStore(t, "submit", "--id", "much", code)
	got := taskdbRun(t, "", "work", "--until-idle", "--", "sh")
	require.Contains(t, got.stdout, "much: failed: CommandFailed: exit status 3\n")
	require.Len(t, lines(got.stderr), 1)
	require.Contains(t, got.stderr, "much: its output is lost: output: append to stdout")
}
