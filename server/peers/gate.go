// Package peers bounds what a door has at a time of connections, of turns and of memory, in
// all and for each peer.
package peers

import (
	"fmt"
	"net"
	"sync"
)

// Limits are how many connections there may be at a time.
type Limits struct {
	// All is how many a door has.
	All int
	// Peer is how many one peer has, if it is known.
	Peer int
}

// maxRefusing is how many connections beyond the limits there may be, to be told so.
// More are to be closed at once.
const maxRefusing = 64

// Gate counts the connections of a door. It is safe for use by many goroutines at once.
type Gate struct {
	limits Limits

	mu       sync.Mutex
	admitted int
	byPeer   map[Peer]int
	refusing int
	refused  int64
}

// NewGate returns a gate that has let nobody in yet.
func NewGate(limits Limits) *Gate {
	return &Gate{limits: limits, byPeer: map[Peer]int{}}
}

// Pass is a connection's place.
type Pass struct {
	// Refusal, if not nil, is why the peer is to be told that it is refused, by whatever
	// it asks first, and nothing else.
	Refusal error

	gate *Gate
	peer Peer
	left bool
}

// Enter returns the place of a connection with a peer, to be left when the connection
// has ended; nil if it is to be closed at once.
func (g *Gate) Enter(address net.Addr) *Pass {
	g.mu.Lock()
	defer g.mu.Unlock()
	pass := &Pass{gate: g, peer: Of(address.String())}
	switch {
	case g.admitted >= g.limits.All:
		pass.Refusal = fmt.Errorf("too many connections: there may be %d", g.limits.All)
	case pass.peer != Peer{} && g.byPeer[pass.peer] >= g.limits.Peer:
		pass.Refusal = fmt.Errorf("too many connections from %s: there may be %d", pass.peer, g.limits.Peer)
	default:
		g.admitted++
		g.byPeer[pass.peer]++
		return pass
	}
	g.refused++
	if g.refusing >= maxRefusing {
		return nil
	}
	g.refusing++
	return pass
}

// Leave gives the place up. To do so again does nothing.
func (p *Pass) Leave() {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case p.left:
		return
	case p.Refusal != nil:
		g.refusing--
	default:
		g.admitted--
		if g.byPeer[p.peer]--; g.byPeer[p.peer] == 0 {
			delete(g.byPeer, p.peer)
		}
	}
	p.left = true
}

// Connections returns how many connections there are that were let in.
func (g *Gate) Connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.admitted
}

// Refused returns how many connections were not let in so far.
func (g *Gate) Refused() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refused
}
