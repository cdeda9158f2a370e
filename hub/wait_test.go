package hub_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// TestEndWaits holds that those who wait when the hub's owner stops get the answer
// that there is, and those who come later too.
func TestEndWaits(t *testing.T) {
	f := newFixture(t, stores["dict"](t))
	f.submit(t, hub.Task{MsgID: "a", NotBefore: noon.Add(time.Hour)})
	next := watch(t, f.Hub, f.LastEvent())
	ask := func(answered chan<- struct{}) {
		defer func() { answered <- struct{}{} }()
		found, err := f.Fetch(t.Context(), hub.Fetch{MsgIDs: []string{"a"}, Wait: time.Hour})
		require.NoError(t, err)
		require.Equal(t, taskdb.StatePending, found[0].State)
		_, err = f.Claim(t.Context(), hub.Claim{Engine: "e", Wait: time.Hour})
		require.ErrorIs(t, err, hub.ErrNoTask)
	}
	answered := make(chan struct{})
	for range 8 {
		go ask(answered)
	}
	f.EndWaits()
	f.EndWaits()
	go ask(answered)
	for range 9 {
		<-answered
	}
	_, err := next()
	require.ErrorIs(t, err, taskdb.ErrClosed)
}
