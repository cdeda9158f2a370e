package dict_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/backendtest"
	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/taskdb"
)

func openDict(t *testing.T) *taskdb.DB { return openBounded(t, "max_bytes=0") }

func openBounded(t *testing.T, options string) *taskdb.DB {
	db, err := taskdb.Open(t.Context(), "dict:?"+options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// A document to change that takes long to find is looked for beside other writers,
// and until its context ends.
func TestLookingForWhatToChangeCanBeEnded(t *testing.T) {
	db := openDict(t)
	for i := range 1000 {
		require.NoError(t, db.AddRaw(t.Context(), encode(t, bson.D{{Key: "_id", Value: i}, {Key: "n", Value: 1_000_000}})))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := db.Update(ctx, taskdb.Update{
		Filter: `{$expr: {$eq: [0, {$size: {$range: [0, "$n"]}}]}}`, // true of none, in about a minute
		Update: `{$set: {found: true}}`,
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func encode(t *testing.T, doc bson.D) bson.Raw {
	raw, err := bson.Marshal(doc)
	require.NoError(t, err)
	return raw
}

func TestConformance(t *testing.T) { backendtest.Run(t, openDict) }

func TestBounds(t *testing.T) { backendtest.Bounds(t, openBounded) }

func TestDifferential(t *testing.T) { backendtest.Differential(t, openDict) }

func TestChanges(t *testing.T) { backendtest.Changes(t, openDict, nil) }

func TestFarUpserts(t *testing.T) { backendtest.FarUpserts(t, openDict) }
