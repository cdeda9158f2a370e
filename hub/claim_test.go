package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// claimFrom claims the next task of some queues, and returns its msg_id.
func (f *fixture) claimFrom(t *testing.T, c hub.Claim) string {
	t.Helper()
	c.Engine = "e1"
	claimed, err := f.Claim(t.Context(), c)
	if err != nil {
		require.ErrorIs(t, err, hub.ErrNoTask)
		return "none"
	}
	return claimed.Record.MsgID
}

func TestClaimsByPriorityThenAge(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		for _, task := range []hub.Task{
			{MsgID: "old"}, {MsgID: "high", Priority: 5}, {MsgID: "new"}, {MsgID: "low", Priority: -5}, {MsgID: "raised"},
		} {
			f.submit(t, task)
			f.clock.advance(time.Second)
		}
		answers, err := f.ChangePriority(t.Context(), byID("raised"), 9)
		require.NoError(t, err)
		require.Equal(t, []hub.Answer{{MsgID: "raised"}}, answers)
		for _, want := range []string{"raised", "high", "old", "new", "low", "none"} {
			require.Equal(t, want, f.claimFrom(t, hub.Claim{}))
		}
	})
}

func TestClaimsFromItsQueuesAlone(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Queue: "a"}, hub.Task{MsgID: "b1", Queue: "b", Priority: 1}, hub.Task{MsgID: "b0", Queue: "b"}, hub.Task{MsgID: "none's"})
		require.Equal(t, "b1", f.claimFrom(t, hub.Claim{Queues: []string{"c", "a", "b"}}), "the best of its queues")
		require.Equal(t, "a", f.claimFrom(t, hub.Claim{Queues: []string{"a"}}))
		require.Equal(t, "none", f.claimFrom(t, hub.Claim{Queues: []string{"a"}}))
		require.Equal(t, "none's", f.claimFrom(t, hub.Claim{}))
		require.Equal(t, "b0", f.claimFrom(t, hub.Claim{Queues: []string{"", "b"}}))
	})
}

func TestClaimsWhatItsFilterSelects(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Label: "cpu"}, hub.Task{MsgID: "b", Label: "gpu/large"})
		require.Equal(t, "b", f.claimFrom(t, hub.Claim{Filter: `{label: {$glob: "gpu/*"}}`}))
		require.Equal(t, "none", f.claimFrom(t, hub.Claim{Filter: `{label: {$glob: "gpu/*"}}`}))
	})
}

func TestPausedQueue(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Queue: "a"}, hub.Task{MsgID: "b", Queue: "b"})
		require.NoError(t, f.Pause(t.Context(), "a", "the disk is full"))
		f.reopen(t)
		require.Equal(t, "b", f.claimFrom(t, hub.Claim{Queues: []string{"a", "b"}}))
		require.Equal(t, "none", f.claimFrom(t, hub.Claim{Queues: []string{"a", "b"}}))
		f.submit(t, hub.Task{MsgID: "a2", Queue: "a"})
		require.NoError(t, f.Unpause(t.Context(), "a"))
		require.Equal(t, "a", f.claimFrom(t, hub.Claim{Queues: []string{"a"}}))
	})
}

func TestClaimBringsBuffersWhenAsked(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Buffers: [][]byte{[]byte("f")}}, hub.Task{MsgID: "b", Buffers: [][]byte{[]byte("g")}})
		claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e1"})
		require.NoError(t, err)
		require.Empty(t, claimed.Record.Buffers)
		claimed, err = f.Claim(t.Context(), hub.Claim{Engine: "e1", Buffers: true})
		require.NoError(t, err)
		require.Equal(t, [][]byte{[]byte("g")}, claimed.Record.Buffers)
	})
}

