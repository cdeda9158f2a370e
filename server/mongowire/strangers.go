package mongowire

import (
	"time"

	"github.com/taskdb/taskdb/server/peers"
)

// isStranger tells whether the peer has to say who it is, and has not. Drivers keep such
// connections open, by which they ask from time to time whether the server is there.
func (c *conn) isStranger() bool { return c.auth.user.Load() == nil && c.server.mustSay() }

// strangers are connections with peers who have not said who they are.
type strangers struct {
	count  int
	silent *conn // the one that said nothing for longest
}

func (s *strangers) add(c *conn) {
	s.count++
	if s.silent == nil || c.heard.Load() < s.silent.heard.Load() {
		s.silent = c
	}
}

// makeWay has a stranger go, if they have half of the connections that there may be, with
// the peer of a new one or in all: so they keep out nobody who says who he is, and those
// who ask from time to time stay. The server's mutex is the caller's.
func (s *Server) makeWay(newcomer peers.Peer) {
	if !s.mustSay() {
		return
	}
	var own, all strangers
	for c := range s.conns {
		if c.auth.user.Load() != nil || c.pass.Refusal != nil || c.isDraining() {
			continue
		}
		all.add(c)
		if c.peer == newcomer {
			own.add(c)
		}
	}
	switch {
	case own.count >= (s.options.MaxPeerConnections+1)/2:
		own.silent.giveWay()
	case all.count >= (s.options.MaxConnections+1)/2:
		all.silent.giveWay()
	}
}

// giveWay ends the connection, and gives its place up at once: it does not wait for a
// peer that takes no replies.
func (c *conn) giveWay() {
	c.log.Info("connection closed, as too many have not said who they are", "silent_for", (c.server.uptime() - time.Duration(c.heard.Load())).String())
	c.pass.Leave()
	c.drain()
	_ = c.socket.SetWriteDeadline(time.Unix(1, 0))
}

// uptime is how long the server has been there.
func (s *Server) uptime() time.Duration { return time.Since(s.started) }
