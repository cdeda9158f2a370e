package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
)

const (
	firstID = "ecdf1b40-f4138b61c1e5fdb274178d09_27085_1"
	lastID  = "6969cde6-90bc26c19c8f30f0ae515a29_27383_153"
)

func TestFindWritesARecordALine(t *testing.T) {
	got := lines(onSample(t, "find", "--incomplete"))
	require.Len(t, got, 10)
	for _, line := range got {
		var doc bson.D
		require.NoError(t, bson.UnmarshalExtJSON([]byte(line), false, &doc))
		require.Equal(t, "msg_id", doc[0].Key, "no _id is shown")
		require.NotContains(t, line, `buffers"`, "no buffers are shown")
	}
}

func TestFindKeys(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"list":       {[]string{"--keys", "queue, started"}, `{"msg_id":"` + firstID + `","started":{"$date":"2026-11-22T00:51:18.991Z"},"queue":"task"}`},
		"array":      {[]string{"--keys", `["queue", 'submitted',]`}, `{"msg_id":"` + firstID + `","submitted":{"$date":"2026-11-22T00:51:18.987Z"},"queue":"task"}`},
		"path":       {[]string{"--keys", "header.username"}, `{"msg_id":"` + firstID + `","header":{"username":"username"}}`},
		"projection": {[]string{"--projection", `{_id: 0, queue: 1}`}, `{"queue":"task"}`},
		"buffers": {[]string{"--keys", "result_buffers"},
			`{"msg_id":"` + firstID + `","result_buffers":[{"$binary":{"base64":"gARLAC4=","subType":"00"}}]}`},
		"canonical": {[]string{"--keys", "started", "-o", "canonical"},
			`{"msg_id":"` + firstID + `","started":{"$date":{"$numberLong":"1795308678991"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want+"\n", onSample(t, "find", append(c.args, "--limit", "1")...))
		})
	}
}

func TestFindOrder(t *testing.T) {
	history := lines(onSample(t, "history"))
	require.Len(t, history, 406)
	ids := func(args ...string) []string {
		var ids []string
		for _, line := range lines(onSample(t, "find", append(args, "--projection", "{_id: 0, msg_id: 1}")...)) {
			var record struct {
				ID string `json:"msg_id"`
			}
			require.NoError(t, json.Unmarshal([]byte(line), &record))
			ids = append(ids, record.ID)
		}
		return ids
	}
	require.Equal(t, firstID, history[0])
	require.ElementsMatch(t, history, ids())
	require.Equal(t, ids(), ids("--sort", "submitted,msg_id"), "the default")
	require.Equal(t, ids()[3:5], ids("--skip", "3", "--limit", "2"))
	require.Equal(t, []string{lastID}, ids("--sort", "-submitted", "--limit", "1"))
	require.Equal(t, ids("--sort", "-completed,msg_id"), ids("--sort", "{completed: -1, msg_id: 1}"))
	require.Len(t, ids("--skip", "400"), 6)
}

func TestFindNothing(t *testing.T) {
	for form, want := range map[string]string{"jsonl": "", "canonical": "", "json": "[]\n", "table": ""} {
		require.Equal(t, want, onSample(t, "find", "-o", form, `{msg_id: null}`), form)
	}
}

func TestFindArray(t *testing.T) {
	var records []map[string]any
	require.NoError(t, json.Unmarshal([]byte(onSample(t, "find", "-o", "json", "--failed")), &records))
	require.Len(t, records, 32)
	want := `[
  {
    "msg_id": "` + firstID + `",
    "queue": "task"
  }
]
`
	require.Equal(t, want, onSample(t, "find", "-o", "json", "--keys", "queue", "--limit", "1"))
}

func TestGet(t *testing.T) {
	first, last := `{"msg_id":"`+firstID+`","queue":"task"}`+"\n", `{"msg_id":"`+lastID+`","queue":"task"}`+"\n"
	require.Equal(t, last+first, onSample(t, "get", "--keys", "queue", lastID, firstID))

	got := taskdbRun(t, "", "get", "--in", sample, "--keys", "queue", "x\n", firstID, "y")
	require.Equal(t, result{first, `taskdb get: get "x\n": no such record
taskdb get: get "y": no such record
`, exitNotFound}, got)

	require.NotContains(t, onSample(t, "get", firstID), `buffers"`)
}

func TestDistinct(t *testing.T) {
	require.Equal(t, `null
"194a2835-8ee3d1cb061b6b4b7198bf02"
"a4b6eb44-6682380ee2aabc8a408707b3"
"f123da89-c3c3e9d6205a981cc6af009d"
"fca6b6fc-9c06e568e630215705d725a7"
`, onSample(t, "distinct", "engine_uuid"))
	require.Equal(t, "\"ValueError\"\n", onSample(t, "distinct", "result_content.ename", "--failed"))
	require.Equal(t, "[\n  \"mux\",\n  \"task\"\n]\n", onSample(t, "distinct", "queue", "-o", "json"))
	require.Equal(t, "{\"$numberInt\":\"0\"}\n", onSample(t, "distinct", "metadata.retries", "-o", "canonical"))
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{
		{"find"}, {"find", "-o", "table"}, {"find", "-o", "json"}, {"get", firstID}, {"count"}, {"distinct", "queue"}, {"history"},
	} {
		var stderr strings.Builder
		code := run(t.Context(), append(args, "--in", sample), strings.NewReader(""), fullDisk{}, &stderr)
		require.Equal(t, exitFailure, code, args)
		require.Equal(t, "taskdb "+args[0]+": no space left\n", stderr.String(), args)
	}
}

func TestVersion(t *testing.T) {
	got := taskdbRun(t, "", "version")
	require.Equal(t, exitOK, got.code)
	require.Regexp(t, `^taskdb \S+ go1\.\d+\S* \w+/\w+\n$`, got.stdout)
	require.Equal(t, got, taskdbRun(t, "", "--version"))
}
