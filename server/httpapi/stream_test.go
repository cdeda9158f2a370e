package httpapi_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/httpapi"
)

// lines reads a stream of JSON lines, and how it ended. The error is that of the
// connection.
func (f *fixture) lines(t *testing.T, method, path, body string) (lines []string, end api.End, err error) {
	t.Helper()
	response := f.send(t, method, path, body, "Accept", "application/jsonl")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "application/jsonl", response.Header.Get("Content-Type"))
	scanner := bufio.NewScanner(response.Body)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	var last api.LastLine
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &last))
	require.EqualValues(t, len(lines)-1, last.End.Count)
	return lines[:len(lines)-1], last.End, scanner.Err()
}

// many are so many tasks, written as JSON.
func many(n int) string {
	tasks := make([]string, n)
	for i := range tasks {
		tasks[i] = fmt.Sprintf(`{"msg_id": "%05d", "label": "l%d"}`, i, i%3)
	}
	return strings.Join(tasks, ",")
}

func TestStreams(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		const n = 2_500
		f.submit(t, many(n))
		lines, end, err := f.lines(t, "POST", "/v1/tasks/query", `{"keys": ["label"], "sort": "{msg_id: 1}"}`)
		require.NoError(t, err)
		require.Len(t, lines, n)
		require.Empty(t, end.Next)
		require.JSONEq(t, `{"msg_id": "00000", "label": "l0"}`, lines[0])

		var all []string
		for token := ""; ; {
			some, end, err := f.lines(t, "GET", "/v1/tasks?keys=label&sort=%7Bmsg_id:1%7D&limit=700&page="+token, "")
			require.NoError(t, err)
			all = append(all, some...)
			if token = end.Next; token == "" {
				break
			}
		}
		require.Equal(t, lines, all)

		ids, _, err := f.lines(t, "GET", "/v1/history", "")
		require.NoError(t, err)
		require.Len(t, ids, n)
		require.JSONEq(t, `{"msg_id": "00000"}`, ids[0])
	})
}

func TestStreamOfBSON(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		f.submit(t, many(3))
		response := f.send(t, "POST", "/v1/tasks/query", `{"projection": {}, "sort": {"msg_id": 1}}`, "Accept", "application/bson")
		require.Equal(t, "application/bson", response.Header.Get("Content-Type"))
		for i := range 3 {
			doc, err := bson.ReadDocument(response.Body)
			require.NoError(t, err)
			stored, err := f.db.GetRaw(t.Context(), fmt.Sprintf("%05d", i))
			require.NoError(t, err)
			require.Equal(t, stored, doc)
		}
		last, err := bson.ReadDocument(response.Body)
		require.NoError(t, err)
		require.EqualValues(t, 3, last.Lookup("$end", "count").AsInt64())
		_, err = response.Body.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

// TestStreamsThatFail holds that a wrong query is refused in the status, and that a
// stream which reaches its bound says where it goes on.
func TestStreamsThatFail(t *testing.T) {
	onEach(t, httpapi.Options{Limits: httpapi.Limits{Examined: 100}}, func(t *testing.T, f *fixture) {
		f.submit(t, many(250))
		f.refused(t, http.StatusUnprocessableEntity, api.KindQuery, "POST", "/v1/tasks/query", `{"filter": {"a": {"$foo": 1}}}`, "Accept", "application/jsonl")
		f.refused(t, http.StatusUnprocessableEntity, api.KindToken, "POST", "/v1/tasks/query", `{"page": "x"}`, "Accept", "application/jsonl")
		f.refused(t, http.StatusUnprocessableEntity, api.KindBudget, "POST", "/v1/tasks/query", `{"filter": {"header.x": 1}}`, "Accept", "application/jsonl")
		seen := map[string]bool{}
		rounds := 0
		for token := ""; ; rounds++ {
			lines, end, err := f.lines(t, "POST", "/v1/tasks/query", `{"keys": ["msg_id"], "sort": "{msg_id: 1}", "page": "`+token+`"}`)
			require.NoError(t, err)
			for _, line := range lines {
				require.False(t, seen[line])
				seen[line] = true
			}
			if token = end.Next; token == "" {
				break
			}
		}
		require.Len(t, seen, 250)
		require.Positive(t, rounds)
	})
}
