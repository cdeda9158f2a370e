package mongo_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/backends/backendtest"
	"github.com/taskdb/taskdb/internal/mongotest"
	"github.com/taskdb/taskdb/taskdb"
)

var server *mongotest.Server

func TestMain(m *testing.M) { os.Exit(mongotest.Main(m, &server)) }

func openNew(t *testing.T) *taskdb.DB {
	own := openOwn(t)
	db := taskdb.NewDB(own)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestConformance(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, openNew, departures()...)
}

func TestDepartures(t *testing.T) {
	t.Parallel()
	backendtest.Departures(t, openNew, departures()...)
}
