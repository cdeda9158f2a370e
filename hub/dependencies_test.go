package hub_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// submitGather submits n tasks, and one that comes after them all. It returns their
// names.
func submitGather(t *testing.T, f *fixture, n int) []string {
	t.Helper()
	var names []string
	var tasks []hub.Task
	for i := range n {
		names = append(names, fmt.Sprintf("part-%03d", i))
		tasks = append(tasks, hub.Task{MsgID: names[i], Queue: names[i]})
	}
	f.submit(t, append(tasks, hub.Task{MsgID: "gather", After: names})...)
	return names
}

// end claims one of these tasks, and finishes it.
func (f *fixture) end(t *testing.T, msgID string, result hub.Result) {
	t.Helper()
	claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e1", Queues: []string{msgID}})
	require.NoError(t, err)
	f.finish(t, claimed.Lease, result)
}

// endElsewhere has a task end ok by another door than the hub.
func (f *fixture) endElsewhere(t *testing.T, msgID string) {
	t.Helper()
	require.NoError(t, f.db.UpdateRecord(t.Context(), msgID, bson.D{{Key: "$set", Value: bson.D{
		{Key: "completed", Value: noon}, {Key: "result_content", Value: bson.D{{Key: "status", Value: "ok"}}},
	}}}))
}

// TestTaskAfterMany holds that a task which comes after many is ready with the last of
// them, in whatever order they end, and that few of the ends rewrite it.
func TestTaskAfterMany(t *testing.T) {
	const n, few = 300, 100 // a dozen or less, but for a chance that nobody will see
	onEachReal(t, func(t *testing.T, f *fixture) {
		names := submitGather(t, f, n)
		rand.Shuffle(n, func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, msgID := range names {
			f.claimNone(t)
			f.end(t, msgID, ok)
		}
		require.Less(t, f.notes(t, "gather").Revision, int64(few))
		require.Empty(t, f.notes(t, "gather").After)
		f.run(t, "gather")
	})
}

// TestManyTasksAfterMany has engines finish tasks side by side that many others come
// after, while somebody changes those: with the last one all are ready, without Tend.
func TestManyTasksAfterMany(t *testing.T) {
	const parts, gathers, engines = 40, 25, 8
	onEachReal(t, func(t *testing.T, f *fixture) {
		var names []string
		var tasks []hub.Task
		for i := range parts {
			names = append(names, fmt.Sprintf("part-%03d", i))
			tasks = append(tasks, hub.Task{MsgID: names[i], Queue: "parts"})
		}
		for range gathers {
			tasks = append(tasks, hub.Task{Queue: "gathers", After: names})
		}
		f.submit(t, tasks...)
		var group errgroup.Group
		for range engines {
			group.Go(func() error {
				for {
					claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e", Queues: []string{"parts"}})
					if errors.Is(err, hub.ErrNoTask) {
						return nil
					}
					if err == nil {
						_, err = f.Finish(t.Context(), claimed.Lease, ok)
					}
					if err == nil {
						_, err = f.ChangePriority(t.Context(), hub.Selection{Filter: `{queue: "gathers"}`}, rand.Int64N(9))
					}
					if err != nil {
						return err
					}
				}
			})
		}
		require.NoError(t, group.Wait())
		status, err := f.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, []hub.QueueStatus{{Queue: "gathers", Ready: gathers}}, status.Queues)
	})
}

// TestAnyOfManyFails holds that a task is aborted as soon as one of those that it comes
// after fails, whichever.
func TestAnyOfManyFails(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		for i := range 4 {
			names := submitGather(t, f, 4)
			f.end(t, names[i], failed)
			require.Equal(t, taskdb.StateAborted, f.state(t, "gather"))
			_, err := f.Purge(t.Context(), hub.Purge{Selection: hub.Selection{All: true}, Force: true})
			require.NoError(t, err)
		}
	})
}

// TestDependencyIsRemovedWhenItIsOK holds that tasks which were ok count as that for
// those that come after them, though somebody removes them at once, past the hub.
func TestDependencyIsRemovedWhenItIsOK(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		for _, msgID := range submitGather(t, f, 20) {
			f.end(t, msgID, ok)
			_, err := f.db.Delete(t.Context(), taskdb.Delete{Filter: bson.D{{Key: "msg_id", Value: msgID}}})
			require.NoError(t, err)
		}
		f.run(t, "gather")
	})
}

// TestDependenciesEndElsewhere has some tasks end in the store, past the hub, and some
// by it: with Tend the task that comes after them hears of all, as after a restart.
func TestDependenciesEndElsewhere(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		names := submitGather(t, f, 20)
		for _, msgID := range names[:10] {
			f.endElsewhere(t, msgID)
		}
		for _, msgID := range names[10:15] {
			f.end(t, msgID, ok)
		}
		f.reopen(t)
		f.tend(t)
		left := f.notes(t, "gather").After
		slices.Sort(left)
		require.Equal(t, names[15:], left)
		for _, msgID := range names[15:] {
			f.claimNone(t)
			f.end(t, msgID, ok)
		}
		f.run(t, "gather")
	})
}

// TestTasksOfAnEarlierHub has a task wait that does not tell which of the others it
// awaits: Tend has it do so.
func TestTasksOfAnEarlierHub(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		names := submitGather(t, f, 2)
		require.NoError(t, f.db.UpdateRecord(t.Context(), "gather", `{$unset: {"hub.awaits": ""}}`))
		for _, msgID := range names {
			f.end(t, msgID, ok)
			f.reopen(t)
			f.tend(t)
		}
		f.run(t, "gather")
	})
}
