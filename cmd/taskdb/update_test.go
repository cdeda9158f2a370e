package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUpdateOneRecord(t *testing.T) {
	filledStore(t)
	require.Equal(t, "1 matched, 1 changed\n", onStore(t, "update", `{msg_id: "`+firstID+`"}`, `{$set: {label: "fit", completed: "2026-11-22 10:00Z"}}`))
	require.Equal(t, `{"msg_id":"`+firstID+`","completed":{"$date":"2026-11-22T10:00:00Z"},"label":"fit"}`+"\n",
		onStore(t, "get", firstID, "--keys", "label,completed"))
	require.Equal(t, "1 matched, 0 changed\n", onStore(t, "update", "--label", "fit", `{$set: {label: "fit"}}`))
	require.Equal(t, "0 matched, 0 changed\n", onStore(t, "update", `{msg_id: "nobody"}`, `{$set: {label: "fit"}}`))
	require.Equal(t, "1\n", onStore(t, "count", "--label", "fit"))
}

// TestUpdateOfMany holds that more than one record is changed only if this is said,
// and that what would be is told before.
func TestUpdateOfMany(t *testing.T) {
	filledStore(t)
	for name, c := range map[string]struct {
		which []string
		n     string
	}{
		"by shortcut": {[]string{"--failed"}, "32"},
		"all":         {[]string{"{}"}, "406"},
		"both":        {[]string{"--failed", `{queue: "task"}`}, "30"},
	} {
		args := append(append([]string{"update"}, c.which...), `{$set: {label: "seen"}}`)
		require.Equal(t, result{"", "taskdb update: this changes " + c.n + " records\n" +
			"if you are sure: --yes; what it would do: --dry-run; the first of them only: --one\n", exitUsage}, taskdbRun(t, "", args...), name)
		require.Equal(t, c.n+" matched, "+c.n+" would be changed\n", onStore(t, append(args, "--dry-run", "--read-only")...), name)
		require.Equal(t, "0\n", onStore(t, "count", "--label", "seen"), name)
	}
	require.Equal(t, "32 matched, 32 changed\n", onStore(t, "update", "--failed", `{$set: {label: "seen"}}`, "--yes"))
	require.Equal(t, "32\n", onStore(t, "count", "--label", "seen"))
	require.Equal(t, "406 matched, 374 would be changed\n", onStore(t, "update", "{}", `{$set: {label: "seen"}}`, "--dry-run"))
}

// TestUpdateOfTheFirst holds that the first is the one that find shows first.
func TestUpdateOfTheFirst(t *testing.T) {
	filledStore(t)
	for label, sort := range map[string][]string{"oldest": nil, "newest": {"--sort", "-submitted"}} {
		shown := onStore(t, append([]string{"find", "--failed", "--limit", "1", "--keys", "queue"}, sort...)...)
		update := append([]string{"update", "--failed", "--one", `{$set: {label: "` + label + `"}}`}, sort...)
		require.Equal(t, "1 matched, 1 would be changed\n", onStore(t, append(update, "--dry-run")...))
		require.Equal(t, "1 matched, 1 changed\n", onStore(t, update...))
		require.Equal(t, shown, onStore(t, "find", "--label", label, "--keys", "queue"))
	}
}

func TestUpsert(t *testing.T) {
	newStore(t)
	args := []string{"update", "--upsert", `{_id: "a", msg_id: "a"}`, `{$inc: {n: 1}, $setOnInsert: {submitted: "2026-11-22 10:00Z"}}`}
	require.Equal(t, "0 matched, 0 changed, 1 added: a\n", onStore(t, args...))
	require.Equal(t, "1 matched, 1 changed\n", onStore(t, args...))
	require.Equal(t, `{"_id":"a","msg_id":"a","n":{"$numberInt":"2"},"submitted":{"$date":{"$numberLong":"1795341600000"}}}`+"\n", onStore(t, "export"))
	require.Equal(t, "0 matched, 0 would be changed, 1 would be added\n",
		onStore(t, "update", "--upsert", "--dry-run", `{msg_id: "b"}`, `{$set: {n: 1}}`))
	require.Equal(t, "1\n", onStore(t, "count"))
}

func TestUpdateOfArrayElements(t *testing.T) {
	newStore(t)
	onStore(t, "add", `{msg_id: "a", runs: [{engine: "e1"}, {engine: "e2"}, {engine: "e1"}]}`)
	require.Equal(t, "1 matched, 1 changed\n",
		onStore(t, "update", "{}", `{$set: {"runs.$[r].ok": true}}`, "--array-filter", `{"r.engine": "e1"}`))
	require.Equal(t, "1 matched, 1 would be changed\n", onStore(t, "update", "--dry-run", `{"runs.engine": "e2"}`, `{$set: {"runs.$.ok": false}}`))
	require.Equal(t, "1 matched, 1 changed\n", onStore(t, "update", `{"runs.engine": "e2"}`, `{$set: {"runs.$.ok": false}}`))
	require.Equal(t, `{"msg_id":"a","runs":[{"engine":"e1","ok":true},{"engine":"e2","ok":false},{"engine":"e1","ok":true}]}`+"\n", onStore(t, "find"))
}

