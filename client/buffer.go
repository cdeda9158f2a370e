package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/taskdb/taskdb/taskdb"
)

// Buffer is an open buffer of a task. It asks the server for its bytes piece by piece,
// by the context with which it was opened. ReadAt may be called by many goroutines at
// once.
type Buffer struct {
	ctx    context.Context
	client *Client
	call   Call
	size   int64

	at int64

	mu    sync.Mutex
	piece piece // the last that was asked for
	next  int64 // where the last ReadAt ended
}

// piece are bytes of a buffer, from start on.
type piece struct {
	start int64
	bytes []byte
}

// copyTo copies to p what is there from an offset on, as far as the piece has it.
func (c piece) copyTo(p []byte, offset int64) int {
	if offset < c.start || offset >= c.start+int64(len(c.bytes)) {
		return 0
	}
	return copy(p, c.bytes[offset-c.start:])
}

// pieceSize is how much is asked for at once by who reads on.
const pieceSize = 512 << 10

var _ taskdb.Buffer = (*Buffer)(nil)

// OpenBuffer opens a buffer of a task, the n-th, from 0, in the array under key,
// "buffers" or "result_buffers". If there is none the error is taskdb.ErrNotFound; so
// it is when the task has gone before all was read.
func (c *Client) OpenBuffer(ctx context.Context, msgID, key string, n int) (*Buffer, error) {
	buffer, err := c.Open(ctx, Call{
		Method: http.MethodGet, Path: []string{"v1", "tasks", msgID, "buffers", key, strconv.Itoa(n)}, Again: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open %s.%d of %q: %w", key, n, msgID, err)
	}
	return buffer, nil
}

// Open opens what a call answers to be read in pieces, by ranges.
func (c *Client) Open(ctx context.Context, call Call) (*Buffer, error) {
	b := &Buffer{ctx: ctx, client: c, call: call, size: -1}
	_, err := b.fetch(0)
	return b, err
}

// fetch gets the piece at an offset.
func (b *Buffer) fetch(offset int64) (piece, error) {
	response, err := b.ask(offset, pieceSize)
	if err != nil {
		return piece{}, err
	}
	defer response.Body.Close()
	bytes, err := io.ReadAll(response.Body)
	if err != nil {
		return piece{}, broken(b.ctx, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.piece = piece{offset, bytes}
	return b.piece, nil
}

// last returns the piece that was asked for last.
func (b *Buffer) last() piece {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.piece
}

// ask asks for n bytes at an offset. The first answer tells the size.
func (b *Buffer) ask(offset, n int64) (*http.Response, error) {
	call := b.call
	call.Header = http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", offset, offset+n-1)}}
	response, err := b.client.Do(b.ctx, call)
	if err != nil {
		return nil, err
	}
	size, err := sizeOf(response)
	switch {
	case err != nil:
	case b.size < 0:
		b.size = size
	case size != b.size:
		err = fmt.Errorf("the buffer is another one now: %w", taskdb.ErrNotFound)
	case response.StatusCode != http.StatusPartialContent:
		err = fmt.Errorf("%w: it gives no parts of a buffer", taskdb.ErrUnreachable)
	}
	if err != nil {
		return nil, errors.Join(err, response.Body.Close())
	}
	return response, nil
}

// sizeOf returns how many bytes there are in all, of which an answer has a part.
func sizeOf(response *http.Response) (int64, error) {
	if response.StatusCode != http.StatusPartialContent {
		return response.ContentLength, nil
	}
	_, total, _ := strings.Cut(response.Header.Get("Content-Range"), "/")
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: it tells no size of a buffer: %w", taskdb.ErrUnreachable, err)
	}
	return size, nil
}

// Size returns how many bytes the buffer has.
func (b *Buffer) Size() int64 { return b.size }

// Read is io.Reader's.
func (b *Buffer) Read(p []byte) (int, error) {
	switch {
	case len(p) == 0:
		return 0, nil
	case b.at >= b.size:
		return 0, io.EOF
	}
	n := b.last().copyTo(p, b.at)
	if n == 0 {
		fetched, err := b.fetch(b.at)
		if err != nil {
			return 0, err
		}
		n = fetched.copyTo(p, b.at)
	}
	b.at += int64(n)
	return n, nil
}

// ReadAt is io.ReaderAt's.
func (b *Buffer) ReadAt(p []byte, offset int64) (n int, err error) {
	switch {
	case offset < 0:
		return 0, errors.New("the offset is negative")
	case len(p) == 0:
		return 0, nil
	case offset >= b.size:
		return 0, io.EOF
	}
	wanted := p[:min(int64(len(p)), b.size-offset)]
	if n = b.last().copyTo(wanted, offset); n < len(wanted) {
		n, err = b.readAt(wanted, offset)
	}
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// readAt reads all that is wanted from the server. Who reads on where he ended, in
// small pieces, gets them out of a large one.
func (b *Buffer) readAt(wanted []byte, offset int64) (int, error) {
	b.mu.Lock()
	readsOn := offset == b.next && len(wanted) <= pieceSize
	b.next = offset + int64(len(wanted))
	b.mu.Unlock()
	if readsOn {
		fetched, err := b.fetch(offset)
		return fetched.copyTo(wanted, offset), err
	}
	response, err := b.ask(offset, int64(len(wanted)))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	n, err := io.ReadFull(response.Body, wanted)
	if err != nil {
		return n, broken(b.ctx, err)
	}
	return n, nil
}

// Seek is io.Seeker's.
func (b *Buffer) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	default:
		return 0, fmt.Errorf("seek: there is no whence %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("seek: the position is negative")
	}
	b.at = offset
	return offset, nil
}

// Close gives back the memory that the buffer has. It does not fail.
func (b *Buffer) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.piece = piece{}
	return nil
}
