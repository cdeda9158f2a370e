package server_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	mongooptions "go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// TestMetrics holds that what happened is told as Prometheus reads it: what was
// asked, by which route, and what became of the tasks.
func TestMetrics(t *testing.T) {
	o := options(t)
	o.Version = "v1.2.3"
	s := start(t, openStore(t, "sqlite:"+filepath.ToSlash(filepath.Join(t.TempDir(), "tasks.db"))), o)
	s.ask(t, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "a"}, {"msg_id": "b"}]}`)
	s.ask(t, http.StatusOK, "POST", "/v1/claims", `{"engine": "e"}`)
	s.ask(t, http.StatusNotFound, "GET", "/v1/tasks/no/such/route", "")
	s.ask(t, http.StatusNotFound, "GET", "/v1/tasks/nobody", "")
	var text string
	require.Eventually(t, func() bool { // events are counted by and by
		text = s.ask(t, http.StatusOK, "GET", "/metrics", "")
		return strings.Contains(text, `taskdb_task_events_total{event="claimed",state="running"} 1`)
	}, 10*time.Second, time.Millisecond)
	for _, line := range []string{
		`taskdb_http_requests_total{code="201",method="POST",route="/v1/tasks"} 1`,
		`taskdb_http_requests_total{code="404",method="GET",route="/v1/tasks/{msg_id}"} 1`,
		`taskdb_http_requests_total{code="404",method="",route="other"} 1`,
		`taskdb_http_request_seconds_count{method="POST",route="/v1/claims"} 1`,
		`taskdb_task_events_total{event="submitted",state="pending"} 2`,
		`taskdb_tasks{state="pending"} 1`,
		`taskdb_tasks{state="running"} 1`,
		`taskdb_hub_tended_total{what="lost"} 0`,
		`taskdb_store_operations_total{operation="add",outcome="ok"} 1`,
		`taskdb_store_up 1`,
		`taskdb_http_connections_refused_total 0`,
		`taskdb_mongo_connections 0`,
		`taskdb_mongo_connections_refused_total 0`,
		`taskdb_mongo_cursors 0`,
		`taskdb_store_records 2`,
		`version="v1.2.3"`,
		`taskdb_store_file_bytes `,
		`process_open_fds `,
		`go_goroutines `,
	} {
		require.Contains(t, text, line)
	}
}

// TestStoreThatFails holds that a store that does not answer makes the server one that
// is not ready, and that its metrics say so.
func TestStoreThatFails(t *testing.T) {
	db := openStore(t, "dict:")
	s := start(t, db, options(t))
	require.NoError(t, db.Close())
	s.ask(t, http.StatusServiceUnavailable, "GET", "/readyz", "")
	s.ask(t, http.StatusNoContent, "GET", "/healthz", "")
	require.Contains(t, s.ask(t, http.StatusOK, "GET", "/metrics", ""), "taskdb_store_up 0\n")
}

// TestTraces holds that a request is a span, named by its route and part of the trace
// that its client has begun, with what it asked of the store below it; and that what
// the hub does by itself is none.
func TestTraces(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	o := options(t)
	o.Traces = trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	s := start(t, openStore(t, "dict:"), o)
	s.ask(t, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "a"}]}`)
	require.NoError(t, s.end())
	var request, add trace.ReadOnlySpan
	for _, span := range spans.Ended() {
		switch span.Name() {
		case "POST /v1/tasks":
			request = span
		case "store add":
			add = span
		}
	}
	require.NotNil(t, request)
	require.NotNil(t, add)
	for _, span := range spans.Ended() {
		require.Equal(t, request.SpanContext().TraceID(), span.SpanContext().TraceID(), span.Name())
	}
	require.Equal(t, request.SpanContext().SpanID(), add.Parent().SpanID())
}

// TestOneSecretAtBothDoors holds that the secret of a user lets a MongoDB client in,
// and that who waits at one door hears of what is written at the other.
func TestOneSecretAtBothDoors(t *testing.T) {
	o := options(t)
	o.Mongo = "127.0.0.1:0"
	secret := addUser(t, o.Users, "ann", "operate")
	s := start(t, openStore(t, "dict:"), o)
	s.token = secret
	s.ask(t, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "a"}]}`)

	answered := make(chan string)
	go func() {
		_, text, _ := s.send(t.Context(), "GET", "/v1/tasks/a?wait=1m", "")
		answered <- text
	}()
	client, err := mongo.Connect(mongooptions.Client().ApplyURI(s.MongoURL()).SetServerSelectionTimeout(10 * time.Second).
		SetAuth(mongooptions.Credential{AuthMechanism: "SCRAM-SHA-256", Username: "ann", Password: secret}))
	require.NoError(t, err)
	_, err = client.Database("ipython-tasks").Collection("task_records").UpdateOne(t.Context(), bson.D{{Key: "msg_id", Value: "a"}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "completed", Value: time.Now()}, {Key: "result_content", Value: bson.D{{Key: "status", Value: "ok"}}}}}})
	require.NoError(t, err)
	require.Contains(t, <-answered, `"state":"ok"`)
	require.Contains(t, s.ask(t, http.StatusOK, "GET", "/metrics", ""), `taskdb_mongo_commands_total{code="0",command="update"} 1`)
	require.NoError(t, client.Disconnect(t.Context()))
}
