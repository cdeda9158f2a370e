package ipython

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// busyTimeout is how long a read waits for a writer's lock. IPython holds it
// for two seconds at most: it commits that often.
const busyTimeout = 10 * time.Second

// connect opens the database at path so that nothing beside it is written. The
// function it returns, if any, removes the copy that this needed.
func connect(ctx context.Context, path string) (*sqlite.Conn, func() error, error) {
	wal, err := usesWAL(path)
	if err != nil {
		return nil, nil, err
	}
	if !wal {
		conn, err := openConn(path, "mode=ro")
		if sqlite.ErrCode(err) == sqlite.ResultReadOnlyRollback {
			return connectCopy(ctx, path, "-journal")
		}
		return conn, nil, err
	}
	switch hasWAL, hasSHM := exists(path+"-wal"), exists(path+"-shm"); {
	case !hasWAL:
		// SQLite would make an empty -wal. Without one the file is complete,
		// and no writer has it open.
		conn, err := openConn(path, "mode=ro&immutable=1")
		return conn, nil, err
	case hasSHM:
		conn, err := openConn(path, "mode=ro&readonly_shm=1")
		return conn, nil, err
	}
	return connectCopy(ctx, path, "-wal")
}

// usesWAL reads the header of the file, by SQLite's "Database File Format" 1.3:
// the read version at offset 19 is 2 for a write-ahead log.
func usesWAL(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var header [20]byte
	if _, err := io.ReadFull(f, header[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, ErrFormat
	} else if err != nil {
		return false, err
	}
	if string(header[:16]) != "SQLite format 3\x00" {
		return false, ErrFormat
	}
	return header[19] == 2, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// openConn opens a connection and reads once, which is when SQLite looks at
// what stands beside the file.
func openConn(path, parameters string) (*sqlite.Conn, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	uri := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: parameters}
	conn, err := sqlite.OpenConn(uri.String(), sqlite.OpenReadWrite, sqlite.OpenURI)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyTimeout)
	if err := prepareToRead(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// prepareToRead has the connection trust neither the schema to call functions
// nor a page to be sound, and reads once. It runs no script: in sqlitex, that
// is a savepoint, which panics if the file is damaged.
func prepareToRead(conn *sqlite.Conn) error {
	for _, sql := range []string{
		"PRAGMA trusted_schema = OFF",
		"PRAGMA cell_size_check = ON",
		"SELECT count(*) FROM sqlite_schema",
	} {
		if err := sqlitex.ExecuteTransient(conn, sql, nil); err != nil {
			return err
		}
	}
	return nil
}

// connectCopy copies the database and the file beside it that has the given
// suffix to where SQLite may write, and opens the copy.
func connectCopy(ctx context.Context, path, suffix string) (_ *sqlite.Conn, _ func() error, err error) {
	dir, err := os.MkdirTemp("", "taskdb-import-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() error { return os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			err = fmt.Errorf("bring together a copy with its %s: %w", suffix, errors.Join(err, remove()))
		}
	}()
	copied := filepath.Join(dir, "tasks.db")
	for _, suffix := range []string{"", suffix} {
		if err := copyFile(ctx, copied+suffix, path+suffix); err != nil {
			return nil, nil, err
		}
	}
	conn, err := openConn(copied, "mode=rw")
	return conn, remove, err
}

// copyStep is how much is copied between two looks at the context.
const copyStep = 64 << 20

func copyFile(ctx context.Context, to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	for err == nil {
		if err = context.Cause(ctx); err == nil {
			_, err = io.CopyN(out, in, copyStep)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, out.Close())
}
