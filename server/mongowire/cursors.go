package mongowire

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/taskdb/taskdb/query"
)

// cursors are the cursors that clients may ask for more. They belong to no connection,
// since a driver may ask by another one.
type cursors struct {
	most    int
	timeout time.Duration

	mu   sync.Mutex // guards what follows
	open map[int64]*cursor
}

func newCursors(most int, timeout time.Duration) *cursors {
	return &cursors{most: most, timeout: timeout, open: map[int64]*cursor{}}
}

// keep keeps a cursor for other commands, and returns its id. If there are too many,
// the one is closed that was not used for longest.
func (s *cursors) keep(c *cursor) int64 {
	var oldest *cursor
	defer func() { closeCursors(oldest) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= s.most {
		oldest = s.takeOldest()
	}
	id := rand.Int64N(1<<63-1) + 1
	for s.open[id] != nil {
		id++
	}
	c.inUse, c.used = false, time.Now()
	s.open[id] = c
	return id
}

// closeCursors closes cursors, which may take a while with a store that is a server:
// it is for when the mutex is free.
func closeCursors(list ...*cursor) {
	for _, c := range list {
		if c != nil {
			c.close()
		}
	}
}

// takeOldest takes out the cursor that was not used for longest.
func (s *cursors) takeOldest() *cursor {
	var oldest int64
	for id, c := range s.open {
		if !c.inUse && (oldest == 0 || c.used.Before(s.open[oldest].used)) {
			oldest = id
		}
	}
	c := s.open[oldest]
	delete(s.open, oldest)
	return c
}

// use returns a user's cursor, which is in use until it is released.
func (s *cursors) use(id int64, user string) (*cursor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[id]
	switch {
	case c == nil:
		return nil, cursorNotFound(id)
	case c.user != user:
		return nil, &query.Error{Code: codeUnauthorized, Message: "cursor id " + strconv.FormatInt(id, 10) + " was created by another user"}
	case c.inUse:
		return nil, &query.Error{Code: codeCursorInUse, Message: "cursor id " + strconv.FormatInt(id, 10) + " is already in use"}
	}
	c.inUse = true
	return c, nil
}

// release ends the use of a cursor. One that is done is closed.
func (s *cursors) release(id int64, done bool) {
	var dead *cursor
	defer func() { closeCursors(dead) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[id]
	c.inUse, c.used = false, time.Now()
	if done || c.doomed {
		delete(s.open, id)
		dead = c
	}
}

// kill closes a user's cursor, or interrupts its use. It tells whether there is one.
func (s *cursors) kill(id int64, user string) bool {
	var dead *cursor
	defer func() { closeCursors(dead) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[id]
	switch {
	case c == nil || c.user != user || c.doomed:
		return false
	case c.inUse:
		c.doomed = true
		c.cancel()
	default:
		delete(s.open, id)
		dead = c
	}
	return true
}

// expire closes cursors that nobody asks, until the context ends.
func (s *cursors) expire(ctx context.Context) {
	tick := time.NewTicker(max(s.timeout/10, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			closeCursors(s.takeUnused(now.Add(-s.timeout))...)
		case <-ctx.Done():
			return
		}
	}
}

// takeUnused takes out the cursors that were not used since a time.
func (s *cursors) takeUnused(since time.Time) (unused []*cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, c := range s.open {
		if !c.inUse && c.used.Before(since) {
			delete(s.open, id)
			unused = append(unused, c)
		}
	}
	return unused
}

// closeAll closes all cursors. None may be in use.
func (s *cursors) closeAll() {
	closeCursors(s.takeUnused(time.Now().Add(s.timeout))...)
}

// count returns how many cursors are open.
func (s *cursors) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}
