package hub

import (
	"context"
	"fmt"
	"time"

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
	until := h.now().Add(hold)
	doc, err := h.take(ctx, step{filter: underLease(lease), update: d("$max", d("hub.lease.until", until))})
	switch {
	case err != nil:
		return Lease{}, err
	case doc == nil:
		return Lease{}, h.lost(ctx, lease)
	}
	var record taskdb.TaskRecord
	if err := record.UnmarshalBSON(doc); err != nil {
		return Lease{}, err
	}
	notes, err := NotesOf(&record)
	if err != nil {
		return Lease{}, err
	}
	return *notes.Lease, nil
}

// lost says why a task is not under a lease.
func (h *Hub) lost(ctx context.Context, lease Lease) error {
	doc, err := h.refusal(ctx, lease.MsgID)
	if err != nil {
		return err
	}
	failed := &LeaseError{MsgID: lease.MsgID, Lease: lease.ID}
	for _, attempt := range attemptsOf(doc) {
		if attempt.Lease == lease.ID {
			failed.Attempt = &attempt
		}
	}
	return failed
}
