package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
)

// tasks registers the routes of single tasks.
func (s *server) tasks() {
	submit := operation("submit", "POST /v1/tasks", "Submit tasks, all of them or none")
	submit.DefaultStatus = http.StatusCreated
	register(s, submit, s.submit)
	register(s, operation("get-task", "GET /v1/tasks/{msg_id}", "One task, and what became of it"), s.task)
}

type submission struct{ Body api.Submission }

func (s *server) submit(ctx context.Context, in *submission) (*body[api.SubmissionAnswer], error) {
	tasks := make([]hub.Task, len(in.Body.Tasks))
	for i, task := range in.Body.Tasks {
		var err error
		if tasks[i], err = hubTask(ctx, task, fmt.Sprintf("body.tasks[%d]", i)); err != nil {
			return nil, err
		}
		tasks[i].Buffers = append(tasks[i].Buffers, partsOf(ctx, i)...)
	}
	if err := noPartsLeft(ctx); err != nil {
		return nil, err
	}
	if err := s.mayAwait(ctx, tasks); err != nil {
		return nil, err
	}
	submitted, err := s.hub.Submit(ctx, tasks...)
	if err != nil {
		return nil, err
	}
	answer := api.SubmissionAnswer{Tasks: make([]api.Submitted, len(submitted))}
	for i, one := range submitted {
		answer.Tasks[i] = api.Submitted(one)
	}
	return bodyOf(answer), nil
}

// mayAwait refuses tasks that come after some that the user may not see, as if those
// did not exist.
func (s *server) mayAwait(ctx context.Context, tasks []hub.Task) error {
	if _, is := bound(ctx); !is {
		return nil
	}
	inside := map[string]bool{}
	var after []string
	for _, task := range tasks {
		inside[task.MsgID] = true
		after = append(after, task.After...)
	}
	own, err := s.ownOf(ctx, after)
	if err != nil {
		return err
	}
	for _, task := range tasks {
		for _, msgID := range task.After {
			if !inside[msgID] && !own[msgID] {
				return &hub.DependencyError{MsgID: task.MsgID, After: msgID}
			}
		}
	}
	return nil
}

// hubTask is a task as the hub takes it. One of a user who is bound to a client is
// that client's.
func hubTask(ctx context.Context, task api.Task, path string) (hub.Task, error) {
	limit, err := durationOf(task.TimeLimit, path+".time_limit")
	if err != nil {
		return hub.Task{}, err
	}
	if client, is := bound(ctx); is {
		if task.ClientUUID != "" && task.ClientUUID != client {
			return hub.Task{}, newProblem(http.StatusForbidden, api.KindForbidden,
				"%s submits tasks of the client %s, and not of %s", userOf(ctx).Name, client, task.ClientUUID)
		}
		task.ClientUUID = client
	}
	return hub.Task{
		MsgID:      task.MsgID,
		Header:     bson.Raw(task.Header),
		Metadata:   bson.Raw(task.Metadata),
		Content:    bson.Raw(task.Content),
		Buffers:    task.Buffers,
		ClientUUID: task.ClientUUID,
		Queue:      task.Queue,
		Label:      task.Label,
		Priority:   task.Priority,
		After:      task.After,
		NotBefore:  task.NotBefore,
		TimeLimit:  limit,
		Retries:    task.Retries,
	}, nil
}

type taskRequest struct {
	MsgID string       `path:"msg_id"`
	Keys  []string     `query:"keys" doc:"The top-level keys to show; none shows all but buffers."`
	Wait  api.Duration `query:"wait" doc:"How long to wait until the task is finished; at most the server's limit."`
}

func (r *taskRequest) waits() api.Duration { return r.Wait }

func (s *server) task(ctx context.Context, in *taskRequest) (*body[api.TaskView], error) {
	fetched, err := s.fetch(ctx, []string{in.MsgID}, in.Keys, in.Wait)
	if err != nil {
		return nil, err
	}
	if fetched[0].Err != nil {
		return nil, fetched[0].Err
	}
	return bodyOf(viewOf(ctx, fetched[0])), nil
}
