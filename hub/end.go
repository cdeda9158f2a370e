package hub

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// step is a change of one task, taken if its filter still selects it.
type step struct {
	filter bson.D
	update bson.D
	// attempts tells that the update is about the open attempt too. MongoDB refuses
	// an array filter that is not used.
	attempts bool
}

// openAttempt selects, among a task's attempts, the one that has not ended.
var openAttempt = d("open.ended", nil)

// The keys of a task that its state depends on, those that a step returns, and its
// name alone.
var (
	stateKeys = keys("msg_id", "completed", "engine_uuid", "started", "result_content.status")
	stepKeys  = keys("msg_id", "completed", "engine_uuid", "started", "result_content.status", "queue", "hub")
	nameKeys  = keys("msg_id")
)

// take takes a step and returns what the task has become, or nil if the filter did
// not select it.
func (h *Hub) take(ctx context.Context, s step) (bson.Raw, error) {
	update := taskdb.Update{Filter: s.filter, Update: s.update}
	if s.attempts {
		update.ArrayFilters = []any{openAttempt}
	}
	outcome, err := h.db.FindAndModify(ctx, update, taskdb.Found{After: true, Projection: stepKeys})
	return outcome.Doc, err
}

// underLease selects a task that is under a lease.
func underLease(lease Lease) bson.D {
	return d("msg_id", lease.MsgID, "completed", nil, "hub.lease.id", lease.ID)
}

// unfinished selects a task of this hub that is not finished.
func unfinished(msgID string) bson.D {
	return d("msg_id", msgID, "completed", nil, "hub.attempts", d("$exists", true))
}

// attemptEnds sets what came of the open attempt, if there is one.
func attemptEnds(now time.Time, outcome Outcome, reason string) bson.D {
	return d("hub.attempts.$[open].ended", now, "hub.attempts.$[open].outcome", outcome, "hub.attempts.$[open].reason", reason)
}

// finishing is the step by which a task is finished.
func finishing(filter, result, attempt bson.D) step {
	return step{
		filter: filter,
		update: d(
			"$set", append(result, attempt...),
			"$unset", d("hub.lease", "", "hub.ready", ""),
			"$inc", d("hub.revision", int64(1)),
		),
		attempts: len(attempt) > 0,
	}
}

// requeuing is the step by which a task goes back to its queue, if it has retries
// left.
func requeuing(filter, attempt bson.D) step {
	return step{
		filter: append(filter, bson.E{Key: "hub.retries", Value: d("$gt", 0)}),
		update: d(
			"$set", append(d("engine_uuid", nil, "started", nil, "hub.ready", true), attempt...),
			"$unset", d("hub.lease", ""),
			"$inc", d("hub.revision", int64(1), "hub.retries", int64(-1)),
		),
		attempts: true,
	}
}

// failure is the result of a task that came to no end by itself, in IPython's form.
func failure(now time.Time, engine, ename, evalue string) bson.D {
	return d(
		"completed", now, "received", now,
		"result_header", d("date", now, "engine", engine),
		"result_metadata", d("status", "error", "engine", engine),
		"result_content", d("status", "error", "ename", ename, "evalue", evalue, "traceback", bson.A{}),
		"result_buffers", bson.A{},
	)
}

// abortion is the result of a task that will not be run, or not to its end.
func abortion(now time.Time, reason string) bson.D {
	return d(
		"completed", now, "received", now,
		"result_header", d("date", now),
		"result_metadata", d("status", "aborted"),
		"result_content", d("status", "aborted", "reason", reason),
		"result_buffers", bson.A{},
	)
}

// announce tells those who wait for a task that it is finished, or may be claimed
// again, and settles what comes after it.
func (h *Hub) announce(ctx context.Context, doc bson.Raw) {
	msgID, _ := doc.Lookup("msg_id").StringValueOK()
	if taskdb.StateFinished.Has(doc) {
		h.ended.publish(msgID)
		h.tell(ctx, end{msgID, taskdb.StateOf(doc)})
		return
	}
	queue, _ := doc.Lookup("queue").StringValueOK()
	h.ready.publish(queue)
}

// refusal says why a task could not take a step: it is not there, or finished, or
// nil if neither is so. doc is the task.
func (h *Hub) refusal(ctx context.Context, msgID string) (doc bson.Raw, err error) {
	doc, err = h.look(ctx, msgID, stepKeys)
	if err != nil || !taskdb.StateFinished.Has(doc) {
		return doc, err
	}
	lease := ""
	for _, attempt := range attemptsOf(doc) {
		switch attempt.Outcome {
		case OutcomeOK, OutcomeError, OutcomeAborted:
			lease = attempt.Lease
		}
	}
	return doc, &FinishedError{MsgID: msgID, State: taskdb.StateOf(doc), Lease: lease}
}

// attemptsOf returns the attempts of a task; none if they are not written as this
// hub writes them.
func attemptsOf(doc bson.Raw) []Attempt {
	var attempts []Attempt
	if err := doc.Lookup("hub", "attempts").Unmarshal(&attempts); err != nil {
		return nil
	}
	return attempts
}
