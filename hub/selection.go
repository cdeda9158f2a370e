package hub

import (
	"cmp"
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Selection says which tasks a call is about: those for which all holds that it
// says. One that says nothing selects every task, and must say All.
type Selection struct {
	MsgIDs []string // if not nil, one of them
	// Filter is written as in a taskdb.Query.
	Filter any
	State  taskdb.State
	Engine string // that has the task or had it last, be it gone or not
	Client string
	// CompletedBefore is a time before which the task was completed.
	CompletedBefore time.Time
	All             bool
}

// filter returns the selection as a filter, with another condition.
func (s Selection) filter(conditions ...bson.Raw) (*query.Filter, error) {
	own, err := query.Parse(s.Filter)
	if err != nil {
		return nil, err
	}
	if !own.MatchesAll() {
		conditions = append(conditions, own.Source())
	}
	said := d()
	if s.MsgIDs != nil {
		said = append(said, bson.E{Key: "msg_id", Value: d("$in", s.MsgIDs)})
	}
	if s.Engine != "" {
		said = append(said, bson.E{Key: "engine_uuid", Value: s.Engine})
	}
	if s.Client != "" {
		said = append(said, bson.E{Key: "client_uuid", Value: s.Client})
	}
	if !s.CompletedBefore.IsZero() {
		said = append(said, bson.E{Key: "completed", Value: d("$lt", s.CompletedBefore)})
	}
	if len(said) == 0 && own.MatchesAll() && s.State == "" && !s.All {
		return nil, taskdb.ErrNotAll
	}
	if s.State != "" {
		conditions = append(conditions, s.State.Filter().Source())
	}
	if len(conditions) > 0 {
		said = append(said, bson.E{Key: "$and", Value: conditions})
	}
	return query.Parse(said)
}

// Answer tells what became of one task of a call that is about many.
type Answer struct {
	MsgID string
	Err   error // nil if it was done
}

// each calls do for each task that a selection selects, and returns the answers: in
// the order of its MsgIDs, if it names some, those that do not exist among them. Of
// a selection that names none, tasks are passed over that are finished, or have gone, by
// the time of their turn.
func (h *Hub) each(ctx context.Context, s Selection, do func(msgID string) error) ([]Answer, error) {
	var conditions []bson.Raw
	if s.MsgIDs == nil {
		conditions = append(conditions, taskdb.StateIncomplete.Filter().Source())
	}
	filter, err := s.filter(conditions...)
	if err != nil {
		return nil, err
	}
	msgIDs, err := h.selected(ctx, filter)
	if err != nil {
		return nil, err
	}
	unknown, err := h.unknown(ctx, s.MsgIDs)
	if err != nil {
		return nil, err
	}
	var answers []Answer
	for _, msgID := range inOrderOf(s.MsgIDs, append(msgIDs, unknown...)) {
		err := do(msgID)
		if ctx.Err() != nil {
			return answers, ctx.Err()
		}
		if s.MsgIDs == nil && err != nil && passed(err) == nil {
			continue
		}
		answers = append(answers, Answer{msgID, err})
	}
	return answers, nil
}

// inOrderOf sorts texts by where they first stand among others; if there are no
// others, not at all.
func inOrderOf(others, texts []string) []string {
	place := make(map[string]int, len(others))
	for i, text := range slices.Backward(others) {
		place[text] = i
	}
	slices.SortStableFunc(texts, func(a, b string) int { return cmp.Compare(place[a], place[b]) })
	return texts
}

// unknown returns those of some msg_ids, each once, that no task has.
func (h *Hub) unknown(ctx context.Context, msgIDs []string) ([]string, error) {
	states, err := h.states(ctx, msgIDs)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(distinct(msgIDs), func(msgID string) bool {
		_, stored := states[msgID]
		return stored
	}), nil
}

// distinct returns texts, each once.
func distinct(texts []string) []string {
	seen := make(map[string]bool, len(texts))
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
		again := seen[text]
		seen[text] = true
		return again
	})
}
