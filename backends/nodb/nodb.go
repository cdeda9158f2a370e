// Package nodb is a store that keeps nothing, for hubs that want none. Queries
// are checked as elsewhere before they fail. Import it for its URL scheme:
//
//	import _ "github.com/taskdb/taskdb/backends/nodb"
//
//	db, err := taskdb.Open(ctx, "nodb:")
package nodb

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/url"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func init() {
	taskdb.Register("nodb", func(_ context.Context, u *url.URL) (taskdb.Backend, error) {
		if u.Opaque != "" || u.Host != "" || u.Path != "" || u.RawQuery != "" {
			return nil, fmt.Errorf("a store that keeps nothing has no name and no options: want %q", "nodb:")
		}
		return Store{}, nil
	})
}

// Store is a backend that keeps nothing: what is added is gone, and whoever asks
// gets taskdb.ErrNoData.
type Store struct{}

// Add is taskdb.Backend's. It takes everything and keeps nothing.
func (Store) Add(ctx context.Context, _ string, _ []bson.Raw) error { return ctx.Err() }

// Write is taskdb.Backend's. It takes what is to be inserted, and keeps nothing of
// it; there is nothing to update or to delete.
func (Store) Write(ctx context.Context, _ string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	outcomes := make([]taskdb.Outcome, len(changes))
	for i, c := range changes {
		switch {
		case i > 0 && ordered && outcomes[i-1].Err != nil:
			outcomes[i].Err = taskdb.ErrNotTried
		case c.Kind != taskdb.InsertDocument:
			outcomes[i].Err = taskdb.ErrNoData
		}
	}
	return outcomes, ctx.Err()
}

// Get is taskdb.Backend's.
func (Store) Get(context.Context, string, string) (bson.Raw, error) { return nil, taskdb.ErrNoData }

// Find is taskdb.Backend's.
func (Store) Find(context.Context, string, taskdb.Request) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) { yield(nil, taskdb.ErrNoData) }
}

// Count is taskdb.Backend's.
func (Store) Count(context.Context, string, taskdb.Request) (int64, error) {
	return 0, taskdb.ErrNoData
}

// Distinct is taskdb.Backend's.
func (Store) Distinct(context.Context, string, *query.Filter, *query.Distinct) error {
	return taskdb.ErrNoData
}

// OpenBuffer is taskdb.Backend's.
func (Store) OpenBuffer(context.Context, string, string, string, int) (taskdb.Buffer, error) {
	return nil, taskdb.ErrNoData
}

// PutBuffer is taskdb.Backend's. There is no record to put a buffer into.
func (Store) PutBuffer(context.Context, string, string, string, io.Reader) error {
	return taskdb.ErrNoData
}

// Append is taskdb.Backend's. There is no record to append to.
func (Store) Append(context.Context, string, string, string, bson.RawValue) error {
	return taskdb.ErrNoData
}

// Explain is taskdb.Backend's.
func (Store) Explain(context.Context, string, taskdb.Request) (*taskdb.Explanation, error) {
	return nil, taskdb.ErrNoData
}

// Stats is taskdb.Backend's.
func (Store) Stats(context.Context, string) (taskdb.Stats, error) {
	return taskdb.Stats{}, taskdb.ErrNoData
}

// Collections is taskdb.Backend's: there are none.
func (Store) Collections(ctx context.Context) ([]string, error) { return nil, ctx.Err() }

// Drop is taskdb.Backend's: there is nothing to drop.
func (Store) Drop(ctx context.Context, _ string) error { return ctx.Err() }

// Indexes is taskdb.Backend's: there are none.
func (Store) Indexes(ctx context.Context, _ string) ([]taskdb.IndexInfo, error) {
	return nil, ctx.Err()
}

// CreateIndex is taskdb.Backend's. An index of nothing is made and forgotten.
func (Store) CreateIndex(ctx context.Context, _ string, _ *query.Index) error { return ctx.Err() }

// DropIndex is taskdb.Backend's.
func (Store) DropIndex(context.Context, string, string) error { return taskdb.ErrNoData }

// Close is taskdb.Backend's.
func (Store) Close() error { return nil }
