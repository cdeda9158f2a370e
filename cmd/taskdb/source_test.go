package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSources(t *testing.T) {
	empty := writeFile(t, "empty.db", "")
	text := writeFile(t, "notes.txt", "buy milk\n")
	twice := writeFile(t, "twice.jsonl", `{"msg_id": "a", "n": 1}
{"msg_id": "a", "n": 2}
`)
	for name, c := range map[string]struct {
		in   []string
		want result
	}{
		"missing file": {[]string{"does-not-exist.db"},
			result{"", "taskdb count: import: open does-not-exist.db: no such file or directory\n", exitFailure}},
		"neither format": {[]string{text}, result{"", "taskdb count: import: " + text +
			": unknown format: neither a SQLite database, nor Extended JSON, one document a line or an array of them, nor a BSON dump, nor CSV by its name\n", exitFailure}},
		"empty file": {[]string{empty}, result{"0\n", "taskdb: " + empty + ": no records\n", exitOK}},
		"an id twice": {[]string{twice},
			result{"1\n", "taskdb: " + twice + ": records whose id was read before, of which the first counts: 1\n", exitOK}},
		"several files": {[]string{twice, sample},
			result{"407\n", "taskdb: " + twice + ": records whose id was read before, of which the first counts: 1\n", exitOK}},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"count"}
			for _, in := range c.in {
				args = append(args, "--in", in)
			}
			require.Equal(t, c.want, taskdbRun(t, "", args...))
		})
	}
}

// TestBrokenLine holds that the other records are answered, and that the program
// does not call that success.
func TestBrokenLine(t *testing.T) {
	broken := writeFile(t, "broken.jsonl", `{"msg_id": "a"}
{"msg_id": b}
{"msg_id": "b"}
`)
	got := taskdbRun(t, "", "count", "--in", broken)
	require.Equal(t, "2\n", got.stdout)
	require.Contains(t, got.stderr, "taskdb: "+broken+":2")
	require.Contains(t, got.stderr, "taskdb count: records that could not be read and are left out: 1\n")
	require.Equal(t, exitFailure, got.code)
}

func TestStandardInput(t *testing.T) {
	records := onSample(t, "find", "--projection", "{}", "-o", "canonical")
	require.Equal(t, result{"406\n", "", exitOK}, taskdbRun(t, records, "count", "--in", "-"))
	require.Equal(t, records, taskdbRun(t, records, "find", "--in", "-", "--projection", "{}", "-o", "canonical").stdout,
		"canonical output is read as what it was")

	database, err := os.ReadFile(sample)
	require.NoError(t, err)
	got := taskdbRun(t, string(database), "count", "--in", "-")
	require.Equal(t, exitFailure, got.code)
	require.Contains(t, got.stderr, "a database must be named as a file")
}

// TestAskingAStoreAsAFile holds that it is told what a store is asked by.
func TestAskingAStoreAsAFile(t *testing.T) {
	file := strings.TrimPrefix(filledStore(t), "sqlite://")
	for _, args := range [][]string{{"count", "--in", file}, {"import", file, "--store", "dict:"}} {
		got := taskdbRun(t, "", args...)
		require.Equal(t, exitFailure, got.code)
		require.Contains(t, got.stderr, "\nif it is a store: --store sqlite:"+file+"; to take its records: taskdb copy sqlite:"+file+" TO\n")
	}
}

func TestNotesAreFewAndCounted(t *testing.T) {
	got := taskdbRun(t, strings.Repeat("{bad}\n", 25)+`{"msg_id": "a"}`, "history", "--in", "-")
	require.Equal(t, "a\n", got.stdout)
	require.Equal(t, exitFailure, got.code)
	notes := lines(got.stderr)
	require.Len(t, notes, shownNotes+2)
	require.Equal(t, "taskdb: and warnings of this kind that are not shown: 15", notes[shownNotes])
	require.Equal(t, "taskdb history: records that could not be read and are left out: 25", notes[shownNotes+1])
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"count", "--in", sample}, strings.NewReader(""), &stdout, &stderr)
	require.Equal(t, exitInterrupted, code)
	require.Equal(t, "taskdb count: interrupted\n", stderr.String())
	require.Empty(t, stdout.String())
}
