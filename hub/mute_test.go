package hub_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// muted marks the context of an operation that is carried out, and not answered.
type muted struct{}

// mutable is a backend that can be muted, as one is whose connection breaks.
type mutable struct{ taskdb.Backend }

// Add implements taskdb.Backend.
func (m mutable) Add(ctx context.Context, collection string, docs []bson.Raw) error {
	return errors.Join(m.Backend.Add(ctx, collection, docs), silence(ctx))
}

// Write implements taskdb.Backend.
func (m mutable) Write(ctx context.Context, collection string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	outcomes, err := m.Backend.Write(ctx, collection, changes, ordered)
	if silent := silence(ctx); silent != nil {
		return nil, silent
	}
	return outcomes, err
}

func silence(ctx context.Context) error {
	if ctx.Value(muted{}) == nil {
		return nil
	}
	return taskdb.ErrUnreachable
}

// onEachMutable runs a test on stores that can be muted.
func onEachMutable(t *testing.T, test func(t *testing.T, f *fixture)) {
	file, err := sqlite.Open(t.Context(), newPath(t), sqlite.Options{Durability: sqlite.Off})
	require.NoError(t, err)
	for name, backend := range map[string]taskdb.Backend{"dict": dict.New(taskdb.Bounds{}), "sqlite": file} {
		t.Run(name, func(t *testing.T) {
			db := taskdb.NewDB(mutable{backend})
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			test(t, newFixture(t, db))
		})
	}
}

// muting opens the hub anew, and returns what has the next write not be answered.
func (f *fixture) muting(t *testing.T) (mute func()) {
	t.Helper()
	next := false
	db := f.db.Observed(func(ctx context.Context, operation, _ string) (context.Context, func(error)) {
		if next && operation == "write" {
			next = false
			ctx = context.WithValue(ctx, muted{}, true)
		}
		return ctx, func(error) {}
	})
	var err error
	f.Hub, err = hub.Open(t.Context(), db, hub.Options{Now: f.clock.Now, Poll: time.Hour})
	require.NoError(t, err)
	f.tend(t)
	return func() { next = true }
}

// TestFinishThatIsNotAnswered holds that what comes after a task is soon told, though the
// hub did not hear that the task's end was stored.
func TestFinishThatIsNotAnswered(t *testing.T) {
	onEachMutable(t, func(t *testing.T, f *fixture) {
		mute := f.muting(t)
		f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b", After: []string{"a"}})
		lease := f.claim(t, "a")
		mute()
		_, err := f.Finish(t.Context(), lease, ok)
		require.ErrorIs(t, err, taskdb.ErrUnreachable)
		f.tend(t)
		f.run(t, "b")
	})
}

// TestClaimThatIsNotAnswered holds that a task whose claim was stored, though the hub did
// not hear of it, soon goes to another engine, and has all its retries.
func TestClaimThatIsNotAnswered(t *testing.T) {
	onEachMutable(t, func(t *testing.T, f *fixture) {
		mute := f.muting(t)
		f.submit(t, hub.Task{MsgID: "a"})
		mute()
		_, err := f.Claim(t.Context(), hub.Claim{Engine: "e1"})
		require.ErrorIs(t, err, taskdb.ErrUnreachable)
		f.claimNone(t)
		f.tend(t)
		f.run(t, "a")
		require.Equal(t, []hub.Outcome{hub.OutcomeReturned, hub.OutcomeOK}, f.outcomes(t, "a"))
	})
}

// TestClockThatGoesBack holds that Tend goes on to repair though the time is long before
// that at which it last did.
func TestClockThatGoesBack(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b", After: []string{"a"}})
		f.tend(t)
		f.clock.advance(-24 * time.Hour)
		f.endElsewhere(t, "a")
		f.clock.advance(time.Minute)
		f.tend(t)
		f.run(t, "b")
	})
}
