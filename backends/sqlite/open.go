package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/gofrs/flock"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/taskdb"
)

// Store is a backend in one SQLite file.
type Store struct {
	path     string
	readOnly bool
	bounds   taskdb.Bounds
	lock     *flock.Flock // nil for reading only
	placed   []placed
	readers  *pool
	writer   *writer // nil for reading only
	sweeper  *sweeper

	// life is held for reading while the store is in use, and taken by Close.
	life   sync.RWMutex
	closed bool

	tablesMu sync.RWMutex
	tables   map[string]*table // of what is committed, by the collection's name

	declaring chan struct{} // held by who makes or removes an index or a collection
}

// Open opens the store in a file, and creates it if there is none. It waits no
// longer than options.LockWait for another process to close it.
func Open(ctx context.Context, path string, options Options) (*Store, error) {
	if options.Durability > Off {
		return nil, fmt.Errorf("unknown durability %d", options.Durability)
	}
	path, err := locate(path, options)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, readOnly: options.ReadOnly, bounds: options.Bounds, tables: map[string]*table{}, declaring: make(chan struct{}, 1)}
	if err := s.open(ctx, options); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

// locate returns the absolute path of a store's file, which need not exist,
// without symbolic links: the lock is to be the same for all names of a file.
func locate(path string, options Options) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	directory, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("the directory of a store must exist: %w", err)
	}
	path = filepath.Join(directory, filepath.Base(path))
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "", &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	}
	network, err := networkOf(filepath.Dir(path))
	if err == nil && network != "" && !options.AllowNetwork {
		err = fmt.Errorf("%s is on a file system (%s) that may be on the network, where locks are not to be relied on; "+
			"move the store to this machine's disk, or accept the risk with the option network=allow", path, network)
	}
	return path, err
}

func (s *Store) open(ctx context.Context, options Options) error {
	if s.readOnly {
		return s.openForReading()
	}
	var err error
	if s.lock, err = acquire(ctx, s.path+".lock", options.wait()); err != nil {
		return err
	}
	if err := create(s.path); err != nil {
		return err
	}
	conn, err := openWriting(s.path, options.Durability)
	if err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	if err := s.place(s.path, s.logPath()); err != nil {
		return errors.Join(err, conn.Close())
	}
	if s.writer, err = newWriter(s, conn, options.Durability); err != nil {
		return errors.Join(fmt.Errorf("open %s: %w", s.path, err), conn.Close())
	}
	s.readers = newPool(s)
	s.sweeper = newSweeper(s)
	return nil
}

// create makes an empty file, which SQLite takes for an empty database. SQLite
// gives the files that it adds the same permissions.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

func (s *Store) openForReading() error {
	if err := s.place(s.path); err != nil { // its log goes when who writes closes it
		return err
	}
	s.readers = newPool(s)
	return s.read(context.Background(), func(conn *sqlite.Conn) error {
		version, err := versionOf(conn)
		if err == nil && version < len(migrations) {
			err = fmt.Errorf("its schema is of version %d, of %d: open it for writing once, to migrate it", version, len(migrations))
		}
		if err != nil {
			return fmt.Errorf("open %s: %w", s.path, err)
		}
		return nil
	})
}

// Close ends the use of the store. It waits for what is under way: calls that
// write, and batches that are being read.
func (s *Store) Close() error {
	s.life.Lock()
	if s.closed {
		s.life.Unlock()
		return nil
	}
	s.closed = true
	s.life.Unlock()
	return s.release()
}

// release gives back what open took, as far as it came.
func (s *Store) release() error {
	var failed []error
	if s.sweeper != nil {
		s.sweeper.close()
	}
	if s.writer != nil {
		s.writer.end()
	}
	if s.readers != nil {
		failed = append(failed, s.readers.close())
	}
	if s.writer != nil {
		failed = append(failed, s.writer.close())
	}
	if s.lock != nil {
		failed = append(failed, s.lock.Close())
	}
	return errors.Join(failed...)
}

// enter keeps the store open until leave is called.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return nil, taskdb.ErrClosed
	}
	return s.life.RUnlock, nil
}
