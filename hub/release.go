package hub

import (
	"context"
	"math/rand/v2"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Of the tasks that a task comes after it awaits one. Only when that is ok it is looked
// at what became of the others, and all that is ok by then is dropped at once: so the
// end of one of n tasks costs no rewriting of the n. It is any one of them: whatever
// the order in which they end, another has to be chosen some ln n times. One that does
// not end ok has those that come after it aborted, be it awaited or not.

// waiting selects the tasks that wait for others, or for their time, with conditions.
func waiting(conditions ...any) bson.D {
	return append(d("completed", nil, "hub.ready", false), d(conditions...)...)
}

// waits tells whether the task waits for others, or for its time.
func (t *task) waits() bool {
	return !taskdb.StateFinished.Has(t.doc) && t.notes.Ready != nil && !*t.notes.Ready
}

// anyOf returns one of the tasks that a task comes after, or nil if there are none.
func anyOf(after []string) *string {
	if len(after) == 0 {
		return nil
	}
	return &after[rand.IntN(len(after))]
}

// release has no task wait for some that are ok, and returns how many did, and the
// ends of others that it came upon.
func (h *Hub) release(ctx context.Context, msgIDs []string) (released int, news []end, err error) {
	for some := range slices.Chunk(msgIDs, maxAsked) {
		n, ends, err := h.releaseSome(ctx, some)
		released, news = released+n, append(news, ends...)
		if err != nil {
			return released, news, err
		}
	}
	return released, news, nil
}

func (h *Hub) releaseSome(ctx context.Context, msgIDs []string) (released int, news []end, err error) {
	n, err := h.db.Count(ctx, taskdb.Query{Filter: waiting("hub.after", d("$in", msgIDs)), Limit: 1})
	if err != nil || n == 0 {
		return 0, nil, err
	}
	if h.met.note(msgIDs) {
		h.repairSoon()
	}
	alone, err := h.selected(ctx, waiting("hub.awaits", d("$in", msgIDs), "hub.after", d("$size", 1)))
	if err != nil {
		return 0, nil, err
	}
	for some := range slices.Chunk(alone, maxAsked) {
		if err := h.releaseAlone(ctx, some); err != nil {
			return released, nil, err
		}
		released += len(some)
	}
	several, err := h.selected(ctx, waiting("hub.awaits", d("$in", msgIDs)))
	if err != nil {
		return released, nil, err
	}
	reviewed, news, err := h.review(ctx, several)
	return released + reviewed, news, err
}

// releaseAlone has tasks wait for nothing that wait for one alone, which is ok.
func (h *Hub) releaseAlone(ctx context.Context, alone []string) error {
	_, err := h.db.Update(ctx, taskdb.Update{
		Filter: waiting("msg_id", d("$in", alone), "hub.revision", isSound),
		Update: d("$set", d("hub.after", bson.A{}, "hub.awaits", nil), "$inc", d("hub.revision", int64(1))),
		Many:   true,
	})
	if err == nil {
		err = h.wakeThose(ctx, alone)
	}
	return err
}

// wakeThose wakes some tasks.
func (h *Hub) wakeThose(ctx context.Context, msgIDs []string) error {
	if len(msgIDs) == 0 {
		return nil
	}
	_, err := h.wake(ctx, d("msg_id", d("$in", msgIDs)))
	return err
}

// wake makes ready what a filter selects of the tasks that wait for nothing any more.
func (h *Hub) wake(ctx context.Context, filter bson.D) (woken int64, err error) {
	outcome, err := h.db.Update(ctx, taskdb.Update{
		Filter: append(filter,
			bson.E{Key: "completed", Value: nil},
			bson.E{Key: "hub.ready", Value: false},
			bson.E{Key: "hub.after", Value: d("$size", 0)},
			bson.E{Key: "hub.revision", Value: isSound},
			bson.E{Key: "hub.not_before", Value: d("$not", d("$gt", h.now()))},
		),
		Update: d("$set", d("hub.ready", true), "$inc", d("hub.revision", int64(1))),
		Many:   true,
	})
	if outcome.Modified > 0 {
		h.ready.tellEach()
		h.happened(Event{Kind: EventChanged})
	}
	return outcome.Modified, err
}
