//go:build browser

package page_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// tab is a tab of a browser that shows the page of a world.
type tab struct {
	t       *testing.T
	ctx     context.Context
	address string
}

// screen is how a tab is shown.
type screen struct {
	width, height int64
	scheme        string // that the system prefers: light or dark
}

var (
	desk  = screen{1320, 900, "light"}
	night = screen{1320, 900, "dark"}
	phone = screen{390, 844, "light"}
)

// open makes a tab for the page of a world. What the page throws fails the test.
func open(t *testing.T, w *world, s screen) *tab {
	ctx, cancel := chromedp.NewContext(browser(t))
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx))
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		if thrown, ok := event.(*runtime.EventExceptionThrown); ok {
			t.Errorf("the page threw: %s %+v", thrown.ExceptionDetails.Text, thrown.ExceptionDetails.Exception)
		}
	}))
	_, err := chromedp.Call(ctx, runtime.Enable, cdp.Empty{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: s.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	require.NoError(t, err)
	b := &tab{t: t, ctx: ctx, address: w.server.URL}
	options := []chromedp.EmulateViewportOption{chromedp.EmulateScale(2)}
	if s.width < 500 {
		options = append(options, chromedp.EmulateMobile)
	}
	b.do(chromedp.EmulateViewport(s.width, s.height, options...))
	return b
}

// browser returns a context for a browser of its own, or skips the test where there
// is none.
func browser(t *testing.T) context.Context {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no Chromium to look at the page with: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	return ctx
}

// do carries out steps, which must succeed in time.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, steps...))
}

// visit shows a view, and waits until an element is there.
func (b *tab) visit(view, selector string) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(b.address+"/"+view))
	b.sees("document.querySelector(" + quoted(selector) + ")?.checkVisibility()")
}

// value is that of an expression of JavaScript, which may be a promise.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, expression)
	return v
}

// sees waits until an expression of JavaScript is true. It is asked again and again
// from here, since the page's policy keeps it from evaluating text itself.
func (b *tab) sees(expression string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		seen, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && seen
	}, patience, 20*time.Millisecond, "%s\nthe page says: %s", expression, later(func() string { return b.text("body") }))
}

// later is a text that is made only when it is written.
type later func() string

func (l later) String() string { return l() }

// says waits until an element has a text.
func (b *tab) says(selector, text string) {
	b.t.Helper()
	b.sees("[...document.querySelectorAll(" + quoted(selector) + ")].some((one) => one.innerText.includes(" + quoted(text) + "))")
}

// text is what stands in an element.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return value[string](b, "document.querySelector("+quoted(selector)+")?.innerText ?? ''")
}

// press presses the button, or follows the link, that says something, once it can be.
func (b *tab) press(label string) {
	b.t.Helper()
	find := "[...document.querySelectorAll('dialog[open] button, button, a')].find((one) => one.innerText.trim() === " +
		quoted(label) + " && !one.disabled && one.checkVisibility())"
	b.sees(find)
	value[chromedp.Void](b, find+".click()")
}

// keys presses keys, one after the other. One that the page takes as a shortcut types
// nothing, as on a keyboard.
func (b *tab) keys(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		if len(key) > 1 || key < " " || key > "~" {
			b.do(chromedp.KeyEvent(key))
			continue
		}
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			event := input.DispatchKeyEventParams{Type: kind, Key: key}
			if kind == input.DispatchKeyEventTypeKeyDown {
				event.Text = key
			}
			_, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, event)
			require.NoError(b.t, err)
		}
	}
}

// quoted is a text as JavaScript writes it.
func quoted(text string) string {
	written, _ := json.Marshal(text) // of a string there always is
	return string(written)
}

// shoot writes a screenshot into the directory that TASKDB_SCREENSHOTS names, if it
// does.
func (b *tab) shoot(name string) {
	b.t.Helper()
	directory := os.Getenv("TASKDB_SCREENSHOTS")
	if directory == "" {
		return
	}
	value[bool](b, "document.fonts.ready.then(() => true)")
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.MkdirAll(directory, 0o755))
	require.NoError(b.t, os.WriteFile(filepath.Join(directory, name+".png"), picture, 0o644))
}
