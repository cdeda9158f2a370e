package hub

import (
	"context"
	"fmt"

	"github.com/taskdb/taskdb/taskdb"
)

// Counts returns how many tasks are in each state, of all hubs. They are counted by
// indexes: what it costs is in proportion to the unfinished ones. Others may write
// between the count of one state and the next.
func (h *Hub) Counts(ctx context.Context) (map[taskdb.State]int64, error) {
	counts := map[taskdb.State]int64{}
	for _, state := range []taskdb.State{
		taskdb.StateIncomplete, taskdb.StatePending, taskdb.StateRunning,
		taskdb.StateFinished, taskdb.StateOK, taskdb.StateFailed, taskdb.StateAborted,
	} {
		n, err := h.db.Count(ctx, taskdb.Query{Filter: state.Filter()})
		if err != nil {
			return nil, fmt.Errorf("count %s tasks: %w", state, err)
		}
		counts[state] = n
	}
	return counts, nil
}
