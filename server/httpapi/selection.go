package httpapi

import (
	"context"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// selections registers the routes that are about many tasks at once.
func (s *server) selections() {
	register(s, operation("purge", "POST /v1/tasks/purge", "Remove tasks for good, or tell what would go"), s.purge)
	register(s, operation("resubmit", "POST /v1/tasks/resubmit", "Submit tasks again, as new ones"), s.resubmit)
	register(s, operation("cancel", "POST /v1/tasks/cancel", "Abort unfinished tasks"), s.cancel)
	register(s, operation("change-priority", "POST /v1/tasks/priority", "Give tasks that wait another priority"), s.changePriority)
}

// selection is a choice as the hub takes it, of the tasks that the user may see.
// Those that it names and he may not are unknown.
func (s *server) selection(ctx context.Context, c api.Choice) (selection hub.Selection, unknown []string, err error) {
	selection = hub.Selection{
		MsgIDs: c.MsgIDs, Filter: c.Filter.Value(), State: taskdb.State(c.State), Engine: c.Engine, Client: c.Client,
		CompletedBefore: c.CompletedBefore, All: c.All,
	}
	client, is := bound(ctx)
	switch {
	case !is:
		return selection, nil, nil
	case selectsAll(c):
		return selection, nil, taskdb.ErrNotAll
	}
	selection.Client = client
	others := c.Client != "" && c.Client != client
	if others { // of theirs there is none
		selection.MsgIDs = []string{}
	}
	if others || c.MsgIDs == nil {
		return selection, nil, nil
	}
	own, err := s.ownOf(ctx, c.MsgIDs)
	if err != nil {
		return selection, nil, err
	}
	selection.MsgIDs = []string{}
	for _, msgID := range c.MsgIDs {
		if own[msgID] {
			selection.MsgIDs = append(selection.MsgIDs, msgID)
		} else {
			unknown = append(unknown, msgID)
		}
	}
	return selection, unknown, nil
}

// selectsAll tells whether a choice means every task and does not say so.
func selectsAll(c api.Choice) bool {
	return c.MsgIDs == nil && c.Filter.Text == "" && c.State == "" && c.Engine == "" && c.Client == "" &&
		c.CompletedBefore.IsZero() && !c.All
}

type purgeRequest struct{ Body api.Purge }

func (s *server) purge(ctx context.Context, in *purgeRequest) (*body[api.Purged], error) {
	selection, unknown, err := s.selection(ctx, in.Body.Choice)
	if err != nil {
		return nil, err
	}
	purged, err := s.hub.Purge(ctx, hub.Purge{Selection: selection, Force: in.Body.Force, DryRun: in.Body.DryRun})
	if err != nil {
		return nil, err
	}
	return bodyOf(api.Purged{
		Removed: purged.Records, Unfinished: purged.Unfinished, Unknown: append(purged.Unknown, unknown...), DryRun: in.Body.DryRun,
	}), nil
}

type choiceRequest struct{ Body api.Choice }

func (s *server) resubmit(ctx context.Context, in *choiceRequest) (*body[api.ResubmitAnswer], error) {
	selection, unknown, err := s.selection(ctx, in.Body)
	if err == nil && len(unknown) > 0 {
		err = notThere(unknown[0])
	}
	if err != nil {
		return nil, err
	}
	done, err := s.hub.Resubmit(ctx, selection)
	if err != nil {
		return nil, err
	}
	answer := api.ResubmitAnswer{Tasks: make([]api.Resubmitted, len(done))}
	for i, pair := range done {
		answer.Tasks[i] = api.Resubmitted(pair)
	}
	return bodyOf(answer), nil
}

type cancelRequest struct{ Body api.Cancellation }

func (s *server) cancel(ctx context.Context, in *cancelRequest) (*body[api.Answers], error) {
	return s.each(ctx, in.Body.Choice, func(selection hub.Selection) ([]hub.Answer, error) {
		return s.hub.Cancel(ctx, selection, in.Body.Reason)
	})
}

type priorityRequest struct{ Body api.PriorityChange }

func (s *server) changePriority(ctx context.Context, in *priorityRequest) (*body[api.Answers], error) {
	return s.each(ctx, in.Body.Choice, func(selection hub.Selection) ([]hub.Answer, error) {
		return s.hub.ChangePriority(ctx, selection, in.Body.Priority)
	})
}

// each has something done to each task of a choice, and answers for each: those that
// are unknown at the end.
func (s *server) each(ctx context.Context, c api.Choice, do func(hub.Selection) ([]hub.Answer, error)) (*body[api.Answers], error) {
	selection, unknown, err := s.selection(ctx, c)
	if err != nil {
		return nil, err
	}
	done, err := do(selection)
	if err != nil {
		return nil, err
	}
	for _, msgID := range unknown {
		done = append(done, hub.Answer{MsgID: msgID, Err: notThere(msgID)})
	}
	answers := api.Answers{Tasks: make([]api.Answer, len(done))}
	for i, one := range done {
		answers.Tasks[i].MsgID = one.MsgID
		if one.Err != nil {
			answers.Tasks[i].Error = &problemOf(one.Err).of(ctx).Problem
		}
	}
	return bodyOf(answers), nil
}