func TestForeignTasksAreClaimedIfAskedFor(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.Add(t.Context(),
			&taskdb.TaskRecord{MsgID: "ipython's", Queue: "task", Submitted: noon.Add(-time.Hour)},
			&taskdb.TaskRecord{MsgID: "running", Queue: "task", EngineUUID: "e9"}))
		f.submit(t, hub.Task{MsgID: "own", Queue: "task"})
		ipython := hub.Claim{Queues: []string{"task"}, Foreign: true}
		require.Equal(t, "own", f.claimFrom(t, hub.Claim{Queues: []string{"task"}}))
		require.Equal(t, "none", f.claimFrom(t, hub.Claim{Queues: []string{"task"}}))
		require.Equal(t, "ipython's", f.claimFrom(t, ipython))
		require.Equal(t, "none", f.claimFrom(t, ipython))

		lease := hub.Lease{MsgID: "ipython's", ID: f.notes(t, "ipython's").Lease.ID}
		require.Equal(t, taskdb.StateOK, f.finish(t, lease, ok))
		require.Equal(t, []hub.Outcome{hub.OutcomeOK}, f.outcomes(t, "ipython's"))
	})
}

func TestForeignTaskIsCancelledWithoutNotes(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "ipython's"}))
		require.NoError(t, cancel(t.Context(), f, "ipython's"))
		require.Equal(t, taskdb.StateAborted, f.state(t, "ipython's"))
		require.Nil(t, f.record(t, "ipython's").Extra)
	})
}

// TestStepsReadWhatTheyTake holds that what the hub looks for it finds by an index
// that has little else, whatever else there is.
func TestStepsReadWhatTheyTake(t *testing.T) {
	onEachReal(t, func(t *testing.T, f *fixture) {
		for i := range 50 {
			f.submit(t, hub.Task{Queue: "q"}, hub.Task{Queue: "other", Priority: 9}, hub.Task{MsgID: fmt.Sprint("first ", i), Queue: "first"})
			f.submit(t,
				hub.Task{Queue: "q", NotBefore: noon.Add(time.Duration(i) * time.Hour), Priority: 9},
				hub.Task{Queue: "q", After: []string{fmt.Sprint("first ", i)}, Priority: 9})
			claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e", Queues: []string{"first"}, Lease: time.Duration(i) * time.Hour})
			require.NoError(t, err)
			if i%2 == 0 {
				f.finish(t, claimed.Lease, ok)
			}
		}
		for _, c := range []struct {
			step, filter, sort, index string
			limit, reads              int64
		}{
			{"claim", `{"hub.ready": true, queue: "q", completed: null, engine_uuid: null, $and: [{}]}`, `{"hub.priority": -1, submitted: 1}`, "hub_ready", 1, 1},
			{"lost leases", `{completed: null, "hub.lease.until": {$lte: ISODate("2026-11-22T13:00:00Z")}}`, `{}`, "hub_lease", 0, 1},
			{"due", `{"hub.not_before": {$lte: ISODate("2026-11-22T15:30:00Z")}, completed: null, "hub.ready": false, "hub.after": {$size: 0}}`, `{}`, "hub_not_before", 0, 3},
			{"dependents", `{completed: null, "hub.ready": false, "hub.after": "first 7"}`, `{}`, "hub_after", 0, 1},
			{"those who await it", `{completed: null, "hub.ready": false, "hub.awaits": {$in: ["first 7"]}, "hub.after": {$size: 1}}`, `{}`, "hub_awaits", 0, 1},
			{"half done", `{"hub.mending": true}`, `{}`, "hub_mending", 0, 0},
		} {
			explained, err := f.db.Explain(t.Context(), taskdb.Query{Filter: c.filter, Sort: c.sort, Limit: c.limit})
			require.NoError(t, err, c.step)
			require.Equal(t, c.index, explained.Scans[0].Index, c.step)
			require.Equal(t, c.reads, explained.RecordsExamined, c.step)
		}
	})
}

func TestClaimWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, stores["dict"](t))
		begun := time.Now()
		_, err := f.Claim(t.Context(), hub.Claim{Engine: "e1", Wait: time.Minute})
		require.ErrorIs(t, err, hub.ErrNoTask)
		require.Equal(t, time.Minute, time.Since(begun))

		claims := make(chan *hub.Claimed)
		go func() {
			claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e1", Queues: []string{"q"}, Wait: time.Minute})
			assert.NoError(t, err)
			claims <- claimed
		}()
		synctest.Wait()
		f.submit(t, hub.Task{MsgID: "a", Queue: "q"})
		require.Equal(t, "a", (<-claims).Lease.MsgID)
		require.Equal(t, time.Minute, time.Since(begun), "it heard of it at once")
	})
}
