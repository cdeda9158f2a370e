package hub_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func TestRenewedLeaseHolds(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		lease := f.claim(t, "a")
		for range 3 {
			f.clock.advance(50 * time.Second)
			renewed, err := f.Renew(t.Context(), hub.Lease{MsgID: "a", ID: lease.ID}, 0)
			require.NoError(t, err)
			require.Equal(t, f.clock.Now().Add(time.Minute), renewed.Until)
			require.Equal(t, noon, renewed.Claimed)
			require.Zero(t, f.tend(t))
		}
		renewed, err := f.Renew(t.Context(), lease, time.Second)
		require.NoError(t, err)
		require.Equal(t, f.clock.Now().Add(time.Minute), renewed.Until, "never shorter")
	})
}

// TestLeaseThatRanOutHoldsUntilItIsTaken lets a slow engine keep its result as long
// as nobody else was given the task.
func TestLeaseThatRanOutHoldsUntilItIsTaken(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		lease := f.claim(t, "a")
		f.clock.advance(time.Hour)
		require.Equal(t, taskdb.StateOK, f.finish(t, lease, ok))
		require.Zero(t, f.tend(t))
	})
}

func TestRetries(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Retries: 2})
		late := f.claim(t, "a")
		f.clock.advance(time.Minute)
		require.Equal(t, hub.Tended{Requeued: 1}, f.tend(t))
		require.Empty(t, f.record(t, "a").EngineUUID)

		require.Equal(t, taskdb.StatePending, f.finish(t, f.claim(t, "a"), failed))
		last := f.claim(t, "a")

		_, err := f.Finish(t.Context(), late, ok)
		require.True(t, isA[*hub.LeaseError](err))
		require.ErrorContains(t, err, `has ended: lost: the lease of engine "e1" ran out`)

		require.Equal(t, taskdb.StateFailed, f.finish(t, last, failed))
		require.Equal(t, []hub.Outcome{hub.OutcomeLost, hub.OutcomeError, hub.OutcomeError}, f.outcomes(t, "a"))
		notes := f.notes(t, "a")
		require.Zero(t, notes.RetriesLeft())
		require.EqualValues(t, 6, notes.Revision, "three claims and their ends")
		require.Equal(t, "ZeroDivisionError: division by zero", notes.Attempts[1].Reason)
		require.Equal(t, noon.Add(time.Minute), notes.Attempts[0].Ended)
	})
}

// TestLostTask has the form that IPython's clients know of an engine that died.
func TestLostTask(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		f.claim(t, "a")
		f.clock.advance(time.Minute)
		require.Equal(t, hub.Tended{Lost: 1}, f.tend(t))
		record := f.record(t, "a")
		require.Equal(t, "EngineError", text(t, record.ResultContent, "ename"))
		require.Equal(t, "error", text(t, record.ResultMetadata, "status"))
		require.Equal(t, "e1", record.EngineUUID)
		require.Equal(t, f.clock.Now(), record.Completed)
	})
}

func TestTimeLimit(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", TimeLimit: 90 * time.Second, Retries: 5}, hub.Task{MsgID: "b", After: []string{"a"}})
		lease := f.claim(t, "a")
		require.Equal(t, noon.Add(90*time.Second), lease.Deadline)
		f.clock.advance(time.Minute)
		renewed, err := f.Renew(t.Context(), lease, time.Hour)
		require.NoError(t, err)
		require.Equal(t, lease.Deadline, renewed.Deadline)
		require.Zero(t, f.tend(t))
		f.clock.advance(30 * time.Second)
		require.Equal(t, hub.Tended{TimedOut: 1}, f.tend(t))
		require.Equal(t, "TaskTimeout", text(t, f.record(t, "a").ResultContent, "ename"))
		require.Equal(t, []hub.Outcome{hub.OutcomeTimedOut}, f.outcomes(t, "a"))
		require.Equal(t, taskdb.StateAborted, f.state(t, "b"))
		_, err = f.Finish(t.Context(), lease, ok)
		require.True(t, isA[*hub.FinishedError](err))
	})
}

// TestTendPassesWhatItCannotRead lets one broken record not keep others from being
// tended.
func TestTendPassesWhatItCannotRead(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "broken"}, hub.Task{MsgID: "a"})
		f.claim(t, "broken")
		f.claim(t, "a")
		require.NoError(t, f.db.UpdateRecord(t.Context(), "broken", `{$set: {"hub.attempts": "none"}}`))
		f.clock.advance(time.Minute)
		tended, err := f.Tend(t.Context())
		require.ErrorContains(t, err, `notes of "broken"`)
		require.Equal(t, hub.Tended{Lost: 1}, tended)
	})
}

