package httpapi_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/httpapi"
)

// TestHostileRequests holds that what nobody sends in good faith is refused, and that
// the server goes on to answer.
func TestHostileRequests(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		deep := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
		for name, c := range map[string]struct{ method, path, body string }{
			"deep arrays":              {"POST", "/v1/tasks/query", deep("[", "]", 100_000)},
			"deep documents":           {"POST", "/v1/tasks", `{"tasks": [{"content": ` + deep(`{"a":`, "}", 50_000) + `}]}`},
			"deep but for JSON":        {"POST", "/v1/tasks", `{"tasks": [{"content": ` + strings.Repeat(`{"a":`, 5_000) + "1" + strings.Repeat("}", 5_000) + `}]}`},
			"deep filter":              {"POST", "/v1/tasks/query", `{"filter": ` + strings.Repeat(`{"$and": [`, 3_000) + "{}" + strings.Repeat("]}", 3_000) + `}`},
			"deep filter as text":      {"POST", "/v1/tasks/query", `{"filter": "` + strings.Repeat(`{$nor: [`, 30_000) + `"}`},
			"deep sort":                {"GET", "/v1/tasks?sort=" + strings.Repeat("%7Ba:", 5_000), ""},
			"no UTF-8 in the body":     {"POST", "/v1/tasks", "{\"tasks\": [{\"label\": \"\xc3\x28\"}]}"},
			"no UTF-8 in the query":    {"GET", "/v1/tasks?filter=%ff", ""},
			"no UTF-8 in the path":     {"GET", "/v1/tasks/%ff", ""},
			"NUL in a key":             {"POST", "/v1/tasks", `{"tasks": [{"content": {"a\u0000b": 1}}]}`},
			"half of a surrogate pair": {"POST", "/v1/tasks/query", `{"filter": "{a: '\ud800'}", "sort": 7}`},
			"endless number":           {"POST", "/v1/tasks/query", `{"limit": 1e999}`},
			"too large a number":       {"POST", "/v1/tasks/query", `{"limit": 92233720368547758070}`},
			"many operators":           {"POST", "/v1/tasks/query", `{"filter": {"$or": [` + strings.Repeat(`{"$foo": 1},`, 50_000) + `{}]}}`},
			"endless wait":             {"POST", "/v1/tasks/fetch", `{"msg_ids": ["x"], "wait": "-1s"}`},
			"wait of centuries":        {"GET", "/v1/tasks/x?wait=99999999999h", ""},
			"lease of centuries":       {"POST", "/v1/claims", `{"engine": "e", "lease": "9999999999999h"}`},
			"wrong base64":             {"POST", "/v1/tasks", `{"tasks": [{"buffers": ["%%%"]}]}`},
			"year 99999":               {"POST", "/v1/tasks", `{"tasks": [{"not_before": "99999-01-01T00:00:00Z"}]}`},
			"a time without a zone":    {"POST", "/v1/tasks", `{"tasks": [{"not_before": "2026-11-22T12:00:00"}]}`},
			"two documents":            {"POST", "/v1/tasks/query", `{} {}`},
			"null":                     {"POST", "/v1/tasks", `null`},
			"a long list":              {"POST", "/v1/tasks", `{"tasks": [` + strings.Repeat("{},", 10_000) + `{}]}`},
			"server-side code":         {"POST", "/v1/tasks/query", `{"filter": {"$where": "while (true) {}"}}`},
			"negative buffer":          {"GET", "/v1/tasks/x/buffers/buffers/-1", ""},
			"huge buffer":              {"GET", "/v1/tasks/x/buffers/buffers/99999999999999999999", ""},
			"climbing path":            {"GET", "/v1/tasks/%2e%2e%2f%2e%2e%2fetc%2fpasswd", ""},
		} {
			t.Run(name, func(t *testing.T) {
				response := f.send(t, c.method, c.path, c.body)
				text, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				require.GreaterOrEqual(t, response.StatusCode, 400, "%.300s", text)
				require.Less(t, response.StatusCode, 500, "%.300s", text)
				require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
				require.Less(t, len(text), 100_000, "what is wrong is not said at any length")
				ask[struct{}](t, f, http.StatusNoContent, "GET", "/healthz", "")
			})
		}
	})
}

// TestHostileBytes holds that what is no HTTP ends its connection and no more.
func TestHostileBytes(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{})
	address := strings.TrimPrefix(f.server.URL, "http://")
	for _, bytes := range []string{
		"\x16\x03\x01\x00\x00", "GET / HTTP/9.9\r\n\r\n", "GET /v1/counts HTTP/1.1\r\n\r\n", "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
		"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9223372036854775807\r\n\r\n{}",
		"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\nzz\r\n",
		"GET /" + strings.Repeat("a", 2<<20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		connection, err := net.Dial("tcp", address)
		require.NoError(t, err)
		_, _ = io.WriteString(connection, bytes) // the server may have closed it by then
		if half, ok := connection.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
		answer, _ := io.ReadAll(connection) // or reset it
		require.True(t, len(answer) == 0 || strings.HasPrefix(string(answer), "HTTP/1.1 4") || strings.HasPrefix(string(answer), "HTTP/1.1 505"), "%.100s", answer)
		connection.Close()
	}
	ask[api.Counts](t, f, http.StatusOK, "GET", "/v1/counts", "")
}

