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
	"syscall"
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

	process *exec.Cmd // nil if it is somebody else's
	stdin   io.Closer
	folder  string
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
	s := &Server{URL: os.Getenv(URLVariable)}
	if s.URL == "" {
		if err := s.start(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.ping(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// start starts FerretDB and reads its URL.
func (s *Server) start(ctx context.Context) error {
	program, err := build(ctx)
	if err != nil {
		return fmt.Errorf("build FerretDB: %w", err)
	}
	if s.folder, err = os.MkdirTemp("", "taskdb-ferretdb-"); err != nil {
		return err
	}
	process := exec.Command(program, s.folder)
	process.Stderr = os.Stderr
	if s.stdin, err = process.StdinPipe(); err != nil {
		return err
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := process.Start(); err != nil {
		return err
	}
	s.process, s.Ferret = process, true
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("FerretDB's URL: %w", err), s.Stop())
	}
	s.URL = strings.TrimSpace(line)
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

// Stop ends a server that was started, waits for its end and removes its data.
func (s *Server) Stop() error {
	if s.process == nil {
		return nil
	}
	stopped := errors.Join(s.process.Process.Signal(syscall.SIGTERM), s.stdin.Close(), s.process.Wait())
	return errors.Join(stopped, os.RemoveAll(s.folder))
}
