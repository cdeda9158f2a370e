package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/taskdb"
)

// Compact is taskdb.Compacter's.
func (s *Store) Compact(ctx context.Context) (done taskdb.Compaction, err error) {
	err = s.alone(ctx, func(conn *sqlite.Conn) error {
		if err := checkpoint(conn); err != nil {
			return err
		}
		if done.Before, err = s.size(); err != nil {
			return err
		}
		if err := vacuum(ctx, conn); err != nil {
			return err
		}
		done.After, err = s.size()
		return err
	})
	return done, err
}

// vacuum writes the file anew. Its copy is on the disk: the connection's other
// temporary data are in memory, where a store may have no room.
func vacuum(ctx context.Context, conn *sqlite.Conn) error {
	conn.SetInterrupt(ctx.Done())
	err := runOutsideTransaction(conn, "pragma temp_store = file; vacuum;")
	conn.SetInterrupt(nil)
	switch {
	case err != nil && ctx.Err() != nil:
		err = ctx.Err()
	case err != nil:
		err = fmt.Errorf("vacuum: %w", err)
	}
	return errors.Join(err, runOutsideTransaction(conn, "pragma temp_store = memory;"), checkpoint(conn))
}

// size returns how many bytes the file has.
func (s *Store) size() (int64, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
