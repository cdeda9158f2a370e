// Package mongotest gives the tests of a package a server that speaks MongoDB's
// wire protocol: the one that TASKDB_TEST_MONGODB names, or else FerretDB, of the
// module internal/ferretdb, which it builds once and starts. A package's tests
// share it:
//
//	func TestMain(m *testing.M) { os.Exit(mongotest.Main(m, &server)) }
package mongotest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// URLVariable names the environment variable with the URL of a server to use.
const URLVariable = "TASKDB_TEST_MONGODB"

// Server is a running server.
type Server struct {
	URL string
	// Ferret tells that it is FerretDB, which does not answer all as MongoDB does.
	Ferret bool

	folder  string // empty if it is somebody else's
	address string
	process *exec.Cmd // nil if it does not run
	stdin   io.Closer
}

// Main runs a package's tests with a server and returns their exit code.
func Main(m *testing.M, server **Server) int {
	started, err := Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "mongotest:", err)
		return 1
	}
	*server = started
	code := m.Run()
	if err := started.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "mongotest:", err)
		return 1
	}
	return code
}

// Start returns a server that answers. It must be stopped.
func Start(ctx context.Context) (*Server, error) {
	url := os.Getenv(URLVariable)
	if url == "" {
		return StartOwn(ctx)
	}
	s := &Server{URL: url}
	return s, s.ping(ctx)
}

// StartOwn returns a FerretDB that answers, to do with as one likes. It must be
// stopped.
func StartOwn(ctx context.Context) (*Server, error) {
	folder, err := os.MkdirTemp("", "taskdb-ferretdb-")
	if err != nil {
		return nil, err
	}
	s := &Server{Ferret: true, folder: folder, address: "127.0.0.1:0"}
	if err := s.Restart(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Restart starts a server that was killed, with the data and the port that it had,
// and waits until it answers.
func (s *Server) Restart(ctx context.Context) error {
	program, err := build(ctx)
	if err != nil {
		return fmt.Errorf("build FerretDB: %w", err)
	}
	if err := s.run(program); err != nil {
		return err
	}
	return s.ping(ctx)
}

// run starts a program of FerretDB and reads its URL.
func (s *Server) run(program string) error {
	process := exec.Command(program, s.folder, s.address)
	process.Stderr = os.Stderr
	// It makes much garbage, and lives for a minute.
	process.Env = append(os.Environ(), "GOGC=400")
	stdin, err := process.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := process.Start(); err != nil {
		return err
	}
	s.process, s.stdin = process, stdin
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return fmt.Errorf("FerretDB's URL: %w", err)
	}
	s.URL = strings.TrimSpace(line)
	s.address = addressOf(s.URL)
	return nil
}

// ping waits until the server answers, or the time is up that a server may take.
func (s *Server) ping(ctx context.Context) error {
	client, err := mongo.Connect(options.Client().ApplyURI(s.URL).SetServerSelectionTimeout(10 * time.Second))
	if err != nil {
		return err
	}
	return errors.Join(client.Ping(ctx, nil), client.Disconnect(ctx))
}

// Kill ends a server that was started at once, whatever it does, and waits for its
// end. Its data stay.
func (s *Server) Kill() error {
	if err := s.process.Process.Kill(); err != nil {
		return err
	}
	_ = s.process.Wait() // it was killed
	s.process = nil
	return nil
}

// Stop ends a server that was started, waits for its end and removes its data.
func (s *Server) Stop() error {
	if s.folder == "" {
		return nil
	}
	var stopped error
	if s.process != nil {
		stopped = errors.Join(s.stdin.Close(), s.process.Wait()) // it ends with its input
	}
	return errors.Join(stopped, os.RemoveAll(s.folder))
}
