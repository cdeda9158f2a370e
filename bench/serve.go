package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// buildProgram builds taskdb, and returns its path.
func buildProgram(ctx context.Context, o options) (string, error) {
	program := filepath.Join(o.dir, "taskdb")
	build := exec.CommandContext(ctx, "go", "build", "-C", "..", "-o", program, "./cmd/taskdb")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build taskdb: %w\n%s", err, out)
	}
	return program, nil
}

// served is a hub on a store, in a process of its own, as users start it.
type served struct {
	process     *exec.Cmd
	http, mongo string // URLs
}

// serve starts a hub on a new store of a kind, "dict" or "sqlite", whose files are in
// a directory that is there, and waits until it is ready. It is there until it is
// stopped, also when the context has ended: a cluster that ends writes to it.
func serve(ctx context.Context, program, kind, directory string) (*served, error) {
	store := storeURL(kind, filepath.Join(directory, "tasks.db"))
	httpAddress, err := freeAddress()
	if err != nil {
		return nil, err
	}
	mongoAddress, err := freeAddress()
	if err != nil {
		return nil, err
	}
	process := exec.Command(program, "serve", "--store", store, "--http", httpAddress, "--mongo", mongoAddress,
		"--users", filepath.Join(directory, "users.json"), "--log-level", "warn")
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("start taskdb: %w", err)
	}
	s := &served{process, "http://" + httpAddress, "mongodb://" + mongoAddress + "/"}
	if err := s.waitReady(ctx); err != nil {
		_, ended := s.stop()
		return nil, errors.Join(err, ended)
	}
	return s, nil
}

func (s *served) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeToEnd)
	defer cancel()
	for {
		answer, err := http.Get(s.http + "/readyz")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode < 300 {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for taskdb to serve: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop ends the hub, and returns the processor time that it took.
func (s *served) stop() (time.Duration, error) {
	err := errors.Join(s.process.Process.Signal(syscall.SIGTERM), s.process.Wait())
	return s.process.ProcessState.UserTime() + s.process.ProcessState.SystemTime(), err
}

// storeURL is the URL of a store of a kind, whose file, if it has one, is at a path.
func storeURL(kind, path string) string {
	if kind == "sqlite" {
		return "sqlite://" + path
	}
	return "dict:?max_bytes=0"
}

// freeAddress returns an address of this machine at which nobody listens.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
