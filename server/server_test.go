package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	mongooptions "go.mongodb.org/mongo-driver/v2/mongo/options"

	_ "github.com/taskdb/taskdb/backends/dict"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server"
	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/taskdb"
)

// running is a server that a test has started.
type running struct {
	*server.Server
	stop   context.CancelFunc
	ended  chan error // what Serve returned
	client *http.Client
	token  string
}

// options are those of a server in a test, without users.
func options(t testing.TB) server.Options {
	log := slog.New(slog.DiscardHandler)
	users, err := access.Open(filepath.Join(t.TempDir(), "users.json"), log)
	require.NoError(t, err)
	return server.Options{HTTP: "127.0.0.1:0", Users: users, Log: log, TendEvery: time.Millisecond, Hub: hub.Options{Poll: time.Hour}}
}

func openStore(t *testing.T, url string) *taskdb.DB {
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// start starts a server, which ends with the test.
func start(t *testing.T, db *taskdb.DB, o server.Options) *running {
	opened, err := server.Open(t.Context(), db, o)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	r := &running{opened, stop, make(chan error, 1), &http.Client{Transport: transport}, ""}
	go func() { r.ended <- opened.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		transport.CloseIdleConnections()
		require.NoError(t, <-r.ended)
	})
	return r
}

// addUser adds a user and returns the secret.
func addUser(t *testing.T, users *access.Users, name, roleName string) string {
	role, err := access.ParseRole(roleName)
	require.NoError(t, err)
	secret, err := users.Add(t.Context(), access.User{Name: name, Role: role})
	require.NoError(t, err)
	return secret
}

// end stops the server and returns what Serve did.
func (r *running) end() error {
	r.stop()
	err := <-r.ended
	r.ended <- err
	return err
}

// send sends a request and returns the status and the body of the answer.
func (r *running) send(ctx context.Context, method, path, body string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.URL(), "/")+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), errors.Join(err, response.Body.Close())
}

// ask sends a request that is to be answered with a status.
func (r *running) ask(t *testing.T, status int, method, path, body string) string {
	t.Helper()
	got, text, err := r.send(t.Context(), method, path, body)
	require.NoError(t, err)
	require.Equal(t, status, got, text)
	return text
}

// TestAddresses holds that without users no address is served that other machines
// reach, at either door, unless it is said that this is to be.
func TestAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(t *testing.T, o *server.Options)
		exposed bool
	}{
		"loopback":            {func(*testing.T, *server.Options) {}, false},
		"localhost":           {func(_ *testing.T, o *server.Options) { o.HTTP = "localhost:0" }, false},
		"every address":       {func(_ *testing.T, o *server.Options) { o.HTTP = ":0" }, true},
		"every address, IPv4": {func(_ *testing.T, o *server.Options) { o.HTTP = "0.0.0.0:0" }, true},
		"every address for MongoDB's clients": {func(_ *testing.T, o *server.Options) {
			o.HTTP, o.Mongo = "", "0.0.0.0:0"
		}, true},
		"MongoDB's clients beside a loopback": {func(_ *testing.T, o *server.Options) { o.Mongo = "0.0.0.0:0" }, true},
		"insecure":                            {func(_ *testing.T, o *server.Options) { o.HTTP, o.Mongo, o.Insecure = ":0", ":0", true }, false},
		"users": {func(t *testing.T, o *server.Options) {
			o.HTTP, o.Mongo = ":0", ":0"
			addUser(t, o.Users, "ann", "read")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			c.change(t, &o)
			if c.exposed {
				_, err := server.Open(t.Context(), openStore(t, "dict:"), o)
				require.ErrorIs(t, err, server.ErrExposed)
				return
			}
			var log bytes.Buffer
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			require.NoError(t, start(t, openStore(t, "dict:"), o).end())
			loopback := strings.Contains(name, "local") || name == "loopback"
			require.Equal(t, !loopback, strings.Contains(log.String(), "unencrypted"), log.String())
		})
	}
}

