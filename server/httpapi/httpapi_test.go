package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/api"
	_ "github.com/taskdb/taskdb/backends/dict"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

// stores are the kinds of stores that the API is tested on.
var stores = map[string]func(t *testing.T) string{
	"dict": func(*testing.T) string { return "dict:" },
	"sqlite": func(t *testing.T) string {
		return "sqlite:" + filepath.Join(t.TempDir(), "tasks.db") + "?durability=off"
	},
}

// onEach runs a test on a server over each kind of store.
func onEach(t *testing.T, options httpapi.Options, test func(t *testing.T, f *fixture)) {
	for name, url := range stores {
		t.Run(name, func(t *testing.T) { test(t, serve(t, url(t), options)) })
	}
}

// fixture is a server, and what tests do with it.
type fixture struct {
	hub    *hub.Hub
	db     *taskdb.DB
	server *httptest.Server
	token  string
}

func serve(t *testing.T, store string, options httpapi.Options) *fixture {
	db, err := taskdb.Open(t.Context(), store)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	h, err := hub.Open(t.Context(), db, hub.Options{Poll: time.Hour})
	require.NoError(t, err)
	handler, err := httpapi.New(h, db, options)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &fixture{hub: h, db: db, server: server}
}

// as is the fixture for another user.
func (f *fixture) as(token string) *fixture {
	other := *f
	other.token = token
	return &other
}

// send sends a request with a body as it stands.
func (f *fixture) send(t *testing.T, method, path, body string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, f.server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if f.token != "" {
		r.Header.Set("Authorization", "Bearer "+f.token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// ask sends a request that is to succeed with a status, and reads what it answers.
func ask[T any](t *testing.T, f *fixture, status int, method, path, body string, header ...string) (answer T) {
	t.Helper()
	response := f.send(t, method, path, body, header...)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, status, response.StatusCode, "%s %s: %s", method, path, text)
	if len(text) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&answer), "%s", text)
	}
	return answer
}

// refused sends a request that is to be refused, with a kind of problem.
func (f *fixture) refused(t *testing.T, status int, kind, method, path, body string, header ...string) api.Problem {
	t.Helper()
	p := ask[api.Problem](t, f, status, method, path, body, header...)
	require.Equal(t, kind, p.Kind, "%+v", p)
	require.Equal(t, status, p.Status)
	require.NotEmpty(t, p.Instance)
	require.NotEmpty(t, p.Title)
	require.NotEmpty(t, p.Detail)
	return p
}

// users are users by their tokens. Without any, everybody is anybody.
type users map[string]access.User

func (u users) Bearer(token string) (access.User, error) {
	user, ok := u[token]
	if !ok {
		return access.User{}, access.ErrUnknown
	}
	return user, nil
}

func (u users) Anonymous() (access.User, error) {
	if len(u) > 0 {
		return access.User{}, access.ErrUnknown
	}
	return access.Anybody, nil
}

// names are the msg_ids of records.
func names(t *testing.T, records []api.Document) []string {
	names := []string{}
	for _, record := range records {
		var named struct {
			MsgID string `json:"msg_id"`
		}
		text, err := json.Marshal(record)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &named))
		names = append(names, named.MsgID)
	}
	return names
}
