package mongo

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/taskdb/taskdb/taskdb"
)

// selectionTimeout is how long to look for a server, unless the URL says it.
const selectionTimeout = 10 * time.Second

// Store is a backend on one MongoDB server, replica set or cluster.
type Store struct {
	client  *mongo.Client
	concern *writeconcern.WriteConcern

	mu     sync.Mutex // guards closed, and that calls begin before it is set
	closed bool
	calls  sync.WaitGroup

	// prepared are the collections that were written to: those of tasks have their
	// standard indexes.
	prepared sync.Map
	sweeper  sweeper

	noBulkWrite atomic.Bool // the server does not know the command
	// last is the collection that was asked for last, most often the only one: to make
	// a handle takes a twentieth of a get.
	last atomic.Pointer[namedCollection]
}

// Open opens the store that a connection string names. It fails with
// taskdb.ErrUnreachable if no server answers.
func Open(ctx context.Context, uri string) (*Store, error) {
	return open(ctx, settingsOf(uri))
}

// settingsOf are those of a connection string, and what it does not say.
func settingsOf(uri string) *options.ClientOptions {
	return options.Client().SetAppName("taskdb").SetServerSelectionTimeout(selectionTimeout).
		SetWriteConcern(writeconcern.Majority()).ApplyURI(uri)
}

func open(ctx context.Context, settings *options.ClientOptions) (*Store, error) {
	client, err := mongo.Connect(settings)
	if err != nil {
		return nil, err
	}
	s := &Store{client: client, concern: settings.WriteConcern}
	if err := s.call(ctx, func() error { return client.Ping(ctx, nil) }); err != nil {
		_ = client.Disconnect(ctx)
		return nil, err
	}
	s.sweeper.start(s)
	return s, nil
}

// namedCollection is a collection with its full name.
type namedCollection struct {
	name   string
	handle *mongo.Collection
}

// As is taskdb.Aser's. It gives the driver's *mongo.Collection and *mongo.Client, which
// belong to the store, and end with it.
func (s *Store) As(name string, target any) bool {
	switch target := target.(type) {
	case **mongo.Collection:
		*target = s.collection(name)
	case **mongo.Client:
		*target = s.client
	default:
		return false
	}
	return true
}

// collection returns a collection by its full name.
func (s *Store) collection(name string) *mongo.Collection {
	if last := s.last.Load(); last != nil && last.name == name {
		return last.handle
	}
	database, rest, _ := strings.Cut(name, ".")
	handle := s.client.Database(database).Collection(rest)
	s.last.Store(&namedCollection{name, handle})
	return handle
}

// call asks the server, unless the store is closed, and translates its error.
func (s *Store) call(ctx context.Context, ask func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.calls.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	return translate(ctx, ask())
}

// enter begins a call that Close waits for. It ends with calls.Done.
func (s *Store) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return taskdb.ErrClosed
	}
	s.calls.Add(1)
	return nil
}

// Close is taskdb.Backend's.
func (s *Store) Close() error {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	if again {
		return nil
	}
	s.sweeper.stop()
	s.calls.Wait()
	return s.client.Disconnect(context.Background())
}
