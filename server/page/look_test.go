//go:build browser

package page_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

// TestLook shows each view on each screen, on which nothing may stand out sideways.
func TestLook(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.live(t, 70*time.Minute)
	failed := w.newest(t, taskdb.StateFailed)
	for _, c := range []struct {
		name string
		screen
	}{{"light", desk}, {"dark", night}, {"phone", phone}} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, w, c.screen)
			for _, v := range []struct{ name, view, shown string }{
				{"overview", "", ".failure"},
				{"tasks", "#/tasks", "table.tasks tbody tr"},
				{"task", "#/task/" + failed, ".buffers li"},
				{"engines", "#/engines", ".lanes canvas"},
				{"queues", "#/queues", "table"},
			} {
				b.visit(v.view, v.shown)
				b.shoot(v.name + "-" + c.name)
				require.LessOrEqual(t, value[int64](b, "document.documentElement.scrollWidth"), c.width, v.name)
			}
		})
	}
}

// TestNamesStayInOneLine holds that ids and names with hyphens do not break a row.
func TestNamesStayInOneLine(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	_, err := w.hub.Submit(t.Context(), hub.Task{MsgID: "run-12-of-34-collect", Label: "collect-the-results", Queue: "compute-large"})
	require.NoError(t, err)
	_, err = w.hub.Claim(t.Context(), hub.Claim{Engine: "the-engine-1", Queues: []string{"compute-large"}})
	require.NoError(t, err)
	for name, s := range map[string]screen{"desk": desk, "phone": {320, 640, "light"}} {
		b := open(t, w, s)
		for view, names := range map[string]string{"#/tasks": "table.tasks .id, table.tasks .mono", "#/queues": "tbody td:first-child a"} {
			b.visit(view, "tbody td")
			tallest := "Math.max(...[...document.querySelectorAll(" + quoted(names) + ")].map((one) => one.offsetHeight))"
			require.Less(t, value[float64](b, tallest), 30.0, "%s on a %s", view, name)
		}
	}
}

// newest is the msg_id of the task in a state that was submitted last.
func (w *world) newest(t *testing.T, state taskdb.State) (msgID string) {
	for record, err := range w.db.Find(t.Context(), taskdb.Query{Filter: state.Filter(), Sort: `{submitted: -1}`, Limit: 1}) {
		require.NoError(t, err)
		msgID = record.MsgID
	}
	return msgID
}

// TestTheme holds that the page follows the system, until the user says otherwise.
func TestTheme(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	const ground = "getComputedStyle(document.body).backgroundColor"
	dark, light := open(t, w, night), open(t, w, desk)
	for _, b := range []*tab{dark, light} {
		b.visit("", ".tile")
	}
	black, white := value[string](dark, ground), value[string](light, ground)
	require.NotEqual(t, black, white)
	light.keys("d")
	light.sees(ground + " === " + quoted(black))
	light.visit("", ".tile")
	require.Equal(t, black, value[string](light, ground), "the choice is kept")
	light.keys("d")
	light.sees(ground + " === " + quoted(white))
}

// TestPhone holds that tasks are found and acted on with a thumb.
func TestPhone(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, phone)
	b.visit("#/tasks", "table.tasks")
	b.showing(50, "t-120")
	b.tick("t-120", "t-118")
	b.says(".selection", "2 selected")
	b.shoot("selection-phone")
	b.press("Cancel")
	b.says("dialog", "2 unfinished tasks will be aborted.")
	b.shoot("cancel-phone")
	b.press("Cancel 2 tasks")
	b.says("tr[data-id='t-120'] .badge", "aborted")
	value[bool](b, "(document.querySelector('tr[data-id=\"t-119\"]').click(), true)")
	b.says("h1", "fit")
	require.Less(t, value[float64](b, "document.querySelector('.places').getBoundingClientRect().bottom - innerHeight"), 1.0, "the views are at the lower edge")
}

// TestEmptyHub holds that each view of a new hub says what will be there.
func TestEmptyHub(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	b := open(t, w, desk)
	b.visit("", ".empty")
	b.says(".empty", "As soon as tasks are submitted")
	b.shoot("overview-empty")
	b.visit("#/engines", ".empty")
	b.says(".empty", "No engine ran anything")
	b.visit("#/queues", ".empty")
	b.says(".empty", "Nothing is waiting")
	b.visit("#/task/nobody", ".empty")
	b.says(".empty", "There is no such task")
}

// TestFirstDuration holds that the durations of the first tasks of a hub are seen, though
// they make no line yet.
func TestFirstDuration(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.clock.Store(60_000)
	_, err := w.hub.Submit(t.Context(), hub.Task{MsgID: "first"})
	require.NoError(t, err)
	claimed, err := w.hub.Claim(t.Context(), hub.Claim{Engine: "e"})
	require.NoError(t, err)
	w.clock.Store(58_000)
	_, err = w.hub.Finish(t.Context(), claimed.Lease, hub.Result{Status: hub.OutcomeOK})
	require.NoError(t, err)
	w.clock.Store(0)
	b := open(t, w, desk)
	b.visit("", ".chart canvas")
	// The axes are grey.
	b.sees(`(() => {
		const canvas = document.querySelectorAll(".chart canvas")[1];
		const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
		return data.some((_, i) => i % 4 === 0 && data[i + 3] > 200 && Math.abs(data[i] - data[i + 2]) > 80);
	})()`)
	b.shoot("overview-first")
}

// TestGoneHub holds that the page says so when nobody answers, and where.
func TestGoneHub(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("", ".tile")
	require.NoError(t, w.server.Listener.Close())
	w.server.CloseClientConnections()
	b.says(".liveness", "Offline")
	b.says(".broken", "Nobody answers at 127.0.0.1:")
	b.sees("!document.querySelector('.loading')")
	for _, view := range []string{"#/tasks", "#/engines", "#/queues"} {
		value[bool](b, "(location.hash = "+quoted(view)+", true)")
		b.says(".broken button", "Try again")
	}
}

// TestQuietHub holds that the overview leads to what happened last, if that was long
// ago.
func TestQuietHub(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.clock.Store((72 * time.Hour).Milliseconds())
	_, err := w.hub.Submit(t.Context(), hub.Task{MsgID: "old"})
	require.NoError(t, err)
	w.clock.Store(0)
	b := open(t, w, desk)
	b.visit("", ".quiet-hub .button")
	b.press("Show the latest, 3d ago")
	b.sees("document.querySelector('.legend li:nth-child(4) .value')?.innerText === '1'")
}
