//go:build browser

package page_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
)

// TestLive holds that what another client does appears by itself.
func TestLive(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	b := open(t, w, desk)
	b.visit("#/tasks", ".empty")
	b.says(".empty", "No tasks yet")
	b.shoot("empty")
	b.sees("document.querySelector('.liveness.live')")

	_, err := w.hub.Submit(t.Context(), hub.Task{MsgID: "new-1", Label: "fit"})
	require.NoError(t, err)
	b.showing(1, "new-1")
	b.says(".chip.pending", "1")
	claimed, err := w.hub.Claim(t.Context(), hub.Claim{Engine: "e1"})
	require.NoError(t, err)
	b.says("tr[data-id='new-1']", "running")
	_, err = w.hub.Finish(t.Context(), claimed.Lease, hub.Result{Status: hub.OutcomeOK})
	require.NoError(t, err)
	b.says("tr[data-id='new-1']", "ok")
	b.says(".chip.ok", "1")
}

// TestLeaving holds that a page that nobody sees any more holds no connection: a
// browser has six of them to a server, for all its tabs.
func TestLeaving(t *testing.T) {
	ended := make(chan httpapi.Observation, 1_000)
	w := newWorld(t, httpapi.Options{Observe: func(_ context.Context, o httpapi.Observation) { ended <- o }})
	b := open(t, w, desk)
	b.visit("#/tasks", ".liveness.live")
	b.do(chromedp.Navigate("about:blank"))
	require.Eventually(t, func() bool { return (<-ended).Route == "GET /v1/events" }, patience/3, time.Millisecond)
}

// TestOutput holds that a task's output is shown while it runs, and what came of it
// when it is finished.
func TestOutput(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	_, err := w.hub.Submit(t.Context(), hub.Task{MsgID: "loud", Buffers: [][]byte{[]byte("function"), make([]byte, 3000)}})
	require.NoError(t, err)
	claimed, err := w.hub.Claim(t.Context(), hub.Claim{Engine: "e1"})
	require.NoError(t, err)
	b := open(t, w, desk)
	b.visit("#/task/loud", ".task-head")
	b.says(".card", "It has written nothing so far.")
	say := func(output hub.Output) { require.NoError(t, w.hub.Output(t.Context(), claimed.Lease, output)) }
	say(hub.Output{Stdout: "epoch 1\n"})
	b.says("pre.stream", "epoch 1")
	drawing := document(t, bson.D{{Key: "data", Value: bson.D{{Key: "image/svg+xml", Value: "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='20'><rect width='60' height='20' fill='teal'/></svg>"}}}})
	say(hub.Output{Stdout: "\x1b[32mepoch 2\x1b[0m\n", Stderr: "warning: slow\n", DisplayData: []bson.Raw{drawing}})
	b.says("pre.stream .ansi-green", "epoch 2")
	b.says("pre.stream", "warning: slow")
	b.sees("document.querySelector('img.picture')?.naturalWidth === 60")

	_, err = w.hub.Finish(t.Context(), claimed.Lease, hub.Result{Status: hub.OutcomeOK, Buffers: [][]byte{make([]byte, 10)}})
	require.NoError(t, err)
	b.says(".badge", "ok")
	b.says(".buffers", "2.9 KiB")
	b.says(".buffers", "10 B")
	got := value[int](b, "fetch([...document.querySelectorAll('.buffers a')].at(1).href).then((r) => r.arrayBuffer()).then((bytes) => bytes.byteLength)")
	require.Equal(t, 3000, got)
	b.shoot("output")
}
