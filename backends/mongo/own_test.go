package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/taskdb/taskdb/backends/mongo"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// ownStore is a part of a server that looks like a whole one: the databases whose
// names have a prefix, without it. So each test has a store of its own.
type ownStore struct {
	store  *mongo.Store
	prefix string
}

var stores atomic.Int64

// openOwn opens an empty store. Its databases are dropped when the test ends.
func openOwn(t *testing.T) ownStore {
	store, err := mongo.Open(t.Context(), server.URL)
	require.NoError(t, err)
	own := ownStore{store, fmt.Sprintf("t%d-%d-", os.Getpid(), stores.Add(1))}
	t.Cleanup(func() { own.dropAll(t) })
	return own
}

// dropAll drops what a test left, through a store that the test did not close.
func (o ownStore) dropAll(t *testing.T) {
	ctx := context.Background()
	store, err := mongo.Open(ctx, server.URL)
	require.NoError(t, err)
	var client *driver.Client
	require.True(t, store.As(taskdb.DefaultCollection, &client))
	databases, err := client.ListDatabaseNames(ctx, bson.D{})
	require.NoError(t, err)
	for _, database := range databases {
		if strings.HasPrefix(database, o.prefix) {
			require.NoError(t, client.Database(database).Drop(ctx))
		}
	}
	require.NoError(t, store.Close())
}

// own takes the prefix out of an error.
func (o ownStore) own(err error) error {
	var duplicate *taskdb.DuplicateKeyError
	if errors.As(err, &duplicate) {
		duplicate.Collection = strings.TrimPrefix(duplicate.Collection, o.prefix)
	}
	return err
}

func (o ownStore) Add(ctx context.Context, name string, docs []bson.Raw) error {
	return o.own(o.store.Add(ctx, o.prefix+name, docs))
}

func (o ownStore) Write(ctx context.Context, name string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	outcomes, err := o.store.Write(ctx, o.prefix+name, changes, ordered)
	for i := range outcomes {
		outcomes[i].Err = o.own(outcomes[i].Err)
	}
	return outcomes, err
}

func (o ownStore) Get(ctx context.Context, name, msgID string) (bson.Raw, error) {
	return o.store.Get(ctx, o.prefix+name, msgID)
}

func (o ownStore) Find(ctx context.Context, name string, r taskdb.Request) iter.Seq2[bson.Raw, error] {
	return o.store.Find(ctx, o.prefix+name, r)
}

func (o ownStore) Count(ctx context.Context, name string, r taskdb.Request) (int64, error) {
	return o.store.Count(ctx, o.prefix+name, r)
}

func (o ownStore) Distinct(ctx context.Context, name string, filter *query.Filter, values *query.Distinct) error {
	return o.store.Distinct(ctx, o.prefix+name, filter, values)
}

func (o ownStore) OpenBuffer(ctx context.Context, name, msgID, key string, n int) (taskdb.Buffer, error) {
	return o.store.OpenBuffer(ctx, o.prefix+name, msgID, key, n)
}

func (o ownStore) PutBuffer(ctx context.Context, name, msgID, key string, r io.Reader) error {
	return o.store.PutBuffer(ctx, o.prefix+name, msgID, key, r)
}

func (o ownStore) Append(ctx context.Context, name, msgID, key string, tail bson.RawValue) error {
	return o.store.Append(ctx, o.prefix+name, msgID, key, tail)
}

func (o ownStore) Stats(ctx context.Context, name string) (taskdb.Stats, error) {
	return o.store.Stats(ctx, o.prefix+name)
}

func (o ownStore) As(name string, target any) bool { return o.store.As(o.prefix+name, target) }

func (o ownStore) Explain(ctx context.Context, name string, r taskdb.Request) (*taskdb.Explanation, error) {
	return o.store.Explain(ctx, o.prefix+name, r)
}

func (o ownStore) Collections(ctx context.Context) (names []string, err error) {
	all, err := o.store.Collections(ctx)
	for _, name := range all {
		if own, ok := strings.CutPrefix(name, o.prefix); ok {
			names = append(names, own)
		}
	}
	return names, err
}

func (o ownStore) Drop(ctx context.Context, name string) error {
	return o.store.Drop(ctx, o.prefix+name)
}

func (o ownStore) Indexes(ctx context.Context, name string) ([]taskdb.IndexInfo, error) {
	return o.store.Indexes(ctx, o.prefix+name)
}

func (o ownStore) CreateIndex(ctx context.Context, name string, index *query.Index) error {
	return o.own(o.store.CreateIndex(ctx, o.prefix+name, index))
}

func (o ownStore) DropIndex(ctx context.Context, name, index string) error {
	return o.store.DropIndex(ctx, o.prefix+name, index)
}

func (o ownStore) Close() error { return o.store.Close() }
