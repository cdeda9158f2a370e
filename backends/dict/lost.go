package dict

import (
	"context"
	"slices"
	"time"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/taskdb"
)

// watch makes the tasks lost that nobody has touched for too long, until the
// context ends.
func (s *Store) watch(ctx context.Context) {
	defer close(s.ended)
	ticker := time.NewTicker(bounds.Interval(s.bounds.LostAfter))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.loseTasks(ctx)
		}
	}
}

// loseTasks makes tasks lost in small steps, between the changes of others.
func (s *Store) loseTasks(ctx context.Context) {
	for name, ids := range s.untouched(time.Now()) {
		for some := range slices.Chunk(ids, bounds.LostAtOnce) {
			if ctx.Err() != nil {
				return
			}
			s.loseSome(name, some)
		}
	}
}

// untouched returns the unfinished tasks of each collection that nobody has touched
// for too long.
func (s *Store) untouched(now time.Time) map[string][]uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := map[string][]uint64{}
	for name, c := range s.collections {
		for id := range c.touched {
			if c.isLost(id, now) {
				found[name] = append(found[name], id)
			}
		}
	}
	return found
}

// loseSome makes those of some tasks lost that still are untouched.
func (s *Store) loseSome(name string, ids []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.collections[name]
	if c == nil {
		return // it was dropped meanwhile
	}
	now := time.Now()
	for _, id := range ids {
		if c.isLost(id, now) {
			c.lose(id, now)
		}
	}
}

// isLost tells whether a document is that of a task which nobody has touched for
// too long.
func (c *collection) isLost(id uint64, now time.Time) bool {
	at, watched := c.touched[id]
	return watched && now.Sub(at) >= c.bounds.LostAfter
}

// lose makes a task lost. The few bytes that this takes are not held against the
// bounds: it is how a store that is full of unfinished tasks gets some that may go.
func (c *collection) lose(id uint64, now time.Time) {
	before := c.whole(id)
	after, err := bounds.Lost(before, c.bounds.LostAfter, now)
	if err == nil {
		err = c.rewrite(id, before, after)
	}
	if err != nil { // it has no room for the reason, or a unique index forbids it
		c.touched[id] = now
		return
	}
	delete(c.touched, id)
	c.lost++
}

// touch notes that a document was stored now, if tasks are watched and it is that
// of an unfinished one.
func (c *collection) touch(id uint64) {
	if c.bounds.LostAfter == 0 || !taskdb.IsTasks(c.name) {
		return
	}
	if !taskdb.StateIncomplete.Has(c.docs.get(id)) {
		delete(c.touched, id)
		return
	}
	c.touched[id] = time.Now()
}