// TestDryRunKnowsBuffers holds that buffers are looked at if the update or the
// filter has to do with them.
func TestDryRunKnowsBuffers(t *testing.T) {
	filledStore(t)
	for _, args := range [][]string{
		{"update", `{msg_id: "` + firstID + `"}`, `{$unset: {result_buffers: 1}}`},
		{"update", `{msg_id: "` + firstID + `", result_buffers: {$size: 1}}`, `{$set: {label: "x"}}`},
	} {
		require.Equal(t, "1 matched, 1 would be changed\n", onStore(t, append(args, "--dry-run")...))
		require.Equal(t, "1 matched, 1 changed\n", onStore(t, args...))
		onStore(t, "drop", firstID)
		require.Equal(t, result{sample + ": 1 imported, 405 there already\n", "", exitOK}, taskdbRun(t, "", "import", sample))
	}
}

// TestUpdateThatDoesNotSuit holds that a record that cannot be changed is named,
// and that those before it are changed and counted.
func TestUpdateThatDoesNotSuit(t *testing.T) {
	newStore(t)
	onStore(t, "add", `{msg_id: "a", n: 1}`, `{msg_id: "b", n: "two"}`, `{msg_id: "c", n: 3}`)
	for _, c := range []struct{ flag, stdout string }{{"--dry-run", ""}, {"--yes", "1 matched, 1 changed\n"}} {
		got := taskdbRun(t, "", "update", "{}", `{$inc: {n: 1}}`, c.flag)
		require.Equal(t, result{c.stdout, "taskdb update: UPDATE does not suit a record: Cannot apply $inc to a value of non-numeric type. " +
			"{_id: \"b\"} has the field 'n' of non-numeric type string (MongoDB's error 14, TypeMismatch)\n", exitFailure}, got, c.flag)
	}
	require.Equal(t, "2\n3\n\"two\"\n", onStore(t, "distinct", "n"))

	require.Equal(t, result{"", "taskdb update: UPDATE does not suit a record: Cannot create field 'x' in element {n: \"two\"} (MongoDB's error 28, PathNotViable)\n" +
		"nothing can be set below null or a plain value: set the document whole, {$set: {a: {b: …}}}\n", exitFailure},
		taskdbRun(t, "", "update", `{msg_id: "b"}`, `{$set: {"n.x": 1}}`))

	got := taskdbRun(t, "", "update", `{msg_id: "b"}`, `{$set: {msg_id: "a"}}`)
	require.Equal(t, exitFailure, got.code)
	require.Contains(t, got.stderr, "E11000 duplicate key error")
}

// TestUpdateByPipeline holds that an update may be a pipeline, whose values are made
// of those of the record, and in which strings for the date keys are dates.
func TestUpdateByPipeline(t *testing.T) {
	filledStore(t)
	const one = `{msg_id: "` + firstID + `"}`
	const pipeline = ` [{$set: {label: {$toUpper: "$queue"}, started: "2026-11-22 10:00Z", completed: "$submitted"}}, {$unset: "stdout"}]`
	require.Equal(t, "1 matched, 1 would be changed\n", onStore(t, "update", one, pipeline, "--dry-run"))
	require.Equal(t, "1 matched, 1 changed\n", onStore(t, "update", one, pipeline))
	require.Equal(t, `{"msg_id":"`+firstID+`","started":{"$date":"2026-11-22T10:00:00Z"},"label":"TASK"}`+"\n",
		onStore(t, "get", firstID, "--keys", "started,label,stdout"))
	require.Equal(t, "1\n", onStore(t, "count", `{$expr: {$and: [{$eq: ["$completed", "$submitted"]}, {$eq: [{$type: "$completed"}, "date"]}]}}`))
	require.Equal(t, "0 matched, 0 changed, 1 added: new\n", onStore(t, "update", "--upsert", `{_id: "new"}`, `[{$set: {n: 1}}]`))

	require.Equal(t, result{"1 matched, 0 changed\n", "taskdb update: no record has the key queu; did you mean queue?\n", exitOK},
		taskdbRun(t, "", "update", one, `[{$set: {queu: "$$REMOVE"}}]`))
	require.Equal(t, result{"", "taskdb update: UPDATE does not suit a record: $divide only supports numeric types, not string and int (MongoDB's error 14, TypeMismatch)\n", exitFailure},
		taskdbRun(t, "", "update", one, `[{$set: {n: {$divide: ["$queue", 2]}}}]`))
}

