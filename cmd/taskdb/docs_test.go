//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDocumentedSessions runs every command of the documentation's sessions (the
// blocks marked console) in a shell, and wants the output that stands there. Each
// page begins without a default store, and the user's home is /home/you.
func TestDocumentedSessions(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(bin, "taskdb")))
	for _, name := range []string{"README.md", "docs/command-line.md", "docs/serve.md", "docs/stores/sqlite.md"} {
		page, err := os.ReadFile(filepath.Join("../..", name))
		require.NoError(t, err)
		sessions := sessionsOf(string(page))
		require.NotEmpty(t, sessions, name)
		home := t.TempDir()
		for _, s := range sessions {
			cmd := exec.CommandContext(t.Context(), "sh", "-c", s.command)
			cmd.Dir = "../.."
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+home, "XDG_STATE_HOME=", storeVariable+"=")
			output, _ := cmd.CombinedOutput() // what fails says so
			require.Equal(t, s.output, strings.ReplaceAll(string(output), home, "/home/you"), "%s: %s", name, s.command)
		}
	}
}

// session is a command after a $, and its output.
type session struct{ command, output string }

// sessionsOf returns the sessions of a page. A command goes on in the next line
// after a backslash.
func sessionsOf(page string) []session {
	var sessions []session
	inBlock, inCommand := false, false
	for line := range strings.Lines(page) {
		switch command, isCommand := strings.CutPrefix(line, "$ "); {
		case strings.HasPrefix(line, "```"):
			inBlock = line == "```console\n"
		case !inBlock:
		case inCommand:
			sessions[len(sessions)-1].command += line
			inCommand = strings.HasSuffix(line, "\\\n")
		case isCommand:
			sessions = append(sessions, session{command: command})
			inCommand = strings.HasSuffix(line, "\\\n")
		default:
			sessions[len(sessions)-1].output += line
		}
	}
	return sessions
}

// TestIPythonQueries runs the script that the README tells a new user to run.
func TestIPythonQueries(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "../../examples/ipython-queries.sh")
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), ": 406 imported, 0 there already\n")
	var counts []string
	for _, line := range lines(string(output)) {
		if count, ok := strings.CutPrefix(line, "  in all: "); ok {
			counts = append(counts, count)
		}
	}
	require.Equal(t, []string{"10", "203", "200", "53"}, counts)
}
