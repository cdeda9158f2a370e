package hub

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Result is what came of a task.
type Result struct {
	// Status is OutcomeOK, OutcomeError or OutcomeAborted.
	Status Outcome
	// EName, EValue and Traceback tell an error, as in Python.
	EName, EValue string
	Traceback     []string
	// Reason tells why the task was aborted.
	Reason string
	// Content is what more the reply says; the keys above are added to it. Header and
	// Metadata are those of the reply.
	Content, Header, Metadata bson.Raw
	Buffers                   [][]byte
	// Started and Completed are by the engine's clock. Zero is when the hub gave the
	// task out, and got the result.
	Started, Completed time.Time
}

// Finish ends a lease with the result of its task, and returns the state of the
// task: finished or, if it failed and has retries left, pending again; then the
// attempt keeps the error. A task that is finished does not change: the error is a
// *FinishedError. The result of a lease that the task is not under any more is
// refused, with a *LeaseError.
//
// When Finish returns, the tasks that come after this one have been told, or will
// be by Tend.
func (h *Hub) Finish(ctx context.Context, lease Lease, result Result) (taskdb.State, error) {
	state, err := h.finish(ctx, lease, result)
	if err != nil {
		return "", fmt.Errorf("finish: %w", err)
	}
	return state, nil
}

func (h *Hub) finish(ctx context.Context, lease Lease, result Result) (taskdb.State, error) {
	now := h.now()
	if err := result.complete(now); err != nil {
		return "", err
	}
	ending := ending{now: now, outcome: result.Status, reason: result.reason(), result: result.keys(now)}
	t, err := h.step(ctx, lease.MsgID, func(t task) (update, error) {
		if result.Status == OutcomeError {
			return ending.retry(t), t.checkLease(lease)
		}
		return ending.finish(t), t.checkLease(lease)
	})
	if err != nil {
		return "", err
	}
	h.announce(ctx, t)
	return taskdb.StateOf(t.doc), nil
}

// complete fills in what the result leaves to the hub, or fails if it is wrong in
// itself.
func (r *Result) complete(now time.Time) (err error) {
	if err := checkDocuments(map[string]bson.Raw{"content": r.Content, "header": r.Header, "metadata": r.Metadata}); err != nil {
		return err
	}
	if !slices.Contains([]Outcome{OutcomeOK, OutcomeError, OutcomeAborted}, r.Status) {
		return wrong("status", "a result is ok, error or aborted, and not %q", r.Status)
	}
	if r.Completed.IsZero() {
		r.Completed = now
	}
	if len(r.Header) == 0 {
		if r.Header, err = bson.Marshal(d("date", r.Completed)); err != nil {
			return err
		}
	}
	if len(r.Metadata) == 0 {
		r.Metadata, err = bson.Marshal(d("status", r.Status))
	}
	return err
}

// reason is what the attempt says of the result.
func (r *Result) reason() string {
	if r.Status == OutcomeError {
		return r.EName + ": " + r.EValue
	}
	return r.Reason
}

// keys are the record's keys that hold the result.
func (r *Result) keys(now time.Time) bson.D {
	buffers := make(bson.A, len(r.Buffers))
	for i, buffer := range r.Buffers {
		buffers[i] = bson.Binary{Data: buffer}
	}
	keys := d(
		"completed", r.Completed, "received", now, "result_header", r.Header, "result_metadata", r.Metadata,
		"result_content", r.content(), "result_buffers", buffers,
	)
	if !r.Started.IsZero() {
		keys = append(keys, bson.E{Key: "started", Value: r.Started})
	}
	return keys
}

// content is the reply's content, with what the result says itself in the place of
// what its Content has.
func (r *Result) content() bson.D {
	content := d("status", r.Status)
	switch r.Status {
	case OutcomeError:
		content = append(content, d("ename", r.EName, "evalue", r.EValue, "traceback", append([]string{}, r.Traceback...))...)
	case OutcomeAborted:
		content = append(content, bson.E{Key: "reason", Value: r.Reason})
	}
	own := len(content)
	more, _ := r.Content.Elements() // it was checked, or is absent
	for _, element := range more {
		if !slices.ContainsFunc(content[:own], func(e bson.E) bool { return e.Key == element.Key() }) {
			content = append(content, bson.E{Key: element.Key(), Value: element.Value()})
		}
	}
	return content
}
