package hub

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

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
		if state := states[msgID]; state != taskdb.StatePending && state != taskdb.StateRunning {
			ends = append(ends, end{msgID, state})
		}
	}
	return ends, nil
}

// settle lets go of the tasks that come after some that ended ok. Those that come
// after one that ended otherwise it aborts, with what comes after them in turn. It
// returns how many it told.
func (h *Hub) settle(ctx context.Context, ends []end) (told int, err error) {
	for len(ends) > 0 {
		ended := ends[0]
		ends = ends[1:]
		if ended.state == taskdb.StateOK {
			n, err := h.release(ctx, ended.msgID)
			told += n
			if err != nil {
				return told, err
			}
			continue
		}
		aborted, err := h.abortAfter(ctx, ended)
		told += len(aborted)
		if err != nil {
			return told, err
		}
		for _, msgID := range aborted {
			ends = append(ends, end{msgID, taskdb.StateAborted})
		}
	}
	return told, nil
}

// waitingFor selects the tasks that wait for a task.
func waitingFor(msgID string) bson.D {
	return d("completed", nil, "hub.ready", false, "hub.after", msgID)
}

// dependents returns the msg_ids of the tasks that wait for a task.
func (h *Hub) dependents(ctx context.Context, msgID string) ([]string, error) {
	return h.selected(ctx, waitingFor(msgID))
}

// release has no task wait for one that is ok, and returns how many did.
func (h *Hub) release(ctx context.Context, msgID string) (int, error) {
	dependents, err := h.dependents(ctx, msgID)
	if err != nil || len(dependents) == 0 {
		return 0, err
	}
	met := taskdb.Update{
		Filter: waitingFor(msgID),
		Update: d("$pull", d("hub.after", msgID), "$inc", d("hub.revision", int64(1))),
		Many:   true,
	}
	if _, err := h.db.Update(ctx, met); err != nil {
		return 0, err
	}
	_, err = h.wake(ctx, d("msg_id", d("$in", dependents)))
	return len(dependents), err
}

// wake makes those of some tasks ready that wait for nothing any more.
func (h *Hub) wake(ctx context.Context, filter bson.D) (woken int64, err error) {
	outcome, err := h.db.Update(ctx, taskdb.Update{
		Filter: append(filter,
			bson.E{Key: "completed", Value: nil},
			bson.E{Key: "hub.ready", Value: false},
			bson.E{Key: "hub.after", Value: d("$size", 0)},
			bson.E{Key: "hub.not_before", Value: d("$not", d("$gt", h.now()))},
		),
		Update: d("$set", d("hub.ready", true), "$inc", d("hub.revision", int64(1))),
		Many:   true,
	})
	if outcome.Modified > 0 {
		h.ready.publishAll()
		h.happened(Event{Kind: EventChanged})
	}
	return outcome.Modified, err
}

// abortAfter aborts the tasks that wait for one that will never be ok, and returns
// those that it did.
func (h *Hub) abortAfter(ctx context.Context, ended end) (aborted []string, err error) {
	dependents, err := h.dependents(ctx, ended.msgID)
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
			if t.notes.Ready == nil || *t.notes.Ready || !slices.Contains(t.notes.After, ended.msgID) {
				return update{}, errStay
			}
			return ending.finish(t), nil
		})
		switch {
		case err == nil:
			h.ended.publish(dependent)
			h.happened(t.event(EventFinished))
			aborted = append(aborted, dependent)
		case passed(err) != nil:
			return aborted, err
		}
	}
	return aborted, nil
}

// settleAll settles all tasks that others wait for.
func (h *Hub) settleAll(ctx context.Context) (told int, err error) {
	values, err := h.db.Distinct(ctx, "hub.after", d("completed", nil, "hub.ready", false))
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
	if told, err = h.settle(ctx, ends); err != nil {
		return told, err
	}
	woken, err := h.wake(ctx, d())
	return told + int(woken), err
}
