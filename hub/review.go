package hub

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// reviewAll reviews the tasks that come after some that are ok. It returns how many
// changed, and the ends of others that it came upon.
func (h *Hub) reviewAll(ctx context.Context, msgIDs []string) (changed int, news []end, err error) {
	for some := range slices.Chunk(msgIDs, maxAsked) {
		dependents, err := h.selected(ctx, waiting("hub.after", d("$in", some)))
		if err != nil {
			return changed, news, err
		}
		n, ends, err := h.review(ctx, dependents)
		changed, news = changed+n, append(news, ends...)
		if err != nil {
			return changed, news, err
		}
	}
	return changed, news, nil
}

// maxReviewed is how many tasks are looked at together, by those that come after them.
const maxReviewed = 100_000

// review drops, of what tasks come after, all that is ok. If anything is left a task
// awaits one of that, else it is ready. It returns how many changed, and the ends that
// it came upon and did nothing about: of what will never be ok, and of what is awaited
// now.
func (h *Hub) review(ctx context.Context, msgIDs []string) (changed int, news []end, err error) {
	var tasks []task
	size := 0
	together := func() error {
		n, ends, err := h.reviewTogether(ctx, tasks)
		changed, news = changed+n, append(news, ends...)
		tasks, size = nil, 0
		return err
	}
	err = h.eachOf(ctx, msgIDs, stepKeys, func(_ string, doc bson.Raw) error {
		t, err := readTask(doc)
		if err != nil || !t.waits() {
			return ignore(err, errNotes)
		}
		tasks = append(tasks, t)
		if size += len(t.notes.After); size < maxReviewed && len(tasks) < maxTogether {
			return nil
		}
		return together()
	})
	if err == nil {
		err = together()
	}
	return changed, news, err
}

func (h *Hub) reviewTogether(ctx context.Context, tasks []task) (changed int, news []end, err error) {
	if len(tasks) == 0 {
		return 0, nil, nil
	}
	var all []string
	for _, t := range tasks {
		all = append(all, t.notes.After...)
	}
	ends, err := h.endsOf(ctx, distinct(all))
	if err != nil {
		return 0, nil, err
	}
	ended := make(map[string]taskdb.State, len(ends))
	for _, e := range ends {
		ended[e.msgID] = e.state
		if e.state != taskdb.StateOK {
			news = append(news, e)
		}
	}
	var r reviewed
	for _, t := range tasks {
		r.add(t, ended)
	}
	again, err := r.write(ctx, h)
	if err == nil {
		err = h.wakeThose(ctx, r.free)
	}
	if err != nil {
		return 0, news, err
	}
	awaited, err := h.endsOf(ctx, distinct(r.awaited)) // before they were seen to be awaited
	if err != nil {
		return 0, news, err
	}
	n, more, err := h.review(ctx, again)
	return len(r.msgIDs) - len(again) + n, slices.Concat(news, awaited, more), err
}

// reviewed is what is to become of tasks.
type reviewed struct {
	msgIDs  []string
	updates []taskdb.Operation
	awaited []string // by those that still wait
	free    []string // those that do not
}

// add adds what is to become of a task, by how those ended that it comes after. One of
// which all is not ok, or nothing news, stays as it is.
func (r *reviewed) add(t task, ended map[string]taskdb.State) {
	var left []string
	for _, msgID := range t.notes.After {
		switch state, is := ended[msgID]; {
		case !is:
			left = append(left, msgID)
		case state != taskdb.StateOK:
			return
		}
	}
	if len(left) == len(t.notes.After) && t.notes.Awaits != nil {
		return
	}
	awaits := anyOf(left)
	if awaits != nil {
		r.awaited = append(r.awaited, *awaits)
	} else {
		r.free = append(r.free, t.msgID)
	}
	r.msgIDs = append(r.msgIDs, t.msgID)
	r.updates = append(r.updates, taskdb.Update{
		Filter: waiting("msg_id", t.msgID, "hub.revision", t.revision()),
		Update: update{set: d("hub.after", append([]string{}, left...), "hub.awaits", awaits)}.operators(false),
	})
}

// write writes it, and returns the tasks that somebody changed meanwhile.
func (r *reviewed) write(ctx context.Context, h *Hub) (again []string, err error) {
	if len(r.updates) == 0 {
		return nil, nil
	}
	outcomes, err := h.db.Bulk(ctx, false, r.updates...)
	if err != nil {
		return nil, err
	}
	for i, outcome := range outcomes {
		switch {
		case outcome.Err != nil:
			return nil, outcome.Err
		case outcome.Matched == 0:
			again = append(again, r.msgIDs[i])
		}
	}
	return again, nil
}
