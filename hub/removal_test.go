package hub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// interrupted opens another hub on the fixture's store, amid whose next write between
// happens.
func (f *fixture) interrupted(t *testing.T, between func()) *fixture {
	t.Helper()
	var once sync.Once
	db := f.db.Observed(func(ctx context.Context, operation, _ string) (context.Context, func(error)) {
		if operation == "write" {
			once.Do(between)
		}
		return ctx, func(error) {}
	})
	other, err := hub.Open(t.Context(), db, hub.Options{Now: f.clock.Now})
	require.NoError(t, err)
	return &fixture{Hub: other, db: f.db, clock: f.clock}
}

// purgeFinished purges what is finished, and returns how many tasks that were.
func (f *fixture) purgeFinished(t *testing.T) int64 {
	t.Helper()
	purged, err := f.Purge(t.Context(), hub.Purge{Selection: hub.Selection{State: taskdb.StateFinished}})
	require.NoError(t, err)
	return purged.Records
}

// TestDependencyEndsAmidThePurgeOfAnotherHub has tasks end ok while another hub is about
// to remove all that are finished: to that hub too they were ok.
func TestDependencyEndsAmidThePurgeOfAnotherHub(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		names := submitGather(t, f, 4)
		awaited := *f.notes(t, "gather").Awaits
		other := f.interrupted(t, func() {
			for _, msgID := range names {
				if msgID != awaited {
					f.end(t, msgID, ok)
				}
			}
		})
		other.purgeFinished(t)
		other.end(t, awaited, ok)
		other.run(t, "gather")
		other.purgeFinished(t)
		require.Zero(t, other.count(t), "nothing stays for good")
	})
}

// TestSubmittedAmidThePurgeOfAnotherHub has tasks come, and one of those that they come
// after end ok, while another hub is about to remove all that are finished.
func TestSubmittedAmidThePurgeOfAnotherHub(t *testing.T) {
	const gathers = 20 // of which some await b, but for a chance that nobody will see
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Queue: "a"}, hub.Task{MsgID: "b", Queue: "b"})
		other := f.interrupted(t, func() {
			for i := range gathers {
				f.submit(t, hub.Task{MsgID: fmt.Sprint("gather-", i), After: []string{"a", "b"}})
			}
			f.end(t, "a", ok)
		})
		other.purgeFinished(t)
		other.end(t, "b", ok)
		other.claimAll(t, gathers)
	})
}

// TestDependencyGoesAmidTheSubmission has a task end ok, and another hub purge all that
// are finished, while one that comes after it is about to be submitted: it is refused, or
// runs.
func TestDependencyGoesAmidTheSubmission(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Queue: "a"})
		other := f.interrupted(t, func() {
			f.end(t, "a", ok)
			f.purgeFinished(t)
		})
		_, err := other.Submit(t.Context(), hub.Task{MsgID: "b", After: []string{"a"}})
		var missing *hub.DependencyError
		if !errors.As(err, &missing) {
			require.NoError(t, err)
			other.run(t, "b")
		}
	})
}

// TestDependencyIsPurgedAmidTheSubmission has a task end ok, and all that are finished be
// purged, while one that comes after it is about to be stored by the same hub: it runs.
func TestDependencyIsPurgedAmidTheSubmission(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		var amid func()
		db := f.db.Observed(func(ctx context.Context, operation, _ string) (context.Context, func(error)) {
			if between := amid; operation == "add" && between != nil {
				amid = nil
				between()
			}
			return ctx, func(error) {}
		})
		h, err := hub.Open(t.Context(), db, hub.Options{Now: f.clock.Now})
		require.NoError(t, err)
		f = &fixture{Hub: h, db: f.db, clock: f.clock}
		f.submit(t, hub.Task{MsgID: "a", Queue: "a"})
		amid = func() {
			f.end(t, "a", ok)
			require.Zero(t, f.purgeFinished(t))
		}
		f.submit(t, hub.Task{MsgID: "b", After: []string{"a"}})
		f.run(t, "b")
		require.EqualValues(t, 2, f.purgeFinished(t))
	})
}

// TestDependentEndsPastTheHub has a task end by another door while a hub is about to have
// it drop what it came after: the hub goes on.
func TestDependentEndsPastTheHub(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		submitGather(t, f, 2)
		f.endElsewhere(t, *f.notes(t, "gather").Awaits)
		other := f.interrupted(t, func() { f.endElsewhere(t, "gather") })
		ctx, cancel := context.WithCancel(t.Context())
		defer time.AfterFunc(time.Minute, cancel).Stop() // should it go on for ever
		_, err := other.Purge(ctx, hub.Purge{Selection: hub.Selection{State: taskdb.StateAborted}})
		require.NoError(t, err)
		require.Equal(t, taskdb.StateOK, f.state(t, "gather"))
	})
}

// count is how many tasks there are.
func (f *fixture) count(t *testing.T) int64 {
	t.Helper()
	n, err := f.db.Count(t.Context(), taskdb.Query{})
	require.NoError(t, err)
	return n
}

// TestDependencyThatMadeRoom has a task that ended ok make room in a full store before
// the task that comes after it has dropped it, and the hub opened anew: it was ok.
func TestDependencyThatMadeRoom(t *testing.T) {
	for name, url := range map[string]string{
		"dict":   "dict:?max_records=3&cull=0",
		"sqlite": "sqlite:" + newPath(t) + "?max_records=3&cull=0",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, openStore(t, url))
			names := submitGather(t, f, 2)
			awaited := *f.notes(t, "gather").Awaits
			early := names[1-slices.Index(names, awaited)]
			f.end(t, early, ok)
			f.reopen(t)
			f.submit(t, hub.Task{Queue: "other"})
			_, err := f.db.GetRaw(t.Context(), early)
			require.ErrorIs(t, err, taskdb.ErrExpired)
			f.end(t, awaited, ok)
			f.run(t, "gather")
		})
	}
}

// TestHubsThatPurge has engines of two hubs purge what is finished after each task: all
// are run, and none is aborted as those that it comes after have gone.
func TestHubsThatPurge(t *testing.T) {
	const levels, width, engines = 8, 12, 6
	onEachReal(t, func(t *testing.T, f *fixture) {
		other := &fixture{db: f.db, clock: f.clock}
		other.reopen(t)
		var above []string
		for level := range levels {
			var tasks []hub.Task
			var names []string
			for i := range width {
				names = append(names, fmt.Sprintf("%d-%02d", level, i))
				tasks = append(tasks, hub.Task{MsgID: names[i], After: above})
			}
			f.submit(t, tasks...)
			above = names
		}
		var run atomic.Int64
		var group errgroup.Group
		for i := range engines {
			h := []*fixture{f, other}[i%2]
			group.Go(func() error {
				for run.Load() < levels*width {
					claimed, err := h.Claim(t.Context(), hub.Claim{Engine: "e"})
					switch {
					case err == nil:
						_, err = h.Finish(t.Context(), claimed.Lease, ok)
						run.Add(1)
					case errors.Is(err, hub.ErrNoTask):
						_, err = h.Tend(t.Context())
					}
					if err == nil {
						_, err = h.Purge(t.Context(), hub.Purge{Selection: hub.Selection{State: taskdb.StateOK}})
					}
					if aborted, counted := h.db.Count(t.Context(), taskdb.Query{Filter: taskdb.StateAborted.Filter()}); aborted > 0 {
						err = errors.Join(fmt.Errorf("%d tasks were aborted", aborted), counted)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		f.tend(t)
		f.purgeFinished(t)
		require.Zero(t, f.count(t))
	})
}
