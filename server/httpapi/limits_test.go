package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

func TestBodyIsBounded(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Body: 1000, Upload: 2000}})
	f.refused(t, http.StatusRequestEntityTooLarge, api.KindBody, "POST", "/v1/tasks", `{"tasks": [{"label": "`+strings.Repeat("x", 1000)+`"}]}`)
	f.submit(t, `{"label": "`+strings.Repeat("x", 900)+`"}`)
}

func TestBodiesTogetherAreBounded(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Bodies: 1000}})
	response := f.send(t, "POST", "/v1/tasks", `{"tasks": [{"label": "`+strings.Repeat("x", 1000)+`"}]}`)
	require.Equal(t, http.StatusTooManyRequests, response.StatusCode)
	require.Equal(t, "1", response.Header.Get("Retry-After"))
	for range 5 { // what was taken is given back
		f.submit(t, `{"label": "`+strings.Repeat("x", 900)+`"}`)
	}
}

// TestLargeBodiesAreCarriedOutFewAtATime holds that of large bodies no more are carried
// out at a time than the largest may have bytes, and small ones pass them by.
func TestLargeBodiesAreCarriedOutFewAtATime(t *testing.T) {
	store, err := taskdb.Open(t.Context(), "dict:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	came, letGo := make(chan struct{}), make(chan struct{})
	db := store.Observed(func(ctx context.Context, operation, _ string) (context.Context, func(error)) {
		if operation == "add" && ctx.Value(large{}) != nil {
			came <- struct{}{}
			<-letGo
		}
		return ctx, func(error) {}
	})
	h, err := hub.Open(t.Context(), db, hub.Options{})
	require.NoError(t, err)
	handler, err := httpapi.New(h, db, httpapi.Options{Limits: httpapi.Limits{Body: 3 << 20, Upload: 3 << 20}})
	require.NoError(t, err)
	submit := func(ctx context.Context, label string) int {
		request := httptest.NewRequestWithContext(ctx, "POST", "http://localhost/v1/tasks", strings.NewReader(`{"tasks": [{"label": "`+label+`"}]}`))
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		return answer.Code
	}
	var submitting sync.WaitGroup
	for range 3 {
		submitting.Go(func() {
			assert.Equal(t, http.StatusCreated, submit(context.WithValue(t.Context(), large{}, true), strings.Repeat("x", 2<<20)))
		})
	}
	for range 3 {
		<-came
		require.Equal(t, http.StatusCreated, submit(t.Context(), "small"))
		select {
		case <-came:
			require.Fail(t, "another large one is carried out beside it")
		default:
		}
		letGo <- struct{}{}
	}
	submitting.Wait()
}

// TestWhoWaitsLeavesTheRoom holds that a request which waits keeps no large body of
// somebody else's waiting, however large its own is.
func TestWhoWaitsLeavesTheRoom(t *testing.T) {
	store, err := taskdb.Open(t.Context(), "dict:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	waits := make(chan struct{}, 100)
	db := store.Observed(func(ctx context.Context, operation, _ string) (context.Context, func(error)) {
		if ctx.Value(large{}) != nil {
			waits <- struct{}{}
		}
		return ctx, func(error) {}
	})
	h, err := hub.Open(t.Context(), db, hub.Options{})
	require.NoError(t, err)
	_, err = h.Submit(t.Context(), hub.Task{MsgID: "a"})
	require.NoError(t, err)
	handler, err := httpapi.New(h, db, httpapi.Options{Limits: httpapi.Limits{Body: 3 << 20, Upload: 3 << 20}})
	require.NoError(t, err)
	send := func(ctx context.Context, path, body string) int {
		request := httptest.NewRequestWithContext(ctx, "POST", "http://localhost"+path, strings.NewReader(body+strings.Repeat(" ", 2<<20)))
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		return answer.Code
	}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		ctx := context.WithValue(t.Context(), large{}, true)
		assert.Equal(t, http.StatusOK, send(ctx, "/v1/tasks/fetch", `{"msg_ids": ["a"], "wait": "1m"}`))
	})
	<-waits
	require.Equal(t, http.StatusCreated, send(t.Context(), "/v1/tasks", `{"tasks": [{}]}`))
	_, err = h.Cancel(t.Context(), hub.Selection{MsgIDs: []string{"a"}}, "")
	require.NoError(t, err)
	waiting.Wait()
}

