package taskdb

import (
	"context"
	"io"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// Observer hears of what a store is asked, for metrics and traces. It is called when
// an operation begins, with its name ("find", "write", …) and the collection, which
// is empty for one that is about the store. It returns the context in which the
// operation is carried out, and what to call when that has ended, with its error or
// nil. That of a find lasts until the last record was taken. It is called by many
// goroutines at once.
type Observer func(ctx context.Context, operation, collection string) (context.Context, func(err error))

// Observed returns a handle on the same collection, of whose operations an observer
// hears, and of those of the handles that In makes of it.
func (db *DB) Observed(observer Observer) *DB {
	return &DB{&observed{db.backend, observer}, db.collection, db.invalid}
}

// observed is a backend that tells an observer what it is asked.
type observed struct {
	backend Backend
	observe Observer
}

// Add implements Backend.
func (o *observed) Add(ctx context.Context, collection string, docs []bson.Raw) error {
	ctx, end := o.observe(ctx, "add", collection)
	err := o.backend.Add(ctx, collection, docs)
	end(err)
	return err
}

// Write implements Backend. The errors of single changes are no error of it.
func (o *observed) Write(ctx context.Context, collection string, changes []Change, ordered bool) ([]Outcome, error) {
	ctx, end := o.observe(ctx, "write", collection)
	outcomes, err := o.backend.Write(ctx, collection, changes, ordered)
	end(err)
	return outcomes, err
}

// Get implements Backend.
func (o *observed) Get(ctx context.Context, collection, msgID string) (bson.Raw, error) {
	ctx, end := o.observe(ctx, "get", collection)
	doc, err := o.backend.Get(ctx, collection, msgID)
	end(err)
	return doc, err
}

// Find implements Backend.
func (o *observed) Find(ctx context.Context, collection string, r Request) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		ctx, end := o.observe(ctx, "find", collection)
		var failed error
		defer func() { end(failed) }()
		for doc, err := range o.backend.Find(ctx, collection, r) {
			failed = err
			if !yield(doc, err) {
				return
			}
		}
	}
}

// Count implements Backend.
func (o *observed) Count(ctx context.Context, collection string, r Request) (int64, error) {
	ctx, end := o.observe(ctx, "count", collection)
	n, err := o.backend.Count(ctx, collection, r)
	end(err)
	return n, err
}

// Distinct implements Backend.
func (o *observed) Distinct(ctx context.Context, collection string, filter *query.Filter, values *query.Distinct) error {
	ctx, end := o.observe(ctx, "distinct", collection)
	err := o.backend.Distinct(ctx, collection, filter, values)
	end(err)
	return err
}

// OpenBuffer implements Backend.
func (o *observed) OpenBuffer(ctx context.Context, collection, msgID, key string, n int) (Buffer, error) {
	opened, end := o.observe(ctx, "open_buffer", collection)
	buffer, err := o.backend.OpenBuffer(opened, collection, msgID, key, n)
	end(err)
	return buffer, err
}

// PutBuffer implements Backend.
func (o *observed) PutBuffer(ctx context.Context, collection, msgID, key string, r io.Reader) error {
	ctx, end := o.observe(ctx, "put_buffer", collection)
	err := o.backend.PutBuffer(ctx, collection, msgID, key, r)
	end(err)
	return err
}

// Append implements Backend.
func (o *observed) Append(ctx context.Context, collection, msgID, key string, tail bson.RawValue) error {
	ctx, end := o.observe(ctx, "append", collection)
	err := o.backend.Append(ctx, collection, msgID, key, tail)
	end(err)
	return err
}

// Explain implements Backend.
func (o *observed) Explain(ctx context.Context, collection string, r Request) (*Explanation, error) {
	ctx, end := o.observe(ctx, "explain", collection)
	explanation, err := o.backend.Explain(ctx, collection, r)
	end(err)
	return explanation, err
}

// Stats implements Backend.
func (o *observed) Stats(ctx context.Context, collection string) (Stats, error) {
	ctx, end := o.observe(ctx, "stats", collection)
	stats, err := o.backend.Stats(ctx, collection)
	end(err)
	return stats, err
}

// Collections implements Backend.
func (o *observed) Collections(ctx context.Context) ([]string, error) {
	ctx, end := o.observe(ctx, "collections", "")
	names, err := o.backend.Collections(ctx)
	end(err)
	return names, err
}

// Drop implements Backend.
func (o *observed) Drop(ctx context.Context, collection string) error {
	ctx, end := o.observe(ctx, "drop", collection)
	err := o.backend.Drop(ctx, collection)
	end(err)
	return err
}

// Indexes implements Backend.
func (o *observed) Indexes(ctx context.Context, collection string) ([]IndexInfo, error) {
	ctx, end := o.observe(ctx, "indexes", collection)
	indexes, err := o.backend.Indexes(ctx, collection)
	end(err)
	return indexes, err
}

// CreateIndex implements Backend.
func (o *observed) CreateIndex(ctx context.Context, collection string, index *query.Index) error {
	ctx, end := o.observe(ctx, "create_index", collection)
	err := o.backend.CreateIndex(ctx, collection, index)
	end(err)
	return err
}

// DropIndex implements Backend.
func (o *observed) DropIndex(ctx context.Context, collection, name string) error {
	ctx, end := o.observe(ctx, "drop_index", collection)
	err := o.backend.DropIndex(ctx, collection, name)
	end(err)
	return err
}

// Close implements Backend.
func (o *observed) Close() error { return o.backend.Close() }

// History implements Historian, for a backend that is one.
func (o *observed) History(ctx context.Context, collection string) (iter.Seq2[string, error], bool, error) {
	historian, is := o.backend.(Historian)
	if !is {
		return nil, false, nil
	}
	return historian.History(ctx, collection)
}

// Compact implements Compacter, for a backend that is one.
func (o *observed) Compact(ctx context.Context) (Compaction, error) {
	compacter, is := o.backend.(Compacter)
	if !is {
		return Compaction{}, ErrUnsupported
	}
	ctx, end := o.observe(ctx, "compact", "")
	done, err := compacter.Compact(ctx)
	end(err)
	return done, err
}

// As implements Aser, for a backend that is one.
func (o *observed) As(collection string, target any) bool {
	aser, is := o.backend.(Aser)
	return is && aser.As(collection, target)
}
