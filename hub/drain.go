package hub

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Stop says since when and why the hub takes no tasks, or hands out none of a
// queue. It holds until it is lifted, whatever restarts meanwhile.
type Stop struct {
	Reason string    `bson:"reason"`
	Since  time.Time `bson:"since"`
}

// Stops are the stops in force.
type Stops struct {
	Drain  *Stop           // nil if the hub takes tasks
	Paused map[string]Stop // by queue
}

// stopDocument is a stop as stored. The _id of the drain is drainID; that of a
// pause begins with pausePrefix.
type stopDocument struct {
	ID    string `bson:"_id"`
	Queue string `bson:"queue"`
	Stop  `bson:",inline"`
}

const (
	drainID     = "drain"
	pausePrefix = "pause "
)

// Drain has the hub refuse new tasks, with a *DrainedError that tells the reason.
// Those that it has go on to be claimed and finished.
func (h *Hub) Drain(ctx context.Context, reason string) error {
	if err := h.stop(ctx, drainID, "", reason); err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	h.happened(Event{Kind: EventStopped})
	return nil
}

// Resume has the hub take tasks again.
func (h *Hub) Resume(ctx context.Context) error {
	if err := h.lift(ctx, drainID); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	h.happened(Event{Kind: EventLifted})
	return nil
}

// Pause has the hub hand out no task of a queue, "" for tasks without one. Those
// that are running go on.
func (h *Hub) Pause(ctx context.Context, queue, reason string) error {
	if err := h.stop(ctx, pausePrefix+queue, queue, reason); err != nil {
		return fmt.Errorf("pause queue %q: %w", queue, err)
	}
	h.happened(Event{Kind: EventStopped, Queue: queue})
	return nil
}

// Unpause has the hub hand out the tasks of a queue again.
func (h *Hub) Unpause(ctx context.Context, queue string) error {
	if err := h.lift(ctx, pausePrefix+queue); err != nil {
		return fmt.Errorf("unpause queue %q: %w", queue, err)
	}
	h.ready.tell(queue)
	h.happened(Event{Kind: EventLifted, Queue: queue})
	return nil
}

// Stops returns the stops in force.
func (h *Hub) Stops(ctx context.Context) (Stops, error) {
	stops := Stops{Paused: map[string]Stop{}}
	for doc, err := range h.stops.FindRaw(ctx, taskdb.Query{Projection: d()}) {
		var stored stopDocument
		if err == nil {
			err = bson.Unmarshal(doc, &stored)
		}
		if err != nil {
			return Stops{}, fmt.Errorf("read stops: %w", err)
		}
		if stored.ID == drainID {
			stops.Drain = &stored.Stop
		} else {
			stops.Paused[stored.Queue] = stored.Stop
		}
	}
	return stops, nil
}

// stop writes a stop. One that is in force already gets the new reason.
func (h *Hub) stop(ctx context.Context, id, queue, reason string) error {
	_, err := h.stops.Update(ctx, taskdb.Update{
		Filter: d("_id", id),
		Update: d("$set", d("queue", queue, "reason", reason), "$setOnInsert", d("since", h.now())),
		Upsert: true,
	})
	return err
}

func (h *Hub) lift(ctx context.Context, id string) error {
	_, err := h.stops.Delete(ctx, taskdb.Delete{Filter: d("_id", id)})
	return err
}

// admit fails if the hub is drained.
func (h *Hub) admit(ctx context.Context) error {
	stops, err := h.Stops(ctx)
	if err == nil && stops.Drain != nil {
		err = &DrainedError{*stops.Drain}
	}
	return err
}
