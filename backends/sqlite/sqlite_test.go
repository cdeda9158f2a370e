package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/backends/backendtest"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/taskdb"
)

// openURL opens a store and has it closed at the end of the test.
func openURL(t *testing.T, url string) *taskdb.DB {
	t.Helper()
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// newStore opens a new store. What the suite asks has nothing to do with the loss
// of power.
func newStore(t *testing.T) *taskdb.DB {
	return openURL(t, "sqlite:"+filepath.Join(t.TempDir(), "tasks.db")+"?durability=off")
}

func TestConformance(t *testing.T) { backendtest.Run(t, newStore) }