// TestWhatWouldBeRightIsSaid holds that who sends a body in a wrong way is told the right
// one.
func TestWhatWouldBeRightIsSaid(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{})
	const parts = "--x\r\nContent-Disposition: form-data; name=\"buffers\"\r\n\r\n1\r\n--x--\r\n"
	for _, c := range []struct {
		status                   int
		path, body, header, says string
	}{
		{http.StatusUnsupportedMediaType, "/v1/tasks/query", `{}`, "Content-Type: text/plain", "text/plain, and not application/json"},
		{http.StatusUnsupportedMediaType, "/v1/collections/a.b/find", `{}`, "Content-Type: text/plain", "text/plain, and not application/bson or application/json"},
		{http.StatusUnsupportedMediaType, "/v1/tasks/query", "\x1f\x8b", "Content-Encoding: gzip", "the Content-Encoding gzip: send it as it is"},
		{http.StatusBadRequest, "/v1/tasks", parts, "Content-Type: multipart/form-data; boundary=x", `the body has no part "json"`},
		{http.StatusBadRequest, "/v1/tasks", "nothing", "Content-Type: multipart/form-data; boundary=x", `the body has no part "json"`},
		{http.StatusUnprocessableEntity, "/v1/tasks/query", `{"filter": [1]}`, "X-Request-Id: r", "body.filter expected a document, or text that has one"},
	} {
		name, value, _ := strings.Cut(c.header, ": ")
		response := f.send(t, "POST", c.path, c.body, name, value)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, c.status, response.StatusCode, "%s", text)
		require.Contains(t, strings.ReplaceAll(string(text), `\"`, `"`), c.says)
	}
	p := f.refused(t, http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks", `{"tasks": [{}, {"time_limit": "9999999h"}]}`)
	require.Equal(t, "body.tasks[1].time_limit", p.Errors[0].Location)
}

// TestOddNames holds that msg_ids of any text lead to their tasks.
func TestOddNames(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{})
	for _, c := range []struct{ msgID, path string }{
		{"a/b", "a%2Fb"}, {"ä ö", "%C3%A4%20%C3%B6"}, {"100%", "100%25"}, {"q?x=1#y", "q%3Fx%3D1%23y"}, {"{a}", "%7Ba%7D"}, {"a+b", "a+b"}, {"chain", "chain"}, {"query", "query"},
	} {
		f.submit(t, fmt.Sprintf(`{"msg_id": %q}`, c.msgID))
		require.Equal(t, c.msgID, f.view(t, c.path).MsgID)
		ask[api.Chain](t, f, http.StatusOK, "GET", "/v1/tasks/"+c.path+"/chain", "")
	}
}

// TestNULs holds that a NUL, which no key can have, is refused wherever a key may
// stand.
func TestNULs(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		f.submit(t, `{"msg_id": "a"}`)
		for _, c := range []struct{ path, body string }{
			{"/v1/tasks/query", `{"keys": ["a\u0000"]}`},
			{"/v1/tasks/query", `{"filter": {"a\u0000": 1}}`},
			{"/v1/tasks/query", `{"sort": {"a\u0000": 1}}`},
			{"/v1/tasks/query", `{"projection": {"a\u0000": 1}}`},
			{"/v1/tasks/count", `{"keys": ["a\u0000"]}`},
			{"/v1/tasks/distinct", `{"path": "a\u0000"}`},
			{"/v1/tasks/fetch", `{"msg_ids": ["a"], "keys": ["a\u0000"]}`},
			{"/v1/tasks/purge", `{"filter": {"a\u0000": 1}}`},
			{"/v1/claims", `{"engine": "e", "filter": {"a\u0000": 1}}`},
		} {
			response := f.send(t, "POST", c.path, c.body)
			require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode, "%s %s", c.path, c.body)
		}
		for _, path := range []string{"/v1/tasks/a%00", "/v1/lookup?prefix=a%00", "/v1/tasks/a/buffers/buffers/0%00"} {
			require.Less(t, f.send(t, "GET", path, "").StatusCode, 500, path)
		}
		require.Equal(t, http.StatusOK, f.send(t, "POST", "/v1/tasks/fetch", `{"msg_ids": ["a\u0000"]}`).StatusCode)
		f.submit(t, `{"msg_id": "b\u0000", "client_uuid": "c\u0000", "queue": "q\u0000", "label": "l\u0000"}`)
		require.Equal(t, "b\x00", f.view(t, "b%00").MsgID)
	})
}
