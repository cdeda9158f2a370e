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

// TestTasksInBSON holds that what is claimed and fetched comes with its record as it is,
// beside what JSON has of the rest.
func TestTasksInBSON(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		f.submit(t, `{"msg_id": "a", "content": {"n": {"$numberLong": "5"}}}`)
		documents := func(path, body string) (docs []bson.Raw) {
			response := f.send(t, "POST", path, body, "Accept", "application/bson")
			require.Equal(t, http.StatusOK, response.StatusCode)
			for {
				doc, err := bson.ReadDocument(response.Body)
				require.NoError(t, err)
				if end := doc.Lookup("$end", "count"); !end.IsZero() {
					require.EqualValues(t, len(docs), end.AsInt64())
					return docs
				}
				docs = append(docs, doc)
			}
		}
		claimed := documents("/v1/claims", `{"engine": "e"}`)
		require.Len(t, claimed, 1)
		require.Equal(t, "e", claimed[0].Lookup("lease", "engine").StringValue())
		require.EqualValues(t, 5, claimed[0].Lookup("record", "content", "n").Int64())
		require.Equal(t, http.StatusNoContent, f.send(t, "POST", "/v1/claims", `{"engine": "e"}`, "Accept", "application/bson").StatusCode)

		fetched := documents("/v1/tasks/fetch", `{"msg_ids": ["none", "a"]}`)
		require.Len(t, fetched, 2)
		require.Equal(t, api.KindNotFound, fetched[0].Lookup("error", "kind").StringValue())
		require.Equal(t, "running", fetched[1].Lookup("state").StringValue())
		require.EqualValues(t, 5, fetched[1].Lookup("record", "content", "n").Int64())
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
