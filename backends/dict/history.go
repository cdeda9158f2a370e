package dict

import (
	"context"
	"iter"

	"github.com/taskdb/taskdb/backends/internal/execute"
)

// History is taskdb.Historian's.
func (s *Store) History(ctx context.Context, name string) (iter.Seq2[string, error], bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	return execute.History(ctx, s.view(name, firstBatch)), true, nil
}
