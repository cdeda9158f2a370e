package hub_test

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// fill has the record of a task grow until there is no room for a byte more.
func (f *fixture) fill(t *testing.T, msgID string, grow func(size int) error) {
	t.Helper()
	for size := 8 << 20; size > 0; {
		if err := grow(size); err != nil {
			require.ErrorIs(t, err, taskdb.ErrTooLarge)
			size /= 2
		}
	}
}

// onEachLimited is onEach without FerretDB, which takes records of any size.
func onEachLimited(t *testing.T, test func(t *testing.T, f *fixture)) {
	onEach(t, func(t *testing.T, f *fixture) {
		if f.db.Collection() != taskdb.DefaultCollection && server.Ferret {
			t.Skip("FerretDB, which stands in for MongoDB, takes records of any size")
		}
		test(t, f)
	})
}

// TestTaskWhoseOutputFillsItsRecord holds that it ends as any other: what it gave out
// gives way.
func TestTaskWhoseOutputFillsItsRecord(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(t *testing.T, f *fixture, lease hub.Lease)
		want taskdb.State
	}{
		"finished": {func(t *testing.T, f *fixture, lease hub.Lease) { f.finish(t, lease, ok) }, taskdb.StateOK},
		"lost": {func(t *testing.T, f *fixture, _ hub.Lease) {
			f.clock.advance(time.Hour)
			f.tend(t)
		}, taskdb.StatePending},
		"given back": {func(t *testing.T, f *fixture, lease hub.Lease) {
			_, err := f.Return(t.Context(), lease, hub.Return{Reason: "no room"})
			require.NoError(t, err)
		}, taskdb.StatePending},
		"cancelled": {func(t *testing.T, f *fixture, _ hub.Lease) { require.NoError(t, cancel(t.Context(), f, "a")) }, taskdb.StateAborted},
	} {
		t.Run(name, func(t *testing.T) {
			onEachLimited(t, func(t *testing.T, f *fixture) {
				f.submit(t, hub.Task{MsgID: "a", Retries: 1})
				lease := f.claim(t, "a")
				require.NoError(t, f.Output(t.Context(), lease, hub.Output{Stderr: "first"}))
				f.fill(t, "a", func(size int) error {
					return f.Output(t.Context(), lease, hub.Output{Stdout: strings.Repeat("é", size/2+1)})
				})
				c.end(t, f, lease)
				require.Equal(t, c.want, f.state(t, "a"))
				record := f.record(t, "a")
				require.Equal(t, "first", record.Stderr)
				require.Greater(t, len(record.Stdout), 12<<20)
				require.True(t, utf8.ValidString(record.Stdout))
				require.True(t, f.notes(t, "a").Cut)
				if c.want == taskdb.StatePending {
					f.run(t, "a")
				}
			})
		})
	}
}

// TestTaskWithAFullRecordIsClaimed holds that a record that has no room for a lease keeps
// none of its queue from being claimed.
func TestTaskWithAFullRecordIsClaimed(t *testing.T) {
	onEachLimited(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		f.clock.advance(time.Second)
		f.submit(t, hub.Task{MsgID: "b"})
		f.fill(t, "a", func(size int) error {
			return f.db.AppendList(t.Context(), "a", "display_data", bson.D{{Key: "x", Value: strings.Repeat("x", size-1)}})
		})
		f.run(t, "a")
		require.NotEmpty(t, f.record(t, "a").Extra.Lookup("display_data"))
		f.run(t, "b")
	})
}

// TestForeignTaskWithAFullRecordIsClaimed holds that what makes room in another hub's
// record leaves it to be claimed.
func TestForeignTaskWithAFullRecordIsClaimed(t *testing.T) {
	onEachLimited(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}))
		f.fill(t, "a", func(size int) error { return f.db.AppendText(t.Context(), "a", "stdout", strings.Repeat("x", size)) })
		claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e1", Foreign: true})
		require.NoError(t, err)
		require.Equal(t, "a", claimed.Record.MsgID)
	})
}

// TestFullRecordWithNothingToCutOff holds that a record which its request fills is told to
// be too large, and that what it gave out stays where it would not help.
func TestFullRecordWithNothingToCutOff(t *testing.T) {
	onEachLimited(t, func(t *testing.T, f *fixture) {
		buffers := bson.A{strings.Repeat("x", taskdb.MaxRecordSize-120)} // which no store keeps apart, as texts
		require.NoError(t, f.db.AddRaw(t.Context(), encode(t, bson.D{{Key: "msg_id", Value: "a"}, {Key: "stdout", Value: "x"}, {Key: "buffers", Value: buffers}})))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := f.Claim(ctx, hub.Claim{Engine: "e1", Foreign: true})
		require.ErrorIs(t, err, taskdb.ErrTooLarge)
		answers, err := f.Cancel(ctx, byID("a"), "")
		require.NoError(t, err)
		require.ErrorIs(t, answers[0].Err, taskdb.ErrTooLarge)
		require.Equal(t, "x", f.record(t, "a").Stdout)
	})
}

// TestLargeResultDoesNotCutOutput holds that a result for which there is no room is
// refused, and takes none of the output with it.
func TestLargeResultDoesNotCutOutput(t *testing.T) {
	onEachLimited(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		lease := f.claim(t, "a")
		require.NoError(t, f.Output(t.Context(), lease, hub.Output{Stdout: "half done"}))
		_, err := f.Finish(t.Context(), lease, hub.Result{Status: hub.OutcomeOK, Content: encode(t, bson.M{"text": strings.Repeat("x", taskdb.MaxRecordSize-100)})})
		require.ErrorIs(t, err, taskdb.ErrTooLarge)
		require.Equal(t, "half done", f.record(t, "a").Stdout)
		f.finish(t, lease, ok)
	})
}

// TestBoundsOfATask holds that what would have a record grow beyond its room is refused,
// or cut off.
func TestBoundsOfATask(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		_, err := f.Submit(t.Context(), hub.Task{Content: encode(t, bson.M{"x": strings.Repeat("x", 14<<20)})})
		require.ErrorIs(t, err, taskdb.ErrTooLarge)
		_, err = f.Submit(t.Context(), hub.Task{Retries: 1_001})
		require.ErrorContains(t, err, "the retries are more than 1000: 1001")
		_, err = f.Claim(t.Context(), hub.Claim{Engine: strings.Repeat("e", 256)})
		require.ErrorContains(t, err, "the name of the engine has more than 255 bytes: 256")

		f.submit(t, hub.Task{MsgID: "a", Retries: 1_000})
		value := strings.Repeat("é", 1_000)
		f.finish(t, f.claim(t, "a"), hub.Result{Status: hub.OutcomeError, EName: "E", EValue: value})
		require.Equal(t, "E: "+value[:496], f.notes(t, "a").Attempts[0].Reason)
		require.NoError(t, cancel(t.Context(), f, "a"))
	})
}
