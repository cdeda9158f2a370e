package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/httpapi"
)

// submit submits tasks that are written as JSON.
func (f *fixture) submit(t *testing.T, tasks string) api.SubmissionAnswer {
	t.Helper()
	return ask[api.SubmissionAnswer](t, f, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [`+tasks+`]}`)
}

// claim claims the next task, which is to be a certain one.
func (f *fixture) claim(t *testing.T, msgID string) api.Lease {
	t.Helper()
	claimed := ask[api.Claimed](t, f, http.StatusOK, "POST", "/v1/claims", `{"engine": "e1"}`)
	require.Equal(t, msgID, claimed.Lease.MsgID)
	require.Equal(t, []string{msgID}, names(t, []api.Document{claimed.Record}))
	return claimed.Lease
}

// finish ends a lease with the result ok.
func (f *fixture) finish(t *testing.T, lease api.Lease) {
	t.Helper()
	answer := ask[api.FinishAnswer](t, f, http.StatusOK, "POST", "/v1/leases/"+lease.ID+"/finish", `{"msg_id": "`+lease.MsgID+`", "status": "ok"}`)
	require.Equal(t, "ok", answer.State)
}

func (f *fixture) view(t *testing.T, path string) api.TaskView {
	t.Helper()
	return ask[api.TaskView](t, f, http.StatusOK, "GET", "/v1/tasks/"+path, "")
}

func TestLifeOfATask(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		task := `{"msg_id": "a/1", "label": "fit", "content": {"code": "1+1", "at": {"$date": "2026-11-22T12:00:00Z"}}, "buffers": ["` + base64.StdEncoding.EncodeToString([]byte("in")) + `"], "retries": 1, "time_limit": "1m"}`
		require.Equal(t, []api.Submitted{{MsgID: "a/1"}}, f.submit(t, task).Tasks)
		require.Equal(t, []api.Submitted{{MsgID: "a/1", Existed: true}}, f.submit(t, task).Tasks)
		require.Equal(t, "pending", f.view(t, "a%2F1").State)

		claimed := ask[api.Claimed](t, f, http.StatusOK, "POST", "/v1/claims", `{"engine": "e1", "buffers": true, "lease": "10s"}`)
		lease := claimed.Lease
		require.Equal(t, "1+1", bson.Raw(claimed.Record).Lookup("content", "code").StringValue())
		require.Equal(t, bson.TypeDateTime, bson.Raw(claimed.Record).Lookup("content", "at").Type)
		_, buffer := bson.Raw(claimed.Record).Lookup("buffers", "0").Binary()
		require.Equal(t, "in", string(buffer))
		require.False(t, lease.Deadline.IsZero())
		ask[struct{}](t, f, http.StatusNoContent, "POST", "/v1/claims", `{"engine": "e2"}`)

		renewed := ask[api.Lease](t, f, http.StatusOK, "POST", "/v1/leases/"+lease.ID+"/renew", `{"msg_id": "a/1", "hold": "1h"}`)
		require.True(t, renewed.Until.After(lease.Until))
		ask[struct{}](t, f, http.StatusNoContent, "POST", "/v1/leases/"+lease.ID+"/output", `{"msg_id": "a/1", "stdout": "half ", "display_data": [{"x": 1}]}`)
		ask[struct{}](t, f, http.StatusNoContent, "POST", "/v1/leases/"+lease.ID+"/output", `{"msg_id": "a/1", "stdout": "done"}`)
		require.Equal(t, "running", f.view(t, "a%2F1?keys=stdout").State)

		failed := `{"msg_id": "a/1", "status": "error", "ename": "E", "evalue": "v", "traceback": ["line 1"]}`
		again := ask[api.FinishAnswer](t, f, http.StatusOK, "POST", "/v1/leases/"+lease.ID+"/finish", failed)
		require.Equal(t, "pending", again.State, "it has a retry left")
		f.finish(t, f.claim(t, "a/1"))

		view := f.view(t, "a%2F1")
		require.Equal(t, "ok", view.State)
		require.Equal(t, "half done", bson.Raw(view.Record).Lookup("stdout").StringValue())
		attempts, err := bson.Raw(view.Record).Lookup("hub", "attempts").Array().Values()
		require.NoError(t, err)
		require.Len(t, attempts, 2)
	})
}

// TestRecordsHaveWhatWasAskedFor holds that a key which was not asked for is not there,
// rather than null, in JSON as in BSON.
func TestRecordsHaveWhatWasAskedFor(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		f.submit(t, `{"msg_id": "a", "label": "fit", "buffers": ["aGk="]}, {"msg_id": "b", "buffers": ["aGk="]}`)
		keysOf := func(record api.Document) (keys []string) {
			elements, err := bson.Raw(record).Elements()
			require.NoError(t, err)
			for _, element := range elements {
				keys = append(keys, element.Key())
			}
			return keys
		}
		state := []string{"msg_id", "completed", "engine_uuid", "started", "result_content"}
		fetched := ask[api.FetchAnswer](t, f, http.StatusOK, "POST", "/v1/tasks/fetch", `{"msg_ids": ["a"], "keys": ["queue", "_id"]}`)
		require.ElementsMatch(t, append([]string{"queue"}, state...), keysOf(fetched.Tasks[0].Record))
		require.ElementsMatch(t, append([]string{"label"}, state...), keysOf(f.view(t, "a?keys=label").Record))
		whole := keysOf(f.view(t, "a").Record)
		require.Subset(t, whole, append([]string{"label", "hub", "stdout"}, state...))
		for _, without := range []string{"_id", "buffers", "result_buffers"} {
			require.NotContains(t, whole, without)
		}

		claimed := ask[api.Claimed](t, f, http.StatusOK, "POST", "/v1/claims", `{"engine": "e"}`)
		require.ElementsMatch(t, whole, keysOf(claimed.Record))
		claimed = ask[api.Claimed](t, f, http.StatusOK, "POST", "/v1/claims", `{"engine": "e", "buffers": true}`)
		require.ElementsMatch(t, append([]string{"buffers", "result_buffers"}, whole...), keysOf(claimed.Record))
	})
}

func TestManyTasksAtOnce(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		f.submit(t, `{"msg_id": "a"}, {"msg_id": "b", "after": ["a"]}, {"msg_id": "c", "priority": 1}, {"msg_id": "cc"}`)
		f.finish(t, f.claim(t, "c"))

		fetched := ask[api.FetchAnswer](t, f, http.StatusOK, "POST", "/v1/tasks/fetch", `{"msg_ids": ["c", "none", "a"], "keys": ["label"]}`).Tasks
		require.Len(t, fetched, 3)
		require.Equal(t, "ok", fetched[0].State)
		require.Equal(t, api.KindNotFound, fetched[1].Error.Kind)
		require.Equal(t, "pending", fetched[2].State)

		require.Equal(t, "a", ask[api.Lookup](t, f, http.StatusOK, "GET", "/v1/lookup?prefix=a", "").MsgID)
		require.Equal(t, "c", ask[api.Lookup](t, f, http.StatusOK, "GET", "/v1/lookup?prefix=c", "").MsgID, "one that is the prefix")
		require.Equal(t, []string{"a", "b", "c", "cc"}, ask[api.History](t, f, http.StatusOK, "GET", "/v1/history", "").MsgIDs)

		changed := ask[api.Answers](t, f, http.StatusOK, "POST", "/v1/tasks/priority", `{"msg_ids": ["cc", "c"], "priority": 7}`).Tasks
		require.Nil(t, changed[0].Error)
		require.Equal(t, api.KindFinished, changed[1].Error.Kind)
		require.Equal(t, "ok", changed[1].Error.State)

		resubmitted := ask[api.ResubmitAnswer](t, f, http.StatusOK, "POST", "/v1/tasks/resubmit", `{"msg_ids": ["c"]}`).Tasks
		require.Equal(t, "c", resubmitted[0].Old)
		chain := ask[api.Chain](t, f, http.StatusOK, "GET", "/v1/tasks/c/chain", "").MsgIDs
		require.Equal(t, []string{"c", resubmitted[0].New}, chain)

		cancelled := ask[api.Answers](t, f, http.StatusOK, "POST", "/v1/tasks/cancel", `{"filter": "{msg_id: 'cc'}", "reason": "not wanted"}`)
		require.Equal(t, []api.Answer{{MsgID: "cc"}}, cancelled.Tasks)
		require.Equal(t, "aborted", f.view(t, "cc").State)

		would := ask[api.Purged](t, f, http.StatusOK, "POST", "/v1/tasks/purge", `{"all": true, "dry_run": true}`)
		require.Equal(t, api.Purged{Removed: 5, Unfinished: 3, DryRun: true}, would)
		purged := ask[api.Purged](t, f, http.StatusOK, "POST", "/v1/tasks/purge", `{"state": "finished", "msg_ids": ["c", "cc", "none"]}`)
		require.Equal(t, api.Purged{Removed: 2, Unknown: []string{"none"}}, purged)
	})
}

func TestOperation(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		f.submit(t, `{"msg_id": "a"}, {"msg_id": "b"}, {"msg_id": "q", "queue": "fast lane"}`)
		f.finish(t, f.claim(t, "a"))
		f.claim(t, "b")
		counts := ask[api.Counts](t, f, http.StatusOK, "GET", "/v1/counts", "")
		require.Equal(t, api.Counts{Incomplete: 2, Pending: 1, Running: 1, Finished: 1, OK: 1}, counts)

		ask[struct{}](t, f, http.StatusNoContent, "PUT", "/v1/queues/fast%20lane/pause", `{"reason": "too fast"}`)
		ask[struct{}](t, f, http.StatusNoContent, "PUT", "/v1/queues/-/pause", "")
		ask[struct{}](t, f, http.StatusNoContent, "PUT", "/v1/drain", `{"reason": "for the night"}`)
		p := f.refused(t, http.StatusServiceUnavailable, api.KindDrained, "POST", "/v1/tasks", `{"tasks": [{}]}`)
		require.Equal(t, "for the night", p.Stop.Reason)
		status := ask[api.Status](t, f, http.StatusOK, "GET", "/v1/status", "")
		require.Equal(t, "for the night", status.Drained.Reason)
		require.Equal(t, []api.EngineStatus{{Engine: "e1", Running: 1}}, status.Engines)
		require.Len(t, status.Queues, 2)
		require.Equal(t, "fast lane", status.Queues[1].Queue)
		require.EqualValues(t, 1, status.Queues[1].Ready)
		require.Equal(t, "too fast", status.Queues[1].Paused.Reason)
		ask[struct{}](t, f, http.StatusNoContent, "DELETE", "/v1/queues/fast%20lane/pause", "")
		ask[struct{}](t, f, http.StatusNoContent, "DELETE", "/v1/drain", "")
		require.Nil(t, ask[api.Status](t, f, http.StatusOK, "GET", "/v1/status", "").Drained)

		activity := ask[api.Activity](t, f, http.StatusOK, "GET", "/v1/activity?step=1m", "")
		submitted, finished := int64(0), int64(0)
		for _, step := range activity.Steps {
			submitted += step.Submitted
			finished += step.OK
		}
		require.EqualValues(t, 3, submitted)
		require.EqualValues(t, 1, finished)
		runs := ask[api.Timeline](t, f, http.StatusOK, "GET", "/v1/timeline", "").Runs
		require.Len(t, runs, 2)
		require.Equal(t, "a", runs[0].MsgID)
		require.Equal(t, "ok", runs[0].Outcome)
		require.True(t, runs[1].Ended.IsZero())
	})
}

func TestServerItself(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Version: "1.2.3"})
	ask[struct{}](t, f, http.StatusNoContent, "GET", "/healthz", "")
	ask[struct{}](t, f, http.StatusNoContent, "GET", "/readyz", "")
	description := ask[map[string]any](t, f, http.StatusOK, "GET", "/openapi.json", "")
	require.Equal(t, "3.1.0", description["openapi"])
	require.NotContains(t, description["components"].(map[string]any)["schemas"], "ErrorModel")
	response := f.send(t, "GET", "/docs", "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/html; charset=utf-8", response.Header.Get("Content-Type"))
}

// TestWhatIsWrittenPastTheHubIsHeardOf holds that who waits for a task, and who watches,
// hears of what is written by the routes of collections.
func TestWhatIsWrittenPastTheHubIsHeardOf(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{})
	f.submit(t, `{"msg_id": "a"}`)
	events := f.watch(t, "")
	require.Equal(t, "open", events.next(t).name)
	var group sync.WaitGroup
	group.Go(func() { require.Equal(t, "ok", f.view(t, "a?wait=1m").State) })
	const finished = `{"kind": "update", "filter": {"msg_id": "a"}, "update": {"$set": {"completed": {"$date": "2026-01-01T00:00:00Z"}, "result_content": {"status": "ok"}}}}`
	require.Equal(t, http.StatusOK, f.send(t, "POST", "/v1/collections/ipython-tasks.task_records/write", finished).StatusCode)
	require.Equal(t, "changed", events.next(t).What)
	group.Wait()
}