func TestFinishTwiceTellsWhoFinished(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		lease := f.claim(t, "a")
		f.finish(t, lease, ok)
		_, err := f.Finish(t.Context(), lease, ok)
		var finished *hub.FinishedError
		require.ErrorAs(t, err, &finished)
		require.Equal(t, hub.FinishedError{MsgID: "a", State: taskdb.StateOK, Lease: lease.ID}, *finished)
	})
}

func TestResultIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b"})
		lease := f.claim(t, "a")
		f.clock.advance(time.Minute)
		result := failed
		result.Content = encode(t, bson.D{{Key: "status", Value: "ok"}, {Key: "engine_info", Value: bson.D{{Key: "engine_id", Value: int32(3)}}}})
		result.Header = encode(t, bson.M{"msg_type": "apply_reply"})
		result.Metadata = encode(t, bson.M{"dependencies_met": true})
		result.Buffers = [][]byte{[]byte("r")}
		result.Started, result.Completed = noon.Add(time.Second), noon.Add(2*time.Second)
		f.finish(t, lease, result)

		record := f.record(t, "a")
		require.Equal(t, `{"status": "error","ename": "ZeroDivisionError","evalue": "division by zero","traceback": ["line 1"],`+
			`"engine_info": {"engine_id": {"$numberInt":"3"}}}`, record.ResultContent.String())
		require.Equal(t, result.Header, record.ResultHeader)
		require.Equal(t, result.Metadata, record.ResultMetadata)
		require.Equal(t, result.Buffers, record.ResultBuffers)
		require.Equal(t, []time.Time{result.Started, result.Completed, f.clock.Now()}, []time.Time{record.Started, record.Completed, record.Received})

		f.finish(t, f.claim(t, "b"), aborted)
		require.Equal(t, "the engine shuts down", text(t, f.record(t, "b").ResultContent, "reason"))

	})
}

func TestFinishRefusesWhatIsWrong(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		lease := f.claim(t, "a")
		for _, result := range []hub.Result{
			{Status: "done"},
			{Status: hub.OutcomeLost},
			{Status: hub.OutcomeOK, Content: bson.Raw("broken")},
			{Status: hub.OutcomeOK, Header: bson.Raw("broken")},
			{Status: hub.OutcomeOK, Metadata: bson.Raw("broken")},
		} {
			_, err := f.Finish(t.Context(), lease, result)
			require.True(t, isA[*query.Error](err), "%v", err)
		}
		f.finish(t, lease, ok)
	})
}

func TestOutputGrows(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		lease := f.claim(t, "a")
		plot := encode(t, bson.M{"data": "plot"})
		for _, piece := range []hub.Output{{Stdout: "one\n"}, {Stdout: "two\n", Stderr: "oh\n"}, {DisplayData: []bson.Raw{plot}}, {DisplayData: []bson.Raw{plot}}} {
			require.NoError(t, f.Output(t.Context(), lease, piece))
		}
		f.finish(t, lease, ok)
		record := f.record(t, "a")
		require.Equal(t, "one\ntwo\n", record.Stdout)
		require.Equal(t, "oh\n", record.Stderr)
		require.Equal(t, `[{"data": "plot"},{"data": "plot"}]`, record.Extra.Lookup("display_data").Array().String())
	})
}

// TestRestart opens a store anew, with tasks at every stage, and finds them as they
// were.
func TestRestart(t *testing.T) {
	url := "sqlite:" + newPath(t)
	first, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	f := newFixture(t, first)
	f.submit(t, hub.Task{MsgID: "ok"}, hub.Task{MsgID: "held"}, hub.Task{MsgID: "lost", Retries: 1}, hub.Task{MsgID: "ready"})
	f.submit(t, hub.Task{MsgID: "after", After: []string{"held"}}, hub.Task{MsgID: "timed", NotBefore: noon.Add(time.Hour)})
	f.run(t, "ok")
	held, lost := f.claim(t, "held"), f.claim(t, "lost")
	held, err = f.Renew(t.Context(), held, time.Hour)
	require.NoError(t, err)
	counts, err := f.Counts(t.Context())
	require.NoError(t, err)
	status, err := f.Status(t.Context())
	require.NoError(t, err)
	require.NoError(t, first.Close())

	f.db = openStore(t, url)
	f.reopen(t)
	countsAfter, err := f.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, counts, countsAfter)
	statusAfter, err := f.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, status, statusAfter)

	f.clock.advance(time.Minute)
	require.Equal(t, hub.Tended{Requeued: 1}, f.tend(t), "running leases hold until they end")
	_, err = f.Finish(t.Context(), lost, ok)
	require.True(t, isA[*hub.LeaseError](err))
	require.Equal(t, taskdb.StateOK, f.finish(t, held, ok))
	for _, msgID := range []string{"lost", "ready", "after"} {
		f.run(t, msgID)
	}
	f.clock.advance(time.Hour)
	require.Equal(t, hub.Tended{Woken: 1}, f.tend(t))
	f.run(t, "timed")
}

