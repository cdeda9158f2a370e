package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWrongUsage holds that what is wrong is told, with its place and with what
// would be right, that nothing is answered, and that the exit code is 2.
func TestWrongUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"key without quotes": {[]string{"count", `{queue: "task", result_content.status: "ok"}`}, `
taskdb count: wrong filter: the key result_content.status needs quotes
  {queue: "task", result_content.status: "ok"}
                  ^
quote it: "result_content.status"
`},
		"second line, wide letters": {[]string{"count", "{completed: null,\n\tlabel: ['日本' x]}"}, `
taskdb count: wrong filter: a comma or ] is wanted, not x
   label: ['日本' x]}
                  ^
put a comma before x
`},
		"filter that is no document": {[]string{"find", "fit-1"}, `
taskdb find: wrong filter: fit is not a value
  fit-1
  ^
write it as {key: value}
`},
		"update in place of a filter": {[]string{"find", `{$set: {label: "x"}}`}, `
taskdb find: wrong filter: unknown top level operator: $set. If you have a field name that starts with a '$' symbol, consider using $getField or $setField. (MongoDB's error 2, BadValue)
  at $set
$set changes records: taskdb update FILTER '{$set: …}'
`},
		"variable of the shell": {[]string{"count", `{submitted: {: 1}}`}, `
taskdb count: wrong filter: a key is wanted, not :
  {submitted: {: 1}}
               ^
put the text in single quotes: in double quotes the shell takes $gt for a variable of its own
`},
		"misspelt operator": {[]string{"find", `{$or: [{submitted: {$gtt: 1}}]}`}, `
taskdb find: wrong filter: unknown operator: $gtt (MongoDB's error 2, BadValue)
  at $or.0.submitted.$gtt
did you mean $gt?
`},
		"operator of nothing like it": {[]string{"find", `{$xyzxyz: 1}`}, `
taskdb find: wrong filter: unknown top level operator: $xyzxyz. If you have a field name that starts with a '$' symbol, consider using $getField or $setField. (MongoDB's error 2, BadValue)
  at $xyzxyz
known here are: $and $comment $nor $or
`},
		"operator in place of a key": {[]string{"find", `{$gt: 1}`}, `
taskdb find: wrong filter: unknown top level operator: $gt. If you have a field name that starts with a '$' symbol, consider using $getField or $setField. (MongoDB's error 2, BadValue)
  at $gt
$gt stands under a key: {key: {$gt: …}}
`},
		"operator under a key": {[]string{"distinct", "queue", `{queue: {$or: []}}`}, `
taskdb distinct: wrong filter: unknown operator: $or (MongoDB's error 2, BadValue)
  at queue.$or
$or stands in place of a key: {$or: …}
`},
		"operator that is refused": {[]string{"count", `{$where: "true"}`}, `
taskdb count: wrong filter: $where is not allowed in this context (MongoDB's error 2, BadValue)
  at $where
`},
		"date without a zone": {[]string{"count", `{submitted: {$gte: "2026-11-22T10:00"}}`}, `
taskdb count: wrong filter: the date "2026-11-22T10:00" has no zone
  at submitted.$gte
add Z for UTC: 2026-11-22T10:00Z
`},
		"no date": {[]string{"count", `{$nor: [{started: {$not: {$in: [null, "now"]}}}]}`}, `
taskdb count: wrong filter: "now" is no date
  at $nor.0.started.$not.$in.1
write a date as 2026-11-22T10:00Z or 2026-11-22Z, or as time ago: -30m, -2h, -7d
`},
		"since what": {[]string{"count", "--since", "yesterday"}, `
taskdb count: wrong --since: "yesterday" is no date
write a date as 2026-11-22T10:00Z or 2026-11-22Z, or as time ago: -30m, -2h, -7d
`},
		"filter without quotes": {[]string{"count", "{completed:", "null}"}, `
taskdb count: one filter at most, not 2 words
put quotes around the filter: taskdb count '{completed: null}'
`},
		"sort by two": {[]string{"find", "--sort", `{submitted: 2}`}, `
taskdb find: wrong sort: $sort key ordering must be 1 (for ascending) or -1 (for descending) (MongoDB's error 15975, Location15975)
  at submitted
`},
		"sort with a hole": {[]string{"find", "--sort", `submitted,,msg_id`}, `
taskdb find: wrong list of sort keys: "submitted,,msg_id" has an empty one
write them as a,b
`},
		"mixed projection": {[]string{"find", "--projection", `{queue: 1, label: 0}`}, `
taskdb find: wrong projection: Cannot do exclusion on field label in inclusion projection (MongoDB's error 31254, Location31254)
  at label
`},
		"keys and projection": {[]string{"find", "--keys", "queue", "--projection", `{queue: 1}`}, `
taskdb find: --keys and --projection exclude each other
add the keys to the projection
`},
		"keys that are no strings": {[]string{"get", "--keys", `["queue", 1]`, "a"}, `
taskdb get: wrong list of keys: only strings can be keys
write them as a,b or as ["a", "b"]
`},
		"key that cannot be": {[]string{"find", "--keys", "a..b"}, `
taskdb find: wrong query: FieldPath field names may not be empty strings. (MongoDB's error 15998, Location15998)
  at a..b
`},
		"negative limit": {[]string{"find", "--limit", "-1"}, `
taskdb find: wrong query: limit value must be non-negative, but received: -1 (MongoDB's error 2, BadValue)
  at limit
`},
		"states that exclude each other": {[]string{"find", "--incomplete", "--failed"}, `
taskdb find: no task is finished or failed and also incomplete or running
ask for one of them
`},
		"unknown output": {[]string{"find", "-o", "xml"}, `
taskdb find: unknown output "xml"
want one of: table, jsonl, json, canonical
`},
		"table of values": {[]string{"distinct", "queue", "-o", "table"}, `
taskdb distinct: unknown output "table"
want one of: jsonl, json, canonical
`},
		"no path": {[]string{"distinct"}, `
taskdb distinct: arguments are missing
want: taskdb distinct PATH [FILTER] [flags]
`},
		"empty path": {[]string{"distinct", ""}, `
taskdb distinct: wrong PATH: ""
want a key, or a path: queue, result_content.status
`},
		"path of an expression": {[]string{"distinct", "$queue"}, `
taskdb distinct: wrong PATH: "$queue"
want a key, or a path: queue, result_content.status
`},
		"argument too many": {[]string{"history", "x"}, `
taskdb history: no argument is wanted, and there is "x"
want: taskdb history [flags]
`},
		"no number": {[]string{"find", "--limit", "x"}, `
taskdb find: wrong --limit: "x"
want a whole number
`},
		"file and store": {[]string{"find", "--store-path", "x"}, `
taskdb find: --in and --store-path exclude each other
import the file into the store, or ask it alone
`},
		"file and hub": {[]string{"find", "--hub", "http://x"}, `
taskdb find: --in and --hub exclude each other
import the file into the store, or ask it alone
`},
		"no id": {[]string{"get"}, `
taskdb get: no id was given
want: taskdb get ID... [flags]
`},
		"unknown flag": {[]string{"history", "--bogus"}, `
taskdb history: unknown flag: --bogus
see: taskdb history --help
`},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{c.args[0], "--in", sample}, c.args[1:]...)
			require.Equal(t, result{"", strings.TrimPrefix(c.want, "\n"), exitUsage}, taskdbRun(t, "", args...))
		})
	}
}

