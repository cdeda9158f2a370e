package client

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/taskdb/taskdb/api"
)

// once makes a call to change something with a key of its own, by which the server
// knows it when it is made again.
func (c *Client) once(ctx context.Context, body, answer any, path ...string) error {
	return c.json(ctx, Call{Method: http.MethodPost, Path: path, Header: onceHeader(), Again: true}, body, answer)
}

func onceHeader() http.Header { return http.Header{api.HeaderOnce: {uuid.NewString()}} }

// Purge removes the tasks that it selects, or refuses before anything is gone: with
// taskdb.ErrNotAll if it selects every task and does not say so, or with a
// *taskdb.UnfinishedError, which names them, if some are not finished.
func (c *Client) Purge(ctx context.Context, p api.Purge) (api.Purged, error) {
	var answer api.Purged
	if err := c.once(ctx, p, &answer, "v1", "tasks", "purge"); err != nil {
		return answer, wrap("purge", err)
	}
	return answer, nil
}

// Resubmit submits tasks again, whatever has become of them, as new ones. If one that
// is named does not exist, none is resubmitted, with taskdb.ErrNotFound.
func (c *Client) Resubmit(ctx context.Context, choice api.Choice) ([]api.Resubmitted, error) {
	var answer api.ResubmitAnswer
	if err := c.once(ctx, choice, &answer, "v1", "tasks", "resubmit"); err != nil {
		return nil, wrap("resubmit", err)
	}
	return answer.Tasks, nil
}

// Answer tells what became of one task of a call that is about many.
type Answer struct {
	MsgID string
	Err   error // nil if it was done
}

// Cancel aborts the unfinished tasks of a choice, with a reason, and answers for
// each. One that is named and is finished already has ErrFinished.
func (c *Client) Cancel(ctx context.Context, choice api.Choice, reason string) ([]Answer, error) {
	answers, err := c.each(ctx, "cancel", api.Cancellation{Choice: choice, Reason: reason})
	if err != nil {
		return nil, wrap("cancel", err)
	}
	return answers, nil
}

// ChangePriority gives the tasks of a choice that wait to be claimed another priority,
// and answers for each. One that does not wait has ErrNotWaiting or, if it is named
// and finished, ErrFinished.
func (c *Client) ChangePriority(ctx context.Context, choice api.Choice, priority int64) ([]Answer, error) {
	answers, err := c.each(ctx, "priority", api.PriorityChange{Choice: choice, Priority: priority})
	if err != nil {
		return nil, wrap("change priority", err)
	}
	return answers, nil
}

func (c *Client) each(ctx context.Context, what string, body any) ([]Answer, error) {
	var told api.Answers
	if err := c.once(ctx, body, &told, "v1", "tasks", what); err != nil {
		return nil, err
	}
	answers := make([]Answer, len(told.Tasks))
	for i, one := range told.Tasks {
		answers[i] = Answer{MsgID: one.MsgID, Err: ErrorOf(one.Error)}
	}
	return answers, nil
}
