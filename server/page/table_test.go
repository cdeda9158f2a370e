//go:build browser

package page_test

import (
	"strconv"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/server/httpapi"
)

// rows are the msg_ids of the rows that are shown.
const rows = "[...document.querySelectorAll('table.tasks tbody tr')].map((row) => row.dataset.id)"

// showing waits until the table shows so many rows, of which the first is a task's.
func (b *tab) showing(n int, first string) {
	b.t.Helper()
	b.sees(rows + ".length === " + strconv.Itoa(n) + " && " + rows + "[0] === " + quoted(first))
}

// filter writes a filter into the box, as a user does.
func (b *tab) filter(text string) {
	b.t.Helper()
	value[bool](b, "(document.querySelector('.filter-input').value = '', document.querySelector('.filter-input').focus(), true)")
	b.keys(text, kb.Enter)
}

func TestFilter(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/tasks", "table.tasks")
	b.showing(50, "t-120")

	b.filter(`{label: "fit", msg_id: {$gt: "t-100"}}`)
	b.showing(10, "t-119")
	b.filter(`{submitted: {$gt: "-5m30s"}}`) // as the command line takes dates
	b.showing(5, "t-120")
	b.filter(`{"msg_id": {"$in": ["t-007"]}}`) // extended JSON
	b.showing(1, "t-007")
	require.Contains(t, value[string](b, "location.hash"), "t-007", "the view has a link")
	b.filter("t-11")
	b.says(".mistake", "t-110")
	b.filter("t-044") // the id of a task
	b.says("h1", "render")

	b.visit(value[string](b, "'#/tasks?' + new URLSearchParams({filter: '{label: \"fit\"}', state: 'failed'})"), ".empty")
	b.says(".empty", "No task matches")
	b.press("Show all tasks")
	b.showing(50, "t-120")
}

func TestStates(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/", ".tile")
	for state, n := range map[string]string{"pending": "35", "running": "5", "ok": "72", "failed": "8"} {
		b.says(".tile."+state, n)
	}
	value[bool](b, "(document.querySelector('.tile.failed').click(), true)")
	b.showing(8, "t-080")
	b.says("tr[data-id='t-080']", "ValueError")
}

func TestSortAndPages(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/tasks", "table.tasks")
	b.showing(50, "t-120")
	b.press("Next")
	b.showing(50, "t-070")
	b.press("Next")
	b.showing(20, "t-020")
	third := value[string](b, "location.hash")
	b.press("Previous")
	b.showing(50, "t-070")

	b.press("Submitted")
	b.showing(50, "t-001")
	require.Equal(t, "ascending", value[string](b, "document.querySelector('th[aria-sort]:not([aria-sort=none])').ariaSort"))
	b.press("Label")
	b.sees("document.querySelector('tr td:nth-child(4)').innerText === 'fit'")

	b.visit(third, "table.tasks")
	b.showing(20, "t-020")
	b.press("Count all")
	b.says(".pager", "120 tasks in all")
}

// TestWrongFilter holds that what is wrong is shown where it is, with what would be
// right, and that a key that no record has is pointed out.
func TestWrongFilter(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/tasks", "table.tasks")
	for _, c := range []struct{ filter, marked, help string }{
		{`{submitted: {$gtt: "-1h"}}`, "$gtt", "did you mean $gt?"},
		{`{$or: [{label: "fit"}, {queue: {$in: "q"}}]}`, "$in", "$in needs an array"},
		{`{result_content.status: "ok"}`, "result_content.status", `"result_content.status"`},
		{`{submitted: {$gt: "-1h"}, label: }`, "}", ""},
		{`{submitted: "2026-11-22"}`, `"2026-11-22"`, "add Z for UTC"},
	} {
		b.filter(c.filter)
		b.sees("document.querySelector('.mistake mark')?.innerText === " + quoted(c.marked))
		b.says(".mistake", c.help)
	}
	b.shoot("wrong-filter")

	b.filter(`{lable: "fit"}`)
	b.says(".filter-help", "None of the records looked at has the key lable. Did you mean label?")
	b.says(".empty", "No task matches")
	b.press("label")
	b.showing(50, "t-119")
}

func TestCompletion(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/tasks", "table.tasks")
	b.showing(50, "t-120")
	value[bool](b, "(document.querySelector('.filter-input').focus(), true)")
	b.keys("{engine")
	b.says(".completions", "engine_uuid")
	b.keys(kb.ArrowDown, kb.Enter)
	b.says(".completions", `"e1"`) // which records have
	b.keys("{$", kb.ArrowDown)
	b.shoot("completion")
	b.keys("ne", kb.ArrowDown, kb.Enter, "null}}", kb.Enter)
	b.showing(50, "t-085")
	require.Equal(t, "{engine_uuid: {$ne: null}}", value[string](b, "document.querySelector('.filter-input').value"))
}
