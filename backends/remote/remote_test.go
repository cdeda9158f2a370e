package remote_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/backends/backendtest"
	_ "github.com/taskdb/taskdb/backends/dict"
	_ "github.com/taskdb/taskdb/backends/nodb"
	_ "github.com/taskdb/taskdb/backends/remote"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

// openBehind serves the store at a URL, and opens it through the server.
func openBehind(t *testing.T, storeURL string) *taskdb.DB {
	store, err := taskdb.Open(t.Context(), storeURL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	db, err := taskdb.Open(t.Context(), serveStore(t, store, httpapi.Options{}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// serveStore serves a store, and returns where. The hub has another one, in which its
// indexes are.
func serveStore(t *testing.T, store *taskdb.DB, options httpapi.Options) (hubURL string) {
	none, err := taskdb.Open(t.Context(), "nodb:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, none.Close()) })
	h, err := hub.Open(t.Context(), none, hub.Options{})
	require.NoError(t, err)
	handler, err := httpapi.New(h, store, options)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func openDict(t *testing.T) *taskdb.DB { return openBehind(t, "dict:?max_bytes=0") }

var departures = []backendtest.Departure{
	{Behaviour: "budget/a query that looks at more records than its budget fails", Reason: ofServer},
	{Behaviour: "budget/several queries share a budget", Reason: ofServer},
}

const ofServer = "what a query may look at is the server's to say"

func TestConformanceOverDict(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, openDict, departures...)
}

func TestBounds(t *testing.T) {
	t.Parallel()
	backendtest.Bounds(t, func(t *testing.T, options string) *taskdb.DB { return openBehind(t, "dict:?"+options) })
}
