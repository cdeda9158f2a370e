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
	settle := func() (goroutines int, bytes uint64) {
		require.Eventually(t, func() bool { return connections(watcher) == 1 }, time.Minute, 10*time.Millisecond)
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		return runtime.NumGoroutine(), memory.HeapAlloc
	}
	goroutines, bytes := settle()
	openAndDrop(t, s, 10_000)
	goroutinesAfter, bytesAfter := settle()
	require.LessOrEqual(t, goroutinesAfter, goroutines+10)
	require.Less(t, bytesAfter, bytes+8<<20)
	t.Logf("goroutines %d and %d, bytes %d and %d", goroutines, goroutinesAfter, bytes, bytesAfter)
}
