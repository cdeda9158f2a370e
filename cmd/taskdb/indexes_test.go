package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIndexes(t *testing.T) {
	filledStore(t)
	standard := onStore(t, "indexes")
	require.Len(t, lines(standard), 11)
	require.Equal(t, "header.username_1_submitted_-1\n", onStore(t, "indexes", "add", "header.username,-submitted"))
	require.Equal(t, "header.username_1_submitted_-1\n", onStore(t, "indexes", "add", "{'header.username': 1, submitted: -1}"), "the same is left")
	require.Equal(t, "named\n", onStore(t, "indexes", "add", "--unique", "--name", "named", "--partial", `{submitted: {$gt: "2026-11-22Z"}}`, "content.x,msg_id"))
	require.Equal(t, standard+`{"name":"header.username_1_submitted_-1","keys":{"header.username":1,"submitted":-1},"standard":false,"unique":false,"multikey":false}
{"name":"named","keys":{"content.x":1,"msg_id":1},"standard":false,"unique":true,"multikey":false,"partial":{"submitted":{"$gt":{"$date":"2026-11-22T00:00:00Z"}}}}
`, onStore(t, "indexes"))

	require.Equal(t, "named: dropped\n", onStore(t, "indexes", "drop", "named"))
	require.Equal(t, "header.username_1_submitted_-1: dropped\n", onStore(t, "indexes", "drop", "header.username_1_submitted_-1"))
	require.Equal(t, standard, onStore(t, "indexes"))
}

func TestIndexTable(t *testing.T) {
	newStore(t)
	onStore(t, "add", "--collection", "a.b", `{label: ["x", "y"]}`)
	onStore(t, "indexes", "add", "--collection", "a.b", "--partial", "{label: {$exists: true}}", "label")
	require.Equal(t, `name     keys         kind              partial
_id_     {"_id":1}    standard, unique
label_1  {"label":1}  multikey          {"label":{"$exists":true}}
`, onStore(t, "indexes", "--collection", "a.b", "-o", "table"))
}

func TestWrongIndexes(t *testing.T) {
	filledStore(t)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no keys": {[]string{"add"}, exitUsage, `
taskdb indexes add: one argument is wanted, not 0
want: taskdb indexes add KEYS [flags]
`},
		"hole": {[]string{"add", "a,,b"}, exitUsage, `
taskdb indexes add: wrong list of index keys: "a,,b" has an empty one
write them as a,b
`},
		"no path": {[]string{"add", "a..b"}, exitUsage, `
taskdb indexes add: wrong index: FieldPath field names may not be empty strings. (MongoDB's error 15998, Location15998)
  at a..b
`},
		"wrong filter": {[]string{"add", "a", "--partial", "{b: {$gtt: 1}}"}, exitUsage, `
taskdb indexes add: wrong filter: unknown operator: $gtt (MongoDB's error 2, BadValue)
  at b.$gtt
did you mean $gt?
`},
		"not unique": {[]string{"add", "queue", "--unique", "--name", "q"}, exitFailure, ""},
		"drop what is not there": {[]string{"drop", "x"}, exitNotFound, `
taskdb indexes drop: no such index: "x"
`},
		"drop a standard one": {[]string{"drop", "msg_id_1"}, exitFailure, ""},
		"unknown command": {[]string{"remove", "x"}, exitUsage, `
taskdb indexes: unknown command "remove" for "taskdb indexes"
see: taskdb indexes --help
`},
	} {
		t.Run(name, func(t *testing.T) {
			got := taskdbRun(t, "", append([]string{"indexes"}, c.args...)...)
			require.Equal(t, c.code, got.code, got.stderr)
			require.Empty(t, got.stdout)
			if c.want != "" {
				require.Equal(t, c.want[1:], got.stderr)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	filledStore(t)
	require.Equal(t, `{"scans":[{"index":"msg_id_1","keys":{"msg_id":1},"ranges":1,"reverse":false}],`+
		`"exact":true,"sortedInMemory":false,"keysExamined":1,"recordsExamined":1,"returned":1}
`, onStore(t, "explain", "--sort", "msg_id", `{msg_id: "`+firstID+`"}`))
	require.Equal(t, `index              ranges  direction
none: all records  1       forward

exact  sorted in memory  keys read  records read  returned
no     yes               0          406           406
`, onStore(t, "explain", "-o", "table", "--sort", "header.username,msg_id", `{"header.username": {$ne: 1}, stdin: null}`))
	require.Equal(t, `nothing is walked: no record can be what the filter asks for

exact  sorted in memory  keys read  records read  returned
yes    yes               0          0             0
`, onStore(t, "explain", "-o", "table", `{msg_id: {$gt: "b", $lt: "a"}}`))
}

// TestExplainFile holds that a file is explained as it is read: into memory.
func TestExplainFile(t *testing.T) {
	require.Contains(t, onSample(t, "explain", "--sort", "-submitted", "--limit", "5"), `"index":"submitted_1"`)
}