func TestCounts(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "ipython's", Queue: "task"}))
		f.submit(t, hub.Task{MsgID: "ok"}, hub.Task{MsgID: "failed"}, hub.Task{MsgID: "running"}, hub.Task{MsgID: "ready"},
			hub.Task{MsgID: "waiting", After: []string{"ready"}}, hub.Task{MsgID: "q", Queue: "q"})
		f.run(t, "ok")
		f.finish(t, f.claim(t, "failed"), failed)
		f.claim(t, "running")
		require.NoError(t, f.Pause(t.Context(), "q", "full"))

		counts, err := f.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[taskdb.State]int64{
			taskdb.StateIncomplete: 5, taskdb.StatePending: 4, taskdb.StateRunning: 1,
			taskdb.StateFinished: 2, taskdb.StateOK: 1, taskdb.StateFailed: 1, taskdb.StateAborted: 0,
		}, counts)

		status, err := f.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, hub.Status{
			Queues: []hub.QueueStatus{
				{Ready: 1, Waiting: 1, Running: 1},
				{Queue: "q", Ready: 1, Paused: &hub.Stop{Reason: "full", Since: noon}},
				{Queue: "task", Foreign: 1},
			},
			Engines: []hub.EngineStatus{{Engine: "e1", Running: 1}},
		}, status)
	})
}

// TestStatusOfManyQueues holds that tasks are counted whole that are looked at bit by bit.
func TestStatusOfManyQueues(t *testing.T) {
	onEachReal(t, func(t *testing.T, f *fixture) {
		var tasks []hub.Task
		want := map[string]int64{}
		for i := range 130 {
			queue := fmt.Sprintf("q%03d", i)
			want[queue] = 1
			if i%60 == 50 {
				want[queue] = 150
			}
			for n := range want[queue] {
				tasks = append(tasks, hub.Task{MsgID: fmt.Sprint(queue, "-", n), Queue: queue})
			}
		}
		f.submit(t, tasks...)
		status, err := f.Status(t.Context())
		require.NoError(t, err)
		got := map[string]int64{}
		for _, queue := range status.Queues {
			got[queue.Queue] = queue.Ready
		}
		require.Equal(t, want, got)
	})
}

// TestFinishedByAnotherDoor holds that a task which somebody finished in the store,
// past the hub, is no longer among those that are ready, wait or run.
func TestFinishedByAnotherDoor(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "running", Priority: 1}, hub.Task{MsgID: "ready"}, hub.Task{MsgID: "q", Queue: "q"},
			hub.Task{MsgID: "waiting", After: []string{"ready"}}, hub.Task{MsgID: "left"})
		f.claim(t, "running")
		for _, msgID := range []string{"running", "ready", "q", "waiting"} {
			require.NoError(t, f.db.UpdateRecord(t.Context(), msgID, bson.D{{Key: "$set", Value: bson.D{
				{Key: "completed", Value: noon}, {Key: "result_content", Value: bson.D{{Key: "status", Value: "ok"}}},
			}}}))
		}
		status, err := f.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, hub.Status{Queues: []hub.QueueStatus{{Ready: 1}}}, status)
		f.clock.advance(time.Hour)
		require.Zero(t, f.tend(t), "its lease has nothing to lose")
		f.run(t, "left")
		f.claimNone(t)
	})
}

// TestIndexesOfAnEarlierHub opens a hub on a store whose index has the name of one of
// the hub's, and other documents.
func TestIndexesOfAnEarlierHub(t *testing.T) {
	onEachReal(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.DropIndex(t.Context(), "hub_ready"))
		_, err := f.db.CreateIndex(t.Context(), taskdb.Index{Name: "hub_ready", Keys: "queue", Partial: `{'hub.ready': true}`})
		require.NoError(t, err)
		f.submit(t, hub.Task{MsgID: "a"})
		f.reopen(t)
		explained, err := f.db.Explain(t.Context(), taskdb.Query{Filter: `{"hub.ready": true, queue: null, completed: null}`, Sort: `{"hub.priority": -1, submitted: 1}`})
		require.NoError(t, err)
		require.Equal(t, "hub_ready", explained.Scans[0].Index)
		require.False(t, explained.SortedInMemory)
		f.run(t, "a")
	})
}
