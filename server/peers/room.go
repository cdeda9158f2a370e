package peers

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Room is what a door has so much of, as bytes of memory, or turns. No peer has more than
// its share of it, however slow it is. It is safe for use by many goroutines at once.
type Room struct {
	size, most int64
	all        *semaphore.Weighted

	mu     sync.Mutex
	shares map[Peer]*Share
}

// NewRoom returns a room of a size, of which one peer has so much at the most.
func NewRoom(size, most int64) *Room {
	return &Room{size: size, most: min(most, size), all: semaphore.NewWeighted(size), shares: map[Peer]*Share{}}
}

// Half returns a room of a size, of which one peer has half at the most.
func Half(size int64) *Room { return NewRoom(size, (size+1)/2) }

// Share is what a peer has of a room.
type Share struct {
	room *Room
	peer Peer
	own  *semaphore.Weighted
	uses int // guarded by the room's mutex
}

// Share returns a peer's share, to be left when nothing of it is held.
func (r *Room) Share(peer Peer) *Share {
	r.mu.Lock()
	defer r.mu.Unlock()
	share := r.shares[peer]
	if share == nil {
		share = &Share{room: r, peer: peer, own: semaphore.NewWeighted(r.most)}
		r.shares[peer] = share
	}
	share.uses++
	return share
}

// Leave is for who has called Room.Share, once.
func (s *Share) Leave() {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	if s.uses--; s.uses == 0 {
		delete(s.room.shares, s.peer)
	}
}

// Most is how much the peer may have.
func (s *Share) Most() int64 { return s.room.most }

// Take waits until there is room for so much, first in the share and then in all. It
// fails when the context ends, or so much time has passed, or at once if the share never
// has so much.
func (s *Share) Take(ctx context.Context, n int64, atMost time.Duration) error {
	if n > s.room.most {
		return fmt.Errorf("%d, and one peer may have %d", n, s.room.most)
	}
	if s.TryTake(n) == nil { // mostly, and it needs no timer
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	if err := s.own.Acquire(ctx, n); err != nil {
		return fmt.Errorf("%d beside others from %s, of %d: %w", n, s.peer, s.room.most, err)
	}
	if err := s.room.all.Acquire(ctx, n); err != nil {
		s.own.Release(n)
		return fmt.Errorf("%d beside others, of %d: %w", n, s.room.size, err)
	}
	return nil
}

// TryTake is Take that does not wait, and fails if there is no room now.
func (s *Share) TryTake(n int64) error {
	if !s.own.TryAcquire(n) {
		return fmt.Errorf("from %s there may be %d", s.peer, s.room.most)
	}
	if !s.room.all.TryAcquire(n) {
		s.own.Release(n)
		return fmt.Errorf("there may be %d", s.room.size)
	}
	return nil
}

// Give gives back so much.
func (s *Share) Give(n int64) {
	s.room.all.Release(n)
	s.own.Release(n)
}
