//go:build browser

package page_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/server/httpapi"
)

const attack = `"'><img src=x onerror="window.broken=1"><script>window.broken=1</script>`

// TestInjection holds that what stands in records stays text, wherever it is shown.
func TestInjection(t *testing.T) {
	w := newWorld(t, httpapi.Options{})
	_, err := w.hub.Submit(t.Context(), hub.Task{
		MsgID: attack, Label: attack, Queue: attack, ClientUUID: attack,
		Content: document(t, bson.D{{Key: "code", Value: attack}, {Key: attack, Value: attack}}),
	})
	require.NoError(t, err)
	claimed, err := w.hub.Claim(t.Context(), hub.Claim{Engine: attack, Queues: []string{attack}})
	require.NoError(t, err)
	html := document(t, bson.D{{Key: "data", Value: bson.D{{Key: "text/html", Value: attack}}}})
	drawing := document(t, bson.D{{Key: "data", Value: bson.D{{Key: "image/svg+xml", Value: "<svg xmlns='http://www.w3.org/2000/svg'><script>parent.broken=1</script></svg>"}}}})
	require.NoError(t, w.hub.Output(t.Context(), claimed.Lease, hub.Output{Stdout: attack, Stderr: attack, DisplayData: []bson.Raw{html, drawing}}))
	_, err = w.hub.Finish(t.Context(), claimed.Lease, hub.Result{Status: hub.OutcomeError, EName: attack, EValue: attack, Traceback: []string{attack}})
	require.NoError(t, err)
	require.NoError(t, w.hub.Pause(t.Context(), attack, attack))

	b := open(t, w, desk)
	harmless := func() {
		t.Helper()
		require.False(t, value[bool](b, "'broken' in window"))
		require.Zero(t, value[int](b, "document.querySelectorAll('main script, main img:not(.picture)').length"))
	}
	b.visit("", ".failures")
	b.says(".failure", "onerror")
	harmless()
	b.visit("#/tasks", "table.tasks tbody tr")
	b.says("table.tasks", "onerror")
	value[bool](b, "(document.querySelector('table.tasks tbody tr').click(), true)")
	b.says(".traceback", "onerror")
	b.says(".stream-block", "onerror")
	b.says(".json", "onerror")
	harmless()
	b.visit("#/engines", ".lanes")
	b.sees("document.querySelector('td a[title]')?.title.includes('onerror')")
	harmless()
	b.visit("#/queues", ".intake")
	b.says("tr.paused", "onerror")
	harmless()
}

// tokens are users by their tokens; there are no others.
type tokens map[string]access.User

func (u tokens) Bearer(token string) (access.User, error) {
	user, known := u[token]
	if !known {
		return access.User{}, access.ErrUnknown
	}
	return user, nil
}

func (u tokens) Anonymous() (access.User, error) { return access.User{}, access.ErrUnknown }

// TestSignIn holds that the page asks for a token where the server does, once, keeps
// it for the tab only, and says it plainly if it does not allow something.
func TestSignIn(t *testing.T) {
	reader := access.User{Name: "ada", Role: access.Read}
	w := newWorld(t, httpapi.Options{Users: tokens{"right": reader}})
	w.some(t)
	b := open(t, w, desk)
	b.visit("#/tasks", "dialog")
	require.Equal(t, 1, value[int](b, "document.querySelectorAll('dialog').length"))
	b.says("dialog", "This server asks for a token")
	b.keys("wrong", kb.Enter)
	b.says("dialog", "The server does not take this token")
	b.shoot("sign-in")
	b.keys("right", kb.Enter)
	b.showing(50, "t-120")
	b.says(".chip.failed", "8")
	b.sees("document.querySelector('.liveness.live')") // the stream sends it too
	require.Equal(t, "right", value[string](b, "sessionStorage['taskdb.token']"))
	require.Zero(t, value[int](b, "localStorage.length + document.cookie.length"))

	b.tick("t-120")
	b.press("Purge")
	b.says("dialog", "ada has the role read")
}
