package httpapi_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/httpapi"
)

// event is a server-sent event.
type event struct {
	id, name string
	api.Event
}

// watcher reads events.
type watcher struct {
	lines *bufio.Scanner
	body  io.Closer
}

// watch begins to watch behind an event, or from now on.
func (f *fixture) watch(t *testing.T, after string) *watcher {
	t.Helper()
	var header []string
	if after != "" {
		header = []string{"Last-Event-ID", after}
	}
	response := f.send(t, "GET", "/v1/events", "", header...)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	return &watcher{bufio.NewScanner(response.Body), response.Body}
}

// next returns the next event.
func (w *watcher) next(t *testing.T) (e event) {
	t.Helper()
	for w.lines.Scan() {
		key, value, _ := strings.Cut(w.lines.Text(), ": ")
		switch key {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			require.NoError(t, json.Unmarshal([]byte(value), &e.Event))
		case "":
			if e.id != "" {
				return e
			}
		}
	}
	require.NoError(t, w.lines.Err())
	require.FailNow(t, "the stream has ended")
	return e
}

// expect reads events of a task.
func (w *watcher) expect(t *testing.T, msgID string, kinds ...string) (last event) {
	t.Helper()
	for _, kind := range kinds {
		last = w.next(t)
		require.Equal(t, msgID, last.MsgID)
		require.Equal(t, kind, last.What)
		require.Empty(t, last.name)
	}
	return last
}

func TestEvents(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		f.submit(t, `{"msg_id": "before"}`)
		w := f.watch(t, "")
		require.Equal(t, "open", w.next(t).name)
		f.submit(t, `{"msg_id": "a", "priority": 1, "queue": "q"}`)
		require.Equal(t, "q", w.expect(t, "a", "submitted").Queue)
		lease := ask[api.Claimed](t, f, http.StatusOK, "POST", "/v1/claims", `{"engine": "e", "queues": ["q"]}`).Lease
		claimed := w.expect(t, "a", "claimed")
		require.Equal(t, "running", claimed.State)
		w.body.Close()

		ask[struct{}](t, f, http.StatusNoContent, "POST", "/v1/leases/"+lease.ID+"/output", `{"msg_id": "a", "stdout": "x"}`)
		f.finish(t, lease)
		w = f.watch(t, claimed.id)
		require.Equal(t, "ok", w.expect(t, "a", "output", "finished").State)
		ask[struct{}](t, f, http.StatusNoContent, "PUT", "/v1/drain", "")
		w.expect(t, "", "stopped")
	})
}

// TestEventsThatWereMissed holds that who cannot go on is told so, and hears what
// happens from then on.
func TestEventsThatWereMissed(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{})
	for _, id := range []string{"of-another-run-7", "nonsense"} {
		w := f.watch(t, id)
		reset := w.next(t)
		require.Equal(t, "reset", reset.name)
		f.submit(t, `{"msg_id": "`+id+`"}`)
		w.expect(t, id, "submitted")
		w.body.Close()
		f.watch(t, reset.id).expect(t, id, "submitted")
	}
}

func TestEventsOfOthers(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Users: known})
	ann := f.as("ann").watch(t, "")
	require.Equal(t, "open", ann.next(t).name)
	f.as("bob").submit(t, `{"msg_id": "b"}`)
	ask[struct{}](t, f.as("operator"), http.StatusNoContent, "PUT", "/v1/queues/secret/pause", "")
	f.as("ann").submit(t, `{"msg_id": "a"}`)
	require.Empty(t, ann.expect(t, "", "stopped").Queue)
	ann.expect(t, "a", "submitted")
}
