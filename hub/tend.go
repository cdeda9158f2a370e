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
	Requeued int // lost, and back in their queues
	Lost     int // lost for good
	TimedOut int // ended by their time limits
	Woken    int // ready, as their time has come
	Settled  int // told what became of those that they come after
	Mended   int // resubmissions that were half done
}

// Tend does what time has made due: leases that ran out are ended, and their tasks
// put back or finished as lost; tasks that take longer than their limits are ended;
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
	ranOut := d("hub.lease.until", d("$lte", now))
	for doc, err := range h.db.FindRaw(ctx, taskdb.Query{Filter: ranOut, Projection: stepKeys}) {
		if err != nil {
			return err
		}
		lease := leaseOf(doc)
		filter := append(underLease(lease), ranOut...) // unless it was renewed since
		reason := fmt.Sprintf("the lease of engine %q ran out", lease.Engine)
		attempt := attemptEnds(now, OutcomeLost, reason)
		after, err := h.take(ctx, requeuing(filter, attempt))
		if after == nil && err == nil {
			after, err = h.take(ctx, finishing(filter, failure(now, lease.Engine, "EngineError", reason), attempt))
		}
		if err != nil {
			return err
		}
		if after == nil {
			continue
		}
		if taskdb.StateFinished.Has(after) {
			t.Lost++
		} else {
			t.Requeued++
		}
		h.announce(ctx, after)
	}
	return nil
}

// endOverdue ends the tasks that take longer than their time limits.
func (h *Hub) endOverdue(ctx context.Context, now time.Time, t *Tended) error {
	limited := d("hub.lease.until", d("$gt", now), "hub.time_limit", d("$gt", 0))
	for doc, err := range h.db.FindRaw(ctx, taskdb.Query{Filter: limited, Projection: stepKeys}) {
		if err != nil {
			return err
		}
		lease := leaseOf(doc)
		if lease.Deadline.After(now) {
			continue
		}
		reason := fmt.Sprintf("it took longer than %s", lease.Deadline.Sub(lease.Claimed))
		after, err := h.take(ctx, finishing(underLease(lease),
			failure(now, lease.Engine, "TaskTimeout", reason), attemptEnds(now, OutcomeTimedOut, reason)))
		if err != nil {
			return err
		}
		if after != nil {
			t.TimedOut++
			h.announce(ctx, after)
		}
	}
	return nil
}

// leaseOf returns the lease that a task is under.
func leaseOf(doc bson.Raw) Lease {
	var lease Lease
	if err := doc.Lookup("hub", "lease").Unmarshal(&lease); err != nil {
		return Lease{}
	}
	msgID, _ := doc.Lookup("msg_id").StringValueOK()
	timeLimit, _ := doc.Lookup("hub", "time_limit").AsInt64OK()
	lease.complete(msgID, timeLimit)
	return lease
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
	due := !now.Before(h.repair.due)
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
