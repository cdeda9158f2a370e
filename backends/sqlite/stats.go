package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/taskdb"
)

// Stats is taskdb.Backend's.
func (s *Store) Stats(ctx context.Context, collection string) (taskdb.Stats, error) {
	stats := taskdb.Stats{Bounds: s.bounds}
	t, err := s.table(ctx, collection)
	if err != nil {
		return stats, err
	}
	if t != nil {
		now := t.committed.Load()
		stats.Records, stats.Bytes, stats.Culled, stats.Lost = now.records, now.bytes, now.culled, now.lost
	}
	err = s.snapshot(ctx, func(conn *sqlite.Conn) error {
		page, err := number(conn, "pragma page_size")
		if err != nil {
			return err
		}
		if stats.FileBytes, err = number(conn, "pragma page_count"); err != nil {
			return err
		}
		stats.FreeBytes, err = number(conn, "pragma freelist_count")
		stats.FileBytes, stats.FreeBytes = stats.FileBytes*page, stats.FreeBytes*page
		return err
	})
	return stats, err
}
