package hub_test

import (
	"fmt"
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

// BenchmarkFinishBefore has tasks finished that another one comes after, and 99,999
// more.
func BenchmarkFinishBefore(b *testing.B) {
	const many = 100_000
	for name, url := range map[string]string{"dict": "dict:", "sqlite": "sqlite:" + b.TempDir() + "/tasks.db?durability=off"} {
		b.Run(name, func(b *testing.B) {
			db, err := taskdb.Open(b.Context(), url)
			require.NoError(b, err)
			defer db.Close()
			h, err := hub.Open(b.Context(), db, hub.Options{})
			require.NoError(b, err)
			tasks := make([]hub.Task, many, many+1)
			var after []string
			for i := range tasks {
				tasks[i].MsgID = fmt.Sprintf("a task of a large sweep, %06d", i)
				after = append(after, tasks[i].MsgID)
			}
			_, err = h.Submit(b.Context(), append(tasks, hub.Task{MsgID: "gather", After: after})...)
			require.NoError(b, err)
			for b.Loop() {
				claimed, err := h.Claim(b.Context(), hub.Claim{Engine: "e"})
				require.NoError(b, err)
				_, err = h.Finish(b.Context(), claimed.Lease, ok)
				require.NoError(b, err)
			}
		})
	}
}
