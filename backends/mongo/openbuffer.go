package mongo

import (
	"bytes"
	"context"
	"io"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// oldBinary is the subtype of binary values whose data begins with its length once
// more, which is no part of the buffer.
const (
	oldBinary       = 2
	oldBinaryPrefix = 4
)

// OpenBuffer is taskdb.Backend's.
func (s *Store) OpenBuffer(ctx context.Context, name, msgID, key string, n int) (buffer taskdb.Buffer, err error) {
	err = s.call(ctx, func() error {
		doc, err := s.collection(name).FindOne(ctx, byMsgID(msgID), showing(key)).Raw()
		if err != nil {
			return notFound(err)
		}
		buffers, err := buffersIn(doc, key)
		switch {
		case err != nil:
			return err
		case n < 0 || n >= len(buffers):
			return taskdb.ErrNotFound
		}
		buffer = s.open(name, buffers[n])
		return nil
	})
	return buffer, err
}

// buffersIn returns the buffers that a document has under a key: none if the key is
// missing or null.
func buffersIn(doc bson.Raw, key string) ([]taskdb.LiftedBuffer, error) {
	v := doc.Lookup(key)
	if v.IsZero() || v.Type == bson.TypeNull {
		return nil, nil
	}
	if v.Type == bson.TypeArray {
		if buffers, ok := taskdb.BuffersOf(v.Value); ok {
			return buffers, nil
		}
	}
	return nil, taskdb.ErrNoBuffers
}

func (s *Store) open(name string, b taskdb.LiftedBuffer) taskdb.Buffer {
	ref, ok := referenceIn(b)
	if !ok {
		data := b.Data
		if b.Subtype == oldBinary && len(data) >= oldBinaryPrefix {
			data = data[oldBinaryPrefix:]
		}
		return smallBuffer{bytes.NewReader(data)}
	}
	skipped := int64(0)
	if ref.subtype == oldBinary {
		skipped = oldBinaryPrefix
	}
	chunks := &chunkReader{store: s, collection: name, ref: ref, n: -1}
	return streamedBuffer{io.NewSectionReader(chunks, skipped, ref.size-skipped)}
}

// smallBuffer is a buffer that is kept in its record.
type smallBuffer struct{ *bytes.Reader }

// Close is io.Closer's.
func (smallBuffer) Close() error { return nil }

// streamedBuffer is a buffer that is read chunk by chunk.
type streamedBuffer struct{ *io.SectionReader }

// Close is io.Closer's. Between two reads the buffer holds nothing.
func (streamedBuffer) Close() error { return nil }

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
