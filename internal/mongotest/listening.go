package mongotest

import (
	"net"
	"sync"
)

// listening serves the connections to a free port of 127.0.0.1.
type listening struct {
	URL string

	listener net.Listener
	serve    func(net.Conn) // until the connection ends
	serving  sync.WaitGroup

	mu     sync.Mutex // guards what follows
	open   map[net.Conn]bool
	closed bool
}

// start begins to listen. What serves a connection need not close it.
func (l *listening) start(serve func(net.Conn)) (err error) {
	if l.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	l.URL = "mongodb://" + l.listener.Addr().String() + "/"
	l.serve, l.open = serve, map[net.Conn]bool{}
	l.serving.Go(l.accept)
	return nil
}

// Close ends the connections, and waits for what serves them.
func (l *listening) Close() error {
	err := l.listener.Close()
	l.mu.Lock()
	l.closed = true
	for conn := range l.open {
		_ = conn.Close() // so that nothing is read from it
	}
	l.mu.Unlock()
	l.serving.Wait()
	return err
}

func (l *listening) accept() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		l.mu.Lock()
		if l.closed {
			_ = conn.Close()
		} else {
			l.open[conn] = true
			l.serving.Go(func() { l.serveAndClose(conn) })
		}
		l.mu.Unlock()
	}
}

func (l *listening) serveAndClose(conn net.Conn) {
	l.serve(conn)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, conn)
	_ = conn.Close()
}
