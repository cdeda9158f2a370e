package mongo_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/backends/backendtest"
	"github.com/taskdb/taskdb/internal/mongotest"
	"github.com/taskdb/taskdb/taskdb"
)

var server *mongotest.Server

// TestMain has the random tests be the same every time, unless a flag says
// otherwise: what FerretDB departs in is found by chance, and is no fault of a change.
func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == seed.DefValue {
		if err := seed.Value.Set("1"); err != nil {
			panic(err)
		}
	}
	os.Exit(mongotest.Main(m, &server))
}

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
