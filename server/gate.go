package server

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/taskdb/taskdb/server/peers"
)

// gated is a listener whose connections a gate counts.
type gated struct {
	net.Listener
	gate *peers.Gate
}

// Accept returns the next connection that is to be answered.
func (l gated) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if pass := l.gate.Enter(conn.RemoteAddr()); pass != nil {
			return passing{conn, pass}, nil
		}
		_ = conn.Close()
	}
}

// passing is a connection with its place.
type passing struct {
	net.Conn
	pass *peers.Pass
}

// Close ends the connection.
func (p passing) Close() error {
	p.pass.Leave()
	return p.Conn.Close()
}

type passKey struct{}

// withPass has the requests of a connection know its place.
func withPass(ctx context.Context, conn net.Conn) context.Context {
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	if p, ok := conn.(passing); ok {
		ctx = context.WithValue(ctx, passKey{}, p.pass)
	}
	return ctx
}

// refusalOf returns why the connection of a request is refused, or nil.
func refusalOf(ctx context.Context) error {
	if pass, ok := ctx.Value(passKey{}).(*peers.Pass); ok {
		return pass.Refusal
	}
	return nil
}
