package sqlite

import (
	"context"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Find is taskdb.Backend's. A record that is added meanwhile is not found.
func (s *Store) Find(ctx context.Context, collection string, r taskdb.Request) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		source, err := s.source(ctx, collection, wanted(r))
		if err != nil {
			yield(nil, err)
			return
		}
		if source != nil {
			execute.Find(ctx, source, r)(yield)
		}
	}
}

// wanted is how many records a request reads at the least, 0 for all.
func wanted(r taskdb.Request) int64 {
	if r.Limit == 0 {
		return 0
	}
	return r.Skip + r.Limit
}

// Count is taskdb.Backend's.
func (s *Store) Count(ctx context.Context, collection string, r taskdb.Request) (int64, error) {
	source, err := s.source(ctx, collection, wanted(r))
	if source == nil || err != nil {
		return 0, err
	}
	return execute.Count(ctx, source, r)
}

// Distinct is taskdb.Backend's.
func (s *Store) Distinct(ctx context.Context, collection string, filter *query.Filter, values *query.Distinct) error {
	source, err := s.source(ctx, collection, 0)
	if source == nil || err != nil {
		return err
	}
	return execute.Distinct(ctx, source, filter, values)
}

// Explain is taskdb.Backend's.
func (s *Store) Explain(ctx context.Context, collection string, r taskdb.Request) (*taskdb.Explanation, error) {
	source, err := s.source(ctx, collection, wanted(r))
	if err != nil {
		return nil, err
	}
	if source == nil {
		return &taskdb.Explanation{}, nil
	}
	return execute.Explain(ctx, source, r)
}
