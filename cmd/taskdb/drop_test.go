package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDrop holds that what can be dropped is, and that ids that no task has are
// named.
func TestDrop(t *testing.T) {
	url := filledStore(t)
	require.Equal(t, "1 dropped\n", onStore(t, "drop", firstID))
	require.Equal(t, result{"1 dropped\n", `taskdb drop: drop "x\n": no such record
taskdb drop: drop "` + firstID + `": no such record
`, exitNotFound}, taskdbRun(t, "", "drop", "x\n", lastID, firstID))
	require.Equal(t, "404\n", onStore(t, "count"))

	require.Equal(t, result{"", "taskdb drop: no id was given\nwant: taskdb drop ID... [flags]\n", exitUsage}, taskdbRun(t, "", "drop"))
	require.Equal(t, result{"0 dropped\n", "taskdb drop: drop \"a\": delete: store is open for reading only\n" +
		"to write to it, leave mode=ro out of its URL\n", exitFailure}, taskdbRun(t, "", "drop", "a", "--store", url+"?mode=ro"))
}

// TestDropInOtherCollection holds that a collection that is misspelt is pointed out.
func TestDropInOtherCollection(t *testing.T) {
	filledStore(t)
	require.Equal(t, result{"0 dropped\n", `taskdb: the store has no collection ipython-tasks.task_record; did you mean ipython-tasks.task_records?
taskdb drop: drop "a": no such record
`, exitNotFound}, taskdbRun(t, "", "drop", "a", "--collection", "ipython-tasks.task_record"))
}

// TestExpired holds that of a record that a bound removed this is told.
func TestExpired(t *testing.T) {
	url := newStore(t) + "?max_records=2&cull=0"
	for _, id := range []string{"a", "b", "c"} {
		onStore(t, "add", "--store", url, `{msg_id: "`+id+`", completed: "-1h"}`)
	}
	for _, command := range []string{"get", "drop"} {
		got := taskdbRun(t, "", command, "a")
		require.Equal(t, exitNotFound, got.code, command)
		require.Contains(t, got.stderr, `taskdb `+command+`: `+command+` "a": the record has expired by max_records=2 at 20`, command)
	}
}
