package taskdb_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	_ "github.com/taskdb/taskdb/backends/dict"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/taskdb"
)

// heard is what an observer was told.
type heard struct {
	mu     sync.Mutex
	began  []string
	failed []error
	open   int
}

func (h *heard) observe(ctx context.Context, operation, collection string) (context.Context, func(error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.began = append(h.began, operation+" "+collection)
	h.open++
	return ctx, func(err error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.failed = append(h.failed, err)
		h.open--
	}
}

// TestObserver holds that an observer hears of the operations of a handle, and of
// those made from it, and how each ended.
func TestObserver(t *testing.T) {
	ctx := t.Context()
	db, err := taskdb.Open(ctx, "dict:")
	require.NoError(t, err)
	defer db.Close()
	var h heard
	observed := db.Observed(h.observe)
	require.NoError(t, observed.AddRaw(ctx, raw(t, bson.D{{Key: "msg_id", Value: "a"}}), raw(t, bson.D{{Key: "msg_id", Value: "b"}})))
	for range observed.FindRaw(ctx, taskdb.Query{}) {
		break
	}
	_, err = observed.In("a.b").GetRaw(ctx, "nobody")
	require.ErrorIs(t, err, taskdb.ErrNotFound)
	_, err = db.Count(ctx, taskdb.Query{})
	require.NoError(t, err)

	require.Equal(t, []string{"add ipython-tasks.task_records", "find ipython-tasks.task_records", "get a.b"}, h.began)
	require.Zero(t, h.open)
	require.Len(t, h.failed, 3)
	require.True(t, slices.Equal(h.failed[:2], []error{nil, nil}))
	require.ErrorIs(t, h.failed[2], taskdb.ErrNotFound)
}

// TestObservedStoreCanWhatItCan holds that what only some stores can do is not lost
// when somebody observes, and not feigned.
func TestObservedStoreCanWhatItCan(t *testing.T) {
	ctx := t.Context()
	for url, compacts := range map[string]bool{
		"dict:": false,
		"sqlite:" + filepath.ToSlash(filepath.Join(t.TempDir(), "tasks.db")): true,
	} {
		db, err := taskdb.Open(ctx, url)
		require.NoError(t, err)
		defer db.Close()
		var h heard
		observed := db.Observed(h.observe)
		require.NoError(t, observed.AddRaw(ctx, raw(t, bson.D{{Key: "msg_id", Value: "a"}})))
		for id, err := range observed.History(ctx) {
			require.NoError(t, err)
			require.Equal(t, "a", id)
		}
		_, err = observed.Compact(ctx)
		if compacts {
			require.NoError(t, err)
			require.Contains(t, h.began, "compact ")
		} else {
			require.ErrorIs(t, err, taskdb.ErrUnsupported)
		}
		var client *mongo.Collection
		require.False(t, observed.As(&client))
	}
}

func raw(t *testing.T, doc bson.D) bson.Raw {
	bytes, err := bson.Marshal(doc)
	require.NoError(t, err)
	return bytes
}
