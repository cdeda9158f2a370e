package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
)

// heartbeat is how often a stream of events says that it is there, if nothing else
// happens.
const heartbeat = 15 * time.Second

// events registers the stream of what happens.
func (s *server) events() {
	op := operation("events", "GET /v1/events", "What happens to tasks, as server-sent events")
	op.Description = "Each event's id is for Last-Event-ID. The first event is open: what happens after it comes. " +
		"If events were missed, as the hub was restarted or too many came meanwhile, there is an event reset: " +
		"what is shown has to be asked for anew, and what happens from then on comes."
	op.Responses = map[string]*huma.Response{"200": {
		Description: "OK", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	register(s, op, s.watch)
}

type eventsRequest struct {
	After string `header:"Last-Event-ID" doc:"The id of the last event that was seen."`
}

func (s *server) watch(_ context.Context, in *eventsRequest) (*huma.StreamResponse, error) {
	return s.raw(func(w http.ResponseWriter, r *http.Request) {
		if err := wait(r.Context()); err != nil {
			s.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Accel-Buffering", "no") // nginx would hold them back
		f := &feed{hub: s.hub, to: w, stop: s.options.Stop, at: in.After}
		f.client, f.bound = bound(r.Context())
		if f.at == "" {
			f.begin("open")
		}
		for f.err == nil && r.Context().Err() == nil {
			f.follow(r.Context())
		}
	}), nil
}

// feed is a stream of events to one client.
type feed struct {
	hub    *hub.Hub
	to     http.ResponseWriter
	stop   <-chan struct{}
	at     string // the id of the last event
	client string // whose events are shown, if bound
	bound  bool
	err    error
}

// begin has the stream begin now, and says so.
func (f *feed) begin(name string) {
	f.at = f.hub.LastEvent()
	f.send(name, api.Event{What: name, At: time.Now().UTC()})
}

// follow sends what happens until there is a pause, or the server stops.
func (f *feed) follow(ctx context.Context) {
	ctx, cancel := stoppable(ctx, f.stop)
	defer cancel()
	ctx, quiet := context.WithTimeout(ctx, heartbeat)
	defer quiet()
	for event, err := range f.hub.Watch(ctx, f.at) {
		switch {
		case errors.Is(err, hub.ErrMissed):
			f.begin("reset")
		case errors.Is(err, context.DeadlineExceeded):
			f.write(": \n\n")
		case err != nil:
			f.err = err
		default:
			f.at = event.ID
			if shown, ok := f.shown(event); ok {
				f.send("", shown)
			}
		}
		if f.err != nil {
			return
		}
	}
}

// shown is an event as the client may see it.
func (f *feed) shown(e hub.Event) (api.Event, bool) {
	shown := api.Event{MsgID: e.MsgID, State: string(e.State), Queue: e.Queue, What: string(e.Kind), At: e.At}
	if f.bound && e.MsgID == "" {
		shown.Queue = ""
	}
	return shown, !f.bound || e.MsgID == "" || e.Client == f.client
}

// send writes an event, by its name if it has one.
func (f *feed) send(name string, event api.Event) {
	text, err := json.Marshal(event)
	if err != nil {
		f.err = err
		return
	}
	if name != "" {
		name = "event: " + name + "\n"
	}
	f.write(fmt.Sprintf("%sid: %s\ndata: %s\n\n", name, f.at, text))
}

func (f *feed) write(text string) {
	_, err := f.to.Write([]byte(text))
	f.err = errors.Join(f.err, err, flush(f.to))
}
