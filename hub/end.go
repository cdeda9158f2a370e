package hub

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ending is how an attempt, or a task that has none, ends.
type ending struct {
	now     time.Time
	outcome Outcome
	reason  string
	// result are the record's keys that hold the result, if the task ends with it.
	result bson.D
}

// finish is the step by which the ending finishes a task.
func (e ending) finish(t task) update {
	u := e.endLease(t)
	u.set = append(u.set, e.result...)
	u.unset = append(u.unset, bson.E{Key: "hub.ready", Value: ""})
	return u
}

// retry is the step by which a task goes back to its queue or, if it has no retries
// left, is finished.
func (e ending) retry(t task) update {
	if t.notes.RetriesLeft() == 0 {
		return e.finish(t)
	}
	return e.requeue(t, d("hub.ready", true))
}

// requeue is the step by which a task goes back to its queue, where it is ready, or
// waits.
func (e ending) requeue(t task, place bson.D) update {
	u := e.endLease(t)
	u.set = append(u.set, d("engine_uuid", nil, "started", nil)...)
	u.set = append(u.set, place...)
	return u
}

// endLease makes an attempt of the lease that a task is under, if it is under one.
func (e ending) endLease(t task) update {
	lease := t.notes.Lease
	if lease == nil {
		return update{}
	}
	attempt := Attempt{
		Lease: lease.ID, Engine: lease.Engine, Claimed: lease.Claimed,
		Ended: e.now, Outcome: e.outcome, Reason: cut(e.reason, maxReason),
	}
	return update{unset: d("hub.lease", ""), push: d("hub.attempts", attempt)}
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
