// Package mongowire answers MongoDB's wire protocol over a store: any client of
// MongoDB can ask, and IPython parallel's controller needs no change.
//
//	server, err := mongowire.New(db, mongowire.Options{})
//	…
//	listener, err := net.Listen("tcp", "127.0.0.1:27017")
//	…
//	err = server.Serve(ctx, listener)
//
// It is a door to task stores and no MongoDB: what it does not do it refuses with
// MongoDB's own code. Each (database, collection) is a collection of the store; those
// of the database admin, config and local, and those that begin with "system.", are
// none. Answers are those of MongoDB 8.2, in its language alone: IPython's own
// operators are not known here.
//
// What is written here passes the rules of the hub by. With users, reading takes the
// role read and writing the role operate; a user who is bound to a client sees the
// tasks of that client only, and writes none.
package mongowire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taskdb/taskdb/server/peers"
	"github.com/taskdb/taskdb/taskdb"
)

// Options are how a Server serves. The zero value is sound: no users, on the loopback
// address only.
type Options struct {
	// Users are those who may ask, with their passwords. nil, or none, lets everybody
	// do all, on an address that only this machine reaches.
	Users Users
	// Insecure lets everybody do all, without users, on any address.
	Insecure bool
	// TLS encrypts the connections, if it is not nil.
	TLS *tls.Config

	// MaxDocumentSize and MaxMessageSize are how many bytes a document and a message
	// may have, as drivers are told: 1 GiB if they are 0. A store keeps documents of
	// taskdb.MaxRecordSize, without their buffers.
	MaxDocumentSize, MaxMessageSize int
	// MaxRoom is how many bytes messages of more than 1 MiB may have at once, those of
	// all connections together, and as many their replies, half of that for what these
	// have beyond a batch; 0 is twice MaxMessageSize, which is the least. One peer has
	// half of it, and a message that is compressed needs room for what it becomes, too.
	// Others wait, no longer than IdleTimeout, and then their connection is closed; a
	// command that may have a large reply waits for room before it is carried out, no
	// longer than MaxTime.
	MaxRoom int64
	// MaxConnections is how many connections there may be at once, and
	// MaxPeerConnections how many of them with one peer; 0 is 2,000, and half of them.
	// The first command of another one is refused, with MongoDB's code 365, and the
	// connection closed. With users, peers who have not said who they are have half of
	// either: one more has the one of them closed that was silent for longest.
	MaxConnections, MaxPeerConnections int
	// MaxCursors is how many cursors are kept open, where one whose next document is
	// large counts as one more for each MiB, up to half of all; 0 is 1,000. One more
	// closes the one that was not used for longest, of the peer that has most.
	MaxCursors int
	// CursorTimeout is how long a cursor is kept that nobody asks; 0 is 10 minutes.
	CursorTimeout time.Duration
	// MaxCommands is how many commands are carried out at once; 0 is 64. One peer has
	// half of them. Others wait for their turn, and no longer than MaxTime.
	MaxCommands int
	// MaxTime is how long a command may take that reads, and one that does not say
	// how long; 0 is one minute. A command may ask for less by its maxTimeMS.
	MaxTime time.Duration
	// MaxRecords is how many records, and keys of indexes, a command that reads may
	// look at, with all that its cursor is asked for; 0 is any number.
	MaxRecords int64
	// IdleTimeout is how long a peer may let the other wait in the middle of a
	// message, and for the first; 0 is 30 seconds. Large messages have longer.
	IdleTimeout time.Duration
	// StopTimeout is how long Serve waits in the end for the commands under way; 0 is
	// 10 seconds.
	StopTimeout time.Duration

	// Log is told of connections and of what goes wrong, with the connection's id. nil
	// is slog.Default.
	Log *slog.Logger
	// Observe, if not nil, is called after each command with its name ("other" if it
	// is none that the server knows), how long it took, and MongoDB's code, or 0.
	Observe func(command string, took time.Duration, code int)
}

// withDefaults returns the options with what the zero values stand for.
func (o Options) withDefaults() Options {
	for _, option := range []struct {
		value    *int
		standard int
	}{
		{&o.MaxDocumentSize, 1 << 30},
		{&o.MaxMessageSize, 1 << 30},
		{&o.MaxConnections, 2000},
		{&o.MaxCursors, 1000},
		{&o.MaxCommands, 64},
	} {
		if *option.value == 0 {
			*option.value = option.standard
		}
	}
	for _, option := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&o.CursorTimeout, 10 * time.Minute},
		{&o.MaxTime, time.Minute},
		{&o.IdleTimeout, 30 * time.Second},
		{&o.StopTimeout, 10 * time.Second},
	} {
		if *option.value == 0 {
			*option.value = option.standard
		}
	}
	if o.MaxPeerConnections == 0 {
		o.MaxPeerConnections = (o.MaxConnections + 1) / 2
	}
	o.MaxRoom = max(o.MaxRoom, 2*int64(o.MaxMessageSize))
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration, int) {}
	}
	return o
}

