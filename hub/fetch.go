package hub

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Fetch says which tasks to fetch, whoever submitted them.
type Fetch struct {
	MsgIDs []string
	// Keys are the top-level keys of the records to show, as in a taskdb.Query: none
	// means all but buffers. Those that tell the state come always.
	Keys []string
	// Buffers brings buffers along, with all other keys. See taskdb.DB.OpenBuffer for
	// large ones.
	Buffers bool
	// Wait is how long to wait until all of the tasks are finished; 0 is not at all.
	Wait time.Duration
	// Hold, if not nil, is told of each record that is found how many bytes it has in the
	// answer, where it stands as often as it is asked for. An error of it ends the fetch.
	Hold func(bytes int) error
}

// Fetched is one task as it was found, or why it was not.
type Fetched struct {
	MsgID  string
	State  taskdb.State
	Record *taskdb.TaskRecord
	// Doc is the record as it is stored, without _id: it has the keys that were asked for
	// and are there, and no others.
	Doc bson.Raw
	Err error // taskdb.ErrNotFound
}

// Fetch returns tasks with their results, each in the place of its msg_id; one that
// does not exist has an error of its own, and does not keep the others. It waits for
// them, if it is to, no longer than it is told, and then returns them as they are.
func (h *Hub) Fetch(ctx context.Context, f Fetch) ([]Fetched, error) {
	if f.Wait > 0 {
		if err := h.awaitEnd(ctx, f.Wait, f.MsgIDs); err != nil {
			return nil, fmt.Errorf("fetch: wait: %w", err)
		}
	}
	times := map[string]int{}
	for _, msgID := range f.MsgIDs {
		times[msgID]++
	}
	found := map[string]Fetched{}
	err := h.eachOf(ctx, f.MsgIDs, f.projection(), func(msgID string, doc bson.Raw) error {
		if f.Hold != nil {
			if err := f.Hold(len(doc) * times[msgID]); err != nil {
				return err
			}
		}
		record := new(taskdb.TaskRecord)
		found[msgID] = Fetched{MsgID: msgID, State: taskdb.StateOf(doc), Record: record, Doc: doc}
		return record.UnmarshalBSON(doc)
	})
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	answers := make([]Fetched, len(f.MsgIDs))
	for i, msgID := range f.MsgIDs {
		var ok bool
		if answers[i], ok = found[msgID]; !ok {
			answers[i] = Fetched{MsgID: msgID, Err: h.absent(ctx, msgID)}
		}
	}
	return answers, nil
}

func (f Fetch) projection() bson.D {
	switch {
	case f.Buffers:
		return d("_id", 0)
	case len(f.Keys) == 0:
		return d("_id", 0, "buffers", 0, "result_buffers", 0)
	}
	shown := d("_id", 0)
	for _, key := range distinct(append([]string{"msg_id", "completed", "engine_uuid", "started", "result_content"}, f.Keys...)) {
		if key != "_id" {
			shown = append(shown, bson.E{Key: key, Value: 1})
		}
	}
	return shown
}

// awaitEnd waits until none of the tasks is unfinished.
func (h *Hub) awaitEnd(ctx context.Context, atMost time.Duration, msgIDs []string) error {
	left := msgIDs
	news, cancel := h.ended.subscribe(msgIDs)
	defer cancel()
	return h.await(ctx, atMost, news, func() (bool, error) {
		states, err := h.states(ctx, left)
		if err != nil {
			return false, err
		}
		left = slices.DeleteFunc(slices.Clone(left), func(msgID string) bool {
			return states[msgID] != taskdb.StatePending && states[msgID] != taskdb.StateRunning
		})
		return len(left) == 0, nil
	})
}

// Lookup returns the msg_id of the one task whose msg_id begins with a prefix, or
// is the prefix. If there is none the error is taskdb.ErrNotFound; if there are
// several, an *AmbiguousError.
func (h *Hub) Lookup(ctx context.Context, prefix string) (string, error) {
	const enough = 3
	var found []string
	q := taskdb.Query{Filter: d("msg_id", d("$gte", prefix)), Projection: nameKeys, Sort: d("msg_id", 1), Limit: enough}
	for doc, err := range h.db.FindRaw(ctx, q) {
		if err != nil {
			return "", fmt.Errorf("look up %q: %w", prefix, err)
		}
		if msgID, ok := doc.Lookup("msg_id").StringValueOK(); ok && strings.HasPrefix(msgID, prefix) {
			found = append(found, msgID)
		}
	}
	switch {
	case len(found) == 0 || prefix == "":
		return "", fmt.Errorf("look up: %w", h.absent(ctx, prefix))
	case len(found) == 1 || found[0] == prefix:
		return found[0], nil
	}
	return "", fmt.Errorf("look up: %w", &AmbiguousError{Prefix: prefix, MsgIDs: found})
}

// absent is the error of a task that was not found: that it has expired, if the
// store knows, or that there is none.
func (h *Hub) absent(ctx context.Context, msgID string) error {
	if _, err := h.db.GetRaw(ctx, msgID); err != nil {
		return err
	}
	return fmt.Errorf("task %q: %w", msgID, taskdb.ErrNotFound) // it was added since
}

// look returns the task with a msg_id, as a projection shows it, or the error of one
// that is not there.
func (h *Hub) look(ctx context.Context, msgID string, shown *query.Projection) (bson.Raw, error) {
	found, err := h.first(ctx, d("msg_id", msgID), shown)
	if err == nil && found == nil {
		err = h.absent(ctx, msgID)
	}
	return found, err
}

// first returns the first task that a filter selects, as a projection shows it, or
// nil if there is none.
func (h *Hub) first(ctx context.Context, filter bson.D, shown *query.Projection) (found bson.Raw, err error) {
	for doc, err := range h.db.FindRaw(ctx, taskdb.Query{Filter: filter, Projection: shown, Limit: 1}) {
		if err != nil {
			return nil, err
		}
		found = doc
	}
	return found, nil
}

// maxAsked is how many msg_ids one query asks for.
const maxAsked = 10_000

// eachOf calls do for each task that is there, as a projection shows it.
func (h *Hub) eachOf(ctx context.Context, msgIDs []string, shown any, do func(msgID string, doc bson.Raw) error) error {
	for some := range slices.Chunk(msgIDs, maxAsked) {
		q := taskdb.Query{Filter: d("msg_id", d("$in", some)), Projection: shown}
		for doc, err := range h.db.FindRaw(ctx, q) {
			if err != nil {
				return err
			}
			msgID, _ := doc.Lookup("msg_id").StringValueOK()
			if err := do(msgID, doc); err != nil {
				return err
			}
		}
	}
	return nil
}

// states returns the states of the tasks that are there.
func (h *Hub) states(ctx context.Context, msgIDs []string) (map[string]taskdb.State, error) {
	states := make(map[string]taskdb.State, len(msgIDs))
	err := h.eachOf(ctx, msgIDs, stateKeys, func(msgID string, doc bson.Raw) error {
		states[msgID] = taskdb.StateOf(doc)
		return nil
	})
	return states, err
}

// selected returns the msg_ids of the tasks that a filter selects.
func (h *Hub) selected(ctx context.Context, filter any) ([]string, error) {
	var msgIDs []string
	for doc, err := range h.db.FindRaw(ctx, taskdb.Query{Filter: filter, Projection: nameKeys}) {
		if err != nil {
			return nil, err
		}
		if msgID, ok := doc.Lookup("msg_id").StringValueOK(); ok {
			msgIDs = append(msgIDs, msgID)
		}
	}
	return msgIDs, nil
}
