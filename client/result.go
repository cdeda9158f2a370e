package client

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// Task is one task as it was found, or why it was not.
type Task struct {
	MsgID  string
	State  taskdb.State
	Record *taskdb.TaskRecord
	Err    error // taskdb.ErrNotFound
}

// Fetch says which tasks to fetch, whoever submitted them.
type Fetch struct {
	MsgIDs []string
	// Keys are the top-level keys of the records to show, besides those that tell the
	// state; none means all but buffers.
	Keys []string
	// Wait is how long to wait until all of the tasks are finished; 0 is not at all,
	// and a negative one is as long as it takes.
	Wait time.Duration
}

// longestWait is how long a request waits; then another does.
const longestWait = time.Minute

// Fetch returns tasks with their results, each in the place of its msg_id; one that
// does not exist has an error of its own, and does not keep the others. If it waits
// it returns the tasks as they are when the time is over.
func (c *Client) Fetch(ctx context.Context, f Fetch) ([]Task, error) {
	end := time.Now().Add(f.Wait)
	for {
		left := longestWait
		if f.Wait >= 0 {
			left = max(0, min(left, time.Until(end)))
		}
		began := time.Now()
		tasks, err := c.fetch(ctx, f, left)
		if err == nil && (left == 0 || finished(tasks)) {
			return tasks, nil
		}
		if err == nil && time.Since(began) < c.options.Backoff { // a server that stops waits no more
			err = pause(ctx, c.options.Backoff)
		}
		if err != nil {
			return nil, fmt.Errorf("fetch: %w", err)
		}
	}
}

func (c *Client) fetch(ctx context.Context, f Fetch, wait time.Duration) ([]Task, error) {
	asked := api.Fetch{MsgIDs: f.MsgIDs, Keys: f.Keys}
	if wait > 0 {
		asked.Wait = api.Duration(wait.String())
	}
	tasks := make([]Task, 0, len(f.MsgIDs))
	var wrong error
	_, err := c.list(ctx, Call{Method: http.MethodPost, Path: []string{"v1", "tasks", "fetch"}, Again: true}, asked, func(doc bson.Raw, _ error) bool {
		var task Task
		task, wrong = readTask(doc)
		tasks = append(tasks, task)
		return wrong == nil
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return nil, err
	}
	return tasks, nil
}

// readTask reads a task as it was found.
func readTask(doc bson.Raw) (task Task, err error) {
	task.MsgID, _ = doc.Lookup("msg_id").StringValueOK()
	if problem, failed := doc.Lookup("error").DocumentOK(); failed {
		var why api.Problem
		err := readDocument(problem, &why)
		task.Err = ErrorOf(&why)
		return task, err
	}
	state, _ := doc.Lookup("state").StringValueOK()
	task.State = taskdb.State(state)
	task.Record, err = readRecord(doc)
	return task, err
}

// readRecord reads the record in a document.
func readRecord(doc bson.Raw) (*taskdb.TaskRecord, error) {
	value, _ := doc.Lookup("record").DocumentOK()
	record := new(taskdb.TaskRecord)
	return record, record.UnmarshalBSON(value)
}

// finished tells whether no task is unfinished.
func finished(tasks []Task) bool {
	for _, task := range tasks {
		if task.State == taskdb.StatePending || task.State == taskdb.StateRunning {
			return false
		}
	}
	return true
}

// Wait waits until tasks are finished, as long as it takes, and returns them, each in
// the place of its msg_id.
func (c *Client) Wait(ctx context.Context, msgIDs ...string) ([]Task, error) {
	return c.Fetch(ctx, Fetch{MsgIDs: msgIDs, Wait: -1})
}

// GetResult waits until a task is finished, as long as it takes, and returns its
// record. Of one that failed or was aborted the error is a *TaskError, beside the
// record; of one that does not exist, taskdb.ErrNotFound.
func (c *Client) GetResult(ctx context.Context, msgID string) (*taskdb.TaskRecord, error) {
	tasks, err := c.Wait(ctx, msgID)
	if err == nil {
		err = tasks[0].Err
	}
	if err != nil {
		return nil, fmt.Errorf("get the result of %q: %w", msgID, err)
	}
	return tasks[0].Record, tasks[0].Failure()
}

// TaskError says that a task failed, or was aborted.
type TaskError struct {
	MsgID string
	State taskdb.State // taskdb.StateFailed or taskdb.StateAborted
	// EName, EValue and Traceback tell an error, as in Python.
	EName, EValue string
	Traceback     []string
	// Reason says why the task was aborted.
	Reason string
}

// Error tells what the task's error says, or why it was aborted.
func (e *TaskError) Error() string {
	if e.State == taskdb.StateAborted {
		return fmt.Sprintf("task %q was aborted: %s", e.MsgID, e.Reason)
	}
	return fmt.Sprintf("task %q failed: %s", e.MsgID, strings.TrimSuffix(e.EName+": "+e.EValue, ": "))
}

// Failure returns a *TaskError if the task failed or was aborted, else nil.
func (t Task) Failure() error {
	if t.State != taskdb.StateFailed && t.State != taskdb.StateAborted {
		return nil
	}
	var told struct {
		EName, EValue, Reason string
		Traceback             []string
	}
	// A record of another hub may tell it otherwise.
	_ = bson.Unmarshal(t.Record.ResultContent, &told)
	return &TaskError{
		MsgID: t.MsgID, State: t.State, EName: told.EName, EValue: told.EValue, Traceback: told.Traceback, Reason: told.Reason,
	}
}
