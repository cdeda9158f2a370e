package mongotest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// build returns the path of FerretDB's program. It is built once for its sources,
// which takes a minute, and kept in the user's cache.
func build(ctx context.Context) (string, error) {
	sources, err := sourceFolder()
	if err != nil {
		return "", err
	}
	hash, err := hashOf(sources)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "taskdb-test", hash)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	// The tests of several packages may want it at once.
	lock := flock.New(filepath.Join(folder, "lock"))
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", err
	}
	program := filepath.Join(folder, "ferretdb")
	return program, errors.Join(buildAt(ctx, sources, program), lock.Close())
}

func buildAt(ctx context.Context, sources, program string) error {
	if _, err := os.Stat(program); err == nil {
		return nil
	}
	half := program + ".half"
	compile := exec.CommandContext(ctx, "go", "build", "-o", half, ".")
	compile.Dir = sources
	compile.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if output, err := compile.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return os.Rename(half, program)
}

// sourceFolder returns the folder internal/ferretdb of the module in which the
// test runs.
func sourceFolder() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		sources := filepath.Join(folder, "internal", "ferretdb")
		if _, err := os.Stat(filepath.Join(sources, "go.mod")); err == nil {
			return sources, nil
		}
		if folder == filepath.Dir(folder) {
			return "", errors.New("the test runs outside of the module")
		}
		folder = filepath.Dir(folder)
	}
}

// hashOf tells the program's sources, and the compiler, from others.
func hashOf(folder string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version())
	files, err := filepath.Glob(filepath.Join(folder, "*.*"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(file), len(text), text)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:12]), nil
}
