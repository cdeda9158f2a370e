package taskdb

import (
	"context"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// DefaultCollection is the collection of a hub's tasks. IPython's hub names it
// so on MongoDB.
const DefaultCollection = "ipython-tasks.task_records"

// DB is a handle on one collection of a store. It is safe for use by many
// goroutines at once.
type DB struct {
	backend    Backend
	collection string
	invalid    error // what is wrong with the collection's name
}

// NewDB returns a DB on the default collection of a backend.
func NewDB(backend Backend) *DB { return &DB{backend: backend, collection: DefaultCollection} }

// In returns a handle on another collection of the same store, by its full name,
// "database.collection", which is to be one that MongoDB takes: a database of 1 to
// 63 bytes without any of / \ " $, spaces and NUL, then a dot, then a name that
// does not begin with a dot and has neither $ nor NUL; at most 255 bytes in all.
// With another every call fails with a *query.Error, MongoDB's InvalidNamespace.
func (db *DB) In(collection string) *DB {
	return &DB{db.backend, collection, CheckCollection(collection)}
}

// Backend returns what the store is built on, for who passes its calls on, as a
// server does. What DB checks of a call is then for the caller to check.
func (db *DB) Backend() Backend { return db.backend }

// Collection returns the full name of the collection.
func (db *DB) Collection() string { return db.collection }

// Close closes the store for all handles on it.
func (db *DB) Close() error { return db.backend.Close() }

// Add stores records, all of them or none. If one has the msg_id of a stored one,
// the error is ErrExists and a *DuplicateKeyError, and the stored one is
// untouched. If the store has no room for them, the error is ErrFull, see Bounds.
func (db *DB) Add(ctx context.Context, records ...*TaskRecord) error {
	docs := make([]bson.Raw, len(records))
	for i, record := range records {
		if record == nil {
			return fmt.Errorf("add record %d of %d: it is nil", i+1, len(records))
		}
		doc, err := record.MarshalBSON()
		if err != nil {
			return fmt.Errorf("add %q: %w", record.MsgID, err)
		}
		docs[i] = doc
	}
	return db.AddRaw(ctx, docs...)
}

// AddRaw stores documents, all of them or none. One without _id gets its msg_id
// as _id, if that is a string, else a new ObjectID. The documents are neither
// changed nor kept.
func (db *DB) AddRaw(ctx context.Context, docs ...bson.Raw) error {
	if err := db.invalid; err != nil {
		return fmt.Errorf("add: %w", err)
	}
	checked := make([]bson.Raw, len(docs))
	for i, doc := range docs {
		var err error
		if checked[i], err = Prepare(doc); err != nil {
			return fmt.Errorf("add document %d of %d: %w", i+1, len(docs), err)
		}
	}
	if len(docs) == 0 {
		return nil
	}
	if err := db.backend.Add(ctx, db.collection, checked); err != nil {
		return fmt.Errorf("add to %s: %w", db.collection, err)
	}
	return nil
}

// Get returns the record of a task, with its buffers. If there is none the error
// is ErrNotFound, and an *ExpiredError if the store's bounds removed it.
func (db *DB) Get(ctx context.Context, msgID string) (*TaskRecord, error) {
	doc, err := db.GetRaw(ctx, msgID)
	if err != nil {
		return nil, err
	}
	record := new(TaskRecord)
	if err := record.UnmarshalBSON(doc); err != nil {
		return nil, fmt.Errorf("get %q: %w", msgID, err)
	}
	return record, nil
}

// GetRaw returns the document whose msg_id is the given one, whole, with its _id.
func (db *DB) GetRaw(ctx context.Context, msgID string) (bson.Raw, error) {
	if err := db.invalid; err != nil {
		return nil, fmt.Errorf("get %q: %w", msgID, err)
	}
	doc, err := db.backend.Get(ctx, db.collection, msgID)
	if err != nil {
		return nil, fmt.Errorf("get %q: %w", msgID, err)
	}
	return doc, nil
}

// Find yields the records that a query selects. It ends with the first error; a
// query that is wrong yields nothing but its *query.Error.
func (db *DB) Find(ctx context.Context, q Query) iter.Seq2[*TaskRecord, error] {
	return Records(db.FindRaw(ctx, q))
}

// request checks a query about the collection.
func (db *DB) request(q Query) (Request, error) {
	if err := db.invalid; err != nil {
		return Request{}, err
	}
	return q.request()
}

// FindRaw is Find for documents as they are stored. They are the caller's.
func (db *DB) FindRaw(ctx context.Context, q Query) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		request, err := db.request(q)
		if err != nil {
			yield(nil, fmt.Errorf("find: %w", err))
			return
		}
		for doc, err := range db.backend.Find(ctx, db.collection, request) {
			if err != nil {
				yield(nil, fmt.Errorf("find: %w", err))
				return
			}
			if !yield(doc, nil) {
				return
			}
		}
	}
}

// Count returns how many records a query selects, within its skip and limit.
func (db *DB) Count(ctx context.Context, q Query) (int64, error) {
	request, err := db.request(q)
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	n, err := db.backend.Count(ctx, db.collection, request)
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return n, nil
}

// Distinct returns the distinct values that a path has in the records that a
// filter selects: nil for all, else anything that query.Parse takes. An array
// counts as its elements.
func (db *DB) Distinct(ctx context.Context, path string, filter any) ([]bson.RawValue, error) {
	if err := db.invalid; err != nil {
		return nil, fmt.Errorf("distinct %q: %w", path, err)
	}
	values, err := query.NewDistinct(path)
	if err != nil {
		return nil, fmt.Errorf("distinct: %w", err)
	}
	parsed, err := query.Parse(filter)
	if err != nil {
		return nil, fmt.Errorf("distinct %q: %w", path, err)
	}
	if parsed.UsesNow() {
		return nil, fmt.Errorf("distinct %q: %w", path, &query.Error{Code: 51144, Message: "Builtin variable '$$NOW' is not available"})
	}
	if err := db.backend.Distinct(ctx, db.collection, parsed, values); err != nil {
		return nil, fmt.Errorf("distinct %q: %w", path, err)
	}
	return values.Values(), nil
}

// Explain carries out a query and tells how, not what.
func (db *DB) Explain(ctx context.Context, q Query) (*Explanation, error) {
	request, err := db.request(q)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	explanation, err := db.backend.Explain(ctx, db.collection, request)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return explanation, nil
}

// Collections returns the full names of the store's collections, in order. A
// collection exists from the first write to it until it is dropped.
func (db *DB) Collections(ctx context.Context) ([]string, error) {
	names, err := db.backend.Collections(ctx)
	if err != nil {
		return nil, fmt.Errorf("list collections: %w", err)
	}
	return names, nil
}

// DropCollection removes the collection, with all its documents and indexes. One
// that does not exist is none to remove.
func (db *DB) DropCollection(ctx context.Context) error {
	if err := db.invalid; err != nil {
		return fmt.Errorf("drop: %w", err)
	}
	if err := db.backend.Drop(ctx, db.collection); err != nil {
		return fmt.Errorf("drop %s: %w", db.collection, err)
	}
	return nil
}
