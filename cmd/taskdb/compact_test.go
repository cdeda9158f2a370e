package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompact(t *testing.T) {
	url := filledStore(t)
	onStore(t, "compact")
	require.Regexp(t, `^[0-9.]+ [KM]iB before, [0-9.]+ [KM]iB after: there was nothing to give back\n$`, onStore(t, "compact"))
	onStore(t, "purge", "--all", "--finished", "--yes")
	require.Regexp(t, `^[0-9.]+ [KM]iB before, [0-9.]+ [KM]iB after\n$`, onStore(t, "compact"))
	require.Equal(t, "10\n", onStore(t, "count"))

	require.Equal(t, result{"", "taskdb compact: a store of this kind has nothing to compact\na store in a file has: sqlite:FILE\n", exitUsage},
		taskdbRun(t, "", "compact", "--store", "dict:"))
	require.Equal(t, result{"", "taskdb compact: compact: store is open for reading only\nto write to it, leave mode=ro out of its URL\n", exitFailure},
		taskdbRun(t, "", "compact", "--store", url+"?mode=ro"))
}
