//go:build heavy

package remote_test

import (
	"path/filepath"
	"testing"

	"github.com/taskdb/taskdb/backends/backendtest"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/taskdb"
)

// TestConformanceOverSQLite takes as long again as that over dict, of which it differs
// below the server only.
func TestConformanceOverSQLite(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) *taskdb.DB {
		return openBehind(t, "sqlite:"+filepath.Join(t.TempDir(), "tasks.db")+"?durability=off")
	}, departures...)
}
