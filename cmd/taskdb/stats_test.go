package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStats(t *testing.T) {
	filledStore(t)
	require.Regexp(t, `^\{"collection":"ipython-tasks.task_records","records":406,"bytes":\d+,"culled":0,"lost":0,`+
		`"states":\{"incomplete":10,"pending":6,"running":4,"finished":396,"ok":364,"failed":32,"aborted":0\},`+
		`"file":\{"bytes":\d+,"free":\d+\}\}\n$`, onStore(t, "stats"))
	require.Regexp(t, `^collection                  records  size     culled  lost
ipython-tasks.task_records  406      [0-9.]+ MiB  0       0

incomplete  pending  running  finished  ok   failed  aborted
10          6        4        396       364  32      0

file +free
[0-9.]+ MiB  [0-9.]+ .?i?B
$`, onStore(t, "stats", "-o", "table"))
}

// TestStatsOfBounds holds that bounds are shown as the store's URL says them.
func TestStatsOfBounds(t *testing.T) {
	require.Contains(t, onStore(t, "stats", "--store", "dict:?max_records=1000&max_bytes=500MB&cull=0.2"),
		`"bounds":{"max_records":1000,"max_bytes":500000000,"cull":0.2}}`)
	require.Contains(t, onStore(t, "stats", "--store", "dict:?max_records=1000&max_bytes=500MB&cull=0.2", "-o", "table"), `
max_records  max_bytes  cull
1000         500000000  0.2
`)
}

// TestStatsOfFile holds that a file that is asked as it is has no size as a store.
func TestStatsOfFile(t *testing.T) {
	require.Regexp(t, `"aborted":0\}\}\n$`, onSample(t, "stats"))
}
