//go:build heavy

package mongowire_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/server/mongowire"
)

// The memory that is in use afterwards is bounded too: what connections had is free
// again.
func TestTenThousandConnectionsThatAreDroppedLeaveNothing(t *testing.T) {
	s := serve(t, openStore(t, "sqlite"), mongowire.Options{CursorTimeout: 20 * time.Millisecond, MaxCursors: 100, MaxPeerConnections: 2000})
	watcher := s.dial(t)
	openAndDrop(t, s, 1000)
	settle := func() (bytes uint64) {
		require.Eventually(t, func() bool { return connections(watcher) == 1 }, time.Minute, 10*time.Millisecond)
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	bytes, goroutines := settle(), runtime.NumGoroutine()
	openAndDrop(t, s, 10_000)
	bytesAfter := settle()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+10 }, time.Minute, 10*time.Millisecond)
	require.Less(t, bytesAfter, bytes+8<<20)
	t.Logf("bytes %d and %d", bytes, bytesAfter)
}