// large is the key of a context whose request has a large body.
type large struct{}

// TestBodyThatComesSlowly holds that a client that sends no more of its body is given
// up, and keeps nobody waiting meanwhile.
func TestBodyThatComesSlowly(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Running: 1, BodyTime: 300 * time.Millisecond}})
	slow, err := net.Dial("tcp", strings.TrimPrefix(f.server.URL, "http://"))
	require.NoError(t, err)
	defer slow.Close()
	_, err = io.WriteString(slow, "POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	f.submit(t, `{}`)
	answer, err := io.ReadAll(slow)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(answer, []byte("HTTP/1.1 408 ")), "%s", answer)
}

// TestBodyOfWhatIsRefusedComesSlowly holds that a client is given up that sends no more
// of a body which nobody asks for, as of a request by nobody.
func TestBodyOfWhatIsRefusedComesSlowly(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Users: known, Limits: httpapi.Limits{BodyTime: 300 * time.Millisecond}})
	for _, line := range []string{"GET /healthz", "POST /v1/tasks", "POST /v1/no/route"} {
		slow, err := net.Dial("tcp", strings.TrimPrefix(f.server.URL, "http://"))
		require.NoError(t, err)
		defer slow.Close()
		require.NoError(t, slow.SetDeadline(time.Now().Add(time.Minute))) // a test that hangs fails
		_, err = io.WriteString(slow, line+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
		require.NoError(t, err)
		_, err = io.ReadAll(slow)
		require.NoError(t, err, "%s: the server ends the connection", line)
	}
}

// TestReadersWhoStandStill holds that a client that takes nothing of its answer keeps
// nobody waiting, and is given up.
func TestReadersWhoStandStill(t *testing.T) {
	ended := make(chan httpapi.Observation, 100)
	f := serve(t, "dict:", httpapi.Options{
		Limits:  httpapi.Limits{Running: 1, Patience: time.Millisecond, BodyTime: time.Second},
		Observe: func(_ context.Context, o httpapi.Observation) { ended <- o },
	})
	for range 4 { // more than the machine holds for a connection
		content, err := bson.Marshal(bson.D{{Key: "text", Value: strings.Repeat("x", 14_000_000)}})
		require.NoError(t, err)
		_, err = f.hub.Submit(t.Context(), hub.Task{Content: content})
		require.NoError(t, err)
	}
	for _, accept := range []string{"application/json", "application/jsonl"} {
		slow, err := net.Dial("tcp", strings.TrimPrefix(f.server.URL, "http://"))
		require.NoError(t, err)
		defer slow.Close()
		_, err = io.WriteString(slow, "GET /v1/tasks HTTP/1.1\r\nHost: localhost\r\nAccept: "+accept+"\r\n\r\n")
		require.NoError(t, err)
		_, err = io.ReadFull(slow, make([]byte, len("HTTP/1.1 200")))
		require.NoError(t, err)
		ask[api.Counts](t, f, http.StatusOK, "GET", "/v1/counts", "")
		require.Equal(t, "GET /v1/counts", (<-ended).Route)
		select {
		case o := <-ended:
			require.Equal(t, "GET /v1/tasks", o.Route)
			require.Less(t, o.Bytes, int64(4*14_000_000))
		case <-time.After(time.Minute):
			require.Fail(t, "it is not given up", accept)
		}
	}
}

func TestARequestHasItsTime(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Time: time.Nanosecond}})
	p := f.refused(t, http.StatusGatewayTimeout, api.KindTime, "POST", "/v1/tasks", `{"tasks": [{}]}`)
	require.Contains(t, p.Detail, "it took longer than a request may")
}

