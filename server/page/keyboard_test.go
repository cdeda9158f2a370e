//go:build browser

package page_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/server/httpapi"
)

// TestKeyboard does without a pointer what can be done with one: look, filter, tick,
// purge, open, and go back.
func TestKeyboard(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	b.visit("", ".tile")
	b.keys("?")
	b.says("dialog", "Keyboard")
	b.shoot("help")
	b.keys(kb.Escape)
	b.sees("!document.querySelector('dialog')")

	b.keys("g", "t")
	b.showing(50, "t-120")
	b.keys("/", `{label: "fit"}`, kb.Enter, kb.Escape)
	b.showing(50, "t-119")
	b.keys("j")
	b.sees("document.activeElement.dataset.id === 't-119'")
	require.True(t, value[bool](b, "document.activeElement.matches(':focus-visible')"))
	b.keys("x", "j", " ")
	b.says(".selection", "2 selected")
	b.keys(kb.Escape)
	b.sees("document.querySelector('.selection').hidden")
	b.keys("j", kb.Enter)
	b.says(".id-line", "t-115")
	value[chromedp.Void](b, "history.back()")
	b.showing(50, "t-119")
	b.keys("n")
	b.showing(10, "t-019")
	b.keys("p")
	b.showing(50, "t-119")

	b.keys("j", "x")
	b.says(".selection", "1 selected")
	b.tabTo("Purge")
	b.keys(kb.Enter)
	b.says("dialog", "None of them is finished.")
	b.sees("document.activeElement.closest('dialog')")
	b.keys(kb.Escape)
	b.sees("!document.querySelector('dialog')")
	require.Equal(t, "Purge", value[string](b, "document.activeElement.innerText"), "the focus is where it was")
}

// tabTo goes on with the Tab key until a button has the focus.
func (b *tab) tabTo(label string) {
	b.t.Helper()
	for range 60 {
		b.keys(kb.Tab)
		if value[string](b, "document.activeElement.innerText") == label {
			return
		}
	}
	require.Fail(b.t, "the Tab key does not lead to "+label)
}

// TestNames holds that all that can be pressed or written into has a name, and that
// there is one heading of the first rank in each view.
func TestNames(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	w.some(t)
	b := open(t, w, desk)
	for view, shown := range map[string]string{"": ".failure", "#/tasks": "table.tasks", "#/task/t-010": ".failed-card", "#/engines": ".lanes", "#/queues": ".intake"} {
		b.visit(view, shown)
		nameless := value[[]string](b, `[...document.querySelectorAll("a, button, input, [role=img], canvas[role]")].filter((one) => one.checkVisibility() &&
			!(one.innerText?.trim() || one.ariaLabel || one.labels?.length || one.title || one.querySelector("img[alt]"))).map((one) => one.outerHTML)`)
		require.Empty(t, nameless, view)
		require.Equal(t, 1, value[int](b, "document.querySelectorAll('h1').length"), view)
	}
}
