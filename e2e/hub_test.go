//go:build e2e

package e2e_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program is the path of taskdb, built once.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "taskdb-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "taskdb")
	build := exec.Command("go", "build", "-o", program, "../cmd/taskdb")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build taskdb: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// stores are the kinds of stores that every client runs against.
func stores(t *testing.T) map[string]string {
	return map[string]string{"dict": "dict:?max_bytes=0", "sqlite": "sqlite:" + filepath.Join(t.TempDir(), "tasks.db")}
}

// hub is a taskdb that serves.
type hub struct {
	http, mongo string // URLs
}

// serve starts a hub on a store, waits until it is ready, and stops it when the test
// ends.
func serve(t *testing.T, store string) hub {
	httpAddress, mongoAddress := freeAddress(t), freeAddress(t)
	cmd := exec.Command(program, "serve", "--store", store, "--http", httpAddress, "--mongo", mongoAddress, "--users", filepath.Join(t.TempDir(), "users.json"))
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, <-ended)
		if t.Failed() {
			t.Logf("the hub's log:\n%s", tail(log.Bytes()))
		}
	})
	h := hub{http: "http://" + httpAddress + "/", mongo: "mongodb://" + mongoAddress + "/"}
	require.Eventually(t, func() bool {
		answer, err := http.Get(h.http + "readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode < 300
	}, time.Minute, 20*time.Millisecond, "the hub is not ready")
	return h
}

// tail is the end of a long text.
func tail(text []byte) []byte { return text[max(0, len(text)-10_000):] }

func freeAddress(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// client runs a client to its end, which is to be a good one.
func client(t *testing.T, environment []string, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%v\n%s", command, tail(out))
}