func TestQueriesAreBounded(t *testing.T) {
	onEach(t, httpapi.Options{Limits: httpapi.Limits{Examined: 10}}, func(t *testing.T, f *fixture) {
		f.submit(t, strings.Repeat(`{}, `, 50)+`{"label": "last"}`)
		for _, path := range []string{"/v1/tasks/query", "/v1/tasks/count"} {
			f.refused(t, http.StatusUnprocessableEntity, api.KindBudget, "POST", path, `{"filter": {"header.username": "x"}}`)
		}
		f.refused(t, http.StatusUnprocessableEntity, api.KindBudget, "POST", "/v1/tasks/distinct", `{"path": "header.username"}`)
		f.refused(t, http.StatusUnprocessableEntity, api.KindBudget, "POST", "/v1/tasks/purge", `{"filter": {"header.username": "x"}, "dry_run": true}`)
		page := ask[api.Page](t, f, http.StatusOK, "POST", "/v1/tasks/query", `{"filter": {"label": "last"}}`)
		require.Len(t, page.Records, 1, "what an index finds costs what it finds")
	})
}

// TestTurns holds that more requests than are carried out at a time are refused when
// they have waited, that those which wait for something take no turn, and that of
// those there may not be too many either.
func TestTurns(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Running: 1, Waiting: 1, Patience: time.Millisecond}})
	f.submit(t, `{"msg_id": "a"}`)
	const claim = `{"engine": "e", "queues": ["q"], "wait": "1m"}`
	claimed := make(chan int)
	var group sync.WaitGroup
	group.Go(func() {
		status := http.StatusTooManyRequests
		for status == http.StatusTooManyRequests { // the one that looks whether this waits may be there first
			status = f.send(t, "POST", "/v1/claims", claim).StatusCode
		}
		claimed <- status
	})
	require.Eventually(t, func() bool { // it waits, and takes the only place for that
		return f.send(t, "GET", "/v1/tasks/a?wait=1ms", "").StatusCode == http.StatusTooManyRequests
	}, 10*time.Second, time.Millisecond)
	f.refused(t, http.StatusTooManyRequests, api.KindBusy, "GET", "/v1/events", "")
	require.Equal(t, "pending", f.view(t, "a").State)
	f.submit(t, `{"msg_id": "b", "queue": "q"}`)
	require.Equal(t, http.StatusOK, <-claimed)
	group.Wait()
	f.view(t, "a?wait=1ms")
}

// TestStop holds that those who wait go home when the server is about to stop.
func TestStop(t *testing.T) {
	stop := make(chan struct{})
	f := serve(t, "dict:", httpapi.Options{Stop: stop})
	f.submit(t, `{"msg_id": "a"}`)
	var group sync.WaitGroup
	group.Go(func() {
		ask[struct{}](t, f, http.StatusNoContent, "POST", "/v1/claims", `{"engine": "e", "queues": ["q"], "wait": "1m"}`)
	})
	group.Go(func() { f.view(t, "a?wait=1m") })
	group.Go(func() {
		_, err := io.ReadAll(f.send(t, "GET", "/v1/events", "").Body)
		require.NoError(t, err)
	})
	close(stop)
	group.Wait()
}

func TestRequestsAreLogged(t *testing.T) {
	var log bytes.Buffer
	var observed atomic.Pointer[httpapi.Observation]
	f := serve(t, "dict:", httpapi.Options{
		Logger:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(_ context.Context, o httpapi.Observation) { observed.Store(&o) },
	})
	response := f.send(t, "GET", "/v1/tasks/none", "", "X-Request-Id", "r-1")
	require.Equal(t, "r-1", response.Header.Get("X-Request-Id"))
	p := f.refused(t, http.StatusNotFound, api.KindNotFound, "GET", "/v1/tasks/none", "", "X-Request-Id", "r-2")
	require.Equal(t, "r-2", p.Instance)
	p = f.refused(t, http.StatusNotFound, api.KindNotFound, "GET", "/v1/tasks/none", "", "X-Request-Id", "not sane\t")
	require.NotContains(t, p.Instance, "sane")
	f.server.Close() // what was logged is there
	require.Contains(t, log.String(), "id=r-1")
	require.Contains(t, log.String(), "level=INFO")
	require.Contains(t, log.String(), "path=/v1/tasks/none status=404")
	require.Contains(t, log.String(), "no such record")
	require.Equal(t, "GET /v1/tasks/{msg_id}", observed.Load().Route)
	require.Equal(t, http.StatusNotFound, observed.Load().Status)
}
