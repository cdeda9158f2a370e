package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/server"
)

// TestOpenTraces holds that spans arrive at a collector before the traces are shut
// down, and that one that takes none is logged and fails nothing.
func TestOpenTraces(t *testing.T) {
	var status atomic.Int64
	status.Store(http.StatusOK)
	received := make(chan string, 2)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		received <- r.URL.Path
		if err != nil || !bytes.Contains(body, []byte("a span of a test")) {
			status.Store(http.StatusBadRequest)
		}
		w.WriteHeader(int(status.Load()))
	}))
	defer collector.Close()
	for _, c := range []struct {
		status int64
		logged string
	}{{http.StatusOK, ""}, {http.StatusBadRequest, "spans could not be sent"}} {
		status.Store(c.status)
		var log bytes.Buffer
		traces, err := server.OpenTraces(t.Context(), collector.URL, "v1", slog.New(slog.NewTextHandler(&log, nil)))
		require.NoError(t, err)
		_, span := traces.Tracer("test").Start(t.Context(), "a span of a test")
		span.End()
		require.NoError(t, traces.Shutdown(t.Context()))
		require.Equal(t, "/v1/traces", <-received)
		require.Contains(t, log.String(), c.logged)
		require.Equal(t, c.logged == "", log.Len() == 0, log.String())
	}
}

func TestWrongCollector(t *testing.T) {
	for _, endpoint := range []string{"localhost:4318", "grpc://localhost", ":"} {
		_, err := server.OpenTraces(t.Context(), endpoint, "v1", slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, "is no URL of HTTP")
	}
}
