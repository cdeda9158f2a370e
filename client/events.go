package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// Event is something that happened to a task, or to many.
type Event struct {
	// ID is for Events, to go on behind this event.
	ID string
	api.Event
}

// Events yields what happens in the hub from now on or, if after is the ID of an
// event, behind that. When the connection breaks it connects again and goes on where
// it was; only where that fails for good, or the context ends, does it end, with the
// error. The first event is of the kind "open"; one of the kind "reset" says that
// events were missed, and that what is shown has to be asked for anew.
func (c *Client) Events(ctx context.Context, after string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for failures := 0; ; {
			came, more, err := c.follow(ctx, &after, yield)
			if !more {
				return
			}
			if came {
				failures = 0
			}
			if failures++; failures >= c.options.Attempts || !errors.Is(err, taskdb.ErrUnreachable) {
				yield(Event{}, fmt.Errorf("events: %w", err))
				return
			}
			if err := pause(ctx, c.backoff(failures)); err != nil {
				yield(Event{}, fmt.Errorf("events: %w", err))
				return
			}
		}
	}
}

// follow yields events of one connection until it breaks. It tells whether any came,
// and whether more are wanted.
func (c *Client) follow(ctx context.Context, after *string, yield func(Event, error) bool) (came, more bool, err error) {
	call := Call{Method: http.MethodGet, Path: []string{"v1", "events"}, Header: http.Header{"Accept": {"text/event-stream"}}, Again: true}
	if *after != "" {
		call.Header.Set("Last-Event-ID", *after)
	}
	response, err := c.Do(ctx, call)
	if err != nil {
		return false, true, err
	}
	defer response.Body.Close()
	var event Event
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			event.ID = value
		case "data":
			err = json.Unmarshal([]byte(value), &event.Event)
		case "":
			if err != nil {
				return came, true, broken(ctx, err)
			}
			if event.What == "" { // a sign of life
				continue
			}
			*after = event.ID
			if came = true; !yield(event, nil) {
				return came, false, nil
			}
			event = Event{}
		}
	}
	return came, true, broken(ctx, errors.New("the stream of events ended"))
}
