package peers

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Room is memory of a door for what is large and goes at the pace of a peer. No peer has
// more than its share of it, however slow it is. It is safe for use by many goroutines
// at once.
type Room struct {
	bytes, most int64
	all         *semaphore.Weighted

	mu     sync.Mutex
	shares map[Peer]*Share
}

// NewRoom returns a room of so many bytes, of which one peer has so many at the most.
func NewRoom(bytes, most int64) *Room {
	return &Room{bytes: bytes, most: min(most, bytes), all: semaphore.NewWeighted(bytes), shares: map[Peer]*Share{}}
}

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

// Most is how many bytes the peer may have at the most.
func (s *Share) Most() int64 { return s.room.most }

// Take waits until there is room for so many bytes, first in the share and then in all.
// It fails when the context ends, or at once if the share never has so many.
func (s *Share) Take(ctx context.Context, bytes int64) error {
	if bytes > s.room.most {
		return fmt.Errorf("%d bytes, of %d that one peer may have", bytes, s.room.most)
	}
	if err := s.own.Acquire(ctx, bytes); err != nil {
		return fmt.Errorf("%d bytes beside others from %s, of %d: %w", bytes, s.peer, s.room.most, err)
	}
	if err := s.room.all.Acquire(ctx, bytes); err != nil {
		s.own.Release(bytes)
		return fmt.Errorf("%d bytes beside others, of %d: %w", bytes, s.room.bytes, err)
	}
	return nil
}

// TryTake is Take that does not wait, and fails if there is no room now.
func (s *Share) TryTake(bytes int64) error {
	if !s.own.TryAcquire(bytes) {
		return fmt.Errorf("from %s there may be %d", s.peer, s.room.most)
	}
	if !s.room.all.TryAcquire(bytes) {
		s.own.Release(bytes)
		return fmt.Errorf("there may be %d", s.room.bytes)
	}
	return nil
}

// Give gives back so many bytes.
func (s *Share) Give(bytes int64) {
	s.room.all.Release(bytes)
	s.own.Release(bytes)
}
