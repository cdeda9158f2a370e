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
// takes turns, and a walk over many batches reads half as many pages again.
type pool struct {
	path string
	free chan struct{} // a place for each connection that is in use

	mu   sync.Mutex
	idle []*sqlite.Conn
}

func newPool(path string) *pool { return &pool{path: path, free: make(chan struct{}, readerCount())} }

// readerCount is how many connections read at the same time: more than there are
// processors, since a reader may wait for the disk.
func readerCount() int { return min(2*runtime.GOMAXPROCS(0)+2, 32) }

// take returns a connection whose statements the end of the context interrupts.
// It must be put back.
func (p *pool) take(ctx context.Context) (*sqlite.Conn, error) {
	select {
	case p.free <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn := p.pop()
	if conn == nil {
		var err error
		if conn, err = openReading(p.path); err != nil {
			<-p.free
			return nil, fmt.Errorf("open %s for reading: %w", p.path, err)
		}
	}
	conn.SetInterrupt(ctx.Done())
	return conn, nil
}

func (p *pool) pop() *sqlite.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	conn := p.idle[last]
	p.idle = p.idle[:last]
	return conn
}

// put takes a connection back. It ends what the user may have left open.
func (p *pool) put(conn *sqlite.Conn) {
	conn.SetInterrupt(nil)
	p.mu.Lock()
	p.idle = append(p.idle, conn)
	p.mu.Unlock()
	<-p.free
}

// close closes all connections, of which none may be in use.
func (p *pool) close() error {
	var failed []error
	for _, conn := range p.idle {
		failed = append(failed, conn.Close())
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
