package dict

import (
	"context"

	"github.com/taskdb/taskdb/taskdb"
)

// Stats is taskdb.Backend's.
func (s *Store) Stats(ctx context.Context, name string) (stats taskdb.Stats, err error) {
	err = s.read(ctx, name, func(c *collection) error {
		stats.Bounds = s.bounds
		if c != nil {
			stats.Records, stats.Bytes = c.docs.count, c.docs.bytes
			stats.Culled, stats.Lost = c.expired.count, c.lost
		}
		return nil
	})
	return stats, err
}