// TestUpdatePointsOutKeys holds that a key of FILTER that no record has is pointed
// out, and of UPDATE one that is nearly another: it may well be new.
func TestUpdatePointsOutKeys(t *testing.T) {
	filledStore(t)
	require.Equal(t, result{"0 matched, 0 changed\n", "taskdb update: no record has the key queu; did you mean queue?\n" +
		"taskdb update: no record has the key header.sesion; did you mean header.session?\n", exitOK},
		taskdbRun(t, "", "update", `{queu: "task"}`, `{$set: {"header.sesion": "x", priority: 1, "header.priority": 1}, $push: {"stdout.$[]": 1}}`))
}

func TestWrongUpdates(t *testing.T) {
	filledStore(t)
	const hint = `as: taskdb update '{msg_id: "fit-1"}' '{$set: {label: "fit"}}'; the FILTER of every record is '{}'` + "\n"
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing": {nil, `
taskdb update: arguments are missing
` + hint},
		"no filter": {[]string{`{$set: {a: 1}}`}, `
taskdb update: FILTER and UPDATE are wanted, or UPDATE and a shortcut such as --failed
` + hint},
		"filter of a variable that is not set": {[]string{"", `{$set: {a: 1}}`, "--yes"}, `
taskdb update: FILTER and UPDATE are wanted, or UPDATE and a shortcut such as --failed
` + hint},
		"without quotes": {[]string{`{queue:`, `task}`, `{$set: {a: 1}}`}, `
taskdb update: one FILTER and one UPDATE are wanted, not 3 words
put each in single quotes, ` + hint},
		"filter": {[]string{`{queue: {$gtt: 1}}`, `{$set: {a: 1}}`}, `
taskdb update: wrong filter: unknown operator: $gtt (MongoDB's error 2, BadValue)
  at queue.$gtt
did you mean $gt?
`},
		"in each other's place": {[]string{`{$set: {a: 1}}`, `{queue: "mux"}`}, `
taskdb update: wrong filter: unknown top level operator: $set. If you have a field name that starts with a '$' symbol, consider using $getField or $setField. (MongoDB's error 2, BadValue)
  at $set
$set changes records: taskdb update FILTER '{$set: …}'
`},
		"syntax": {[]string{"{}", `{$set: {result_content.status: 1}}`}, `
taskdb update: wrong update: the key result_content.status needs quotes
  {$set: {result_content.status: 1}}
          ^
quote it: "result_content.status"
`},
		"misspelt operator": {[]string{"{}", `{$sett: {a: 1}}`}, `
taskdb update: wrong update: Unknown modifier: $sett. Expected a valid update modifier or pipeline-style update specified as an array (MongoDB's error 9, FailedToParse)
  at $sett
did you mean $set?
`},
		"key beside operators": {[]string{"{}", `{$set: {a: 1}, label: "x"}`}, `
taskdb update: wrong update: Unknown modifier: label. Expected a valid update modifier or pipeline-style update specified as an array (MongoDB's error 9, FailedToParse)
  at label
a key stands below an operator: {$set: {label: …}}
`},
		"document": {[]string{`{msg_id: "a"}`, `{label: "x"}`}, `
taskdb update: wrong update: it has no operator, and would take the place of the whole record
set a key: {$set: {key: …}}; remove one: {$unset: {key: 1}}
`},
		"empty": {[]string{`{msg_id: "a"}`, `{}`}, `
taskdb update: wrong update: it has no operator, and would take the place of the whole record
set a key: {$set: {key: …}}; remove one: {$unset: {key: 1}}
`},
		"date": {[]string{"{}", `{$set: {completed: "now"}}`}, `
taskdb update: wrong update: "now" is no date
  at $set.completed
write a date as 2026-11-22T10:00Z or 2026-11-22Z, or as time ago: -30m, -2h, -7d
`},
		"date of a pipeline": {[]string{"{}", `[{$unset: "a"}, {$addFields: {completed: "now"}}]`}, `
taskdb update: wrong update: "now" is no date
  at 1.$addFields.completed
write a date as 2026-11-22T10:00Z or 2026-11-22Z, or as time ago: -30m, -2h, -7d
`},
		"syntax of a pipeline": {[]string{"{}", `[{$set: {a: 1}}`}, `
taskdb update: wrong update: the text ends inside the [ of line 1, column 1
  [{$set: {a: 1}}
                 ^
add ]
`},
		"stage that is no document": {[]string{"{}", `["$set"]`}, `
taskdb update: wrong update: Each element of the 'pipeline' array must be an object (MongoDB's error 14, TypeMismatch)
  at 0
`},
		"misspelt stage": {[]string{"{}", `[{$sett: {a: 1}}]`}, `
taskdb update: wrong update: Unrecognized pipeline stage name: '$sett' (MongoDB's error 40324, Location40324)
  at 0.$sett
did you mean $set?
`},
		"operator in a pipeline": {[]string{"{}", `[{$push: {a: 1}}]`}, `
taskdb update: wrong update: Unrecognized pipeline stage name: '$push' (MongoDB's error 40324, Location40324)
  at 0.$push
$push is no stage; it stands in an update that is a document: {$push: …}
`},
		"stage of a query": {[]string{"{}", `[{$match: {a: 1}}]`}, `
taskdb update: wrong update: $match is not allowed to be used within an update (MongoDB's error 72, InvalidOptions)
  at 0.$match
known here are: $addFields $project $replaceRoot $replaceWith $set $unset
`},
		"array filter of a pipeline": {[]string{"{}", `[{$set: {a: 1}}]`, "--array-filter", `{x: 1}`}, `
taskdb update: wrong update: arrayFilters may not be specified for pipeline-style updates (MongoDB's error 9, FailedToParse)
  at arrayFilters
leave --array-filter out; in a pipeline $map makes other elements of an array
`},
		"no array filter": {[]string{"{}", `{$set: {"a.$[x]": 1}}`}, `
taskdb update: wrong update: No array filter found for identifier 'x' in path 'a.$[x]' (MongoDB's error 2, BadValue)
  at $set.a.$[x]
`},
		"array filter": {[]string{"{}", `{$set: {"a.$[x]": 1}}`, "--array-filter", `{x: {$gtt: 1}}`}, `
taskdb update: wrong update: Error parsing array filter :: caused by :: unknown operator: $gtt (MongoDB's error 2, BadValue)
  at arrayFilters.0.x.$gtt
did you mean $gt?
`},
		"syntax of an array filter": {[]string{"{}", `{$set: {"a.$[x]": 1}}`, "--array-filter", `{x: 1`}, `
taskdb update: wrong array filter: the text ends inside the { of line 1, column 1
  {x: 1
       ^
add }
`},
		"sort of many": {[]string{"{}", `{$set: {a: 1}}`, "--sort", "submitted"}, `
taskdb update: --sort says which is the first record, and goes with --one
add --one, or leave it out
`},
		"wrong sort": {[]string{"{}", `{$set: {a: 1}}`, "--one", "--sort", "{submitted: 2}"}, `
taskdb update: wrong sort: $sort key ordering must be 1 (for ascending) or -1 (for descending) (MongoDB's error 15975, Location15975)
  at submitted
`},
		"one and many": {[]string{"{}", `{$set: {a: 1}}`, "--one", "--yes"}, `
taskdb update: --one and --yes exclude each other
leave one of them out
`},
		"file": {[]string{"--in", sample, "{}", `{$set: {a: 1}}`}, `
taskdb update: --in asks a file, and this is about a store
import the file into one: taskdb import FILE
`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, result{"", c.want[1:], exitUsage}, taskdbRun(t, "", append([]string{"update"}, c.args...)...))
		})
	}
	require.Equal(t, "0\n", onStore(t, "count", "--label", "x"))
}

// TestChangesCreateNoStore holds that what changes records needs some: only an
// upsert creates a store.
func TestChangesCreateNoStore(t *testing.T) {
	url := newStore(t)
	for _, args := range [][]string{
		{"update", "--failed", `{$set: {a: 1}}`}, {"update", "--failed", `{$set: {a: 1}}`, "--dry-run"},
		{"drop", "a"}, {"purge", "--all"}, {"purge", "--all", "--yes"},
		{"indexes", "drop", "x"}, {"collections", "drop", "a.b", "--yes"}, {"compact"},
	} {
		got := taskdbRun(t, "", args...)
		require.Equal(t, exitFailure, got.code, args)
		require.Contains(t, got.stderr, ": there is no store yet at "+url+"\nfill it: taskdb import FILE\n", args)
	}
	require.Equal(t, "0 matched, 0 changed, 1 added: a\n", onStore(t, "update", "--upsert", `{_id: "a"}`, `{$set: {n: 1}}`))
}

func TestUpdateInterrupted(t *testing.T) {
	filledStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"update", "{}", `{$set: {label: "x"}}`, "--yes"}, strings.NewReader(""), &stdout, &stderr)
	require.Equal(t, exitInterrupted, code)
	require.Equal(t, "taskdb update: interrupted\n", stderr.String())
	require.Equal(t, "0\n", onStore(t, "count", "--label", "x"))
}
