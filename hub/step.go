package hub

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// The keys of a task that its state depends on, those that a step is decided on, and
// its name alone.
var (
	stateKeys = keys("msg_id", "completed", "engine_uuid", "started", "result_content.status")
	stepKeys  = keys("msg_id", "completed", "engine_uuid", "started", "result_content.status", "client_uuid", "queue", "hub")
	nameKeys  = keys("msg_id")
)

// task is a task as it was read, with the keys that steps are decided on.
type task struct {
	msgID string
	doc   bson.Raw
	notes Notes
	// foreign tells that another hub wrote it.
	foreign bool
}

func readTask(doc bson.Raw) (task, error) {
	var record taskdb.TaskRecord
	if err := record.UnmarshalBSON(doc); err != nil {
		return task{}, err
	}
	notes, err := NotesOf(&record)
	return task{msgID: record.MsgID, doc: doc, notes: notes, foreign: doc.Lookup("hub").IsZero()}, err
}

// revision is the task's as it is stored; of another hub's task there is none.
func (t *task) revision() any {
	if revision := t.doc.Lookup("hub", "revision"); !revision.IsZero() {
		return revision
	}
	return nil
}

// finished is the error of a task that is finished, or nil.
func (t *task) finished() error {
	if !taskdb.StateFinished.Has(t.doc) {
		return nil
	}
	err := &FinishedError{MsgID: t.msgID, State: taskdb.StateOf(t.doc)}
	for _, attempt := range t.notes.Attempts {
		switch attempt.Outcome {
		case OutcomeOK, OutcomeError, OutcomeAborted:
			err.Lease = attempt.Lease
		}
	}
	return err
}

// errStay is what a step that need not be taken any more is decided as.
var errStay = errors.New("the task stays as it is")

// passed returns the error of a step, unless that only says that there was nothing
// to do any more: somebody else has ended the task, or removed it.
func passed(err error) error {
	var finished *FinishedError
	if errors.Is(err, errStay) || errors.As(err, &finished) || errors.Is(err, taskdb.ErrNotFound) {
		return nil
	}
	return err
}

// step has an unfinished task take a step: what decide makes of it, written if nobody
// has taken a step with it meanwhile; else it is decided anew. It returns what the
// task has become. A task that is finished is a *FinishedError; an error of decide
// leaves it as it is.
func (h *Hub) step(ctx context.Context, msgID string, decide func(t task) (update, error)) (task, error) {
	for cuts := 0; ; {
		doc, err := h.look(ctx, msgID, stepKeys)
		if err != nil {
			return task{}, err
		}
		t, err := readTask(doc)
		if err == nil {
			err = t.finished()
		}
		if err != nil {
			return task{}, err
		}
		u, err := decide(t)
		if err != nil {
			return task{}, err
		}
		outcome, err := h.db.FindAndModify(ctx, taskdb.Update{
			Filter: d("msg_id", msgID, "completed", nil, "hub.revision", t.revision()),
			Update: u.operators(t.foreign),
		}, taskdb.Found{After: true, Projection: stepKeys})
		if errors.Is(err, taskdb.ErrTooLarge) && u.size() <= roomyResult && cuts < maxCuts {
			cuts++
			if err := h.makeRoom(ctx, msgID, err); err != nil {
				return task{}, err
			}
			continue
		}
		if err != nil {
			h.repairIfUnanswered(err)
			return task{}, err
		}
		if outcome.Doc != nil {
			return readTask(outcome.Doc)
		}
	}
}

// update is what a step changes, besides the revision.
type update struct{ set, unset, push bson.D }

// operators returns the update as MongoDB has it, which refused empty operators
// before 5.0. Another hub's task gets no revision.
func (u update) operators(foreign bool) bson.D {
	var next bson.D
	if !foreign {
		next = d("hub.revision", int64(1))
	}
	operators := d()
	for _, operator := range []struct {
		name string
		keys bson.D
	}{{"$set", u.set}, {"$unset", u.unset}, {"$push", u.push}, {"$inc", next}} {
		if len(operator.keys) > 0 {
			operators = append(operators, bson.E{Key: operator.name, Value: operator.keys})
		}
	}
	return operators
}

// announce tells those who wait for a task that it is finished, or may be claimed
// again, and settles what comes after it.
func (h *Hub) announce(ctx context.Context, t task) {
	if taskdb.StateFinished.Has(t.doc) {
		h.announceEnd(t)
		h.tell(ctx, end{t.msgID, taskdb.StateOf(t.doc)})
		return
	}
	queue, _ := t.doc.Lookup("queue").StringValueOK()
	h.ready.tell(queue)
	h.happened(t.event(EventRequeued))
}

// announceEnd tells those who wait for a task that it is finished.
func (h *Hub) announceEnd(t task) {
	h.ended.publish(t.msgID)
	h.happened(t.event(EventFinished))
}

// event is one that happened to the task.
func (t *task) event(kind EventKind) Event {
	client, _ := t.doc.Lookup("client_uuid").StringValueOK()
	return Event{Kind: kind, MsgID: t.msgID, State: taskdb.StateOf(t.doc), Client: client}
}
