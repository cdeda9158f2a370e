package dict_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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

func TestConformance(t *testing.T) { backendtest.Run(t, openDict) }

func TestBounds(t *testing.T) { backendtest.Bounds(t, openBounded) }

func TestDifferential(t *testing.T) { backendtest.Differential(t, openDict) }

func TestChanges(t *testing.T) { backendtest.Changes(t, openDict, nil) }
