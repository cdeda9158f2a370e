package hub_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/taskdb/taskdb/backends/mongo"
	"github.com/taskdb/taskdb/internal/mongotest"
	"github.com/taskdb/taskdb/taskdb"
)

var server *mongotest.Server

func TestMain(m *testing.M) { os.Exit(mongotest.Main(m, &server)) }

var databases atomic.Int64

// openMongo opens a database of its own on the tests' server, as if it were a store.
func openMongo(t *testing.T) *taskdb.DB {
	db := openStore(t, server.URL)
	database := fmt.Sprintf("hub%d-%d", os.Getpid(), databases.Add(1))
	tasks := db.In(database + ".task_records")
	t.Cleanup(func() {
		require.NoError(t, tasks.DropCollection(context.Background()))
		require.NoError(t, db.In(database+".hub").DropCollection(context.Background()))
	})
	return tasks
}
