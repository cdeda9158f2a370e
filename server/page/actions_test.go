//go:build browser

package page_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

// tick ticks the rows of tasks.
func (b *tab) tick(msgIDs ...string) {
	b.t.Helper()
	for _, msgID := range msgIDs {
		box := "document.querySelector('tr[data-id=" + quoted(msgID) + "] input')"
		b.sees(box)
		value[bool](b, "("+box+".click(), true)")
	}
}

// countOf is how many records a filter selects.
func (w *world) countOf(t *testing.T, filter any) int64 {
	t.Helper()
	n, err := w.db.Count(t.Context(), taskdb.Query{Filter: filter})
	require.NoError(t, err)
	return n
}

func TestPurge(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/tasks?sort=submitted", "table.tasks")
	b.showing(50, "t-001")
	b.tick("t-001", "t-002", "t-003")
	b.says(".selection", "3 selected")
	b.press("Purge")
	b.says("dialog", "3 tasks will be removed for good.")
	require.EqualValues(t, 120, w.countOf(t, nil), "nothing is removed before the button is pressed")
	b.shoot("purge")
	b.press("Purge 3 tasks")
	b.showing(50, "t-004")
	b.says(".toast", "3 tasks purged")
	require.EqualValues(t, 117, w.countOf(t, nil))
}

// TestPurgeEverything holds that everything that a filter selects can be purged, and
// that unfinished tasks stay unless the user says so.
func TestPurgeEverything(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/tasks", "table.tasks")
	b.filter(`{label: "fit"}`)
	b.showing(50, "t-119")
	value[bool](b, "(document.querySelector('thead input').click(), true)")
	b.says(".selection", "50 selected")
	b.press("Select all that match")
	b.press("Purge")
	b.says("dialog", "40 tasks will be removed for good.")
	b.says("dialog", "Also the 20 that are not finished")
	b.shoot("purge-unfinished")
	b.press("Purge 40 tasks")
	b.showing(20, "t-119")
	require.EqualValues(t, 80, w.countOf(t, nil))

	value[bool](b, "(document.querySelector('thead input').click(), true)")
	b.press("Purge")
	b.says("dialog", "None of them is finished.")
	value[bool](b, "(document.querySelector('dialog input').click(), true)")
	b.press("Purge 20 tasks")
	b.says(".empty", "No task matches")
	require.EqualValues(t, 60, w.countOf(t, nil))
}

func TestResubmit(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/task/t-010", ".failed-card")
	b.press("Resubmit")
	b.says("dialog", "1 task will be submitted again")
	b.press("Resubmit 1 task")
	b.says(".chain", "t-010 (this one)")
	b.press("Show it")
	b.sees("document.querySelectorAll('.chain li').length === 2")
	b.says(".task-head", "pending")
	b.shoot("resubmitted")
	require.EqualValues(t, 1, w.countOf(t, `{"hub.resubmit_of": "t-010", completed: null}`))
}

func TestCancelAndPriority(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/tasks?state=pending", "table.tasks")
	b.showing(35, "t-120")
	b.tick("t-120", "t-119")
	b.press("Priority")
	b.says("dialog", "2 tasks that wait will get another priority.")
	value[bool](b, "(document.querySelector('dialog input').value = '7', true)")
	b.press("Change 2 tasks")
	b.says(".toast", "2 tasks changed")
	require.EqualValues(t, 2, w.countOf(t, `{"hub.priority": 7}`))

	value[bool](b, "(document.querySelector('thead input').click(), true)")
	b.press("Cancel")
	b.says("dialog", "35 unfinished tasks will be aborted.")
	value[bool](b, "(document.querySelector('dialog input').value = 'no longer wanted', true)")
	b.press("Cancel 35 tasks")
	b.says(".empty", "No task matches")
	require.EqualValues(t, 35, w.countOf(t, `{"result_content.status": "aborted"}`))
	b.visit("#/task/t-120", ".failed-card")
	b.says(".failed-card", "no longer wanted")
}

func TestQueuesAndDrain(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/queues", ".intake")
	b.press("Pause")
	value[bool](b, "(document.querySelector('dialog input').value = 'disk full', true)")
	value[bool](b, "(document.querySelector('dialog .primary').click(), true)")
	b.says("tr.paused", "disk full")
	b.press("Drain")
	value[bool](b, "(document.querySelector('dialog input').value = 'moving house', true)")
	value[bool](b, "(document.querySelector('dialog .primary').click(), true)")
	b.says(".intake.stopped", "moving house")
	b.shoot("queues-stopped")
	stops, err := w.hub.Stops(t.Context())
	require.NoError(t, err)
	require.Equal(t, "disk full", stops.Paused["q"].Reason)
	require.Equal(t, "moving house", stops.Drain.Reason)
	b.press("Take tasks again")
	b.says(".intake", "New tasks are accepted.")
	b.press("Resume")
	b.sees("!document.querySelector('tr.paused')")
}
