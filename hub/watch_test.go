package hub_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// watch returns what takes the next event of a hub.
func watch(t *testing.T, h *hub.Hub, after string) func() (hub.Event, error) {
	next, stop := iter.Pull2(h.Watch(t.Context(), after))
	t.Cleanup(stop)
	return func() (hub.Event, error) {
		event, err, _ := next()
		return event, err
	}
}

func TestWatchTellsTheLifeOfATask(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		next := watch(t, f.Hub, f.LastEvent())
		f.submit(t, hub.Task{MsgID: "a", ClientUUID: "c1", Retries: 1})
		lease := f.claim(t, "a")
		require.NoError(t, f.Output(t.Context(), lease, hub.Output{Stdout: "x"}))
		f.finish(t, lease, failed)
		f.run(t, "a")
		done, err := f.Resubmit(t.Context(), byID("a"))
		require.NoError(t, err)
		_, err = f.ChangePriority(t.Context(), byID(done[0].New), 3)
		require.NoError(t, err)
		_, err = f.Cancel(t.Context(), byID(done[0].New), "no")
		require.NoError(t, err)
		require.NoError(t, f.Pause(t.Context(), "q", ""))
		require.NoError(t, f.Unpause(t.Context(), "q"))
		_, err = f.Purge(t.Context(), hub.Purge{Selection: byID("a")})
		require.NoError(t, err)

		type told struct {
			kind  hub.EventKind
			msgID string
			state taskdb.State
		}
		again := done[0].New
		for _, want := range []told{
			{hub.EventSubmitted, "a", taskdb.StatePending},
			{hub.EventClaimed, "a", taskdb.StateRunning},
			{hub.EventOutput, "a", taskdb.StateRunning},
			{hub.EventRequeued, "a", taskdb.StatePending},
			{hub.EventClaimed, "a", taskdb.StateRunning},
			{hub.EventFinished, "a", taskdb.StateOK},
			{hub.EventSubmitted, again, taskdb.StatePending},
			{hub.EventResubmitted, "a", ""},
			{hub.EventPriority, again, taskdb.StatePending},
			{hub.EventFinished, again, taskdb.StateAborted},
			{hub.EventStopped, "", ""},
			{hub.EventLifted, "", ""},
			{hub.EventPurged, "", ""},
		} {
			event, err := next()
			require.NoError(t, err)
			require.Equal(t, want, told{event.Kind, event.MsgID, event.State})
			require.Equal(t, noon, event.At)
			if event.MsgID != "" {
				require.Equal(t, "c1", event.Client)
			}
		}
	})
}

func TestWatchGoesOnBehindAnEvent(t *testing.T) {
	f := newFixture(t, stores["dict"](t))
	place := f.LastEvent()
	f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b"})
	first, err := watch(t, f.Hub, place)()
	require.NoError(t, err)
	require.Equal(t, "a", first.MsgID)
	second, err := watch(t, f.Hub, first.ID)()
	require.NoError(t, err)
	require.Equal(t, "b", second.MsgID)
}

func TestWatchTellsThatEventsWereMissed(t *testing.T) {
	f := newFixture(t, stores["dict"](t))
	place := f.LastEvent()
	slow := watch(t, f.Hub, place)
	f.Changed()
	_, err := slow()
	require.NoError(t, err)
	for range 20_000 {
		f.Changed()
	}
	_, err = watch(t, f.Hub, place)()
	require.ErrorIs(t, err, hub.ErrMissed)
	_, err = slow()
	require.ErrorIs(t, err, hub.ErrMissed)

	place = f.LastEvent()
	f.reopen(t)
	for _, id := range []string{place, "nonsense", fmt.Sprintf("%s0", place)} {
		_, err = watch(t, f.Hub, id)()
		require.ErrorIs(t, err, hub.ErrMissed, id)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	f := newFixture(t, stores["dict"](t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range f.Watch(ctx, f.LastEvent()) {
		require.ErrorIs(t, err, context.Canceled)
	}
}

func TestChangedWakesWhoWaits(t *testing.T) {
	f := newFixture(t, stores["dict"](t))
	claimed := make(chan error, 1)
	go func() {
		_, err := f.Claim(t.Context(), hub.Claim{Engine: "e1", Foreign: true, Wait: time.Hour})
		claimed <- err
	}()
	require.NoError(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}))
	for {
		f.Changed()
		select {
		case err := <-claimed:
			require.NoError(t, err)
			return
		default:
		}
	}
}

// TestWatchThatIsBehindEndsWithItsContext holds that a watch ends when its context does, however
// much there is left to tell.
func TestWatchThatIsBehindEndsWithItsContext(t *testing.T) {
	f := newFixture(t, stores["dict"](t))
	place := f.LastEvent()
	for range 300 { // more than are read at a time
		f.Changed()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := 0
	for _, err := range f.Watch(ctx, place) {
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			break
		}
		told++
	}
	require.Less(t, told, 300)
}

// TestWritesPastTheHubAreOverheard holds that those who watch hear of what is written
// to the tasks by who passes the hub by, and of nothing else.
func TestWritesPastTheHubAreOverheard(t *testing.T) {
	f := newFixture(t, stores["dict"](t))
	place := f.LastEvent()
	db := f.Overheard(f.db)
	require.NoError(t, db.In("other.things").Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}))
	_, err := db.Count(t.Context(), taskdb.Query{})
	require.NoError(t, err)
	require.Equal(t, place, f.LastEvent())
	for name, write := range map[string]func() error{
		"add":    func() error { return db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}) },
		"update": func() error { return db.UpdateRecord(t.Context(), "a", `{$set: {label: "x"}}`) },
		"buffer": func() error { return db.PutBuffer(t.Context(), "a", "buffers", strings.NewReader("x")) },
		"drop":   func() error { return db.DropCollection(t.Context()) },
	} {
		if name != "add" {
			_ = f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"})
		}
		place := f.LastEvent()
		require.NoError(t, write(), name)
		event, err := watch(t, f.Hub, place)()
		require.NoError(t, err)
		require.Equal(t, hub.EventChanged, event.Kind, name)
		_ = f.db.DropCollection(t.Context())
	}
}
