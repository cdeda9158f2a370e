package execute

import (
	"context"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Nothing is a Source without documents, as a collection that was never written to.
type Nothing struct{}

// Indexes is Source's.
func (Nothing) Indexes() []*query.Index { return nil }

// Walk is Source's.
func (Nothing) Walk(context.Context, query.Scan, *query.Filter, bool, func(*Entry) bool) iter.Seq2[Entry, error] {
	return func(func(Entry, error) bool) {}
}

// Count is Source's.
func (Nothing) Count(context.Context, query.Scan, *query.Filter) (int64, bool, error) {
	return 0, true, nil
}

// Census is Source's.
func (Nothing) Census(context.Context, query.Scan, int64) int64 { return 0 }

// Fetch is Source's.
func (Nothing) Fetch(context.Context, int64) (Entry, error) { return Entry{}, taskdb.ErrNotFound }

// Complete is Source's.
func (Nothing) Complete(context.Context, Entry) (bson.Raw, error) { return nil, taskdb.ErrNotFound }

// Since is Source's.
func (Nothing) Since() Changes { return Changes{} }
