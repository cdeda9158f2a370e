package mongowire

import (
	"context"
	"net"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ParseFrame takes a message apart, of which the header says how long it is.
func ParseFrame(message []byte, most int) (body bson.Raw, lists map[string][]bson.Raw, err error) {
	f, err := parseFrame(message, most)
	return f.body, f.lists, err
}

// Answer carries out a command as a connection does, and returns the reply.
func (s *Server) Answer(ctx context.Context, command bson.Raw) (bson.Raw, error) {
	socket, other := net.Pipe()
	defer socket.Close()
	defer other.Close()
	c := newConn(s, socket, s.gate.Enter(socket.RemoteAddr()), 1)
	defer c.leave()
	defer c.room.replied()
	return c.run(ctx, ctx, frame{body: command})
}
