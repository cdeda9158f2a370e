package hub_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

func TestResubmitKeepsTheRequest(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		task := hub.Task{
			MsgID:     "a",
			Header:    encode(t, bson.D{{Key: "date", Value: noon.Add(-time.Hour)}, {Key: "session", Value: "c1"}, {Key: "msg_id", Value: "a"}}),
			Metadata:  encode(t, bson.M{"targets": "e3"}),
			Content:   encode(t, bson.M{"code": "1 / 0"}),
			Buffers:   [][]byte{[]byte("f")},
			Queue:     "q",
			Label:     "sweep",
			Priority:  4,
			Retries:   1,
			TimeLimit: time.Hour,
		}
		f.submit(t, task)
		for _, want := range []taskdb.State{taskdb.StatePending, taskdb.StateFailed} { // its retry is used up
			claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e1", Queues: []string{"q"}})
			require.NoError(t, err)
			require.Equal(t, want, f.finish(t, claimed.Lease, failed))
		}
		f.clock.advance(time.Hour)
		done, err := f.Resubmit(t.Context(), byID("a", "a"))
		require.NoError(t, err)
		require.Len(t, done, 1)
		require.Equal(t, "a", done[0].Old)

		old, again := f.record(t, "a"), f.record(t, done[0].New)
		require.Equal(t, again.MsgID, old.Resubmitted)
		header := encode(t, bson.D{{Key: "date", Value: f.clock.Now()}, {Key: "session", Value: "c1"}, {Key: "msg_id", Value: again.MsgID}})
		require.Equal(t, &taskdb.TaskRecord{
			MsgID: again.MsgID, Header: header, Metadata: task.Metadata, Content: task.Content, Buffers: task.Buffers,
			Submitted: f.clock.Now(), ClientUUID: "c1", Queue: "q", Label: "sweep", Extra: again.Extra,
		}, again)
		ready := true
		require.Equal(t, hub.Notes{
			Priority: 4, Retries: 1, TimeLimit: time.Hour.Milliseconds(), ResubmitOf: "a",
			Ready: &ready, After: []string{}, Attempts: []hub.Attempt{},
		}, f.notes(t, again.MsgID))
	})
}

func TestResubmitByFilterAndOfForeign(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Label: "x", Completed: noon}, &taskdb.TaskRecord{MsgID: "b", Completed: noon}))
		done, err := f.Resubmit(t.Context(), hub.Selection{Filter: `{label: "x"}`})
		require.NoError(t, err)
		require.Len(t, done, 1)
		require.Equal(t, done[0].New, f.record(t, "a").Resubmitted)
		f.run(t, done[0].New)

		_, err = f.Resubmit(t.Context(), byID("b", "gone"))
		require.ErrorIs(t, err, taskdb.ErrNotFound)
		require.Empty(t, f.record(t, "b").Resubmitted)
		_, err = f.Resubmit(t.Context(), hub.Selection{Filter: `{}`})
		require.ErrorIs(t, err, taskdb.ErrNotAll)
	})
}

func TestChain(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		again := func(msgID string) string {
			done, err := f.Resubmit(t.Context(), byID(msgID))
			require.NoError(t, err)
			return done[0].New
		}
		b := again("a")
		c, d := again(b), again("a")
		for msgID, want := range map[string][]string{"a": {"a", d}, b: {"a", b, c}, c: {"a", b, c}, d: {"a", d}} {
			chain, err := f.Chain(t.Context(), msgID)
			require.NoError(t, err)
			require.Equal(t, want, chain)
		}
		_, err := f.Chain(t.Context(), "gone")
		require.ErrorIs(t, err, taskdb.ErrNotFound)
	})
}

// TestResubmissionHalfDone has the new record there, and the old one not mended, as
// a crash between the two leaves it.
func TestResubmissionHalfDone(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b"})
		done, err := f.Resubmit(t.Context(), byID("a", "b"))
		require.NoError(t, err)
		newer, err := f.Resubmit(t.Context(), byID("b"))
		require.NoError(t, err)
		require.NoError(t, f.db.UpdateRecord(t.Context(), "a", `{$set: {resubmitted: null}}`))
		for _, pair := range done {
			require.NoError(t, f.db.UpdateRecord(t.Context(), pair.New, `{$set: {"hub.mending": true}}`))
		}
		f.reopen(t)
		require.Equal(t, hub.Tended{Mended: 2}, f.tend(t))
		require.Equal(t, done[0].New, f.record(t, "a").Resubmitted)
		require.Equal(t, newer[0].New, f.record(t, "b").Resubmitted, "the newest")
		f.reopen(t)
		require.Zero(t, f.tend(t))
	})
}

