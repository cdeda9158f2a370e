package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

func TestTableOfTasks(t *testing.T) {
	require.Equal(t, `msg_id                                       state    submitted             took   engine
ecdf1b40-f4138b61c1e5fdb274178d09_27085_1    ok       2026-11-22 00:51:18Z  258ms  a4b6eb44-6682380ee2aabc8a408707b3
ecdf1b40-f4138b61c1e5fdb274178d09_27085_2    ok       2026-11-22 00:51:18Z  244ms  194a2835-8ee3d1cb061b6b4b7198bf02
6969cde6-90bc26c19c8f30f0ae515a29_27383_152  pending  2026-11-22 00:51:52Z
`, onSample(t, "find", "-o", "table", `{msg_id: {$in: [
		"ecdf1b40-f4138b61c1e5fdb274178d09_27085_1", "ecdf1b40-f4138b61c1e5fdb274178d09_27085_2",
		"6969cde6-90bc26c19c8f30f0ae515a29_27383_152"]}}`))
}

func TestTableOfKeys(t *testing.T) {
	require.Equal(t, `msg_id                                       result_content.ename  result_content.evalue  result_buffers
ecdf1b40-f4138b61c1e5fdb274178d09_27085_121  ValueError            bad input 0
`, onSample(t, "find", "-o", "table", "--failed", "--limit", "1", "--keys", "result_content.ename,result_content.evalue,result_buffers"))
	require.Equal(t, `buffers                         queue
[301 bytes, 52 bytes, 5 bytes]  task
`, onSample(t, "find", "-o", "table", "--limit", "1", "--projection", "{_id: 0, queue: 1, buffers: 1}"))
}

func TestTableCutsLongValuesAndEscapesControls(t *testing.T) {
	in := writeFile(t, "in.jsonl", `{"msg_id": "a", "stdout": "one\ntwo\u001b[2J", "stderr": "`+strings.Repeat("日", 100)+`", "n": {"$numberLong": "7"}}`)
	got := taskdbRun(t, "", "find", "--in", in, "-o", "table", "--keys", "stdout,n,stderr")
	require.Equal(t, "msg_id  stdout           n  stderr\n"+
		`a       one\ntwo\x1b[2J  7  `+strings.Repeat("日", 29)+"…\n", got.stdout)
}

// TestTableFits holds that a table fits the terminal unless columns that are never
// cut do not, that no row is wider than another's columns allow, and that an id is
// never cut.
func TestTableFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(20, 200).Draw(t, "width")
		word := rapid.StringMatching(`[a-z日é]{0,80}`)
		n := rapid.IntRange(1, 5).Draw(t, "rows")
		var out bytes.Buffer
		table := newTable(&out, overview)
		table.width = width
		for i := range n {
			doc, err := query.Document(fmt.Sprintf(`{msg_id: 'task-%d', label: %q, engine_uuid: %q}`, i, word.Draw(t, "label"), word.Draw(t, "engine")))
			require.NoError(t, err)
			require.NoError(t, table.print(doc))
		}
		require.NoError(t, table.finish())
		rows := lines(out.String())
		require.Len(t, rows, n+1)
		for i, row := range rows {
			require.LessOrEqual(t, runewidth.StringWidth(row), width, row)
			if i > 0 {
				require.True(t, strings.HasPrefix(row, fmt.Sprintf("task-%d  ", i-1)), row)
			}
		}
	})
}

// TestTableOfManyRows holds that rows after those that were measured are written
// in the same columns.
func TestTableOfManyRows(t *testing.T) {
	var in strings.Builder
	for i := range measuredRows + 5 {
		fmt.Fprintf(&in, "{\"msg_id\": \"%06d\", \"queue\": \"task\"}\n", i)
	}
	got := taskdbRun(t, in.String(), "find", "--in", "-", "-o", "table", "--keys", "queue")
	rows := lines(got.stdout)
	require.Len(t, rows, measuredRows+6)
	require.Equal(t, "msg_id  queue", rows[0])
	require.Equal(t, fmt.Sprintf("%06d  task", measuredRows+4), rows[measuredRows+5])
}
