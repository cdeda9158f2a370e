package httpapi_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

// TestEngineThatGoesAwayWithItsClaim holds that a task goes back to its queue, and not
// to an engine that is gone by then.
func TestEngineThatGoesAwayWithItsClaim(t *testing.T) {
	for name, url := range stores {
		t.Run(name, func(t *testing.T) {
			store, err := taskdb.Open(t.Context(), url(t))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			ctx, goAway := context.WithCancel(t.Context())
			var claims atomic.Bool
			db := store.Observed(func(ctx context.Context, operation, _ string) (context.Context, func(error)) {
				return ctx, func(error) {
					if operation == "write" && claims.CompareAndSwap(true, false) {
						goAway()
					}
				}
			})
			h, err := hub.Open(t.Context(), db, hub.Options{})
			require.NoError(t, err)
			_, err = h.Submit(t.Context(), hub.Task{MsgID: "a"})
			require.NoError(t, err)
			handler, err := httpapi.New(h, db, httpapi.Options{})
			require.NoError(t, err)

			claims.Store(true)
			request := httptest.NewRequestWithContext(ctx, "POST", "http://localhost/v1/claims", strings.NewReader(`{"engine": "gone"}`))
			request.Header.Set("Content-Type", "application/json")
			handler.ServeHTTP(httptest.NewRecorder(), request)
			require.Error(t, ctx.Err())

			claimed, err := h.Claim(t.Context(), hub.Claim{Engine: "e"})
			require.NoError(t, err)
			notes, err := hub.NotesOf(claimed.Record)
			require.NoError(t, err)
			require.Len(t, notes.Attempts, 1)
			require.Equal(t, hub.OutcomeReturned, notes.Attempts[0].Outcome)
			require.Equal(t, "gone", notes.Attempts[0].Engine)
		})
	}
}