func TestPurge(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "old", EngineUUID: "gone", ClientUUID: "c1", Completed: noon.Add(-time.Hour)}))
		f.submit(t, hub.Task{MsgID: "a", ClientUUID: "c1"}, hub.Task{MsgID: "b", ClientUUID: "c2"}, hub.Task{MsgID: "c", ClientUUID: "c2"})
		f.run(t, "a")
		f.run(t, "b")
		finished := hub.Selection{State: taskdb.StateFinished}
		for _, c := range []struct {
			selection hub.Selection
			want      int64
		}{
			{byID("a", "b", "a"), 2}, {hub.Selection{Engine: "gone"}, 1}, {hub.Selection{Client: "c1"}, 2},
			{hub.Selection{CompletedBefore: noon}, 1}, {finished, 3}, {hub.Selection{Engine: "e1", Filter: `{client_uuid: "c2"}`}, 1},
			{hub.Selection{All: true}, 4}, {hub.Selection{MsgIDs: []string{}}, 0},
		} {
			purged, err := f.Purge(t.Context(), hub.Purge{Selection: c.selection, DryRun: true})
			require.NoError(t, err)
			require.Equal(t, c.want, purged.Records, "%+v", c.selection)
		}
		_, err := f.Purge(t.Context(), hub.Purge{})
		require.ErrorIs(t, err, taskdb.ErrNotAll)
		_, err = f.Purge(t.Context(), hub.Purge{Selection: hub.Selection{All: true}})
		var unfinished *taskdb.UnfinishedError
		require.ErrorAs(t, err, &unfinished)
		require.Equal(t, []string{"c"}, unfinished.MsgIDs)

		purged, err := f.Purge(t.Context(), hub.Purge{Selection: byID("a", "nobody", "old")})
		require.NoError(t, err)
		require.Equal(t, hub.Purged{Purged: taskdb.Purged{Records: 2}, Unknown: []string{"nobody"}}, purged)
		purged, err = f.Purge(t.Context(), hub.Purge{Selection: hub.Selection{All: true}, Force: true})
		require.NoError(t, err)
		require.Equal(t, taskdb.Purged{Records: 2, Unfinished: 1}, purged.Purged)
	})
}

// TestPurgeBeforeDependentsWereTold has a hub crash after a task finished, and the
// task purged before what comes after it was told.
func TestPurgeBeforeDependentsWereTold(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b", After: []string{"a"}})
		require.NoError(t, f.db.UpdateRecord(t.Context(), "a", `{$set: {completed: ISODate("2026-11-22T12:00:01Z"), result_content: {status: "ok"}}}`))
		_, err := f.Purge(t.Context(), hub.Purge{Selection: byID("a")})
		require.NoError(t, err)
		f.run(t, "b")
	})
}

func TestCancel(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Label: "x"}, hub.Task{MsgID: "b", Label: "x"}, hub.Task{MsgID: "c", After: []string{"b"}}, hub.Task{MsgID: "d"})
		f.run(t, "a")
		lease := f.claim(t, "b")
		answers, err := f.Cancel(t.Context(), hub.Selection{Filter: `{label: "x"}`}, "a mistake")
		require.NoError(t, err)
		require.Equal(t, []hub.Answer{{MsgID: "b"}}, answers, "the finished one is passed over")
		record := f.record(t, "b")
		require.Equal(t, "a mistake", text(t, record.ResultContent, "reason"))
		require.Equal(t, []hub.Outcome{hub.OutcomeCancelled}, f.outcomes(t, "b"))
		require.Equal(t, taskdb.StateAborted, f.state(t, "c"))
		_, err = f.Renew(t.Context(), lease, 0)
		require.ErrorContains(t, err, `task "b" is finished: aborted`)

		answers, err = f.Cancel(t.Context(), byID("d", "gone", "a", "d"), "")
		require.NoError(t, err)
		require.Len(t, answers, 3)
		require.Equal(t, hub.Answer{MsgID: "d"}, answers[0])
		require.ErrorIs(t, answers[1].Err, taskdb.ErrNotFound)
		require.True(t, isA[*hub.FinishedError](answers[2].Err))
	})
}

// TestCancelTasksThatComeAfterEachOther holds that each that is selected is cancelled, for
// the reason that was given, and what is not selected for that it comes after them.
func TestCancelTasksThatComeAfterEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		for _, selection := range []hub.Selection{byID("a", "b", "c"), {Filter: `{label: "x"}`}} {
			f.submit(t,
				hub.Task{MsgID: "a", Label: "x"}, hub.Task{MsgID: "b", Label: "x", After: []string{"a"}},
				hub.Task{MsgID: "c", Label: "x", After: []string{"b"}}, hub.Task{MsgID: "d", After: []string{"c"}})
			answers, err := f.Cancel(t.Context(), selection, "a mistake")
			require.NoError(t, err)
			require.ElementsMatch(t, []hub.Answer{{MsgID: "a"}, {MsgID: "b"}, {MsgID: "c"}}, answers)
			for _, msgID := range []string{"a", "b", "c"} {
				require.Equal(t, "a mistake", text(t, f.record(t, msgID).ResultContent, "reason"))
			}
			require.Equal(t, `task "c", which it comes after, ended as aborted`, text(t, f.record(t, "d").ResultContent, "reason"))
			require.EqualValues(t, 4, f.purgeFinished(t))
		}
	})
}
