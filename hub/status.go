package hub

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

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

// Status counts the tasks that are ready by an index, queue by queue, and looks at
// those that wait or run. Only if there are unfinished tasks of other hubs it looks at
// all that are not finished. Others may write meanwhile.
func (h *Hub) Status(ctx context.Context) (Status, error) {
	r := roll{hub: h, queues: map[string]*QueueStatus{}, engines: map[string]*EngineStatus{}}
	if err := r.call(ctx); err != nil {
		return Status{}, fmt.Errorf("status: %w", err)
	}
	return Status{sorted(r.queues), sorted(r.engines)}, nil
}

// roll is a Status on its way.
type roll struct {
	hub     *Hub
	queues  map[string]*QueueStatus
	engines map[string]*EngineStatus
	called  int64 // tasks so far
}

func (r *roll) call(ctx context.Context) error {
	stops, err := r.hub.Stops(ctx)
	if err != nil {
		return err
	}
	for queue, stop := range stops.Paused {
		r.queue(queue).Paused = &stop
	}
	if err := r.countReady(ctx); err != nil {
		return err
	}
	for _, filter := range []bson.D{d("completed", nil, "hub.ready", false), d("completed", nil, "hub.lease.until", d("$exists", true))} {
		if err := r.look(ctx, filter); err != nil {
			return err
		}
	}
	unfinished, err := r.hub.db.Count(ctx, taskdb.Query{Filter: taskdb.StateIncomplete.Filter()})
	if err != nil || unfinished <= r.called {
		return err
	}
	return r.look(ctx, d("completed", nil, "hub", nil))
}

// queueKey shows the queue of a task alone.
var queueKey = keys("queue")

// statusBatch is how many tasks that are ready are looked at together: of many queues with
// few tasks each a count of its own would take longer.
const statusBatch = 100

// countReady counts the tasks that are ready. It goes along the index, by which those of a
// queue stand together, and from the last queue that it comes to on to the next.
func (r *roll) countReady(ctx context.Context) error {
	n, err := r.countReadyOf(ctx, nil)
	if n > 0 {
		r.queue("").Ready = n
	}
	for name, more := "", true; err == nil && more; {
		name, more, err = r.countReadyAfter(ctx, name)
	}
	return err
}

// countReadyAfter counts the tasks that are ready of the queues that come next, and
// returns the last of these, and whether there may be more.
func (r *roll) countReadyAfter(ctx context.Context, queue string) (last string, more bool, err error) {
	q := taskdb.Query{
		Filter:     d("completed", nil, "hub.ready", true, "queue", d("$gt", queue)),
		Sort:       d("queue", 1, "hub.priority", -1, "submitted", 1), // the index's
		Projection: queueKey, Limit: statusBatch,
	}
	met := map[string]int64{}
	n := int64(0)
	for doc, err := range r.hub.db.FindRaw(ctx, q) {
		if err != nil {
			return "", false, err
		}
		n++
		if name, ok := doc.Lookup("queue").StringValueOK(); ok {
			last = name
			met[name]++
		}
	}
	more = n == statusBatch && last != ""
	if more { // the last one may have others
		delete(met, last)
		if r.queue(last).Ready, err = r.countReadyOf(ctx, last); err != nil {
			return "", false, err
		}
	}
	for name, ready := range met {
		r.queue(name).Ready = ready
		r.called += ready
	}
	return last, more, nil
}

func (r *roll) countReadyOf(ctx context.Context, queue any) (int64, error) {
	n, err := r.hub.db.Count(ctx, taskdb.Query{Filter: d("completed", nil, "hub.ready", true, "queue", queue)})
	r.called += n
	return n, err
}

var statusKeys = keys("queue", "completed", "engine_uuid", "started", "hub.ready")

// look counts the tasks that a filter selects by what they show.
func (r *roll) look(ctx context.Context, filter bson.D) error {
	for doc, err := range r.hub.db.FindRaw(ctx, taskdb.Query{Filter: filter, Projection: statusKeys}) {
		if err != nil {
			return err
		}
		r.called++
		name, _ := doc.Lookup("queue").StringValueOK()
		queue := r.queue(name)
		switch _, managed := doc.Lookup("hub", "ready").BooleanOK(); {
		case taskdb.StateRunning.Has(doc):
			queue.Running++
			engine, _ := doc.Lookup("engine_uuid").StringValueOK()
			r.engine(engine).Running++
		case managed:
			queue.Waiting++
		default:
			queue.Foreign++
		}
	}
	return nil
}

func (r *roll) queue(name string) *QueueStatus {
	if r.queues[name] == nil {
		r.queues[name] = &QueueStatus{Queue: name}
	}
	return r.queues[name]
}

func (r *roll) engine(name string) *EngineStatus {
	if r.engines[name] == nil {
		r.engines[name] = &EngineStatus{Engine: name}
	}
	return r.engines[name]
}

// sorted returns what a map has, by its keys.
func sorted[T any](m map[string]*T) []T {
	var list []T
	for _, key := range slices.SortedFunc(maps.Keys(m), cmp.Compare) {
		list = append(list, *m[key])
	}
	return list
}