func TestAddressThatIsTaken(t *testing.T) {
	first := start(t, openStore(t, "dict:"), options(t))
	o := options(t)
	o.Mongo, o.HTTP = "127.0.0.1:0", strings.Trim(strings.TrimPrefix(first.URL(), "http:"), "/")
	_, err := server.Open(t.Context(), openStore(t, "dict:"), o)
	require.ErrorContains(t, err, "address already in use")
}

// TestUsersAreAsked holds that from the first user on everybody must say who he is,
// and may do what his role allows, without the server being started anew.
func TestUsersAreAsked(t *testing.T) {
	o := options(t)
	s := start(t, openStore(t, "dict:"), o)
	s.ask(t, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "a"}]}`)
	s.ask(t, http.StatusOK, "GET", "/metrics", "")
	secret := addUser(t, o.Users, "ann", "read")
	for _, token := range []string{"", "tdb_wrong"} {
		s.token = token
		s.ask(t, http.StatusUnauthorized, "GET", "/v1/tasks/a", "")
		s.ask(t, http.StatusUnauthorized, "GET", "/metrics", "")
	}
	s.ask(t, http.StatusNoContent, "GET", "/healthz", "")
	s.ask(t, http.StatusNoContent, "GET", "/readyz", "")
	s.token = secret
	s.ask(t, http.StatusOK, "GET", "/v1/tasks/a", "")
	s.ask(t, http.StatusOK, "GET", "/metrics", "")
	s.ask(t, http.StatusForbidden, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "b"}]}`)
	require.NoError(t, o.Users.Remove(t.Context(), "ann"))
	s.ask(t, http.StatusUnauthorized, "GET", "/v1/tasks/a", "")
}

// TestNoFileOfUsers holds that a server without a file of users is one that has none: it
// answers everybody, at both doors, where nobody else reaches it.
func TestNoFileOfUsers(t *testing.T) {
	o := options(t)
	o.Users, o.Mongo = nil, "127.0.0.1:0"
	s := start(t, openStore(t, "dict:"), o)
	s.ask(t, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "a"}]}`)
	client, err := mongo.Connect(mongooptions.Client().ApplyURI(s.MongoURL()))
	require.NoError(t, err)
	n, err := client.Database("ipython-tasks").Collection("task_records").CountDocuments(t.Context(), bson.D{})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.NoError(t, client.Disconnect(t.Context()))

	o.HTTP = "0.0.0.0:0"
	_, err = server.Open(t.Context(), openStore(t, "dict:"), o)
	require.ErrorIs(t, err, server.ErrExposed)
}

// TestTheLogTellsTimes holds that the log says in which unit a time is.
func TestTheLogTellsTimes(t *testing.T) {
	o := options(t)
	var text bytes.Buffer
	o.Log = slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := start(t, openStore(t, "dict:"), o)
	s.ask(t, http.StatusOK, "GET", "/v1/counts", "")
	require.NoError(t, s.end())
	require.Regexp(t, `"msg":"request".*"took":"[0-9.]+(µs|ms|s)"`, text.String())
}

// TestTheHubIsTended holds that the server does what time makes due: here a lease runs
// out, and the task is handed out again.
func TestTheHubIsTended(t *testing.T) {
	s := start(t, openStore(t, "dict:"), options(t))
	s.ask(t, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "a", "retries": 1}]}`)
	s.ask(t, http.StatusOK, "POST", "/v1/claims", `{"engine": "one", "lease": "1ms"}`)
	require.Contains(t, s.ask(t, http.StatusOK, "POST", "/v1/claims", `{"engine": "two", "wait": "1m"}`), `"engine":"two"`)
}

// TestHugeHeader holds that a header that is too large is refused. The client may see
// no more of that than that the connection ends, if it is still sending.
func TestHugeHeader(t *testing.T) {
	s := start(t, openStore(t, "dict:"), options(t))
	s.token = strings.Repeat("x", 100<<10)
	status, _, err := s.send(t.Context(), "GET", "/v1/counts", "")
	if err == nil {
		require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, status)
	}
}
