// Package dict keeps a store in memory. Import it for its URL scheme:
//
//	import _ "github.com/taskdb/taskdb/backends/dict"
//
//	db, err := taskdb.Open(ctx, "dict:")
//
// Each Open makes a store of its own, which ends with Close. Options bound what
// each of its collections may hold, see taskdb.Bounds:
//
//	dict:?max_records=100000&max_bytes=2GiB&cull=0.1&lost_after=24h
//
// Without them that is 1 GiB of BSON; max_bytes=0 is no bound.
package dict

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func init() {
	taskdb.Register("dict", func(_ context.Context, u *url.URL) (taskdb.Backend, error) {
		if u.Opaque != "" || u.Host != "" || u.Path != "" {
			return nil, fmt.Errorf("a store in memory has no name: want %q", "dict:")
		}
		bounds, err := parseOptions(u.RawQuery)
		if err != nil {
			return nil, err
		}
		return New(bounds), nil
	})
}

// Store is a backend in memory.
type Store struct {
	bounds      taskdb.Bounds
	mu          sync.RWMutex
	collections map[string]*collection // nil once the store is closed

	// The goroutine that makes tasks lost.
	stop  context.CancelFunc
	ended chan struct{}
}

// New returns an empty store.
func New(bounds taskdb.Bounds) *Store {
	s := &Store{bounds: bounds, collections: map[string]*collection{}, ended: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if bounds.LostAfter > 0 {
		go s.watch(ctx)
	} else {
		close(s.ended)
	}
	return s
}

// read calls use with a collection, which is nil if it does not exist, while
// nobody writes.
func (s *Store) read(ctx context.Context, name string, use func(c *collection) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.collections == nil {
		return taskdb.ErrClosed
	}
	return use(s.collections[name])
}

// write calls use with a collection, while nobody else reads or writes. One that
// does not exist is made, unless use fails.
func (s *Store) write(ctx context.Context, name string, use func(c *collection) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.collections == nil {
		return taskdb.ErrClosed
	}
	if c := s.collections[name]; c != nil {
		return use(c)
	}
	c := newCollection(name, s.bounds)
	err := use(c)
	if err == nil {
		s.collections[name] = c
	}
	return err
}

// Add is taskdb.Backend's.
func (s *Store) Add(ctx context.Context, name string, docs []bson.Raw) error {
	return s.write(ctx, name, func(c *collection) error { return c.addAll(docs) })
}

// Get is taskdb.Backend's.
func (s *Store) Get(ctx context.Context, name, msgID string) (doc bson.Raw, err error) {
	err = s.read(ctx, name, func(c *collection) error {
		if found := c.byMsgID(msgID); found != nil {
			doc = bytes.Clone(found)
			return nil
		}
		return c.absent(msgID)
	})
	return doc, err
}

// Find is taskdb.Backend's.
func (s *Store) Find(ctx context.Context, name string, r taskdb.Request) iter.Seq2[bson.Raw, error] {
	return execute.Find(ctx, s.view(name, batchFor(r)), r)
}

// Count is taskdb.Backend's.
func (s *Store) Count(ctx context.Context, name string, r taskdb.Request) (int64, error) {
	return execute.Count(ctx, s.view(name, batchFor(r)), r)
}

// Distinct is taskdb.Backend's.
func (s *Store) Distinct(ctx context.Context, name string, filter *query.Filter, values *query.Distinct) error {
	return execute.Distinct(ctx, s.view(name, firstBatch), filter, values)
}

// Explain is taskdb.Backend's.
func (s *Store) Explain(ctx context.Context, name string, r taskdb.Request) (*taskdb.Explanation, error) {
	return execute.Explain(ctx, s.view(name, batchFor(r)), r)
}

// Collections is taskdb.Backend's.
func (s *Store) Collections(ctx context.Context) (names []string, err error) {
	err = s.read(ctx, "", func(*collection) error {
		names = slices.Sorted(maps.Keys(s.collections))
		return nil
	})
	return names, err
}

// Drop is taskdb.Backend's.
func (s *Store) Drop(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.collections == nil {
		return taskdb.ErrClosed
	}
	delete(s.collections, name)
	return nil
}

// Indexes is taskdb.Backend's.
func (s *Store) Indexes(ctx context.Context, name string) (infos []taskdb.IndexInfo, err error) {
	err = s.read(ctx, name, func(c *collection) error {
		if c != nil {
			infos = c.indexInfos()
		}
		return nil
	})
	return infos, err
}

// CreateIndex is taskdb.Backend's.
func (s *Store) CreateIndex(ctx context.Context, name string, index *query.Index) error {
	return s.write(ctx, name, func(c *collection) error { return c.createIndex(index) })
}

// DropIndex is taskdb.Backend's.
func (s *Store) DropIndex(ctx context.Context, name, index string) error {
	return s.write(ctx, name, func(c *collection) error { return c.dropIndex(index) })
}

// Close is taskdb.Backend's.
func (s *Store) Close() error {
	s.stop()
	<-s.ended
	s.mu.Lock()
	defer s.mu.Unlock()
	s.collections = nil
	return nil
}
