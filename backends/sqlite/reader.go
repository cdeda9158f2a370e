package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/taskdb"
)

// read calls use with a connection, which it must not keep. The end of the
// context interrupts it.
func (s *Store) read(ctx context.Context, use func(conn *sqlite.Conn) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	r, err := s.readers.take(ctx)
	if err == nil {
		err = use(r.conn)
		s.readers.put(r)
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// snapshot is read for several statements that are to see the same state.
func (s *Store) snapshot(ctx context.Context, use func(conn *sqlite.Conn) error) error {
	return s.read(ctx, func(conn *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(conn)(&err)
		return use(conn)
	})
}

// writable tells whether the store may be written to.
func (s *Store) writable() error {
	if s.readOnly {
		return taskdb.ErrReadOnly
	}
	return nil
}
