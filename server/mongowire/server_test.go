package mongowire_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	_ "github.com/taskdb/taskdb/backends/dict"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

// served is a server that a test has started, and its store.
type served struct {
	db      *taskdb.DB
	address string
	url     string
	end     func() error // stops it, and waits for that
}

// onEach runs a test against a server of each store that keeps data on this machine.
func onEach(t *testing.T, test func(t *testing.T, s served)) {
	for _, name := range []string{"dict", "sqlite"} {
		t.Run(name, func(t *testing.T) { test(t, serve(t, openStore(t, name), mongowire.Options{})) })
	}
}

func openStore(t *testing.T, name string) *taskdb.DB {
	t.Helper()
	url := map[string]string{"dict": "dict:", "sqlite": "sqlite:" + t.TempDir() + "/tasks.db?durability=off"}[name]
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// serve starts a server, which ends with the test.
func serve(t *testing.T, db *taskdb.DB, o mongowire.Options) served {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- mongowire.New(db, o).Serve(ctx, listener) }()
	end := sync.OnceValue(func() error {
		stop()
		return <-ended
	})
	t.Cleanup(func() { require.NoError(t, end()) })
	return served{db: db, address: listener.Addr().String(), url: "mongodb://" + listener.Addr().String() + "/", end: end}
}

// connect returns a client of a server, as an application has it.
func (s served) connect(t *testing.T, also ...func(*options.ClientOptions)) *mongo.Client {
	t.Helper()
	o := options.Client().ApplyURI(s.url).SetServerSelectionTimeout(10 * time.Second)
	for _, apply := range also {
		apply(o)
	}
	client, err := mongo.Connect(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Disconnect(context.Background())) })
	return client
}
