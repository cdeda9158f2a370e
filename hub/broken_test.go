package hub_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// breakNotes has a key of what the hub remembers of a task be of a wrong type.
func (f *fixture) breakNotes(t *testing.T, msgID, key string) {
	t.Helper()
	require.NoError(t, f.db.UpdateRecord(t.Context(), msgID, bson.M{"$set": bson.M{"hub." + key: "broken"}}))
}

// TestBrokenTaskThatWaits holds that a task whose notes somebody broke keeps none of
// those beside it from what becomes of them, nor what is finished from being purged.
func TestBrokenTaskThatWaits(t *testing.T) {
	for _, key := range []string{"priority", "revision", "attempts", "after", "not_before"} {
		t.Run(key, func(t *testing.T) {
			onEach(t, func(t *testing.T, f *fixture) {
				f.submit(t, hub.Task{MsgID: "a", Queue: "a"}, hub.Task{MsgID: "b", Queue: "b"}, hub.Task{MsgID: "c", Queue: "c"})
				for _, after := range [][]string{{"a"}, {"a", "b"}, {"c"}} {
					for _, kind := range []string{"broken", "sound"} {
						f.submit(t, hub.Task{MsgID: kind + " after " + after[len(after)-1], Queue: kind, After: after})
					}
				}
				for _, msgID := range []string{"broken after a", "broken after b", "broken after c"} {
					f.breakNotes(t, msgID, key)
				}
				f.end(t, "a", ok)
				f.end(t, "b", ok)
				f.end(t, "c", failed)
				require.Equal(t, taskdb.StateAborted, f.state(t, "sound after c"))
				f.reopen(t)
				f.tend(t)
				require.EqualValues(t, 4, f.purgeFinished(t))
				for range 2 {
					claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e1", Queues: []string{"sound"}})
					require.NoError(t, err)
					f.finish(t, claimed.Lease, ok)
				}
				purged, err := f.Purge(t.Context(), hub.Purge{Selection: hub.Selection{All: true}, Force: true})
				require.NoError(t, err)
				require.Positive(t, purged.Unfinished)
			})
		})
	}
}

// TestBrokenTaskThatIsReady holds that it keeps none of its queue from being claimed.
func TestBrokenTaskThatIsReady(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Priority: 1}, hub.Task{MsgID: "b"})
		f.breakNotes(t, "a", "revision")
		f.run(t, "b")
		f.claimNone(t)
	})
}

// TestBrokenForeignTask holds that it keeps no other that another hub wrote from being
// claimed.
func TestBrokenForeignTask(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Submitted: noon}, &taskdb.TaskRecord{MsgID: "b", Submitted: noon.Add(time.Second)}))
		require.NoError(t, f.db.UpdateRecord(t.Context(), "a", `{$set: {hub: null}}`))
		claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e1", Foreign: true})
		require.NoError(t, err)
		require.Equal(t, "b", claimed.Record.MsgID)
	})
}
