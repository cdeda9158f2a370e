package hub

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Renew has a lease hold for a time from now, or for Options.Lease if that is 0, and
// returns it as it is then; it is never made shorter. A lease that the task is not
// under is a *LeaseError; a task that is finished, as one that was cancelled, a
// *FinishedError: its engine may stop.
func (h *Hub) Renew(ctx context.Context, lease Lease, hold time.Duration) (Lease, error) {
	renewed, err := h.renew(ctx, lease, hold)
	if err != nil {
		return Lease{}, fmt.Errorf("renew: %w", err)
	}
	return renewed, nil
}

func (h *Hub) renew(ctx context.Context, lease Lease, hold time.Duration) (Lease, error) {
	if hold <= 0 {
		hold = h.options.Lease
	}
	outcome, err := h.db.FindAndModify(ctx, taskdb.Update{
		Filter: underLease(lease),
		Update: d("$max", d("hub.lease.until", h.now().Add(hold)), "$inc", d("hub.revision", int64(1))),
	}, taskdb.Found{After: true, Projection: stepKeys})
	switch {
	case err != nil:
		return Lease{}, err
	case outcome.Doc == nil:
		return Lease{}, h.lost(ctx, lease)
	}
	t, err := readTask(outcome.Doc)
	if err != nil {
		return Lease{}, err
	}
	return *t.notes.Lease, nil
}

// underLease selects a task that is under a lease.
func underLease(lease Lease) bson.D {
	return d("msg_id", lease.MsgID, "completed", nil, "hub.lease.id", lease.ID)
}

// lost says why a task is not under a lease.
func (h *Hub) lost(ctx context.Context, lease Lease) error {
	doc, err := h.look(ctx, lease.MsgID, stepKeys)
	if err != nil {
		return err
	}
	t, err := readTask(doc)
	if err == nil {
		err = t.finished()
	}
	if err == nil {
		err = t.checkLease(lease)
	}
	return err
}

// checkLease fails if the task is not under a lease.
func (t *task) checkLease(lease Lease) error {
	if t.notes.Lease != nil && t.notes.Lease.ID == lease.ID {
		return nil
	}
	failed := &LeaseError{MsgID: t.msgID, Lease: lease.ID}
	for _, attempt := range t.notes.Attempts {
		if attempt.Lease == lease.ID {
			failed.Attempt = &attempt
		}
	}
	return failed
}
