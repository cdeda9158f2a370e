package hub_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

func TestFetchOneBadIDSpoilsOnlyItself(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a", Buffers: [][]byte{[]byte("f")}, Label: "sweep"}, hub.Task{MsgID: "b"})
		result := ok
		result.Buffers = [][]byte{[]byte("r")}
		f.finish(t, f.claim(t, "a"), result)

		fetched, err := f.Fetch(t.Context(), hub.Fetch{MsgIDs: []string{"b", "gone", "a", "b"}})
		require.NoError(t, err)
		require.Equal(t, []taskdb.State{taskdb.StatePending, "", taskdb.StateOK, taskdb.StatePending},
			[]taskdb.State{fetched[0].State, fetched[1].State, fetched[2].State, fetched[3].State})
		require.ErrorIs(t, fetched[1].Err, taskdb.ErrNotFound)
		require.Nil(t, fetched[1].Record)
		require.Empty(t, fetched[2].Record.ResultBuffers)
		require.Equal(t, "sweep", fetched[2].Record.Label)

		fetched, err = f.Fetch(t.Context(), hub.Fetch{MsgIDs: []string{"a"}, Buffers: true})
		require.NoError(t, err)
		require.Equal(t, f.record(t, "a"), fetched[0].Record)

		fetched, err = f.Fetch(t.Context(), hub.Fetch{MsgIDs: []string{"a"}, Keys: []string{"queue", "completed"}})
		require.NoError(t, err)
		require.Equal(t, taskdb.StateOK, fetched[0].State)
		require.Empty(t, fetched[0].Record.Label)
	})
}

func TestFetchWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, stores["dict"](t))
		f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b"})
		wait := hub.Fetch{MsgIDs: []string{"a", "gone", "b"}, Wait: time.Minute}
		begun := time.Now()
		fetched, err := f.Fetch(t.Context(), wait)
		require.NoError(t, err)
		require.Equal(t, taskdb.StatePending, fetched[0].State, "the time is up")
		require.Equal(t, time.Minute, time.Since(begun))

		answers := make(chan []hub.Fetched)
		fetch := func() {
			fetched, err := f.Fetch(t.Context(), wait)
			assert.NoError(t, err)
			answers <- fetched
		}
		go fetch()
		synctest.Wait()
		f.run(t, "a")
		synctest.Wait()
		f.run(t, "b")
		fetched = <-answers
		require.Equal(t, []taskdb.State{taskdb.StateOK, "", taskdb.StateOK}, []taskdb.State{fetched[0].State, fetched[1].State, fetched[2].State})
		require.Equal(t, time.Minute, time.Since(begun), "it heard of it at once")

		cancelled, stop := context.WithCancel(t.Context())
		f.submit(t, hub.Task{MsgID: "c"})
		stop()
		_, err = f.Fetch(cancelled, hub.Fetch{MsgIDs: []string{"c"}, Wait: time.Minute})
		require.ErrorIs(t, err, context.Canceled)
	})
}

// TestFetchSeesWhatOthersWrite has another hub on the same store finish the task.
func TestFetchSeesWhatOthersWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, stores["dict"](t))
		other := newFixture(t, f.db)
		f.submit(t, hub.Task{MsgID: "a"})
		answers := make(chan []hub.Fetched)
		go func() {
			fetched, err := f.Fetch(t.Context(), hub.Fetch{MsgIDs: []string{"a"}, Wait: 24 * time.Hour})
			assert.NoError(t, err)
			answers <- fetched
		}()
		synctest.Wait()
		other.run(t, "a")
		begun := time.Now()
		require.Equal(t, taskdb.StateOK, (<-answers)[0].State)
		require.LessOrEqual(t, time.Since(begun), time.Hour, "by the next poll")
	})
}

func TestLookup(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "abc"}, hub.Task{MsgID: "abd"}, hub.Task{MsgID: "ab"}, hub.Task{MsgID: "xyz"})
		for prefix, want := range map[string]string{"abc": "abc", "ab": "ab", "x": "xyz", "xyz": "xyz"} {
			msgID, err := f.Lookup(t.Context(), prefix)
			require.NoError(t, err)
			require.Equal(t, want, msgID)
		}
		for _, prefix := range []string{"", "b", "xyz1", "zz"} {
			_, err := f.Lookup(t.Context(), prefix)
			require.ErrorIs(t, err, taskdb.ErrNotFound)
		}
		_, err := f.Lookup(t.Context(), "a")
		var ambiguous *hub.AmbiguousError
		require.ErrorAs(t, err, &ambiguous)
		require.Equal(t, []string{"ab", "abc", "abd"}, ambiguous.MsgIDs)
		require.NotErrorIs(t, err, taskdb.ErrNotFound)
	})
}
