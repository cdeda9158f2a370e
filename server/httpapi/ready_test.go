package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/httpapi"
)

// TestReady holds that a server is ready as long as its store answers and it is not
// about to stop.
func TestReady(t *testing.T) {
	stop := make(chan struct{})
	f := serve(t, "dict:", httpapi.Options{Stop: stop})
	ask[struct{}](t, f, http.StatusNoContent, "GET", "/readyz", "")
	close(stop)
	f.refused(t, http.StatusServiceUnavailable, api.KindClosed, "GET", "/readyz", "")
	ask[struct{}](t, f, http.StatusNoContent, "GET", "/healthz", "")

	f = serve(t, "dict:", httpapi.Options{})
	require.NoError(t, f.db.Close())
	f.refused(t, http.StatusServiceUnavailable, api.KindClosed, "GET", "/readyz", "")
}
