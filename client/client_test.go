package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

// serve returns a handler of a hub of its own.
func serve(t *testing.T) http.Handler {
	db, err := taskdb.Open(t.Context(), "dict:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	h, err := hub.Open(t.Context(), db, hub.Options{})
	require.NoError(t, err)
	handler, err := httpapi.New(h, db, httpapi.Options{})
	require.NoError(t, err)
	return handler
}

// connect returns a client of a handler.
func connect(t *testing.T, handler http.Handler) *client.Client {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.Options{Backoff: time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func content(t *testing.T, v any) api.Exact {
	doc, err := bson.Marshal(v)
	require.NoError(t, err)
	return api.Exact(doc)
}

// TestLife leads tasks through their lives, by every call that there is for it.
func TestLife(t *testing.T) {
	c, ctx := connect(t, serve(t)), t.Context()
	large := bytes.Repeat([]byte("large"), 100_000)
	submitted, err := c.Submit(ctx,
		api.Task{MsgID: "fit", Queue: "cpu", Content: content(t, bson.D{{Key: "n", Value: int64(5)}}), Buffers: [][]byte{{1, 2}, large}},
		api.Task{MsgID: "plot", Queue: "cpu", After: []string{"fit"}, Buffers: [][]byte{large}})
	require.NoError(t, err)
	require.Equal(t, []api.Submitted{{MsgID: "fit"}, {MsgID: "plot"}}, submitted)
	status, err := c.QueueStatus(ctx)
	require.NoError(t, err)
	require.Equal(t, []api.QueueStatus{{Queue: "cpu", Ready: 1, Waiting: 1}}, status.Queues)

	claimed, err := c.Claim(ctx, api.Claim{Engine: "e1", Queues: []string{"cpu"}, Buffers: true})
	require.NoError(t, err)
	require.Equal(t, "fit", claimed.Record.MsgID)
	require.Equal(t, content(t, bson.D{{Key: "n", Value: int64(5)}}), api.Exact(claimed.Record.Content), "of the types that were sent")
	require.Equal(t, [][]byte{{1, 2}, large}, claimed.Record.Buffers)
	_, err = c.Claim(ctx, api.Claim{Engine: "e2", Queues: []string{"cpu"}})
	require.ErrorIs(t, err, client.ErrNoTask)
	renewed, err := c.Renew(ctx, claimed.Lease, time.Hour)
	require.NoError(t, err)
	require.True(t, renewed.Until.After(claimed.Lease.Until))
	require.NoError(t, c.Output(ctx, claimed.Lease, api.OutputPiece{Stdout: "working\n"}))
	for range 2 { // the second time as the first answer was lost
		state, err := c.Finish(ctx, claimed.Lease, api.Completion{Status: "ok", Buffers: [][]byte{large}})
		require.NoError(t, err)
		require.Equal(t, taskdb.StateOK, state)
	}
	record, err := c.GetResult(ctx, "fit")
	require.NoError(t, err)
	require.Equal(t, "working\n", record.Stdout)
	require.Equal(t, claimed.Record.Content, record.Content)

	buffer, err := c.OpenBuffer(ctx, "fit", "result_buffers", 0)
	require.NoError(t, err)
	defer buffer.Close()
	data, err := io.ReadAll(buffer)
	require.NoError(t, err)
	require.True(t, bytes.Equal(large, data))
	_, err = c.OpenBuffer(ctx, "fit", "result_buffers", 1)
	require.ErrorIs(t, err, taskdb.ErrNotFound)

	claimed, err = c.Claim(ctx, api.Claim{Engine: "e1", Queues: []string{"cpu"}, Wait: "10s"})
	require.NoError(t, err)
	for range 2 { // the second time as the first answer was lost
		state, err := c.Return(ctx, claimed.Lease, api.Return{Reason: "no room"})
		require.NoError(t, err)
		require.Equal(t, taskdb.StatePending, state)
	}
	claimed, err = c.Claim(ctx, api.Claim{Engine: "e1", Queues: []string{"cpu"}})
	require.NoError(t, err)
	state, err := c.Finish(ctx, claimed.Lease, api.Completion{Status: "error", EName: "ValueError", EValue: "no", Traceback: []string{"line 1"}})
	require.NoError(t, err)
	require.Equal(t, taskdb.StateFailed, state)
	_, err = c.GetResult(ctx, "plot")
	var failed *client.TaskError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, &client.TaskError{MsgID: "plot", State: taskdb.StateFailed, EName: "ValueError", EValue: "no", Traceback: []string{"line 1"}}, failed)

	again, err := c.Resubmit(ctx, api.Choice{MsgIDs: []string{"plot"}})
	require.NoError(t, err)
	chain, err := c.Chain(ctx, "plot")
	require.NoError(t, err)
	require.Equal(t, []string{"plot", again[0].New}, chain)
	answers, err := c.ChangePriority(ctx, api.Choice{MsgIDs: []string{again[0].New, "fit"}}, 5)
	require.NoError(t, err)
	require.NoError(t, answers[0].Err)
	require.ErrorIs(t, answers[1].Err, client.ErrFinished)
	answers, err = c.Cancel(ctx, api.Choice{MsgIDs: []string{again[0].New, "nobody"}}, "enough")
	require.NoError(t, err)
	require.NoError(t, answers[0].Err)
	require.ErrorIs(t, answers[1].Err, taskdb.ErrNotFound)
	counts, err := c.Counts(ctx)
	require.NoError(t, err)
	require.Equal(t, api.Counts{Finished: 3, OK: 1, Failed: 1, Aborted: 1}, counts)
	purged, err := c.Purge(ctx, api.Purge{Choice: api.Choice{State: "finished"}})
	require.NoError(t, err)
	require.EqualValues(t, 3, purged.Removed)
}

// TestQueries holds what queries answer, and that it is the same to the byte.
func TestQueries(t *testing.T) {
	c, ctx := connect(t, serve(t)), t.Context()
	tasks := make([]api.Task, 25)
	for i := range tasks {
		tasks[i] = api.Task{MsgID: fmt.Sprintf("task-%02d", i), Label: fmt.Sprint("label-", i%3), Content: content(t, bson.D{{Key: "n", Value: int64(i)}})}
	}
	_, err := c.Submit(ctx, tasks...)
	require.NoError(t, err)
	var ids []string
	for record, err := range c.DBQuery(ctx, taskdb.Query{Filter: bson.D{{Key: "label", Value: "label-1"}}, Sort: `{msg_id: 1}`, Skip: 1, Limit: 2}) {
		require.NoError(t, err)
		require.Equal(t, bson.TypeInt64, record.Content.Lookup("n").Type)
		ids = append(ids, record.MsgID)
	}
	require.Equal(t, []string{"task-04", "task-07"}, ids)

	var sizes []int
	var token string
	for page, err := range c.Pages(ctx, taskdb.Query{Limit: 10, Sort: `{label: 1}`}) {
		require.NoError(t, err)
		sizes = append(sizes, len(page.Docs))
		if token == "" {
			token = page.Next
		}
	}
	require.Equal(t, []int{10, 10, 5}, sizes)
	for page, err := range c.PagesFrom(ctx, taskdb.Query{Limit: 20, Sort: `{label: 1}`}, token) {
		require.NoError(t, err)
		require.Len(t, page.Docs, 15)
	}
	for _, err := range c.PagesFrom(ctx, taskdb.Query{Limit: 20}, token) {
		require.ErrorIs(t, err, taskdb.ErrToken)
	}
	n, err := c.Count(ctx, taskdb.Query{Filter: `{label: {$glob: "label-[12]"}}`})
	require.NoError(t, err)
	require.EqualValues(t, 16, n)
	labels, err := c.Distinct(ctx, "label", nil)
	require.NoError(t, err)
	require.Len(t, labels, 3)
	history := 0
	for id, err := range c.History(ctx) {
		require.NoError(t, err)
		require.NotEmpty(t, id)
		history++
	}
	require.Equal(t, 25, history)
	id, err := c.Lookup(ctx, "task-1")
	require.ErrorIs(t, err, client.ErrAmbiguous)
	require.Empty(t, id)
}

// TestErrors holds that what the server refuses is the same error as a store's or the
// hub's own.
func TestErrors(t *testing.T) {
	c, ctx := connect(t, serve(t)), t.Context()
	_, err := c.Submit(ctx, api.Task{MsgID: "a"})
	require.NoError(t, err)
	_, err = c.Submit(ctx, api.Task{MsgID: "a", Label: "other"})
	require.ErrorIs(t, err, taskdb.ErrExists)
	_, err = c.Submit(ctx, api.Task{After: []string{"nobody"}})
	require.ErrorIs(t, err, client.ErrDependency)
	_, err = c.GetResult(ctx, "nobody")
	require.ErrorIs(t, err, taskdb.ErrNotFound)
	_, err = c.Purge(ctx, api.Purge{})
	require.ErrorIs(t, err, taskdb.ErrNotAll)
	require.EqualError(t, err, "purge: the filter selects every record, which has to be said", "what failed is said once")
	_, err = c.Cancel(ctx, api.Choice{}, "")
	require.ErrorContains(t, err, "cancel: ")
	_, err = c.Purge(ctx, api.Purge{Choice: api.Choice{All: true}})
	var unfinished *taskdb.UnfinishedError
	require.ErrorAs(t, err, &unfinished)
	require.Equal(t, []string{"a"}, unfinished.MsgIDs)
	_, err = c.Renew(ctx, api.Lease{ID: "x", MsgID: "a"}, 0)
	require.ErrorIs(t, err, client.ErrLease)
	_, err = c.Purge(ctx, api.Purge{Choice: api.Choice{Filter: api.Expression{Text: `{a: {$foo: 1}}`}}})
	var wrong *query.Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, &query.Error{Code: query.CodeBadValue, Message: "unknown operator: $foo", Path: "a.$foo"}, wrong)
	require.NoError(t, c.Drain(ctx, "maintenance"))
	_, err = c.Submit(ctx, api.Task{})
	require.ErrorIs(t, err, client.ErrDrained)
	var refused *client.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "maintenance", refused.Stop.Reason)
	require.NoError(t, c.Resume(ctx))
	require.NoError(t, c.Pause(ctx, "", "busy"))
	_, err = c.Claim(ctx, api.Claim{Engine: "e"})
	require.ErrorIs(t, err, client.ErrNoTask)
	require.NoError(t, c.Unpause(ctx, ""))
	_, err = c.Claim(ctx, api.Claim{Engine: "e"})
	require.NoError(t, err)
}

