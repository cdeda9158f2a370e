package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/taskdb/taskdb/api"
)

// Counts returns how many tasks are in each state.
func (c *Client) Counts(ctx context.Context) (counts api.Counts, err error) {
	if err := c.get(ctx, []string{"v1", "counts"}, nil, &counts); err != nil {
		return counts, wrap("counts", err)
	}
	return counts, nil
}

// QueueStatus tells the queues and engines that have unfinished tasks, and what is
// stopped.
func (c *Client) QueueStatus(ctx context.Context) (status api.Status, err error) {
	if err := c.get(ctx, []string{"v1", "status"}, nil, &status); err != nil {
		return status, wrap("status", err)
	}
	return status, nil
}

// Collections returns the names of the store's collections, and which of them has the
// hub's tasks.
func (c *Client) Collections(ctx context.Context) (collections api.Collections, err error) {
	if err := c.get(ctx, []string{"v1", "collections"}, nil, &collections); err != nil {
		return collections, wrap("collections", err)
	}
	return collections, nil
}

// Drain has the hub refuse new tasks, and tell the reason. Those that it has go on.
func (c *Client) Drain(ctx context.Context, reason string) error {
	return c.stop(ctx, http.MethodPut, reason, "v1", "drain")
}

// Resume has the hub take tasks again.
func (c *Client) Resume(ctx context.Context) error {
	return c.stop(ctx, http.MethodDelete, "", "v1", "drain")
}

// Pause has the hub hand out no task of a queue, "" for tasks without one. Those that
// are running go on.
func (c *Client) Pause(ctx context.Context, queue, reason string) error {
	return c.stop(ctx, http.MethodPut, reason, "v1", "queues", pathOf(queue), "pause")
}

// Unpause has the hub hand out the tasks of a queue again.
func (c *Client) Unpause(ctx context.Context, queue string) error {
	return c.stop(ctx, http.MethodDelete, "", "v1", "queues", pathOf(queue), "pause")
}

// stop puts or lifts a stop. To do it again changes nothing.
func (c *Client) stop(ctx context.Context, method, reason string, path ...string) error {
	var body any
	if method == http.MethodPut {
		body = api.StopRequest{Reason: reason}
	}
	if err := c.json(ctx, Call{Method: method, Path: path, Again: true}, body, nil); err != nil {
		return fmt.Errorf("%s: %w", map[string]string{http.MethodPut: "stop", http.MethodDelete: "lift a stop"}[method], err)
	}
	return nil
}

// pathOf is a queue's name in a path.
func pathOf(queue string) string {
	if queue == "" {
		return "-"
	}
	return queue
}
