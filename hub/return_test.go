package hub_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// TestReturn holds that a task which is given back is claimed again at once, with its
// retries and its output, and that its first lease has nothing more to say.
func TestReturn(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Retries: 1})
		lease := f.claim(t, "a")
		require.NoError(t, f.Output(t.Context(), lease, hub.Output{Stdout: "begun"}))
		state, err := f.Return(t.Context(), lease, hub.Return{Reason: "the engine stops"})
		require.NoError(t, err)
		require.Equal(t, taskdb.StatePending, state)
		_, err = f.Finish(t.Context(), lease, ok)
		require.ErrorContains(t, err, "has ended: returned: the engine stops")

		f.run(t, "a")
		notes := f.notes(t, "a")
		require.EqualValues(t, 1, notes.RetriesLeft())
		require.Equal(t, []hub.Outcome{hub.OutcomeReturned, hub.OutcomeOK}, f.outcomes(t, "a"))
		require.Equal(t, "begun", f.record(t, "a").Stdout)
	})
}

// TestReturnWithADelay holds that nobody is given the task before its delay is over,
// be it another hub's.
func TestReturnWithADelay(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		require.NoError(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "ipython's"}))
		for range 2 {
			claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e1", Foreign: true})
			require.NoError(t, err)
			_, err = f.Return(t.Context(), claimed.Lease, hub.Return{Reason: "no room", Delay: time.Minute})
			require.NoError(t, err)
		}
		f.clock.advance(59 * time.Second)
		f.tend(t)
		f.claimNone(t)
		f.clock.advance(time.Second)
		require.Equal(t, 2, f.tend(t).Woken)
		f.claimAll(t, 2)
		_, err := f.Return(t.Context(), hub.Lease{MsgID: "a"}, hub.Return{Delay: -time.Second})
		require.ErrorContains(t, err, "the delay is negative")
	})
}

// TestReturnOnce holds that a lease which has ended, whatever by, is not given back.
func TestReturnOnce(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Retries: 1})
		lease := f.claim(t, "a")
		_, err := f.Return(t.Context(), hub.Lease{MsgID: "a", ID: "another"}, hub.Return{})
		require.EqualError(t, err, `return: task "a" has no lease "another"`)
		_, err = f.Return(t.Context(), lease, hub.Return{})
		require.NoError(t, err)
		_, err = f.Return(t.Context(), lease, hub.Return{})
		require.EqualError(t, err, fmt.Sprintf(`return: lease %q of task "a" has ended: returned`, lease.ID))

		lost := f.claim(t, "a")
		f.clock.advance(time.Hour)
		f.tend(t)
		second := f.claim(t, "a")
		_, err = f.Return(t.Context(), lost, hub.Return{})
		require.ErrorContains(t, err, "has ended: lost")
		_, err = f.Cancel(t.Context(), byID("a"), "")
		require.NoError(t, err)
		_, err = f.Return(t.Context(), second, hub.Return{})
		require.ErrorContains(t, err, "is finished: aborted")
		require.Equal(t, []hub.Outcome{hub.OutcomeReturned, hub.OutcomeLost, hub.OutcomeCancelled}, f.outcomes(t, "a"))
	})
}

// TestReturnedForEver holds that a task which no engine runs comes to an end.
func TestReturnedForEver(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		attempts := make([]hub.Attempt, 998)
		for i := range attempts {
			attempts[i].Outcome = hub.OutcomeReturned
		}
		require.NoError(t, f.db.UpdateRecord(t.Context(), "a", bson.D{{Key: "$set", Value: bson.D{{Key: "hub.attempts", Value: attempts}}}}))
		for _, want := range []taskdb.State{taskdb.StatePending, taskdb.StateAborted} {
			state, err := f.Return(t.Context(), f.claim(t, "a"), hub.Return{Reason: "no room"})
			require.NoError(t, err)
			require.Equal(t, want, state)
		}
		require.Equal(t, "it was given back 1000 times, at last since: no room", text(t, f.record(t, "a").ResultContent, "reason"))
	})
}
