package sqlite

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"
)

// TestTheLogIsBoundedHoweverMuchIsRead has readers take turns so that there is always
// one who reads from the log.
func TestTheLogIsBoundedHoweverMuchIsRead(t *testing.T) {
	const bound, writes = 1 << 20, 1000
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "tasks.db"), Options{Durability: Off})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.alone(t.Context(), func(*sqlite.Conn) error {
		s.writer.maxLog, s.writer.longLog = bound, bound
		return nil
	}))
	add := func(n int) {
		doc, err := bson.Marshal(bson.D{{Key: "_id", Value: n}, {Key: "text", Value: make([]byte, 3000)}})
		require.NoError(t, err)
		require.NoError(t, s.Add(t.Context(), "a.b", []bson.Raw{doc}))
	}
	add(0)
	ended := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				if _, err := s.Count(t.Context(), "a.b", everything); err != nil {
					panic(err)
				}
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}
	longest := int64(0)
	for n := range writes {
		add(1 + n)
		longest = max(longest, s.writer.logSize())
	}
	close(ended)
	readers.Wait()
	require.Less(t, longest, int64(4*bound))
}
