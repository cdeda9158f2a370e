package hub_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// TestFewLookForATask holds that, of many engines that wait, few look for a task that
// comes.
func TestFewLookForATask(t *testing.T) {
	const engines, tasks, few = 200, 20, 10
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, stores["dict"](t))
		var looks atomic.Int64
		db := f.db.Observed(func(ctx context.Context, operation, _ string) (context.Context, func(error)) {
			if operation == "write" {
				looks.Add(1)
			}
			return ctx, func(error) {}
		})
		h, err := hub.Open(t.Context(), db, hub.Options{Poll: time.Hour})
		require.NoError(t, err)
		var claimed atomic.Int64
		var group sync.WaitGroup
		for range engines {
			group.Go(func() {
				_, err := h.Claim(t.Context(), hub.Claim{Engine: "e", Wait: time.Minute})
				if err == nil {
					claimed.Add(1)
				} else {
					assert.ErrorIs(t, err, hub.ErrNoTask)
				}
			})
		}
		synctest.Wait()
		looks.Store(0)
		for range tasks {
			_, err := h.Submit(t.Context(), hub.Task{})
			require.NoError(t, err)
		}
		synctest.Wait()
		looked := looks.Load()
		group.Wait()
		require.EqualValues(t, tasks, claimed.Load())
		require.Less(t, looked, int64(tasks*few))
	})
}

// waiter is an engine that waits for a task.
type waiter struct {
	claim  hub.Claim
	cancel context.CancelFunc
	gone   atomic.Bool
}

// wait has an engine wait for one task, of some queues, some with a filter.
func (f *fixture) wait(t *testing.T, group *sync.WaitGroup) *waiter {
	ctx, cancel := context.WithCancel(t.Context())
	w := &waiter{claim: hub.Claim{Engine: "e", Wait: time.Minute}, cancel: cancel}
	for range rand.IntN(3) + 1 {
		w.claim.Queues = append(w.claim.Queues, fmt.Sprint(rand.IntN(3)))
	}
	if n := rand.IntN(3); n > 0 {
		w.claim.Filter = bson.D{{Key: "label", Value: fmt.Sprint(n)}}
	}
	group.Go(func() {
		_, err := f.Claim(ctx, w.claim)
		assert.True(t, err == nil || errors.Is(err, context.Canceled), err)
		w.gone.Store(true)
	})
	return w
}

// TestATaskFindsWhoWaitsForIt has engines come, wait and go, tasks come, and queues be
// stopped: nobody waits for what is there, and no time passes.
func TestATaskFindsWhoWaitsForIt(t *testing.T) {
	const steps = 1_000
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, stores["dict"](t))
		var group sync.WaitGroup
		var waiters []*waiter
		for range steps {
			for range rand.IntN(4) {
				queue := fmt.Sprint(rand.IntN(3))
				switch n := rand.IntN(12); {
				case n < 5:
					waiters = append(waiters, f.wait(t, &group))
				case n < 9:
					f.submit(t, hub.Task{Queue: queue, Label: fmt.Sprint(rand.IntN(3))})
				case n == 9 && len(waiters) > 0:
					waiters[rand.IntN(len(waiters))].cancel()
				case n == 10:
					require.NoError(t, f.Pause(t.Context(), queue, ""))
				default:
					require.NoError(t, f.Unpause(t.Context(), queue))
				}
			}
			synctest.Wait()
			waiters = f.checkWaiters(t, waiters)
		}
		for _, w := range waiters {
			w.cancel()
		}
		group.Wait()
	})
}

// checkWaiters holds that none waits for a task that is there, and returns those that do
// wait.
func (f *fixture) checkWaiters(t *testing.T, waiters []*waiter) (waiting []*waiter) {
	stops, err := f.Stops(t.Context())
	require.NoError(t, err)
	for _, w := range waiters {
		if w.gone.Load() {
			w.cancel()
			continue
		}
		waiting = append(waiting, w)
		open := []string{}
		for _, queue := range w.claim.Queues {
			if _, paused := stops.Paused[queue]; !paused {
				open = append(open, queue)
			}
		}
		filter := bson.D{{Key: "hub.ready", Value: true}, {Key: "queue", Value: bson.D{{Key: "$in", Value: open}}}}
		if own, is := w.claim.Filter.(bson.D); is {
			filter = append(filter, own...)
		}
		n, err := f.db.Count(t.Context(), taskdb.Query{Filter: filter})
		require.NoError(t, err)
		require.Zero(t, n, "%+v", w.claim)
	}
	return waiting
}
