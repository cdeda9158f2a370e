package hub_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// BenchmarkLife has one task after another submitted, claimed and finished, while
// 10,000 others wait in the same queue.
func BenchmarkLife(b *testing.B) {
	for name, url := range map[string]string{"dict": "dict:", "sqlite": "sqlite:" + b.TempDir() + "/tasks.db?durability=off"} {
		b.Run(name, func(b *testing.B) {
			db, err := taskdb.Open(b.Context(), url)
			require.NoError(b, err)
			defer db.Close()
			h, err := hub.Open(b.Context(), db, hub.Options{})
			require.NoError(b, err)
			_, err = h.Submit(b.Context(), make([]hub.Task, 10_000)...)
			require.NoError(b, err)
			for b.Loop() {
				_, err := h.Submit(b.Context(), hub.Task{Priority: 1})
				require.NoError(b, err)
				claimed, err := h.Claim(b.Context(), hub.Claim{Engine: "e"})
				require.NoError(b, err)
				_, err = h.Finish(b.Context(), claimed.Lease, ok)
				require.NoError(b, err)
			}
		})
	}
}
