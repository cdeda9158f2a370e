package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddAllOrNone(t *testing.T) {
	newStore(t)
	require.Equal(t, "2 added\n", onStore(t, "add", `{msg_id: "a", submitted: "2026-11-22 10:00Z"}`, `{msg_id: 'b', n: NumberLong(7)}`))
	require.Equal(t, `{"_id":"a","msg_id":"a","submitted":{"$date":{"$numberLong":"1795341600000"}}}
{"_id":"b","msg_id":"b","n":{"$numberLong":"7"}}
`, onStore(t, "export"))

	for name, got := range map[string]result{
		"arguments":      taskdbRun(t, "", "add", `{msg_id: "c"}`, `{msg_id: "b"}`),
		"standard input": taskdbRun(t, `[{"msg_id": "c"}, {"msg_id": "b"}]`, "add"),
	} {
		require.Equal(t, result{"", `taskdb add: add to ipython-tasks.task_records: E11000 duplicate key error collection: ` +
			`ipython-tasks.task_records index: _id_ dup key: { _id: "b" }
no record was added; --each adds those that can be
`, exitFailure}, got, name)
	}
	require.Equal(t, "2\n", onStore(t, "count"))
}

// TestAddKeepsStandardInput holds that strings of standard input are no dates.
func TestAddKeepsStandardInput(t *testing.T) {
	newStore(t)
	line := `{"_id":"a","msg_id":"a","submitted":"-2h"}` + "\n"
	require.Equal(t, result{"1 added\n", "", exitOK}, taskdbRun(t, line, "add"))
	require.Equal(t, line, onStore(t, "export"))
}

func TestAddEach(t *testing.T) {
	newStore(t)
	got := taskdbRun(t, `{"msg_id": "a", "n": 1}
{"msg_id": "a", "n": 2}
{bad}
{"_id": [1]}
{"n": 3}
`, "add", "--each")
	rows := lines(got.stdout)
	require.Len(t, rows, 5)
	require.Equal(t, `{"record":1,"msg_id":"a","added":true}`, rows[0])
	require.Contains(t, rows[1], `{"record":2,"msg_id":"a","added":false,"error":"`)
	require.Contains(t, rows[1], `E11000 duplicate key error`)
	require.Contains(t, rows[2], `{"record":3,"added":false,"error":"standard input:3`)
	require.Contains(t, rows[3], `{"record":4,"added":false,"error":"The '_id' value cannot be of type array`)
	require.Equal(t, `{"record":5,"added":true}`, rows[4])
	require.Equal(t, "taskdb add: records that were not added: 3\n", got.stderr)
	require.Equal(t, exitFailure, got.code)
	require.Equal(t, "[\n  1,\n  3\n]\n", onStore(t, "distinct", "n", "-o", "json"))

	require.Equal(t, `{"record":1,"msg_id":"b","added":true}`+"\n", onStore(t, "add", "--each", `{msg_id: "b"}`))
}

// TestAddOfWrongRecords holds that what is wrong is told before a store is opened.
func TestAddOfWrongRecords(t *testing.T) {
	t.Setenv(storeVariable, "sqlite:does-not-exist/tasks.db")
	for name, c := range map[string]struct {
		stdin string
		args  []string
		want  result
	}{
		"syntax": {"", []string{`{msg_id: "a"`}, result{"", `taskdb add: wrong record: the text ends inside the { of line 1, column 1
  {msg_id: "a"
              ^
add }
`, exitUsage}},
		"date": {"", []string{`{msg_id: "a"}`, `{submitted: "2026-11-22"}`}, result{"", `taskdb add: wrong record: the date "2026-11-22" has no zone
  at submitted
add Z for UTC: 2026-11-22Z
`, exitUsage}},
		"standard input": {`{"msg_id": "a"} x`, nil, result{"", `taskdb add: standard input:1:17: 'x' after the document
no record was added; --each adds those that can be
`, exitFailure}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, taskdbRun(t, c.stdin, append([]string{"add"}, c.args...)...))
		})
	}
}
