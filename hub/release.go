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
func (t *task) waits() bool { return t.notes.Ready != nil && !*t.notes.Ready }

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
	if err := h.releaseAlone(ctx, alone); err != nil {
		return 0, nil, err
	}
	several, err := h.selected(ctx, waiting("hub.awaits", d("$in", msgIDs)))
	if err != nil {
		return len(alone), nil, err
	}
	reviewed, news, err := h.reviewEach(ctx, several)
	return len(alone) + reviewed, news, err
}

// releaseAlone has tasks wait for nothing that wait for one alone, which is ok.
func (h *Hub) releaseAlone(ctx context.Context, alone []string) error {
	if len(alone) == 0 {
		return nil
	}
	_, err := h.db.Update(ctx, taskdb.Update{
		Filter: waiting("msg_id", d("$in", alone)),
		Update: d("$set", d("hub.after", bson.A{}, "hub.awaits", nil), "$inc", d("hub.revision", int64(1))),
		Many:   true,
	})
	if err == nil {
		_, err = h.wake(ctx, d("msg_id", d("$in", alone)))
	}
	return err
}

// reviewAll reviews the tasks that come after some that are ok. It returns how many
// changed, and the ends of others that it came upon.
func (h *Hub) reviewAll(ctx context.Context, msgIDs []string) (changed int, news []end, err error) {
	for some := range slices.Chunk(msgIDs, maxAsked) {
		dependents, err := h.selected(ctx, waiting("hub.after", d("$in", some)))
		if err != nil {
			return changed, news, err
		}
		n, ends, err := h.reviewEach(ctx, dependents)
		changed, news = changed+n, append(news, ends...)
		if err != nil {
			return changed, news, err
		}
	}
	return changed, news, nil
}

func (h *Hub) reviewEach(ctx context.Context, msgIDs []string) (changed int, news []end, err error) {
	for _, msgID := range msgIDs {
		ends, err := h.review(ctx, msgID)
		switch {
		case err == nil:
			changed++
		case passed(err) != nil:
			return changed, news, err
		}
		news = append(news, ends...)
	}
	return changed, news, nil
}

// review drops all that is ok of what a task comes after. If anything is left the task
// awaits one of that, else it is ready. It returns the ends that it came upon and did
// nothing about: of what will never be ok, or of what is now awaited.
func (h *Hub) review(ctx context.Context, msgID string) (news []end, err error) {
	var awaited *string
	_, err = h.step(ctx, msgID, func(t task) (update, error) {
		if !t.waits() {
			return update{}, errStay
		}
		ends, err := h.endsOf(ctx, t.notes.After)
		if err != nil {
			return update{}, err
		}
		met := fine(ends)
		if len(met) < len(ends) {
			news = slices.DeleteFunc(ends, func(e end) bool { return e.state == taskdb.StateOK })
			return update{}, errStay
		}
		left := without(t.notes.After, met)
		awaited = anyOf(left)
		return update{set: d("hub.after", left, "hub.awaits", awaited)}, nil
	})
	switch {
	case err != nil:
		return news, err
	case awaited == nil:
		_, err = h.wake(ctx, d("msg_id", msgID))
		return nil, err
	}
	return h.endsOf(ctx, []string{*awaited}) // before the task was seen to await it
}

// without returns those of some texts that are not among others.
func without(texts, others []string) []string {
	drop := make(map[string]bool, len(others))
	for _, text := range others {
		drop[text] = true
	}
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return drop[text] })
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
