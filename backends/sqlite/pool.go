package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// pool is a bounded set of connections for reading, opened when they are needed.
// It hands out the one that was used last, whose page cache is warm: sqlitex.Pool
// takes turns, and a walk over many batches reads up to a third more pages then.
type pool struct {
	store *Store
	free  chan struct{} // a place for each connection that is in use

	mu   sync.Mutex
	idle []*reader
	age  int // how often connections were renewed
}

// reader is a connection for reading.
type reader struct {
	conn *sqlite.Conn
	// interrupt is closed to interrupt the connection. It is there for many
	// users: Conn.SetInterrupt for each would start a goroutine, and go through
	// all statements that the connection has ever prepared.
	interrupt chan struct{}
	age       int // of the pool when it was opened
	// unwatch ends the watch on the user's context, and tells whether that has
	// not ended yet.
	unwatch func() bool
}

func newPool(s *Store) *pool { return &pool{store: s, free: make(chan struct{}, readerCount())} }

// readerCount is how many connections read at the same time: more than there are
// processors, since a reader may wait for the disk.
func readerCount() int { return min(2*runtime.GOMAXPROCS(0)+2, 32) }

// take returns a connection whose statements the end of the context interrupts.
// It must be put back.
func (p *pool) take(ctx context.Context) (*reader, error) {
	select {
	case p.free <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r, age := p.pop()
	if r == nil {
		conn, err := p.open()
		if err != nil {
			<-p.free
			return nil, fmt.Errorf("open %s for reading: %w", p.store.path, err)
		}
		r = &reader{conn: conn, age: age}
		r.arm()
	}
	r.watch(ctx)
	return r, nil
}

// open opens one more connection.
func (p *pool) open() (*sqlite.Conn, error) {
	if err := p.store.inPlace(); err != nil {
		return nil, err
	}
	return openReading(p.store.path)
}

// pop returns an idle connection, if there is one, and the age of the pool.
func (p *pool) pop() (*reader, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil, p.age
	}
	r := p.idle[last]
	p.idle = p.idle[:last]
	return r, p.age
}

// put takes a connection back. Its user must have reset all statements.
func (p *pool) put(r *reader) {
	if !r.unwatch() {
		<-r.interrupt
		r.arm()
	}
	p.mu.Lock()
	renewed := r.age != p.age
	if !renewed {
		p.idle = append(p.idle, r)
	}
	p.mu.Unlock()
	if renewed {
		_ = r.conn.Close() // it has only read
	}
	<-p.free
}

// arm readies the connection for an interrupt.
func (r *reader) arm() {
	r.interrupt = make(chan struct{})
	r.conn.SetInterrupt(r.interrupt)
}

// watch has the end of the context interrupt the connection.
func (r *reader) watch(ctx context.Context) {
	interrupt := r.interrupt
	r.unwatch = context.AfterFunc(ctx, func() { close(interrupt) })
}

// close closes all connections, of which none may be in use.
func (p *pool) close() error {
	var failed []error
	for _, r := range p.idle {
		failed = append(failed, r.conn.Close())
	}
	return errors.Join(failed...)
}

// openReading opens a connection that cannot write.
func openReading(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyWait)
	settings := fmt.Sprintf("pragma query_only = 1; pragma cache_size = -%d;", readerCache)
	if err := sqlitex.ExecuteScript(conn, settings, nil); err != nil {
		return nil, errors.Join(noDatabase(err), conn.Close())
	}
	return conn, nil
}
