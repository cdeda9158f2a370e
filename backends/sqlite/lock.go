package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/taskdb/taskdb/taskdb"
)

// lockRetry is how often a lock is tried again that another process has.
const lockRetry = 20 * time.Millisecond

// acquire takes the lock of the one process that writes to a store. It is on a
// file of its own, since closing any descriptor of SQLite's file would end the
// locks that SQLite holds on it. The file holds the process id of who has the
// lock, and stays when the lock is released, so that nobody removes it from
// under another.
func acquire(ctx context.Context, path string, wait time.Duration) (*flock.Flock, error) {
	lock := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR))
	got, err := lock.TryLock()
	if err == nil && !got && wait > 0 {
		waiting, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		got, err = lock.TryLockContext(waiting, lockRetry)
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			err = nil
		}
	}
	if err == nil && !got {
		err = lockedBy(path)
	}
	if err == nil {
		err = os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), lock.Close())
	}
	return lock, nil
}

// lockedBy is the error that names who holds the lock.
func lockedBy(path string) error {
	const longest = 32
	file, err := os.Open(path)
	if err != nil {
		return taskdb.ErrLocked
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, longest))
	pid, invalid := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || invalid != nil {
		return taskdb.ErrLocked
	}
	return fmt.Errorf("%w: process %d", taskdb.ErrLocked, pid)
}
