package server_test

import (
	"crypto/tls"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestConnectionsOfOnePeer holds that a peer with too many connections is told so at
// another one, which is closed, encrypted or not; and that the first serve on.
func TestConnectionsOfOnePeer(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		o := options(t)
		o.MaxPeerConnections = 1
		if encrypted {
			o.CertFile, o.KeyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
			writeCertificate(t, "hub", o.CertFile, o.KeyFile)
		}
		s := start(t, openStore(t, "dict:"), o)
		s.ask(t, http.StatusOK, "GET", "/v1/counts", "")

		other := *s
		other.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
		problem := other.ask(t, http.StatusTooManyRequests, "GET", "/v1/counts", "")
		require.Contains(t, problem, `"kind":"busy"`)
		require.Contains(t, problem, `"detail":"too many connections from 127.0.0.1: there may be 1"`)

		metrics := s.ask(t, http.StatusOK, "GET", "/metrics", "")
		require.Contains(t, metrics, "taskdb_http_connections 1\n")
		require.Contains(t, metrics, "taskdb_http_connections_refused_total 1\n")
		s.client.CloseIdleConnections()
		require.Eventually(t, func() bool {
			status, _, err := other.send(t.Context(), "GET", "/v1/counts", "")
			return err == nil && status == http.StatusOK
		}, time.Minute, time.Millisecond)
		other.client.CloseIdleConnections()
	}
}