// flaky loses the answers of the first requests that come, or refuses them, once each
// kind was carried out.
type flaky struct {
	handler http.Handler
	losses  atomic.Int32
	refuse  atomic.Int64 // with this status, and does nothing
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.losses.Add(-1) < 0 {
		f.handler.ServeHTTP(w, r)
		return
	}
	if status := f.refuse.Load(); status != 0 {
		w.WriteHeader(int(status))
		return
	}
	f.handler.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// TestRetries holds that calls are made again if their answers are lost, and yet are
// carried out once.
func TestRetries(t *testing.T) {
	f := &flaky{handler: serve(t)}
	c, ctx := connect(t, f), t.Context()
	lose := func() { f.losses.Store(2) }
	lose()
	_, err := c.Submit(ctx, api.Task{Label: "once"})
	require.NoError(t, err)
	lose()
	n, err := c.Count(ctx, taskdb.Query{})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	lose()
	_, err = c.Resubmit(ctx, api.Choice{All: true})
	require.NoError(t, err)
	claimed, err := c.Claim(ctx, api.Claim{Engine: "e"})
	require.NoError(t, err)
	lose()
	require.NoError(t, c.Output(ctx, claimed.Lease, api.OutputPiece{Stdout: "once\n"}))
	lose()
	_, err = c.Finish(ctx, claimed.Lease, api.Completion{Status: "ok"})
	require.NoError(t, err)
	record, err := c.GetResult(ctx, claimed.Lease.MsgID)
	require.NoError(t, err)
	require.Equal(t, "once\n", record.Stdout)
	n, err = c.Count(ctx, taskdb.Query{})
	require.NoError(t, err)
	require.EqualValues(t, 2, n)

	lose()
	_, err = c.Claim(ctx, api.Claim{Engine: "e"})
	require.ErrorIs(t, err, taskdb.ErrUnreachable, "of two claims two tasks would be taken")
	f.losses.Store(0)
	for status, again := range map[int]bool{http.StatusTooManyRequests: true, http.StatusBadGateway: false} {
		f.refuse.Store(int64(status))
		lose()
		_, err = c.Claim(ctx, api.Claim{Engine: "e"})
		require.Equal(t, again, errors.Is(err, client.ErrNoTask), "%d: %v", status, err)
	}
	f.refuse.Store(http.StatusBadGateway)
	f.losses.Store(1000)
	_, err = c.Counts(ctx)
	require.ErrorContains(t, err, "502 Bad Gateway")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = c.Counts(ended)
	require.ErrorIs(t, err, context.Canceled)
}

// TestEvents holds that events come as they happen, and that none is lost when the
// connection breaks.
func TestEvents(t *testing.T) {
	f := &flaky{handler: serve(t)}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.Options{Backoff: time.Millisecond})
	require.NoError(t, err)
	for event, err := range c.Events(t.Context(), "") {
		require.NoError(t, err)
		if event.What == "open" {
			_, err := c.Submit(t.Context(), api.Task{MsgID: "a"})
			require.NoError(t, err)
			continue
		}
		if event.MsgID == "a" {
			require.Equal(t, "submitted", event.What)
			server.CloseClientConnections()
			_, err := c.Submit(t.Context(), api.Task{MsgID: "b"})
			require.NoError(t, err)
			continue
		}
		require.Equal(t, "b", event.MsgID)
		break
	}
}

// TestURLs holds which URLs a hub has, and that an error tells no token.
func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"ftp://h": "want http://", "http://": "no host", "http://h?a=1": "no options", "http://h/%zz": "malformed",
	} {
		_, err := client.New(url, client.Options{})
		require.ErrorContains(t, err, want, url)
	}
	_, err := client.New("http://:secret@h?a=1", client.Options{})
	require.NotContains(t, err.Error(), "secret")
	var token, path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, path = r.Header.Get("Authorization"), r.URL.EscapedPath()
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	c, err := client.New("http://:secret@"+server.Listener.Addr().String()+"/below/", client.Options{})
	require.NoError(t, err)
	require.NotContains(t, c.URL(), "secret")
	_, err = c.Chain(t.Context(), "a/b c")
	require.ErrorContains(t, err, "404")
	require.Equal(t, "Bearer secret", token)
	require.Equal(t, "/below/v1/tasks/a%2Fb%20c/chain", path)
}