// TestWrongTasks holds that of tasks, too, it is told what is wrong with their flags.
func TestWrongTasks(t *testing.T) {
	newStore(t)
	for want, args := range map[string][]string{
		"submit: wrong --retries: -1\nwant 0 or more\n":                                                      {"submit", "--retries", "-1", "x"},
		"submit: wrong --time-limit: -1s\nwant more than 0s\n":                                               {"submit", "--time-limit", "-1s", "x"},
		"priority: arguments are missing\nwant: taskdb priority NUMBER ID...|[FILTER] [flags]\n":             {"priority"},
		"priority: a number with a minus is taken for a flag: -5\nput -- before it: taskdb priority -- -5\n": {"priority", "-5", "fit-1"},
		"result: wrong --timeout: \"x\"\nwant a length of time, as 500ms, 30s or 1h30m\n":                    {"result", "--timeout", "x", "fit-1"},
		"count: --hub is of no kind of store: \"ftp://x\"\nwant http://HOST:PORT or https://…\n":             {"count", "--hub", "ftp://x"},
		"count: --hub has no host\nwant http://HOST:PORT or https://…\n":                                     {"count", "--hub", "http:///x"},
	} {
		require.Equal(t, result{"", "taskdb " + want, exitUsage}, taskdbRun(t, "", args...))
	}
}

func TestUnknownCommand(t *testing.T) {
	got := taskdbRun(t, "", "cuont")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr, `taskdb: unknown command "cuont"`)
	require.Contains(t, got.stderr, "count")

	got = taskdbRun(t, "", "delete", "x")
	require.Equal(t, result{"", `taskdb: unknown command "delete" for "taskdb"

Did you mean this?
	drop
	purge

see: taskdb --help
`, exitUsage}, got)
}

// TestWrongFilterIsToldFirst holds that a wrong filter is told before a file is
// looked at, which may take long.
func TestWrongFilterIsToldFirst(t *testing.T) {
	got := taskdbRun(t, "", "find", "--in", "does-not-exist.db", `{a: {$gtt: 1}}`)
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr, "did you mean $gt?")
}

func TestHelp(t *testing.T) {
	for _, command := range []string{
		"", "find", "get", "count", "distinct", "history", "explain", "import", "add", "export", "update", "drop", "purge", "stats", "compact", "indexes", "indexes add",
		"indexes drop", "collections", "collections drop", "store", "version", "completion",
	} {
		got := taskdbRun(t, "", strings.Fields(command+" --help")...)
		require.Equal(t, exitOK, got.code, command)
		require.Contains(t, got.stdout, "Usage:\n  taskdb "+command)
		require.Empty(t, got.stderr)
	}
}

// TestHelpOffersWhatIsTaken holds that a flag that a command always refuses is not in
// its help.
func TestHelpOffersWhatIsTaken(t *testing.T) {
	flags := func(command string) string {
		return taskdbRun(t, "", append(strings.Fields(command), "--help")...).stdout
	}
	for _, command := range []string{
		"add", "import", "drop", "submit", "work", "drain", "unpause", "compact", "indexes add", "indexes drop", "collections drop", "serve",
	} {
		require.NotContains(t, flags(command), "--read-only", command)
	}
	for _, command := range []string{"find", "purge", "update", "cancel"} {
		require.Contains(t, flags(command), "--read-only", command)
	}
	require.Contains(t, flags("add"), "--hub")
	require.NotContains(t, flags("serve"), "--hub")
	require.NotContains(t, flags("serve"), "http://HUB")
}
