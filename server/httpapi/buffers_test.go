package httpapi_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/httpapi"
)

// parts is a multipart body of names and values, in turn, and its type.
func parts(t *testing.T, pairs ...string) (body, kind string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		part, err := w.CreateFormFile(pairs[i], "x")
		require.NoError(t, err)
		_, err = io.WriteString(part, pairs[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String(), w.FormDataContentType()
}

func (f *fixture) bytes(t *testing.T, status int, path string, header ...string) string {
	t.Helper()
	response := f.send(t, "GET", path, "", header...)
	require.Equal(t, status, response.StatusCode)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

func TestBuffers(t *testing.T) {
	onEach(t, httpapi.Options{Limits: httpapi.Limits{Body: 1000}}, func(t *testing.T, f *fixture) {
		large := string(bytes.Repeat([]byte("\x00\xff0123456789"), 100_000))
		body, kind := parts(t, "json", `{"tasks": [{"msg_id": "a", "buffers": ["eA=="]}, {"msg_id": "b"}]}`, "buffers", large, "buffers.1", "of b", "buffers.1", "")
		ask[api.SubmissionAnswer](t, f, http.StatusCreated, "POST", "/v1/tasks", body, "Content-Type", kind)
		require.Equal(t, "x", f.bytes(t, http.StatusOK, "/v1/tasks/a/buffers/buffers/0"))
		require.Equal(t, large, f.bytes(t, http.StatusOK, "/v1/tasks/a/buffers/buffers/1"))
		require.Equal(t, "of b", f.bytes(t, http.StatusOK, "/v1/tasks/b/buffers/buffers/0"))
		require.Empty(t, f.bytes(t, http.StatusOK, "/v1/tasks/b/buffers/buffers/1"))
		require.Equal(t, large[5:20], f.bytes(t, http.StatusPartialContent, "/v1/tasks/a/buffers/buffers/1", "Range", "bytes=5-19"))
		require.Equal(t, large[len(large)-7:], f.bytes(t, http.StatusPartialContent, "/v1/tasks/a/buffers/buffers/1", "Range", "bytes=-7"))
		f.bytes(t, http.StatusRequestedRangeNotSatisfiable, "/v1/tasks/b/buffers/buffers/0", "Range", "bytes=100-")

		lease := f.claim(t, "a")
		body, kind = parts(t, "json", `{"msg_id": "a", "status": "ok"}`, "buffers", "one", "buffers", large)
		ask[api.FinishAnswer](t, f, http.StatusOK, "POST", "/v1/leases/"+lease.ID+"/finish", body, "Content-Type", kind)
		require.Equal(t, "one", f.bytes(t, http.StatusOK, "/v1/tasks/a/buffers/result_buffers/0"))
		require.Equal(t, large, f.bytes(t, http.StatusOK, "/v1/tasks/a/buffers/result_buffers/1"))
	})
}

func TestPartsThatAreWrong(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Upload: 1000}})
	for name, c := range map[string]struct {
		status int
		kind   string
		pairs  []string
	}{
		"no json":         {http.StatusBadRequest, api.KindMalformed, []string{"buffers", "x"}},
		"json twice":      {http.StatusBadRequest, api.KindMalformed, []string{"json", `{"tasks": [{}]}`, "json", `{"tasks": [{}]}`}},
		"no such part":    {http.StatusUnprocessableEntity, api.KindInvalid, []string{"json", `{"tasks": [{}]}`, "buffer", "x"}},
		"no such task":    {http.StatusUnprocessableEntity, api.KindInvalid, []string{"json", `{"tasks": [{}]}`, "buffers.1", "x"}},
		"too large":       {http.StatusRequestEntityTooLarge, api.KindBody, []string{"json", `{"tasks": [{}]}`, "buffers", string(make([]byte, 1000))}},
		"json is no JSON": {http.StatusBadRequest, api.KindMalformed, []string{"json", `{"tasks"`}},
	} {
		t.Run(name, func(t *testing.T) {
			body, kind := parts(t, c.pairs...)
			f.refused(t, c.status, c.kind, "POST", "/v1/tasks", body, "Content-Type", kind)
		})
	}
	body, kind := parts(t, "json", `{}`)
	f.refused(t, http.StatusUnsupportedMediaType, api.KindMalformed, "POST", "/v1/tasks/count", body, "Content-Type", kind)
	f.refused(t, http.StatusBadRequest, api.KindMalformed, "POST", "/v1/tasks", "no parts", "Content-Type", "multipart/form-data; boundary=x")
	f.refused(t, http.StatusBadRequest, api.KindMalformed, "POST", "/v1/tasks", "no parts", "Content-Type", "multipart/form-data")
}
