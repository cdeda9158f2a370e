package peers_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/server/peers"
)

func TestNoPeerHasMoreThanItsShareOfARoom(t *testing.T) {
	room := peers.NewRoom(10, 6)
	first, again := room.Share(peers.Of("10.0.0.1:1")), room.Share(peers.Of("10.0.0.1:2"))
	other := room.Share(peers.Of("10.0.0.2:1"))
	require.NoError(t, first.TryTake(4))
	require.EqualError(t, again.TryTake(3), "from 10.0.0.1 there may be 6")
	require.NoError(t, other.TryTake(6))
	require.EqualError(t, again.TryTake(1), "there may be 10")

	other.Give(6)
	require.NoError(t, again.TryTake(2))
	first.Give(4)
	first.Leave()
	require.EqualError(t, again.TryTake(5), "from 10.0.0.1 there may be 6", "what is held counts as long as somebody uses the share")
	require.NoError(t, again.TryTake(4))
}

func TestWhoTakesWaitsForRoom(t *testing.T) {
	room := peers.NewRoom(10, 6)
	first, other := room.Share(peers.Of("10.0.0.1:1")), room.Share(peers.Of("10.0.0.2:1"))
	require.NoError(t, first.Take(t.Context(), 6, time.Minute))
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, first.Take(ended, 1, time.Minute), context.Canceled, "its share is taken")
	require.ErrorIs(t, other.Take(ended, 5, time.Minute), context.Canceled, "the room is taken")
	require.ErrorIs(t, first.Take(t.Context(), 1, time.Millisecond), context.DeadlineExceeded, "its time is up")
	require.Error(t, other.Take(t.Context(), 7, time.Minute), "there is never so much")

	taken := make(chan error)
	go func() { taken <- first.Take(t.Context(), 1, time.Minute) }()
	require.NoError(t, other.Take(t.Context(), 4, time.Minute), "who waits for its own share keeps nobody waiting")
	first.Give(6)
	require.NoError(t, <-taken)
}
