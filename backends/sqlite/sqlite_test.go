package sqlite_test

import (
	"testing"

	"github.com/taskdb/taskdb/backends/backendtest"
	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/taskdb"
)

// openNew opens a new store. What the suite asks has nothing to do with the loss
// of power.
func openNew(t *testing.T) *taskdb.DB { return openURL(t, "sqlite:"+newPath(t)+"?durability=off") }

func openDict(t *testing.T) *taskdb.DB { return openURL(t, "dict:?max_bytes=0") }

func TestConformance(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, openNew)
}

func TestBounds(t *testing.T) {
	t.Parallel()
	backendtest.Bounds(t, func(t *testing.T, options string) *taskdb.DB {
		return openURL(t, "sqlite:"+newPath(t)+"?durability=off&"+options)
	})
}

func TestDifferential(t *testing.T) { backendtest.Differential(t, openNew, openDict) }

func TestFarUpserts(t *testing.T) { backendtest.FarUpserts(t, openNew) }
