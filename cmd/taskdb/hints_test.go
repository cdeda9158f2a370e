package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMisspeltKeys holds that keys that no record has are pointed out on standard
// error, and that the answer is MongoDB's all the same.
func TestMisspeltKeys(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want result
	}{
		"IPython's own example": {[]string{"count", `{complete: null}`},
			result{"406\n", "taskdb count: no record has the key complete; did you mean completed?\n", exitOK}},
		"nothing like it": {[]string{"count", `{colour: {$exists: true}}`},
			result{"0\n", "taskdb count: no record has the key colour\n", exitOK}},
		"a key of the model": {[]string{"count", `{label: "x"}`},
			result{"0\n", "taskdb count: no record has the key label\n", exitOK}},
		"a key of the model, misspelt": {[]string{"count", `{lable: "x"}`},
			result{"0\n", "taskdb count: no record has the key lable; did you mean label?\n", exitOK}},
		"below": {[]string{"count", `{"header.usernam": "x"}`},
			result{"0\n", "taskdb count: no record has the key header.usernam; did you mean header.username?\n", exitOK}},
		"above": {[]string{"count", `{"haeder.username": "x"}`},
			result{"0\n", "taskdb count: no record has the key haeder; did you mean header?\n", exitOK}},
		"twice": {[]string{"count", `{$or: [{complete: 1}, {$and: [{complete: 2}]}]}`},
			result{"0\n", "taskdb count: no record has the key complete; did you mean completed?\n", exitOK}},
		"keys": {[]string{"find", "--limit", "1", "--keys", "queu"},
			result{`{"msg_id":"` + firstID + `"}` + "\n", "taskdb find: no record has the key queu; did you mean queue?\n", exitOK}},
		"keys of get": {[]string{"get", firstID, "--keys", "queu"},
			result{`{"msg_id":"` + firstID + `"}` + "\n", "taskdb get: no record has the key queu; did you mean queue?\n", exitOK}},
		"sort": {[]string{"find", "--sort", "-sumbitted", "--limit", "1", "--keys", "queue"},
			result{`{"msg_id":"` + firstID + `","queue":"task"}` + "\n", "taskdb find: no record has the key sumbitted; did you mean submitted?\n", exitOK}},
		"path": {[]string{"distinct", "engine"},
			result{"", "taskdb distinct: no record has the key engine; did you mean engine_uuid?\n", exitOK}},
		"key that would steer a terminal": {[]string{"count", "{'\x1b[2J': 1}"},
			result{"0\n", `taskdb count: no record has the key \x1b[2J` + "\n", exitOK}},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{c.args[0], "--in", sample}, c.args[1:]...)
			require.Equal(t, c.want, taskdbRun(t, "", args...))
		})
	}
}

func TestNoHintsWithoutRecords(t *testing.T) {
	in := writeFile(t, "empty.jsonl", "\n")
	require.Equal(t, "taskdb: "+in+": no records\n", taskdbRun(t, "", "count", "--in", in, `{complete: null}`).stderr)
}

// TestHintsAreBounded holds that in a large store few records are looked at, of both
// ends of it, and that this is said.
func TestHintsAreBounded(t *testing.T) {
	records := numbered(2000) + `{"msg_id": "zzz", "last": {"a": 1}}`
	got := taskdbRun(t, records, "count", "--in", "-", `{"complete.x": null, last: null, "last.b": null}`)
	require.Equal(t, result{"2000\n", `taskdb count: none of the 1000 records looked at has the key complete; did you mean completed?
taskdb count: none of the 1000 records looked at has the key last.b; did you mean last.a?
`, exitOK}, got)
}
