package sqlite_test

import (
	"testing"

	"github.com/taskdb/taskdb/backends/backendtest"
	"github.com/taskdb/taskdb/taskdb"
)

// What the suite asks has nothing to do with the loss of power.
func TestConformance(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) *taskdb.DB { return openURL(t, "sqlite:"+newPath(t)+"?durability=off") })
}
