package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample are the 406 records of two runs of a real cluster.
const sample = "../../importers/ipython/testdata/tasks.db"

// TestMain lets the test binary be taskdb, for scripts that call it by this name,
// and keeps tests from the store and the settings of who runs them.
func TestMain(m *testing.M) {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == "taskdb" {
		main()
	}
	os.Setenv(configVariable, os.DevNull)
	os.Setenv(storeVariable, "sqlite:tests-must-name-their-store.db?mode=ro")
	os.Exit(m.Run())
}

// result is what a run of the program gave.
type result struct {
	stdout, stderr string
	code           int
}

func taskdbRun(t *testing.T, stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{stdout.String(), stderr.String(), code}
}

// onSample runs a command on the sample and wants it to have nothing to say but
// its answer.
func onSample(t *testing.T, command string, args ...string) string {
	got := taskdbRun(t, "", append([]string{command, "--in", sample}, args...)...)
	require.Empty(t, got.stderr)
	require.Equal(t, exitOK, got.code)
	return got.stdout
}

func lines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func writeFile(t *testing.T, name, content string) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
