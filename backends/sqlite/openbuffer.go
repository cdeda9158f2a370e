package sqlite

import (
	"context"
	"io"
	"slices"
	"sync"

	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/buffers"
	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/taskdb"
)

// OpenBuffer is taskdb.Backend's.
func (s *Store) OpenBuffer(ctx context.Context, collection, msgID, key string, n int) (buffer taskdb.Buffer, err error) {
	t, err := s.table(ctx, collection)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, taskdb.ErrNotFound
	}
	seq, err := s.seqOf(ctx, t, msgID)
	if err != nil {
		return nil, err
	}
	err = s.snapshot(ctx, func(conn *sqlite.Conn) error {
		e, err := t.fetch(conn, seq)
		if err == nil {
			buffer, err = s.openBuffer(conn, t, e, key, n)
		}
		return err
	})
	return buffer, err
}

func (s *Store) openBuffer(conn *sqlite.Conn, t *table, e execute.Entry, key string, n int) (buffer taskdb.Buffer, err error) {
	if e.Doc, e.Apart, err = t.withTails(conn, e); err != nil {
		return nil, err
	}
	if !slices.Contains(e.Apart, key) {
		list, err := buffers.Under(e.Doc, key)
		if err != nil {
			return nil, err
		}
		if n < 0 || n >= len(list) {
			return nil, taskdb.ErrNotFound
		}
		return buffers.Open(list[n]), nil
	}
	refs, err := t.buffersOf(conn, e.ID, key)
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= len(refs) {
		return nil, taskdb.ErrNotFound
	}
	ref := refs[n]
	return buffers.OpenAt(&chunkReader{store: s, ref: ref, at: -1}, ref.subtype, ref.size), nil
}

// chunkReader reads a buffer. It keeps the chunk that it read last, so that small
// reads one after another cost little.
type chunkReader struct {
	store *Store
	ref   bufferRef

	mu    sync.Mutex
	at    int64 // the place of chunk in the buffer, -1 at first
	chunk []byte
}

// ReadAt is io.ReaderAt's.
func (r *chunkReader) ReadAt(p []byte, offset int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) && offset < r.ref.size {
		if r.at < 0 || offset < r.at || offset >= r.at+int64(len(r.chunk)) {
			if err := r.load(offset); err != nil {
				return n, err
			}
		}
		copied := copy(p[n:], r.chunk[offset-r.at:])
		n, offset = n+copied, offset+int64(copied)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// load reads the chunk of the stream that has the byte at an offset.
func (r *chunkReader) load(offset int64) error {
	within := (r.ref.start + offset) % chunkSize
	from := max(0, offset-within)
	to := min(r.ref.size, offset-within+chunkSize)
	chunk := make([]byte, to-from)
	err := r.store.read(context.Background(), func(conn *sqlite.Conn) error {
		return readStream(conn, r.ref.stream, r.ref.start+from, chunk)
	})
	if err != nil {
		return err
	}
	r.at, r.chunk = from, chunk
	return nil
}
