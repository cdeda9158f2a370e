package taskdb

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// Backend keeps the collections of one store. It is what DB is built on: users
// hold a DB and never see a Backend, so that methods may be added.
//
// Collections are named "database.collection"; one that was never written to is
// empty. Documents that come in are valid BSON with an _id, and the backend keeps
// copies; documents that it hands out are the caller's. All methods are safe for
// use by many goroutines at once, and return the context's error soon after it
// ends. After Close they return ErrClosed.
type Backend interface {
	// Add stores documents, all of them or none. It fails with a
	// *DuplicateKeyError if one has the _id of another or, in a collection of
	// tasks (IsTasks), a msg_id that is a string and another's.
	Add(ctx context.Context, collection string, docs []bson.Raw) error

	// Get returns the document whose msg_id is the given one, whole, or
	// ErrNotFound.
	Get(ctx context.Context, collection, msgID string) (bson.Raw, error)

	// Find yields what a request asks for. It ends with the first error.
	Find(ctx context.Context, collection string, r Request) iter.Seq2[bson.Raw, error]

	// Count returns how many documents Find would yield.
	Count(ctx context.Context, collection string, r Request) (int64, error)

	// Distinct adds the documents that the filter selects to values.
	Distinct(ctx context.Context, collection string, filter *query.Filter, values *query.Distinct) error

	// Close ends the use of the store. It waits for what is under way.
	Close() error
}

// Request is a Query that was checked: what a Backend is asked. Filter, Sort and
// Projection are never nil, Skip and Limit never negative. Without a sort,
// documents come in the order of their insertion where a backend has one; so do
// documents that a sort does not tell apart.
type Request struct {
	Filter     *query.Filter
	Projection *query.Projection
	Sort       *query.Sort
	Skip       int64
	Limit      int64 // 0 is none
}

// OpenFunc opens the store that a URL names.
type OpenFunc func(ctx context.Context, u *url.URL) (Backend, error)

var (
	schemesMu sync.RWMutex
	schemes   = map[string]OpenFunc{}
)

// Register makes a backend known under a URL scheme. Backends call it when they
// are imported; it panics if the scheme is taken.
func Register(scheme string, open OpenFunc) {
	schemesMu.Lock()
	defer schemesMu.Unlock()
	if _, taken := schemes[scheme]; taken {
		panic(fmt.Sprintf("taskdb: scheme %q is registered twice", scheme))
	}
	schemes[scheme] = open
}

// Open opens the store that a URL names, as "dict:" does one in memory. The
// schemes that it knows are those of the backends that the program imports.
func Open(ctx context.Context, storeURL string) (*DB, error) {
	u, err := url.Parse(storeURL)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	schemesMu.RLock()
	open, ok := schemes[u.Scheme]
	known := slices.Sorted(maps.Keys(schemes))
	schemesMu.RUnlock()
	if !ok {
		return nil, fmt.Errorf("open store %q: unknown scheme %q, want one of: %s", u.Redacted(), u.Scheme, strings.Join(known, ", "))
	}
	backend, err := open(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", u.Redacted(), err)
	}
	return NewDB(backend), nil
}
