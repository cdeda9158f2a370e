// Package backendtest is the conformance suite of taskdb's backends: what every
// store answers, whatever keeps it. A backend's own test calls it.
package backendtest

import (
	"testing"

	"github.com/taskdb/taskdb/taskdb"
)

// Opener opens an empty store for one test, which closes it in the end.
type Opener func(t *testing.T) *taskdb.DB

