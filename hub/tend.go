package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Tended counts what Tend did.
type Tended struct {
	Requeued int // lost, or claimed by nobody, and back in their queues
	Lost     int // lost for good
	TimedOut int // ended by their time limits
	Woken    int // ready, as their time has come
	Settled  int // told what became of those that they come after
	Mended   int // resubmissions that were half done
}

// Tend does what time has made due: leases that ran out are ended, and their tasks
// put back or finished as lost; tasks of claims that the store did not answer, but may
// have stored, are put back; tasks that take longer than their limits are ended;
// tasks whose not-before time has come become ready. When the hub was opened, and
// then each Options.Repair, it also does what a crash left undone. Its owner calls
// it every second or so: leases and times are kept as exactly as it is called.
// Several hubs on one store may each be tended.
//
// What fails does not keep the rest from being done; the errors are joined.
func (h *Hub) Tend(ctx context.Context) (Tended, error) {
	var t Tended
	now := h.now()
	err := errors.Join(
		h.endLost(ctx, now, &t),
		h.endUnheard(ctx, now, &t),
		h.endOverdue(ctx, now, &t),
		h.wakeDue(ctx, now, &t),
		h.repairDue(ctx, now, &t),
	)
	if err != nil {
		return t, fmt.Errorf("tend: %w", err)
	}
	return t, nil
}

// endLost ends the leases that ran out.
func (h *Hub) endLost(ctx context.Context, now time.Time, t *Tended) error {
	return h.endEach(ctx, d("completed", nil, "hub.lease.until", d("$lte", now)), func(task task) (update, error) {
		lease := task.notes.Lease
		if lease == nil || lease.Until.After(now) {
			return update{}, errStay
		}
		reason := fmt.Sprintf("the lease of engine %q ran out", lease.Engine)
		ending := ending{now, OutcomeLost, reason, failure(now, lease.Engine, "EngineError", reason)}
		return ending.retry(task), nil
	}, func(finished bool) {
		if finished {
			t.Lost++
		} else {
			t.Requeued++
		}
	})
}

// endOverdue ends the tasks that take longer than their time limits.
func (h *Hub) endOverdue(ctx context.Context, now time.Time, t *Tended) error {
	limited := d("completed", nil, "hub.lease.until", d("$gt", now), "hub.time_limit", d("$gt", 0))
	return h.endEach(ctx, limited, func(task task) (update, error) {
		lease := task.notes.Lease
		if lease == nil || lease.Deadline.IsZero() || lease.Deadline.After(now) {
			return update{}, errStay
		}
		reason := fmt.Sprintf("it took longer than %s", lease.Deadline.Sub(lease.Claimed))
		ending := ending{now, OutcomeTimedOut, reason, failure(now, lease.Engine, "TaskTimeout", reason)}
		return ending.finish(task), nil
	}, func(bool) { t.TimedOut++ })
}

// endEach has each of the tasks that a filter selects take the step that decide
// says, and calls count for each that did.
func (h *Hub) endEach(ctx context.Context, filter bson.D, decide func(task) (update, error), count func(finished bool)) error {
	var failed []error
	for doc, err := range h.db.FindRaw(ctx, taskdb.Query{Filter: filter, Projection: stepKeys}) {
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		t, err := readTask(doc)
		if err == nil {
			_, err = decide(t)
		}
		if err == nil {
			t, err = h.step(ctx, t.msgID, decide)
		}
		if err == nil {
			count(taskdb.StateFinished.Has(t.doc))
			h.announce(ctx, t)
		}
		failed = append(failed, passed(err))
	}
	return errors.Join(failed...)
}

// wakeDue makes tasks ready whose time has come.
func (h *Hub) wakeDue(ctx context.Context, now time.Time, t *Tended) error {
	woken, err := h.wake(ctx, d("$and", bson.A{d("hub.not_before", d("$lte", now))}))
	t.Woken = int(woken)
	return err
}

// repairDue does what crashed steps left undone, if it is time to.
func (h *Hub) repairDue(ctx context.Context, now time.Time, t *Tended) error {
	h.repair.Lock()
	left := h.repair.due.Sub(now)
	due := left <= 0 || left > h.options.Repair // the clock went back
	if due {
		h.repair.due = now.Add(h.options.Repair)
	}
	h.repair.Unlock()
	if !due {
		return nil
	}
	settled, settleErr := h.settleAll(ctx)
	mended, mendErr := h.mendAll(ctx)
	t.Settled, t.Mended = settled, mended
	err := errors.Join(settleErr, mendErr)
	if err != nil {
		h.repairSoon()
	}
	return err
}
