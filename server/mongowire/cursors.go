package mongowire

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/server/peers"
)

// cursors are the cursors that clients may ask for more. They belong to no connection,
// since a driver may ask by another one.
type cursors struct {
	most    int
	timeout time.Duration

	mu   sync.Mutex // guards what follows
	open map[int64]*cursor
	cost int // of all that are open
}

func newCursors(most int, timeout time.Duration) *cursors {
	return &cursors{most: most, timeout: timeout, open: map[int64]*cursor{}}
}

// keep keeps a cursor for other commands, and returns its id.
func (s *cursors) keep(c *cursor) int64 {
	var excess []*cursor
	defer func() { closeCursors(excess...) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	id := rand.Int64N(1<<63-1) + 1
	for s.open[id] != nil {
		id++
	}
	s.open[id] = c
	excess = s.rest(c)
	return id
}

// rest has a cursor wait for the next command. If the cursors cost too much with what it
// has read ahead, it returns those that are to be closed.
func (s *cursors) rest(c *cursor) (excess []*cursor) {
	s.cost -= c.cost
	c.cost = s.costOf(c)
	s.cost += c.cost
	c.inUse, c.used = false, time.Now()
	for s.cost > s.most {
		id := s.nextToGo(c)
		if id == 0 {
			break
		}
		excess = append(excess, s.take(id))
	}
	return excess
}

// costOf is as how many cursors one counts that is not in use: for what it has read
// ahead, it is one more for each MiB, up to half of all, so that others stay beside it.
func (s *cursors) costOf(c *cursor) int { return 1 + min(len(c.ahead)>>20, s.most/2) }

// nextToGo returns the id of the cursor that was not used for longest, of the peer whose
// cursors cost most; 0 if there is none but the last one.
func (s *cursors) nextToGo(last *cursor) (id int64) {
	costs := map[peers.Peer]int{}
	for _, c := range s.open {
		costs[c.peer] += c.cost
	}
	for other, c := range s.open {
		if c.inUse || c == last {
			continue
		}
		if first := s.open[id]; id == 0 || costs[c.peer] > costs[first.peer] || costs[c.peer] == costs[first.peer] && c.used.Before(first.used) {
			id = other
		}
	}
	return id
}

// take takes out a cursor.
func (s *cursors) take(id int64) *cursor {
	c := s.open[id]
	delete(s.open, id)
	s.cost -= c.cost
	return c
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
	var dead []*cursor
	defer func() { closeCursors(dead...) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.open[id]; done || c.doomed {
		dead = append(dead, s.take(id))
	} else {
		dead = s.rest(c)
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
		dead = s.take(id)
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
			unused = append(unused, s.take(id))
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