// Server answers the wire protocol over a store. It is safe for use by many
// goroutines at once.
type Server struct {
	db      *taskdb.DB
	options Options
	started time.Time
	cursors *cursors
	turns   *peers.Room  // one for each command that is carried out
	room    *peers.Room  // bytes for large messages
	replies *peers.Room  // and for large replies, each up to a batch
	beyond  *peers.Room  // and for what they have beyond it
	gate    *peers.Gate  // counts the connections
	lastID  atomic.Int64 // of them

	mu    sync.Mutex // guards what follows
	conns map[*conn]struct{}
}

// New returns a Server over a store. The store is the caller's, to be closed after
// Serve has returned.
func New(db *taskdb.DB, options Options) *Server {
	options = options.withDefaults()
	return &Server{
		db:      db,
		options: options,
		started: time.Now(),
		cursors: newCursors(options.MaxCursors, options.CursorTimeout),
		turns:   peers.Half(int64(options.MaxCommands)),
		room:    peers.Half(options.MaxRoom),
		replies: peers.Half(options.replyRoom()),
		beyond:  peers.Half(options.MaxRoom / 2),
		gate:    peers.NewGate(peers.Limits{All: options.MaxConnections, Peer: options.MaxPeerConnections}),
		conns:   map[*conn]struct{}{},
	}
}

// ErrOpen says that a server would let everybody do all from other machines.
var ErrOpen = errors.New("without users it listens on a loopback address only, unless it is told to be insecure")

// Serve serves the connections that a listener accepts until the context ends, and
// closes the listener. Then it lets the commands under way finish, for
// Options.StopTimeout at the most, and returns nil when nothing of them is left. It
// fails with ErrOpen, or if the listener does.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	if !s.mustSay() && !s.options.Insecure && !isLoopback(listener.Addr()) {
		return errors.Join(fmt.Errorf("serve MongoDB's protocol on %s: %w", listener.Addr(), ErrOpen), listener.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	closed := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer closed()

	// What is under way outlives ctx for a time.
	commands, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	defer interrupt()
	var serving sync.WaitGroup
	serving.Go(func() { s.cursors.expire(ctx) })

	err := s.accept(ctx, commands, listener, &serving)
	stop()
	_ = listener.Close()
	s.stop(interrupt, &serving)
	s.cursors.closeAll()
	return err
}

// isLoopback tells whether only this machine reaches an address.
func isLoopback(address net.Addr) bool {
	tcp, isTCP := address.(*net.TCPAddr)
	return !isTCP || tcp.IP.IsLoopback()
}

// accept serves connections until ctx ends.
func (s *Server) accept(ctx, commands context.Context, listener net.Listener, serving *sync.WaitGroup) error {
	for {
		socket, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = socket.Close()
			}
			return nil
		case isTemporary(err):
			s.options.Log.Error("a connection was not accepted", "error", err)
			select {
			case <-time.After(acceptPause):
			case <-ctx.Done():
			}
			continue
		case err != nil:
			return fmt.Errorf("accept a connection: %w", err)
		}
		if c := s.open(socket); c != nil {
			serving.Go(func() {
				defer s.forget(c)
				c.serve(commands)
			})
		}
	}
}

// acceptPause is how long accepting rests when the machine is short of something, as
// of file descriptors.
const acceptPause = 50 * time.Millisecond

// isTemporary tells whether accepting may succeed later.
func isTemporary(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && !errors.Is(err, net.ErrClosed)
}

// open returns the connection over a socket, or nil if there are too many even of those
// that are refused.
func (s *Server) open(socket net.Conn) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeWay(peers.Of(socket.RemoteAddr().String()))
	pass := s.gate.Enter(socket.RemoteAddr())
	if pass == nil {
		_ = socket.Close()
		return nil
	}
	if pass.Refusal != nil {
		s.options.Log.Warn("a connection is refused", "peer", socket.RemoteAddr().String(), "error", pass.Refusal)
	}
	if s.options.TLS != nil {
		socket = tls.Server(socket, s.options.TLS)
	}
	c := newConn(s, socket, pass, s.lastID.Add(1))
	s.conns[c] = struct{}{}
	return c
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	c.leave()
}

// stop has the connections end, each after the command that it carries out, and waits
// for them. After a time the commands are interrupted.
func (s *Server) stop(interrupt context.CancelFunc, serving *sync.WaitGroup) {
	s.mu.Lock()
	for c := range s.conns {
		c.drain()
	}
	s.mu.Unlock()
	late := time.AfterFunc(s.options.StopTimeout, func() {
		interrupt()
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.conns {
			_ = c.socket.Close()
		}
	})
	serving.Wait()
	late.Stop()
}

// Cursors returns how many cursors are open.
func (s *Server) Cursors() int { return s.cursors.count() }

// Connections returns how many connections there are, without those that are refused.
func (s *Server) Connections() int { return s.gate.Connections() }

// Refused returns how many connections were too many so far.
func (s *Server) Refused() int64 { return s.gate.Refused() }
