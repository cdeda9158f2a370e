package hub

import (
	"context"
	"fmt"

	"github.com/taskdb/taskdb/taskdb"
)

// Cancel aborts the unfinished tasks of a selection, with a reason, and answers for
// each; those that come after them, and are not selected, are aborted when all of them
// are. The engine of one that is running is told when it next renews its lease or
// finishes. One that is named and is finished already is a *FinishedError.
func (h *Hub) Cancel(ctx context.Context, s Selection, reason string) ([]Answer, error) {
	var ends []end
	answers, err := h.each(ctx, s, func(msgID string) error {
		err := h.cancel(ctx, msgID, reason)
		if err == nil {
			ends = append(ends, end{msgID, taskdb.StateAborted})
		}
		return err
	})
	h.tell(ctx, ends...)
	if err != nil {
		return answers, fmt.Errorf("cancel: %w", err)
	}
	return answers, nil
}

func (h *Hub) cancel(ctx context.Context, msgID, reason string) error {
	now := h.now()
	ending := ending{now: now, outcome: OutcomeCancelled, reason: reason, result: abortion(now, reason)}
	t, err := h.step(ctx, msgID, func(t task) (update, error) { return ending.finish(t), nil })
	if err == nil {
		h.announceEnd(t)
	}
	return err
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
	t, err := h.step(ctx, msgID, func(t task) (update, error) {
		if t.notes.Ready == nil {
			return update{}, fmt.Errorf("task %q: %w", msgID, ErrNotWaiting)
		}
		return update{set: d("hub.priority", priority)}, nil
	})
	if err == nil {
		h.happened(t.event(EventPriority))
	}
	return err
}
