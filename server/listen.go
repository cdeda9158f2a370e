package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	// headerTime is how long the header of a request may take to arrive, and
	// headerBytes how large it may be.
	headerTime  = 10 * time.Second
	headerBytes = 64 << 10
	// idleTime is how long a connection is kept that nobody asks anything.
	idleTime = 2 * time.Minute
	// stallTime is how long a connection of HTTP/2 may take nothing of what it is sent.
	// Of each answer the API sees to that.
	stallTime = 30 * time.Second
)

// listen listens at the addresses of the doors.
func (s *Server) listen(ctx context.Context) (err error) {
	if s.options.HTTP != "" {
		if s.httpListener, err = s.listenAt(ctx, s.options.HTTP); err != nil {
			return err
		}
		s.httpListener = gated{s.httpListener, s.gate}
	}
	if s.options.Mongo != "" {
		s.wireListener, err = s.listenAt(ctx, s.options.Mongo)
	}
	return err
}

// listenAt listens at an address that is to be served. Nobody is answered before
// Serve.
func (s *Server) listenAt(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	switch {
	case isLoopback(listener.Addr()):
	case !s.options.Insecure && (s.options.Users == nil || !s.options.Users.Required()):
		return nil, errors.Join(fmt.Errorf("listen at %s: %w", address, ErrExposed), listener.Close())
	case s.certificate == nil:
		s.options.Log.Warn("secrets and tasks go unencrypted to an address that other machines reach: use TLS, or a proxy that does", "address", listener.Addr().String())
	}
	return listener, nil
}

// isLoopback tells whether only this machine reaches an address.
func isLoopback(address net.Addr) bool {
	tcp, isTCP := address.(*net.TCPAddr)
	return isTCP && tcp.IP.IsLoopback()
}

// closeListeners closes what was listened at.
func (s *Server) closeListeners() error {
	var failed []error
	for _, listener := range []net.Listener{s.httpListener, s.wireListener} {
		if listener != nil {
			failed = append(failed, listener.Close())
		}
	}
	return errors.Join(failed...)
}
