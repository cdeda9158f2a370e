package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDiff holds what is told of two stores that differ: the records that only one
// has, and where the others differ; and the exit code.
func TestDiff(t *testing.T) {
	a, b := fileURL(t, "a.db"), fileURL(t, "b.db")
	onStore(t, "add", "--store", a, `{msg_id: "1", label: "x"}`, `{msg_id: "2", label: "x", header: {n: 1}, buffers: [BinData(0, "AQID")]}`, `{msg_id: "3"}`)
	onStore(t, "add", "--store", b, `{msg_id: "1", label: "x"}`, `{msg_id: "2", label: "x", header: {n: 2}, buffers: [BinData(0, "AQIE")]}`, `{msg_id: "4"}`)
	onStore(t, "add", "--store", b, "--collection", "x.y", `{_id: {a: 1}}`)
	const summary = `taskdb: ipython-tasks.task_records: 1 the same, 1 only in A, 1 only in B, 1 different
taskdb: x.y: 0 the same, 0 only in A, 1 only in B, 0 different
taskdb diff: the two differ
`
	require.Equal(t, result{`{"collection":"ipython-tasks.task_records","_id":"2","difference":"different","paths":["header.n","buffers.0"],"order":false}
{"collection":"ipython-tasks.task_records","_id":"3","difference":"only in A"}
{"collection":"ipython-tasks.task_records","_id":"4","difference":"only in B"}
{"collection":"x.y","_id":{"a":1},"difference":"only in B"}
`, summary, exitFailure}, taskdbRun(t, "", "diff", a, b))
	require.Equal(t, result{`collection                  _id      difference  where
ipython-tasks.task_records  2        different   header.n, buffers.0
ipython-tasks.task_records  3        only in A
ipython-tasks.task_records  4        only in B
x.y                         {"a":1}  only in B
`, summary, exitFailure}, taskdbRun(t, "", "diff", a, b, "-o", "table"))
	require.Equal(t, result{`{"collection":"ipython-tasks.task_records","_id":"2","difference":"different","paths":["header.n","buffers.0"],"order":false}
`, summary, exitFailure}, taskdbRun(t, "", "diff", a, b, "--limit", "1"), "all are counted")

	require.Equal(t, result{"", "taskdb: ipython-tasks.task_records: 1 the same, 0 only in A, 0 only in B, 0 different\n", exitOK},
		taskdbRun(t, "", "diff", a, b, `{msg_id: "1"}`, "--collection", "ipython-tasks.task_records"))
	require.Equal(t, result{"", "taskdb diff: no such collection: \"x.z\"\ndid you mean x.y?\n", exitNotFound},
		taskdbRun(t, "", "diff", a, b, "--collection", "x.z"))
}

// TestDiffOfFile holds that a file is compared like a store, and with what it has only.
func TestDiffOfFile(t *testing.T) {
	url := filledStore(t)
	onStore(t, "add", "--collection", "x.y", `{_id: 1}`)
	const same = "taskdb: ipython-tasks.task_records: 406 the same, 0 only in A, 0 only in B, 0 different\n"
	require.Equal(t, result{"", same, exitOK}, taskdbRun(t, "", "diff", sample, url))
	require.Equal(t, result{"", same, exitOK}, taskdbRun(t, "", "diff", url, sample))
	onStore(t, "drop", firstID)
	got := taskdbRun(t, "", "diff", sample, url)
	require.Equal(t, exitFailure, got.code)
	require.Equal(t, `{"collection":"ipython-tasks.task_records","_id":"`+firstID+`","difference":"only in A"}`+"\n", got.stdout)
}

func TestWrongDiffs(t *testing.T) {
	url := filledStore(t)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{url}, exitUsage, "taskdb diff: arguments are missing\nwant: taskdb diff A B [FILTER] [flags]\n"},
		{[]string{url, url}, exitUsage, "taskdb diff: A and B are the same\nname another\n"},
		{[]string{url, "nosuch.db"}, exitUsage, "taskdb diff: B is neither a file nor the URL of a store: \"nosuch.db\"\n"},
		{[]string{url, "sqlite:nosuch.db"}, exitFailure, "taskdb diff: there is no store at sqlite:nosuch.db\n"},
		{[]string{url, sample, "--limit", "-1"}, exitUsage, "taskdb diff: --limit -1 is less than none\n"},
		{[]string{url, sample, "-o", "canonical"}, exitUsage, "taskdb diff: unknown output \"canonical\"\n"},
	} {
		got := taskdbRun(t, "", append([]string{"diff"}, c.args...)...)
		require.Equal(t, c.code, got.code, got.stderr)
		require.Contains(t, got.stderr, c.want)
		require.Empty(t, got.stdout)
	}
}
