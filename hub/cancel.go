package hub

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Cancel aborts the unfinished tasks of a selection, with a reason, and answers for
// each. The engine of one that is running is told when it next renews its lease or
// finishes. One that is named and is finished already is a *FinishedError.
func (h *Hub) Cancel(ctx context.Context, s Selection, reason string) ([]Answer, error) {
	answers, err := h.each(ctx, s, func(msgID string) error { return h.cancel(ctx, msgID, reason) })
	if err != nil {
		return answers, fmt.Errorf("cancel: %w", err)
	}
	return answers, nil
}

func (h *Hub) cancel(ctx context.Context, msgID, reason string) error {
	now := h.now()
	doc, err := h.take(ctx, finishing(unfinished(msgID), abortion(now, reason), attemptEnds(now, OutcomeCancelled, reason)))
	if doc == nil && err == nil {
		doc, err = h.take(ctx, step{
			filter: d("msg_id", msgID, "completed", nil, "hub.attempts", d("$exists", false)), // another hub's
			update: d("$set", abortion(now, reason)),
		})
	}
	switch {
	case err != nil:
		return err
	case doc == nil:
		_, err := h.refusal(ctx, msgID)
		return err
	}
	h.announce(ctx, doc)
	return nil
}

// ChangePriority gives the tasks of a selection that wait to be claimed another
// priority, and answers for each. One that is finished is a *FinishedError if it is
// named; one that is running, or another hub's, is ErrNotWaiting.
func (h *Hub) ChangePriority(ctx context.Context, s Selection, priority int64) ([]Answer, error) {
	answers, err := h.each(ctx, s, func(msgID string) error { return h.changePriority(ctx, msgID, priority) })
	if err != nil {
		return answers, fmt.Errorf("change priority: %w", err)
	}
	return answers, nil
}

func (h *Hub) changePriority(ctx context.Context, msgID string, priority int64) error {
	outcome, err := h.db.Update(ctx, taskdb.Update{
		Filter: append(unfinished(msgID), bson.E{Key: "hub.ready", Value: d("$exists", true)}),
		Update: d("$set", d("hub.priority", priority), "$inc", d("hub.revision", int64(1))),
	})
	if err != nil || outcome.Matched > 0 {
		return err
	}
	if _, err := h.refusal(ctx, msgID); err != nil {
		return err
	}
	return fmt.Errorf("task %q: %w", msgID, ErrNotWaiting)
}
