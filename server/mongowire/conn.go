package mongowire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taskdb/taskdb/server/peers"
)

// conn is a connection. One goroutine reads its messages, and another carries out the
// commands, one after another: so a client that goes away interrupts what it asked.
type conn struct {
	server *Server
	id     int64
	socket net.Conn
	peer   peers.Peer
	pass   *peers.Pass
	room   room
	reader *bufio.Reader
	log    *slog.Logger
	auth   authentication
	heard  atomic.Int64 // when the peer last said something, of the server's uptime

	mu       sync.Mutex // guards what follows, and the deadline for reading
	draining bool
}

func newConn(s *Server, socket net.Conn, pass *peers.Pass, id int64) *conn {
	address := socket.RemoteAddr().String()
	c := &conn{
		server: s,
		id:     id,
		socket: socket,
		peer:   peers.Of(address),
		pass:   pass,
		room:   s.roomOf(peers.Of(address)),
		reader: bufio.NewReader(socket),
		log:    s.options.Log.With("connection", id, "peer", address),
	}
	c.heard.Store(int64(s.uptime()))
	return c
}

// leave gives up what the connection has of the server's.
func (c *conn) leave() {
	c.pass.Leave()
	c.room.leave()
}

// serve carries out the commands of the connection until it ends.
func (c *conn) serve(commands context.Context) {
	c.log.Debug("connection accepted")
	reading, gone := context.WithCancel(commands)
	frames, ended := make(chan frame), make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(frames)
		defer gone()
		c.logEnd(c.read(reading, frames, ended))
	})
	for f := range frames {
		err := c.answer(commands, reading, f)
		c.room.give(f.room)
		if err != nil {
			c.log.Info("reply not sent", "error", err)
			break
		}
		if c.isDraining() || c.pass.Refusal != nil {
			break
		}
	}
	close(ended)
	_ = c.socket.Close()
	reader.Wait()
	gone()
	c.log.Debug("connection ended")
}

// logEnd logs why reading ended, unless the peer went between two messages.
func (c *conn) logEnd(err error) {
	var alert tls.AlertError
	switch {
	case errors.Is(err, errFrame), errors.As(err, &alert):
		c.log.Warn("connection closed", "reason", err)
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !c.isDraining():
		c.log.Info("connection lost", "reason", err)
	}
}

// read reads messages until there are no more, or they are no longer taken.
func (c *conn) read(ctx context.Context, frames chan<- frame, ended <-chan struct{}) error {
	for isFirst := true; ; isFirst = false {
		f, err := c.readFrame(ctx, isFirst)
		if err != nil {
			return err
		}
		select {
		case frames <- f:
		case <-ended:
			c.room.give(f.room)
			return nil
		}
	}
}

// readFrame reads a message. Between two a peer may take its time.
func (c *conn) readFrame(ctx context.Context, isFirst bool) (frame, error) {
	timeout := c.server.options.IdleTimeout
	if isFirst {
		c.deadline(time.Now().Add(timeout))
	} else {
		c.deadline(time.Time{})
	}
	if _, err := c.reader.Peek(1); err != nil {
		return frame{}, err
	}
	c.heard.Store(int64(c.server.uptime()))
	c.deadline(time.Now().Add(timeout))
	header, err := c.reader.Peek(headerSize)
	if err != nil {
		return frame{}, err
	}
	most := c.maxMessage()
	length, err := readLength(header, most)
	if err != nil {
		return frame{}, err
	}
	unpacked, err := c.unpackedSize(length, most)
	if err != nil {
		return frame{}, err
	}
	room := length + unpacked
	if err := c.room.take(ctx, room); err != nil {
		return frame{}, err
	}
	message, err := readMessage(pieces{c, time.Now().Add(timeout + transferTime(length))}, length)
	var f frame
	if err == nil {
		f, err = parseFrame(message, most)
	}
	if err != nil {
		c.room.give(room)
	}
	f.room = room
	return f, err
}

// pieces are what comes of a message: the whole by a time, and each in time, since a
// message that does not go on may have room that others wait for.
type pieces struct {
	conn *conn
	by   time.Time
}

// Read reads a piece.
func (p pieces) Read(piece []byte) (int, error) {
	next := time.Now().Add(p.conn.server.options.IdleTimeout)
	if p.by.Before(next) {
		next = p.by
	}
	p.conn.deadline(next)
	return p.conn.reader.Read(piece)
}

// slowest is how many bytes a second a peer must take or give at the least.
const slowest = 64 << 10

// transferTime is how long so many bytes may take.
func transferTime(bytes int) time.Duration {
	return time.Duration(bytes) * time.Second / slowest
}

// maxStrange is how large a message may be of a peer who has not said who it is, or is
// refused: many such peers have little memory together.
const maxStrange = 64 << 10

func (c *conn) maxMessage() int {
	if c.pass.Refusal == nil && !c.isStranger() {
		return c.server.options.MaxMessageSize
	}
	return min(maxStrange, c.server.options.MaxMessageSize)
}

// deadline says until when reading waits, unless the connection is to end.
func (c *conn) deadline(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.draining {
		_ = c.socket.SetReadDeadline(at)
	}
}

// drain has the connection end after the command that it carries out.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	_ = c.socket.SetReadDeadline(time.Unix(1, 0))
}

func (c *conn) isDraining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.draining
}

// answer carries out the command of a message and sends its reply.
func (c *conn) answer(commands, reading context.Context, f frame) error {
	defer c.room.replied()
	doc, err := c.run(commands, reading, f)
	if err != nil {
		return err
	}
	if f.silent {
		return nil
	}
	message, err := f.reply(doc)
	if err != nil {
		return err
	}
	if err := c.room.fitReply(reading, len(message)); err != nil {
		return err
	}
	_ = c.socket.SetWriteDeadline(time.Now().Add(c.server.options.IdleTimeout + transferTime(len(message))))
	_, err = c.socket.Write(message)
	return err
}
