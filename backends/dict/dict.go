// Package dict keeps a store in memory. Import it for its URL scheme:
//
//	import _ "github.com/taskdb/taskdb/backends/dict"
//
//	db, err := taskdb.Open(ctx, "dict:")
//
// Each Open makes a store of its own, which ends with Close.
package dict

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"net/url"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func init() {
	taskdb.Register("dict", func(_ context.Context, u *url.URL) (taskdb.Backend, error) {
		if u.Opaque != "" || u.Host != "" || u.Path != "" || u.RawQuery != "" {
			return nil, fmt.Errorf("a store in memory has no name and no options: want %q", "dict:")
		}
		return New(), nil
	})
}

// Store is a backend in memory.
type Store struct {
	mu          sync.RWMutex
	collections map[string]*collection // nil once the store is closed
}

// New returns an empty store.
func New() *Store { return &Store{collections: map[string]*collection{}} }

// Add is taskdb.Backend's.
func (s *Store) Add(ctx context.Context, name string, docs []bson.Raw) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.collections == nil {
		return taskdb.ErrClosed
	}
	c := s.collections[name]
	if c == nil {
		c = newCollection(name)
	}
	if err := c.add(docs); err != nil {
		return err
	}
	s.collections[name] = c
	return nil
}

// Get is taskdb.Backend's.
func (s *Store) Get(ctx context.Context, name, msgID string) (bson.Raw, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch c := s.collections[name]; {
	case s.collections == nil:
		return nil, taskdb.ErrClosed
	case c == nil || c.byMsg[msgID] == nil:
		return nil, taskdb.ErrNotFound
	default:
		return bytes.Clone(c.byMsg[msgID]), nil
	}
}

// snapshot returns the documents of a collection as they are now. Documents that
// are added later go behind the end of the slice.
func (s *Store) snapshot(name string) ([]bson.Raw, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.collections == nil {
		return nil, taskdb.ErrClosed
	}
	if c := s.collections[name]; c != nil {
		return c.docs, nil
	}
	return nil, nil
}

// Find is taskdb.Backend's. It reads the collection as it was at the start.
func (s *Store) Find(ctx context.Context, name string, r taskdb.Request) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		for doc, err := range s.selected(ctx, name, r) {
			if err == nil {
				doc, err = r.Projection.Apply(nil, doc, r.Filter)
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// Count is taskdb.Backend's.
func (s *Store) Count(ctx context.Context, name string, r taskdb.Request) (int64, error) {
	var n int64
	for _, err := range window(s.matching(ctx, name, r.Filter), r.Skip, r.Limit) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// Distinct is taskdb.Backend's.
func (s *Store) Distinct(ctx context.Context, name string, filter *query.Filter, values *query.Distinct) error {
	for doc, err := range s.matching(ctx, name, filter) {
		if err != nil {
			return err
		}
		values.Add(doc)
	}
	return nil
}

// Close is taskdb.Backend's.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.collections = nil
	return nil
}
