package hub

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Return says why and how an engine gives a task back.
type Return struct {
	Reason string
	// Delay is for how long nobody is given the task; 0 is not at all.
	Delay time.Duration
}

// maxReturned is how often a task may be given back: what no engine can run is not to
// go from one to the next for ever.
const maxReturned = 1_000

// Return ends a lease without a result: the engine cannot run the task now, or is about
// to stop and has not begun with it. The task goes back to its queue, or waits for the
// delay, and none of its retries is used up; what it gave out stays. One that was given
// back 1,000 times is aborted. It returns the state of the task, and refuses as Finish
// does.
func (h *Hub) Return(ctx context.Context, lease Lease, r Return) (taskdb.State, error) {
	state, err := h.giveBack(ctx, lease, r)
	if err != nil {
		return "", fmt.Errorf("return: %w", err)
	}
	return state, nil
}

func (h *Hub) giveBack(ctx context.Context, lease Lease, r Return) (taskdb.State, error) {
	if r.Delay < 0 {
		return "", wrong("delay", "the delay is negative: %s", r.Delay)
	}
	now := h.now()
	place := d("hub.ready", true)
	if r.Delay > 0 {
		place = d("hub.ready", false, "hub.after", bson.A{}, "hub.not_before", now.Add(r.Delay))
	}
	often := fmt.Sprintf("it was given back %d times, at last since: %s", maxReturned, r.Reason)
	ending := ending{now: now, outcome: OutcomeReturned, reason: r.Reason, result: abortion(now, often)}
	t, err := h.step(ctx, lease.MsgID, func(t task) (update, error) {
		if t.notes.returned()+1 >= maxReturned {
			return ending.finish(t), t.checkLease(lease)
		}
		return ending.requeue(t, place), t.checkLease(lease)
	})
	if err != nil {
		return "", err
	}
	h.announce(ctx, t)
	return taskdb.StateOf(t.doc), nil
}
