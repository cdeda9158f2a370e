package hub

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Output is what a task gave out while it ran: the next piece of it.
type Output struct {
	Stdout, Stderr string
	DisplayData    []bson.Raw // the contents of display_data messages
}

// Output adds a piece of output to what a task has of it. What it costs is in
// proportion to the piece. Under a lease that the task is not under, it is refused
// as Finish does; a piece that comes while the lease is being lost may be kept, as
// the output of a task is that of all its attempts. A piece for which there is no room in
// the record is taskdb.ErrTooLarge. If there is none for what becomes of the task, the end
// of its output is cut off: see Notes.Cut.
func (h *Hub) Output(ctx context.Context, lease Lease, piece Output) error {
	if err := h.output(ctx, lease, piece); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

var clientKeys = keys("client_uuid")

func (h *Hub) output(ctx context.Context, lease Lease, piece Output) error {
	held, err := h.first(ctx, underLease(lease), clientKeys)
	switch {
	case err != nil:
		return err
	case held == nil:
		return h.lost(ctx, lease)
	}
	if err := h.append(ctx, lease.MsgID, piece); err != nil {
		return err
	}
	client, _ := held.Lookup("client_uuid").StringValueOK()
	h.happened(Event{Kind: EventOutput, MsgID: lease.MsgID, State: taskdb.StateRunning, Client: client})
	return nil
}

func (h *Hub) append(ctx context.Context, msgID string, piece Output) error {
	for _, text := range []struct{ key, added string }{{"stdout", piece.Stdout}, {"stderr", piece.Stderr}} {
		if text.added != "" {
			if err := h.db.AppendText(ctx, msgID, text.key, text.added); err != nil {
				return err
			}
		}
	}
	if len(piece.DisplayData) == 0 {
		return nil
	}
	elements := make([]any, len(piece.DisplayData))
	for i, content := range piece.DisplayData {
		elements[i] = content
	}
	return h.db.AppendList(ctx, msgID, "display_data", elements...)
}
