package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
)

// Submit submits tasks, all of them or none, and answers each in its place. A task
// without a msg_id gets one here, so that it is safe to submit it again if the answer
// is lost. A task whose msg_id is stored with the same request is there already; with
// another the error is taskdb.ErrExists. It is ErrDependency for a task that comes
// after one that does not exist, and ErrDrained when the hub takes no tasks.
func (c *Client) Submit(ctx context.Context, tasks ...api.Task) ([]api.Submitted, error) {
	named := slices.Clone(tasks)
	for i := range named {
		if err := name(&named[i]); err != nil {
			return nil, wrap("submit", err)
		}
	}
	call := Call{Method: http.MethodPost, Path: []string{"v1", "tasks"}, Again: true}
	var answer api.SubmissionAnswer
	err := c.sendWithBuffers(ctx, call, taskBuffers(named), api.Submission{Tasks: named}, &answer)
	if err != nil {
		return nil, wrap("submit", err)
	}
	return answer.Tasks, nil
}

// name gives a task without a msg_id one: a UUID of version 7, so that such ids sort
// by the time at which they were made.
func name(task *api.Task) error {
	if task.MsgID != "" {
		return nil
	}
	if task.MsgID, _ = bson.Raw(task.Header).Lookup("msg_id").StringValueOK(); task.MsgID != "" {
		return nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make a msg_id: %w", err)
	}
	task.MsgID = id.String()
	return nil
}

// part is a part of a multipart body: a buffer.
type part struct {
	name  string
	bytes []byte
}

// maxInline is how many bytes of buffers go within the JSON; more go as they are.
const maxInline = 64 << 10

// taskBuffers takes the buffers of tasks out, if they are large.
func taskBuffers(tasks []api.Task) []part {
	var parts []part
	size := 0
	for i, task := range tasks {
		for _, buffer := range task.Buffers {
			parts = append(parts, part{fmt.Sprintf("buffers.%d", i), buffer})
			size += len(buffer)
		}
	}
	if size <= maxInline {
		return nil
	}
	for i := range tasks {
		tasks[i].Buffers = nil
	}
	return parts
}

// sendWithBuffers makes a call with JSON, and with buffers as parts of the body, if
// there are any.
func (c *Client) sendWithBuffers(ctx context.Context, call Call, parts []part, body, answer any) error {
	if len(parts) == 0 {
		return c.json(ctx, call, body, answer)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write a request as JSON: %w", err)
	}
	var whole bytes.Buffer
	writer := multipart.NewWriter(&whole)
	for _, p := range append([]part{{"json", text}}, parts...) {
		w, err := writer.CreateFormField(p.name)
		if err == nil {
			_, err = w.Write(p.bytes)
		}
		if err != nil {
			return fmt.Errorf("write a request in parts: %w", err)
		}
	}
	if err := writer.Close(); err != nil {
		return fmt.Errorf("write a request in parts: %w", err)
	}
	call.Body = whole.Bytes()
	return c.json(ctx, call.with("Content-Type", writer.FormDataContentType()), nil, answer)
}
