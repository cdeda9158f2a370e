package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// served is a hub that a test has started.
type served struct {
	line string // what it says of itself
	url  string
	log  string // the file of its log
	stop func() result
}

// startServe runs a hub until stop is called.
func startServe(t *testing.T, args ...string) *served {
	t.Setenv("TASKDB_USERS", filepath.Join(t.TempDir(), "users.json"))
	ctx, cancel := context.WithCancel(t.Context())
	stdout, lines := io.Pipe()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"serve", "--http", "127.0.0.1:0"}, args...), strings.NewReader(""), lines, log)
		log.Close()
		lines.Close()
	}()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	s := &served{line: line, url: regexp.MustCompile(`http://\S+`).FindString(line), log: log.Name()}
	if err != nil {
		<-ended
		require.NoError(t, err, s.logged(t))
	}
	s.stop = func() result {
		cancel()
		code := <-ended
		ended <- code
		return result{"", s.logged(t), code}
	}
	t.Cleanup(func() { s.stop() })
	return s
}

// logged is what the hub has logged.
func (s *served) logged(t *testing.T) string {
	log, err := os.ReadFile(s.log)
	require.NoError(t, err)
	return string(log)
}

// counts asks the hub how many tasks it has.
func (s *served) counts(t *testing.T) map[string]int {
	response, err := http.Get(s.url + "v1/counts")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	var counts map[string]int
	require.NoError(t, json.NewDecoder(response.Body).Decode(&counts))
	return counts
}

// TestServe holds that a hub says where it is, answers, logs in JSON, has the store for
// itself, and ends well when it is interrupted.
func TestServe(t *testing.T) {
	url := filledStore(t)
	s := startServe(t, "--mongo", "127.0.0.1:0")
	require.Regexp(t, `^taskdb serves the store `+regexp.QuoteMeta(url)+
		` with its page at http://127\.0\.0\.1:\d+/ for MongoDB's clients at mongodb://127\.0\.0\.1:\d+/`+"\n$", s.line)
	require.Equal(t, 396, s.counts(t)["finished"])
	got := taskdbRun(t, "", "add", `{msg_id: "a"}`, "--store", url+"?lock_wait=0s")
	require.Contains(t, got.stderr, "in use by another process")

	ended := s.stop()
	require.Equal(t, exitOK, ended.code)
	for _, line := range lines(ended.stderr) {
		var entry map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
	}
	require.Contains(t, ended.stderr, `"msg":"the hub has stopped"`)
	require.Equal(t, "1 added\n", onStore(t, "add", `{msg_id: "a"}`))
}

// TestServeStaysAtAHangup holds that the signal by which other programs read their
// files again does not end the hub.
func TestServeStaysAtAHangup(t *testing.T) {
	s := startServe(t, "--store", "dict:")
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, self.Signal(syscall.SIGHUP)) // where it is not caught it ends this test
	require.Eventually(t, func() bool { return strings.Contains(s.logged(t), "SIGHUP") }, 30*time.Second, time.Millisecond)
	require.Equal(t, 0, s.counts(t)["finished"])
	require.Equal(t, exitOK, s.stop().code)
}

// TestServeDemo holds that a demonstration needs nothing, and has work in it that is
// being done.
func TestServeDemo(t *testing.T) {
	s := startServe(t, "--demo")
	require.Contains(t, s.line, "the store dict:")
	require.Eventually(t, func() bool {
		counts := s.counts(t)
		return counts["ok"] > 0 && counts["running"] > 0 && counts["pending"] > 0
	}, 30*time.Second, 10*time.Millisecond)
	require.Equal(t, exitOK, s.stop().code)
}

