package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// Claimed is a task that an engine has.
type Claimed struct {
	Lease  api.Lease
	Record *taskdb.TaskRecord
}

// Claim gives an engine the next task of its queues. Nobody else gets it as long as
// the lease holds. If there is none, though it waited as long as it was to or the
// server lets it, the error is ErrNoTask.
func (c *Client) Claim(ctx context.Context, claim api.Claim) (*Claimed, error) {
	var claimed *Claimed
	var wrong error
	_, err := c.list(ctx, Call{Method: http.MethodPost, Path: []string{"v1", "claims"}}, claim, func(doc bson.Raw, _ error) bool {
		claimed, wrong = readClaimed(doc)
		return wrong == nil
	})
	if err == nil {
		err = wrong
	}
	if err == nil && claimed == nil {
		err = ErrNoTask
	}
	if err != nil {
		return nil, wrap("claim", err)
	}
	return claimed, nil
}

// readClaimed reads a task that was claimed.
func readClaimed(doc bson.Raw) (*Claimed, error) {
	claimed := new(Claimed)
	lease, _ := doc.Lookup("lease").DocumentOK()
	err := readDocument(lease, &claimed.Lease)
	if err == nil {
		claimed.Record, err = readRecord(doc)
	}
	return claimed, err
}

// Renew has a lease hold for a time from now, or for the hub's standard one if that
// is 0, and returns it as it is then. A lease that the task is not under is ErrLease;
// a task that is finished, as one that was cancelled, ErrFinished: its engine may
// stop.
func (c *Client) Renew(ctx context.Context, lease api.Lease, hold time.Duration) (api.Lease, error) {
	renewal := api.Renewal{MsgID: lease.MsgID}
	if hold > 0 {
		renewal.Hold = api.Duration(hold.String())
	}
	var renewed api.Lease
	call := Call{Method: http.MethodPost, Path: []string{"v1", "leases", lease.ID, "renew"}, Again: true}
	if err := c.json(ctx, call, renewal, &renewed); err != nil {
		return api.Lease{}, wrap("renew", err)
	}
	return renewed, nil
}

// Output adds a piece of output to what a task has of it. Under a lease that the task
// is not under, it is refused as Finish does.
func (c *Client) Output(ctx context.Context, lease api.Lease, piece api.OutputPiece) error {
	piece.MsgID = lease.MsgID
	if err := c.once(ctx, piece, nil, "v1", "leases", lease.ID, "output"); err != nil {
		return wrap("output", err)
	}
	return nil
}

// Return gives a task back: the engine cannot run it now, or is about to stop and has
// not begun with it. It goes back to its queue, after the delay, with all of its retries.
// It returns the state of the task: pending or, if it was given back 1,000 times,
// aborted. It is refused as Finish is; to give it back again, as the first answer was
// lost, is no error.
func (c *Client) Return(ctx context.Context, lease api.Lease, r api.Return) (taskdb.State, error) {
	r.MsgID = lease.MsgID
	var answer api.FinishAnswer
	err := c.once(ctx, r, &answer, "v1", "leases", lease.ID, "return")
	if state, done := doneBefore(err, lease, "returned"); done {
		return state, nil
	}
	if err != nil {
		return "", wrap("return", err)
	}
	return taskdb.State(answer.State), nil
}

// Finish ends a lease with the result of its task, and returns the state of the task:
// finished or, if it failed and has retries left, pending again. A task that is
// finished does not change: ErrFinished. The result of a lease that the task is not
// under any more is refused: ErrLease. To finish again under the same lease, as the
// first answer was lost, is no error.
func (c *Client) Finish(ctx context.Context, lease api.Lease, result api.Completion) (taskdb.State, error) {
	result.MsgID = lease.MsgID
	var parts []part
	size := 0
	for _, buffer := range result.Buffers {
		parts = append(parts, part{"buffers", buffer})
		size += len(buffer)
	}
	if size > maxInline {
		result.Buffers = nil
	} else {
		parts = nil
	}
	var answer api.FinishAnswer
	call := Call{Method: http.MethodPost, Path: []string{"v1", "leases", lease.ID, "finish"}, Header: onceHeader(), Again: true}
	err := c.sendWithBuffers(ctx, call, parts, result, &answer)
	if state, done := doneBefore(err, lease, result.Status); done {
		return state, nil
	}
	if err != nil {
		return "", wrap("finish", err)
	}
	return taskdb.State(answer.State), nil
}

// doneBefore tells whether a lease was ended in this way before.
func doneBefore(err error, lease api.Lease, outcome string) (taskdb.State, bool) {
	var refused *Error
	switch {
	case !errors.As(err, &refused):
		return "", false
	case refused.Kind == api.KindFinished && refused.Lease == lease.ID:
		return taskdb.State(refused.State), true
	case refused.Kind == api.KindLease && refused.Attempt != nil && refused.Attempt.Outcome == outcome:
		return taskdb.StatePending, true
	}
	return "", false
}
