package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/taskdb/taskdb/taskdb"
)

// end is how a task ended: with its state, or with "" if it does not exist.
type end struct {
	msgID string
	state taskdb.State
}

// tell settles what comes after tasks that ended. What cannot be done now is left to
// Tend, as after a crash: that the tasks ended is stored.
func (h *Hub) tell(ctx context.Context, ends ...end) {
	if _, err := h.settle(ctx, ends); err != nil {
		h.repairSoon()
	}
}

// repairSoon has the next Tend look for what is left undone.
func (h *Hub) repairSoon() {
	h.repair.Lock()
	defer h.repair.Unlock()
	h.repair.due = time.Time{}
}

// endsOf returns how those of some tasks ended that did.
func (h *Hub) endsOf(ctx context.Context, msgIDs []string) ([]end, error) {
	states, err := h.states(ctx, msgIDs)
	if err != nil {
		return nil, err
	}
	var ends []end
	for _, msgID := range msgIDs {
		state, stored := states[msgID]
		if !stored {
			if state, err = h.lastState(ctx, msgID); err != nil {
				return nil, err
			}
		}
		if state != taskdb.StatePending && state != taskdb.StateRunning {
			ends = append(ends, end{msgID, state})
		}
	}
	return ends, nil
}

// lastState is the state of a task that was not found: in which it was removed, or "" if
// that is not known.
func (h *Hub) lastState(ctx context.Context, msgID string) (taskdb.State, error) {
	if h.met.has(msgID) {
		return taskdb.StateOK, nil
	}
	doc, err := h.db.GetRaw(ctx, msgID)
	if err == nil { // it was added since
		return taskdb.StateOf(doc), nil
	}
	if expired, ok := errors.AsType[*taskdb.ExpiredError](err); ok {
		return expired.State, nil
	}
	return "", ignore(err, taskdb.ErrNotFound)
}

// settle lets go of the tasks that come after some that ended ok. Those that come
// after one that ended otherwise it aborts, with what comes after them in turn. It
// returns how many it told.
func (h *Hub) settle(ctx context.Context, ends []end) (told int, err error) {
	for len(ends) > 0 {
		released, news, err := h.release(ctx, fine(ends))
		told += released
		if err != nil {
			return told, err
		}
		for _, ended := range ends {
			if ended.state == taskdb.StateOK {
				continue
			}
			aborted, err := h.abortAfter(ctx, ended)
			told += len(aborted)
			if err != nil {
				return told, err
			}
			for _, msgID := range aborted {
				news = append(news, end{msgID, taskdb.StateAborted})
			}
		}
		ends = news
	}
	return told, nil
}

// fine returns the msg_ids of the tasks that ended ok.
func fine(ends []end) (msgIDs []string) {
	for _, ended := range ends {
		if ended.state == taskdb.StateOK {
			msgIDs = append(msgIDs, ended.msgID)
		}
	}
	return msgIDs
}

// abortAfter aborts the tasks that wait for one that will never be ok, and returns
// those that it did.
func (h *Hub) abortAfter(ctx context.Context, ended end) (aborted []string, err error) {
	dependents, err := h.selected(ctx, waiting("hub.after", ended.msgID))
	if err != nil {
		return nil, err
	}
	fate := "does not exist any more"
	if ended.state != "" {
		fate = fmt.Sprintf("ended as %s", ended.state)
	}
	reason := fmt.Sprintf("task %q, which it comes after, %s", ended.msgID, fate)
	for _, dependent := range dependents {
		ending := ending{result: abortion(h.now(), reason)}
		t, err := h.step(ctx, dependent, func(t task) (update, error) {
			if !t.waits() || !slices.Contains(t.notes.After, ended.msgID) {
				return update{}, errStay
			}
			return ending.finish(t), nil
		})
		switch {
		case err == nil:
			h.announceEnd(t)
			aborted = append(aborted, dependent)
		case ignore(passed(err), errNotes) != nil:
			return aborted, err
		}
	}
	return aborted, nil
}

// settleWhole settles, and has the tasks that come after some that ended ok drop them
// at once, if they do not await them too.
func (h *Hub) settleWhole(ctx context.Context, ends []end) (told int, err error) {
	if told, err = h.settle(ctx, ends); err != nil {
		return told, err
	}
	reviewed, news, err := h.reviewAll(ctx, fine(ends))
	told += reviewed
	if err != nil {
		return told, err
	}
	settled, err := h.settle(ctx, news)
	return told + settled, err
}

// settleAll settles all tasks that others wait for.
func (h *Hub) settleAll(ctx context.Context) (told int, err error) {
	known := h.met.all()
	led, err := h.selected(ctx, d("hub.leads", true, "completed", d("$ne", nil)))
	if err != nil {
		return 0, err
	}
	led = slices.DeleteFunc(led, h.coming.after)
	values, err := h.db.Distinct(ctx, "hub.after", waiting())
	if err != nil {
		return 0, err
	}
	var awaited []string
	for _, value := range values {
		if msgID, ok := value.StringValueOK(); ok {
			awaited = append(awaited, msgID)
		}
	}
	ends, err := h.endsOf(ctx, awaited)
	if err != nil {
		return 0, err
	}
	if told, err = h.settleWhole(ctx, ends); err != nil {
		return told, err
	}
	h.met.forget(known)
	if err := h.leadNoMore(ctx, led); err != nil {
		return told, err
	}
	woken, err := h.wake(ctx, d())
	return told + int(woken), err
}
