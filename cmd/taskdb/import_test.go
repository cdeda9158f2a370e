package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// numbered are n records as JSON lines.
func numbered(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "{\"msg_id\": \"%d\"}\n", i)
	}
	return text.String()
}

// TestImportAgain holds that what is stored is left as it is.
func TestImportAgain(t *testing.T) {
	filledStore(t)
	before := onStore(t, "export")
	changed := strings.ReplaceAll(onStore(t, "export", "--failed"), "ValueError", "KeyError") + `{"msg_id": "new"}`
	for _, c := range []struct{ stdin, file, want string }{
		{"", sample, sample + ": 0 imported, 406 there already\n"},
		{changed, "-", "-: 1 imported, 32 there already, 32 of them different\n"},
	} {
		require.Equal(t, result{c.want, "", exitOK}, taskdbRun(t, c.stdin, "import", c.file))
	}
	require.ElementsMatch(t, lines(before), lines(onStore(t, "export", `{msg_id: {$ne: "new"}}`)))
	require.Equal(t, "407\n", onStore(t, "count"))
}

// TestImportInterrupted holds that what was stored when an import was interrupted
// stays, that this is counted, and that the rest can be imported.
func TestImportInterrupted(t *testing.T) {
	newStore(t)
	const batchRecords = 1000 // are stored at once
	const records = batchRecords + batchRecords/2
	ctx, interrupt := context.WithCancel(t.Context())
	in := io.MultiReader(strings.NewReader(numbered(records)), &stuck{interrupt, t.Context()})
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitInterrupted, run(ctx, []string{"import", "-"}, in, &stdout, &stderr))
	require.Equal(t, fmt.Sprintf("-: %d imported, 0 there already\n", batchRecords), stdout.String())
	require.Equal(t, "taskdb import: interrupted\nwhat is counted is stored; run it again for the rest\n", stderr.String())
	require.Equal(t, fmt.Sprintf("%d\n", batchRecords), onStore(t, "count"))

	require.Equal(t, result{fmt.Sprintf("-: %d imported, %d there already\n", records-batchRecords, batchRecords), "", exitOK},
		taskdbRun(t, numbered(records), "import", "-"))
	require.Equal(t, fmt.Sprintf("%d\n", records), onStore(t, "count"))
}

// stuck is a pipe that nobody writes to. Whoever reads it interrupts the program.
type stuck struct {
	interrupt func()
	end       context.Context
}

func (s *stuck) Read([]byte) (int, error) {
	s.interrupt()
	<-s.end.Done()
	return 0, s.end.Err()
}

func TestInterruptedBeforeAnything(t *testing.T) {
	newStore(t)
	for _, args := range [][]string{{"import", "-"}, {"add"}, {"add", "--each"}} {
		ctx, interrupt := context.WithCancel(t.Context())
		var stdout, stderr bytes.Buffer
		require.Equal(t, exitInterrupted, run(ctx, args, &stuck{interrupt, t.Context()}, &stdout, &stderr), args)
		require.Empty(t, stdout.String())
		require.Contains(t, stderr.String(), ": interrupted\n")
	}
}

func TestImportSeveralFiles(t *testing.T) {
	newStore(t)
	good := writeFile(t, "good.jsonl", `{"msg_id": "a"}`)
	half := writeFile(t, "half.jsonl", "{\"msg_id\": \"a\"}\n{bad}\n{\"msg_id\": \"b\"}\n")
	got := taskdbRun(t, "", "import", good, half)
	require.Equal(t, good+": 1 imported, 0 there already\n"+half+": 1 imported, 1 there already, 1 left out\n", got.stdout)
	require.Contains(t, got.stderr, "taskdb: "+half+":2")
	require.Contains(t, got.stderr, "taskdb import: records that could not be read and are left out: 1\n")
	require.Equal(t, exitFailure, got.code)
	require.Equal(t, "2\n", onStore(t, "count"))
}

func TestImportWarnsOfRecordsWithoutIDs(t *testing.T) {
	newStore(t)
	const want = "taskdb: -: records with neither _id nor msg_id, which another import would store again: 1\n"
	require.Equal(t, result{"-: 2 imported, 0 there already\n", want, exitOK}, taskdbRun(t, `{"a": 1} `+"\n"+`{"_id": 2}`, "import", "-"))
}

// TestImportIntoUniqueIndex holds that a record that is refused for another key
// than its id is left out, and not taken for one that is there.
func TestImportIntoUniqueIndex(t *testing.T) {
	newStore(t)
	onStore(t, "add", `{msg_id: "a", label: "x"}`)
	onStore(t, "indexes", "add", "--unique", "label,queue")
	got := taskdbRun(t, `{"msg_id": "a", "label": "x"}`+"\n"+`{"msg_id": "b", "label": "x"}`, "import", "-")
	require.Equal(t, "-: 0 imported, 1 there already, 1 left out\n", got.stdout)
	require.Contains(t, got.stderr, "taskdb: -: standard input, row 2: ")
	require.Contains(t, got.stderr, `E11000 duplicate key error`)
	require.Equal(t, exitFailure, got.code)
}

func TestImportOfWrongFiles(t *testing.T) {
	newStore(t)
	require.Equal(t, result{"", "taskdb import: no file was given\nwant: taskdb import FILE... [flags]\n", exitUsage}, taskdbRun(t, "", "import"))
	got := taskdbRun(t, "", "import", "does-not-exist.db")
	require.Equal(t, exitFailure, got.code)
	require.Empty(t, got.stdout)
	require.Contains(t, got.stderr, "does-not-exist.db: no such file")
	got = taskdbRun(t, "buy milk", "import", "-")
	require.Equal(t, exitFailure, got.code)
	require.Contains(t, got.stderr, "neither JSON nor a BSON dump")
}
