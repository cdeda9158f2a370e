package taskdb

import (
	"context"
	"errors"
	"fmt"
	"io"
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
// Collections are named "database.collection", and DB has checked the names; one
// that was never written to is empty, and a write that fails does not make it.
// Documents that come in are valid BSON with an _id, and the backend keeps copies; documents that it hands out are the caller's. All methods are safe for
// use by many goroutines at once, and return the context's error soon after it
// ends. After Close they return ErrClosed.
type Backend interface {
	// Add stores documents, all of them or none. It fails with a
	// *DuplicateKeyError if one has the _id of another or, in a collection of
	// tasks (IsTasks), a msg_id that is a string and another's, or another's key
	// in a unique index; and with ErrFull if there is no room for them, see Bounds.
	Add(ctx context.Context, collection string, docs []bson.Raw) error

	// Write carries out changes, one after another, and returns the outcome of each
	// at its place. A document is changed whole or not at all, with its keys in all
	// indexes; a change of one document finds it and changes it with nobody between.
	// If they are ordered, those behind the first that fails have the outcome
	// ErrNotTried. The second result is an error that kept all from being tried.
	//
	// A change of many documents takes steps of at most some 50 ms, between which
	// others are served. A deletion of many that has begun is carried through,
	// whatever becomes of the context and, in a store that outlives the process, of
	// that. What was changed while they were being found is asked about again.
	Write(ctx context.Context, collection string, changes []Change, ordered bool) ([]Outcome, error)

	// Get returns the document whose msg_id is the given one, whole, or
	// ErrNotFound, which is an *ExpiredError if the store's bounds removed it; so
	// do OpenBuffer and PutBuffer.
	Get(ctx context.Context, collection, msgID string) (bson.Raw, error)

	// Find yields what a request asks for. It ends with the first error.
	Find(ctx context.Context, collection string, r Request) iter.Seq2[bson.Raw, error]

	// Count returns how many documents Find would yield.
	Count(ctx context.Context, collection string, r Request) (int64, error)

	// Distinct adds the documents that the filter selects to values.
	Distinct(ctx context.Context, collection string, filter *query.Filter, values *query.Distinct) error

	// OpenBuffer opens the n-th buffer, from 0, in the array under a record's key,
	// or returns ErrNotFound. It goes on to read what it opened, even if the
	// record is dropped meanwhile, or fails with ErrNotFound.
	OpenBuffer(ctx context.Context, collection, msgID, key string, n int) (Buffer, error)

	// PutBuffer appends to the array under a record's key what it reads until
	// io.EOF. The record has the whole of it or nothing. A key that is null or
	// missing becomes an array; an array of other things than buffers, or any
	// other value, is ErrNoBuffers.
	PutBuffer(ctx context.Context, collection, msgID, key string, r io.Reader) error

	// Append adds a tail, a string or an array, to what a record has under a
	// top-level key that is not _id: a string or an array too, null or nothing.
	// Something else there is a *query.Error. What it costs is in proportion to the
	// tail, whatever is there already. A record that would be larger than
	// MaxRecordSize stays as it is: ErrTooLarge.
	Append(ctx context.Context, collection, msgID, key string, tail bson.RawValue) error

	// Explain carries out a request and tells how.
	Explain(ctx context.Context, collection string, r Request) (*Explanation, error)

	// Stats returns figures about a collection, but for the States.
	Stats(ctx context.Context, collection string) (Stats, error)

	// Collections returns the names of the store's collections, in order.
	Collections(ctx context.Context) ([]string, error)

	// Drop removes a collection with its documents and indexes. One that does
	// not exist is none to remove.
	Drop(ctx context.Context, collection string) error

	// Indexes returns what indexes a collection has, the standard ones first.
	Indexes(ctx context.Context, collection string) ([]IndexInfo, error)

	// CreateIndex adds an index, and returns when it has the documents that are
	// stored already; others may be written meanwhile. One that exists with the
	// same keys and options is left as it is; one with the same name or keys and
	// others is ErrIndexConflict.
	CreateIndex(ctx context.Context, collection string, index *query.Index) error

	// DropIndex removes an index by its name, or ErrNotFound. A standard index
	// stays: ErrIndexConflict.
	DropIndex(ctx context.Context, collection, name string) error

	// Close ends the use of the store. It waits for the calls under way, but not
	// for the consumers of Find: what they ask for next is ErrClosed, or comes from
	// what was read already. To close again is no error.
	Close() error
}

// Request is a Query that was checked: what a Backend is asked. Filter, Sort and
// Projection are never nil, Skip and Limit never negative.
type Request struct {
	Filter     *query.Filter
	Projection *query.Projection
	Sort       *query.Sort
	Skip       int64
	Limit      int64 // 0 is none
	// After, if not empty, is what Note was told of a document: only documents
	// that the sort places behind it are asked for.
	After []byte
	// Note, if not nil, is called before each document is yielded with what tells
	// where the sort places it: its key (query.Sort.AppendKey), or what else the
	// backend can go on after.
	Note func(place []byte)
}

// IndexInfo describes an index of a collection.
type IndexInfo struct {
	Name     string
	Keys     bson.Raw // paths and directions
	Unique   bool
	Partial  bson.Raw // the filter of the documents that are in it; nil for all
	Multikey bool     // a document may have several keys in it
	Standard bool     // every collection of its kind has it; it cannot be dropped
}

// Buffer is an open buffer. It must be closed.
type Buffer interface {
	io.ReadSeekCloser
	io.ReaderAt
	Size() int64 // in bytes
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
		// What the error tells of the URL may be a part of a password.
		return nil, errors.New("open store: its URL is malformed: want scheme://user:password@host:port/path?options, and what has another meaning there as %XX")
	}
	schemesMu.RLock()
	open, ok := schemes[u.Scheme]
	known := slices.Sorted(maps.Keys(schemes))
	schemesMu.RUnlock()
	if !ok {
		return nil, fmt.Errorf("open store %q: unknown scheme %q, want one of: %s", redacted(u), u.Scheme, strings.Join(known, ", "))
	}
	backend, err := open(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", redacted(u), err)
	}
	return NewDB(backend), nil
}

// redacted returns a URL without the passwords that it has, of a user and in its
// options.
func redacted(u *url.URL) string {
	options := u.Query()
	hidden := false
	for name := range options {
		switch strings.ToLower(name) {
		case "tlscertificatekeyfilepassword", "sslclientcertificatekeypassword", "authmechanismproperties":
			options.Set(name, "xxxxx")
			hidden = true
		}
	}
	shown := *u
	if hidden {
		shown.RawQuery = options.Encode()
	}
	return shown.Redacted()
}