func TestWrongServe(t *testing.T) {
	t.Setenv("TASKDB_USERS", filepath.Join(t.TempDir(), "users.json"))
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"exposed": {[]string{"--http", "0.0.0.0:0"}, exitFailure, "listen at 0.0.0.0:0: it can be reached from other machines, and there are no users\n" +
			"make the first user: taskdb user add NAME --role operate; or, if you must: --insecure\n"},
		"no address":               {[]string{"--http", ""}, exitUsage, "there is no address to answer at\n"},
		"certificate alone":        {[]string{"--tls-cert", "x"}, exitUsage, "a certificate and its key go together\n"},
		"no certificate":           {[]string{"--tls-cert", "x", "--tls-key", "y"}, exitFailure, "read the certificate: open x: no such file or directory\n"},
		"demonstration of a store": {[]string{"--demo"}, exitUsage, "--demo has a store of its own, and --store names another\n"},
		"address":                  {[]string{"--http", "4417"}, exitFailure, "missing port in address\nwant HOST:PORT, as 127.0.0.1:4417\n"},
		"port":                     {[]string{"--http", "127.0.0.1:x"}, exitFailure, "unknown port\nwant HOST:PORT, as 127.0.0.1:4417\n"},
		"limit":                    {[]string{"--max-body", "-1"}, exitUsage, "wrong --max-body: -1\nwant more than 0\n"},
		"limit of bodies":          {[]string{"--max-bodies", "0"}, exitUsage, "wrong --max-bodies: 0\nwant more than 0\n"},
		"limit of connections":     {[]string{"--max-connections", "-1"}, exitUsage, "wrong --max-connections: -1\nwant more than 0\n"},
		"limit of a peer":          {[]string{"--max-peer-connections", "0"}, exitUsage, "wrong --max-peer-connections: 0\nwant more than 0\n"},
		"lease":                    {[]string{"--lease", "0s"}, exitUsage, "wrong --lease: 0s\nwant more than 0\n"},
		"length of time":           {[]string{"--max-time", "10"}, exitUsage, "wrong --max-time: \"10\"\nwant a length of time, as 500ms, 30s or 1h30m\n"},
		"nothing kept":             {[]string{"--store", "nodb:"}, exitUsage, "a hub keeps tasks, and nodb: keeps nothing\n"},
		"level":                    {[]string{"--log-level", "loud"}, exitUsage, "--log-level is no level: \"loud\"\n"},
		"a hub's store":            {[]string{"--store", "http://127.0.0.1:1"}, exitUsage, "a hub serves a store, and not another hub: http://127.0.0.1:1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := taskdbRun(t, "", append([]string{"serve", "--store", "dict:"}, c.args...)...)
			require.Equal(t, c.code, got.code, got.stderr)
			require.Contains(t, got.stderr, c.want)
			require.Empty(t, got.stdout)
		})
	}
	require.Equal(t, result{"", "taskdb serve: --demo has a store of its own, and --node names another\nleave one of them out\n", exitUsage},
		taskdbRun(t, "", "serve", "--demo", "--node", "node1"))

	t.Setenv("TASKDB_SERVE_MAX_RUNNING", "many")
	require.Equal(t, result{"", "taskdb serve: TASKDB_SERVE_MAX_RUNNING: strconv.ParseInt: parsing \"many\": invalid syntax\nwant a whole number\n", exitUsage},
		taskdbRun(t, "", "serve", "--demo"))
	os.Unsetenv("TASKDB_SERVE_MAX_RUNNING")
	s := startServe(t, "--store", "dict:")
	got := taskdbRun(t, "", "serve", "--store", "dict:", "--http", strings.Trim(s.url, "htp:/"))
	require.Equal(t, exitFailure, got.code)
	require.Contains(t, got.stderr, "address already in use\nanother program listens there, maybe a hub; take another address: --http, --mongo\n")
}

// TestServeSettings holds that what serve has flags for can stand in the environment
// and in the file.
func TestServeSettings(t *testing.T) {
	t.Setenv(configVariable, writeFile(t, "config.toml", "store = 'dict:'\n[serve]\nmax-time = '3s'\nhttp = '127.0.0.1:1'\n"))
	t.Setenv(storeVariable, "")
	t.Setenv("TASKDB_SERVE_HTTP", "127.0.0.1:2")
	got := onStore(t, "config")
	require.Contains(t, got, `{"setting":"serve.http","value":"127.0.0.1:2","from":"TASKDB_SERVE_HTTP"}`+"\n")
	require.Contains(t, got, `{"setting":"serve.max-time","value":"3s","from":"`+os.Getenv(configVariable)+`"}`+"\n")
	require.Contains(t, got, `{"setting":"serve.stop-timeout","value":"10s","from":"default"}`+"\n")
	require.NotContains(t, got, "demo", "it is no setting")
}

// TestUserCommands holds that a user is added, shown without a secret, and removed.
func TestUserCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users.json")
	t.Setenv("TASKDB_USERS", file)
	secret := onStore(t, "user", "add", "bob", "--role", "write", "--client", "c1")
	require.Regexp(t, `^tdb_[A-Za-z0-9_-]{43}`+"\n$", secret)
	onStore(t, "user", "add", "ann", "--role", "operate")
	listed := onStore(t, "user", "list")
	require.Equal(t, `{"name":"ann","role":"operate"}`+"\n"+`{"name":"bob","role":"write","client":"c1"}`+"\n", listed)
	require.FileExists(t, file)

	require.Equal(t, result{"", "taskdb user add: add user ann: the user exists\n", exitFailure},
		taskdbRun(t, "", "user", "add", "ann", "--role", "read"))
	require.Equal(t, result{"", "taskdb user add: no such role: \"root\", want read, write or operate\nsay --role read, write or operate\n", exitUsage},
		taskdbRun(t, "", "user", "add", "eve", "--role", "root"))
	require.Equal(t, "ann: removed\n", onStore(t, "user", "remove", "ann"))
	require.Equal(t, result{"", "taskdb user remove: no such user: \"ann\"\n", exitNotFound}, taskdbRun(t, "", "user", "remove", "ann"))
}
