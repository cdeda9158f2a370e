package mongo

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/taskdb/taskdb/backends/internal/buffers"
	"github.com/taskdb/taskdb/taskdb"
)

// OpenBuffer is taskdb.Backend's.
func (s *Store) OpenBuffer(ctx context.Context, name, msgID, key string, n int) (buffer taskdb.Buffer, err error) {
	err = s.call(ctx, func() error {
		doc, err := s.collection(name).FindOne(ctx, byMsgID(msgID), showing(key)).Raw()
		if err != nil {
			return notFound(err)
		}
		list, err := buffers.Under(doc, key)
		switch {
		case err != nil:
			return err
		case n < 0 || n >= len(list):
			return taskdb.ErrNotFound
		}
		buffer = s.open(name, list[n])
		return nil
	})
	return buffer, err
}

func (s *Store) open(name string, b taskdb.LiftedBuffer) taskdb.Buffer {
	ref, ok := referenceIn(b)
	if !ok {
		return buffers.Open(b)
	}
	return buffers.OpenAt(&chunkReader{store: s, collection: name, ref: ref, n: -1}, ref.subtype, ref.size)
}

// chunkReader reads a file. It keeps the chunk that it read last, so that small reads
// one after another cost little.
type chunkReader struct {
	store      *Store
	collection string
	ref        reference

	mu    sync.Mutex
	n     int64 // the number of chunk, -1 at first
	chunk []byte
}

// ReadAt is io.ReaderAt's.
func (r *chunkReader) ReadAt(p []byte, offset int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) && offset < r.ref.size {
		if err := r.load(offset / chunkSize); err != nil {
			return n, err
		}
		copied := copy(p[n:], r.chunk[offset%chunkSize:])
		n, offset = n+copied, offset+int64(copied)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// load reads the n-th chunk, or fails with taskdb.ErrNotFound.
func (r *chunkReader) load(n int64) error {
	if r.n == n {
		return nil
	}
	var chunk []byte
	ctx := context.Background()
	err := r.store.call(ctx, func() error {
		return r.store.chunks(ctx, r.collection, r.ref.file, n, 1, func(data []byte) { chunk = bytes.Clone(data) })
	})
	switch {
	case err != nil:
		return err
	case int64(len(chunk)) != min(chunkSize, r.ref.size-n*chunkSize):
		return taskdb.ErrNotFound
	}
	r.n, r.chunk = n, chunk
	return nil
}
