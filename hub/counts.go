package hub

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

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

// QueueStatus is how many tasks of a queue are not finished.
type QueueStatus struct {
	Queue   string
	Ready   int64 // may be claimed, unless the queue is paused
	Waiting int64 // for others, or for their time
	Running int64
	Foreign int64 // are pending, and another hub's
	Paused  *Stop // nil if the queue is not
}

// EngineStatus is how many tasks an engine has.
type EngineStatus struct {
	Engine  string
	Running int64
}

// Status tells the queues and engines that have unfinished tasks, and the queues
// that are paused, by name.
type Status struct {
	Queues  []QueueStatus
	Engines []EngineStatus
}

var statusKeys = keys("queue", "completed", "engine_uuid", "started", "hub.ready")

// Status looks at all unfinished tasks, and so costs in proportion to them.
func (h *Hub) Status(ctx context.Context) (Status, error) {
	status, err := h.status(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("status: %w", err)
	}
	return status, nil
}

func (h *Hub) status(ctx context.Context) (Status, error) {
	stops, err := h.Stops(ctx)
	if err != nil {
		return Status{}, err
	}
	queues, engines := map[string]*QueueStatus{}, map[string]*EngineStatus{}
	queueOf := func(name string) *QueueStatus {
		if queues[name] == nil {
			queues[name] = &QueueStatus{Queue: name}
		}
		return queues[name]
	}
	for queue, stop := range stops.Paused {
		queueOf(queue).Paused = &stop
	}
	q := taskdb.Query{Filter: taskdb.StateIncomplete.Filter(), Projection: statusKeys}
	for doc, err := range h.db.FindRaw(ctx, q) {
		if err != nil {
			return Status{}, err
		}
		name, _ := doc.Lookup("queue").StringValueOK()
		queue := queueOf(name)
		ready, managed := doc.Lookup("hub", "ready").BooleanOK()
		switch {
		case taskdb.StateRunning.Has(doc):
			queue.Running++
			engine, _ := doc.Lookup("engine_uuid").StringValueOK()
			if engines[engine] == nil {
				engines[engine] = &EngineStatus{Engine: engine}
			}
			engines[engine].Running++
		case !managed:
			queue.Foreign++
		case ready:
			queue.Ready++
		default:
			queue.Waiting++
		}
	}
	return Status{sorted(queues), sorted(engines)}, nil
}

// sorted returns what a map has, by its keys.
func sorted[T any](m map[string]*T) []T {
	var list []T
	for _, key := range slices.SortedFunc(maps.Keys(m), cmp.Compare) {
		list = append(list, *m[key])
	}
	return list
}
