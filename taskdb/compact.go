package taskdb

import (
	"context"
	"fmt"
)

// Compacter is a Backend that gives back to the machine what removed records took.
type Compacter interface {
	Backend

	// Compact makes the store as small as it can be. Who writes meanwhile waits.
	Compact(ctx context.Context) (Compaction, error)
}

// Compaction tells how many bytes a store took on the disk.
type Compaction struct{ Before, After int64 }

// Compact makes the store as small as it can be, all collections of it: what
// removed records took is given back to the machine. It takes about as long as
// copying the store, and twice its space meanwhile; who writes waits until then, who
// reads does not. If the context ends the store is as it was. A store that has
// nothing to give back returns ErrUnsupported.
func (db *DB) Compact(ctx context.Context) (Compaction, error) {
	compacter, ok := db.backend.(Compacter)
	if !ok {
		return Compaction{}, fmt.Errorf("compact: %w", ErrUnsupported)
	}
	done, err := compacter.Compact(ctx)
	if err != nil {
		return Compaction{}, fmt.Errorf("compact: %w", err)
	}
	return done, nil
}
