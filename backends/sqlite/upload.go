package sqlite

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/taskdb/taskdb/taskdb"
)

const (
	// chunkSize is how many bytes of a stream are in one chunk; the last one may
	// have fewer.
	chunkSize = 256 << 10
	// pieceSize is how many bytes of a stream are stored in one change. What is
	// left at the end, less than that, goes with the record.
	pieceSize = 4 * chunkSize
)

// upload is a stream on its way into the store. Its pieces are stored before the
// record is, each by itself; the sweeper removes them if the record is not.
type upload struct {
	stream int64 // 0 as long as nothing is stored
	size   int64 // of what is stored: whole pieces
	tail   []byte
}

// send stores what r gives, a piece at a time, but for what does not fill the
// last piece: that stays in the upload's tail. piece has pieceSize bytes, or more
// than r will give.
func (s *Store) send(ctx context.Context, r io.Reader, u *upload, piece []byte) error {
	for {
		n, err := io.ReadFull(r, piece)
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			u.tail = piece[:n]
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.write(ctx, func(tx *transaction) error { return tx.addPiece(u, piece) }); err != nil {
			return err
		}
	}
}

// addPiece stores a whole piece of an upload.
func (tx *transaction) addPiece(u *upload, piece []byte) error {
	stream := u.stream
	if stream == 0 {
		stream = tx.newStream()
		if err := tx.execute("insert into uploads (stream) values (?)", stream); err != nil {
			return err
		}
	}
	if err := tx.addChunks(stream, u.size, piece); err != nil {
		return err
	}
	tx.onCommit = append(tx.onCommit, func() { u.stream, u.size = stream, u.size+int64(len(piece)) })
	return nil
}

// finish stores the tail of an upload whose record is stored in the same
// transaction. It returns the stream, which is 0 if there is not a byte in it.
func (tx *transaction) finish(u *upload) (stream int64, err error) {
	stream = u.stream
	switch {
	case stream != 0:
		err = tx.execute("delete from uploads where stream = ?", stream)
	case len(u.tail) > 0:
		stream = tx.newStream()
	}
	if err != nil {
		return 0, err
	}
	return stream, tx.addChunks(stream, u.size, u.tail)
}

func (tx *transaction) newStream() int64 {
	stream := tx.nextStream
	tx.nextStream++
	return stream
}

// addChunks stores bytes of a stream from an offset on, which is one of a chunk.
func (tx *transaction) addChunks(stream, offset int64, data []byte) error {
	stmt, err := tx.conn.Prepare("insert into chunks (stream, n, data) values (?, ?, ?)")
	if err != nil {
		return err
	}
	for n := offset / chunkSize; len(data) > 0; n++ {
		chunk := data[:min(len(data), chunkSize)]
		data = data[len(chunk):]
		stmt.BindInt64(1, stream)
		stmt.BindInt64(2, n)
		stmt.BindBytes(3, chunk)
		if _, err := stmt.Step(); err != nil {
			return err
		}
		if err := stmt.Reset(); err != nil {
			return err
		}
	}
	return nil
}

// uploadLifted stores what was lifted out of a document, as one stream.
func (s *Store) uploadLifted(ctx context.Context, a *addition) error {
	size := 0
	for _, array := range a.lifted {
		size += taskdb.SizeOf(array.Buffers)
	}
	if size == 0 {
		return nil
	}
	return s.send(ctx, readerOf(a.lifted...), &a.upload, make([]byte, min(size+1, pieceSize)))
}

// readerOf reads buffers one after another.
func readerOf(lifted ...taskdb.Lifted) io.Reader {
	var parts []io.Reader
	for _, array := range lifted {
		for _, buffer := range array.Buffers {
			parts = append(parts, bytes.NewReader(buffer.Data))
		}
	}
	return io.MultiReader(parts...)
}

// bytesOf returns the bytes of buffers one after another.
func bytesOf(lifted []taskdb.Lifted) (all []byte) {
	for _, array := range lifted {
		for _, buffer := range array.Buffers {
			all = append(all, buffer.Data...)
		}
	}
	return all
}

// discard leaves to the sweeper what was stored for records that are not. If that
// fails, the next process that opens the store finds it.
func (s *Store) discard(additions []*addition) {
	for _, a := range additions {
		s.abandon(&a.upload)
	}
}

func (s *Store) abandon(u *upload) {
	if u.stream == 0 {
		return
	}
	err := s.write(context.Background(), func(tx *transaction) error {
		return tx.execute("update uploads set abandoned = 1 where stream = ?", u.stream)
	})
	if err == nil {
		s.sweeper.wake()
	}
}

// addLifted stores where the lifted buffers of a record are: one after another in
// the stream that was uploaded for it.
func (tx *transaction) addLifted(t *table, seq int64, a *addition) error {
	if len(a.lifted) == 0 {
		return nil
	}
	stream, err := tx.finish(&a.upload)
	if err != nil {
		return err
	}
	start := int64(0)
	for _, array := range a.lifted {
		if start, err = tx.addBuffers(t, seq, array, stream, start); err != nil {
			return err
		}
	}
	return nil
}

// addBuffers stores where in a stream the buffers of one array are, and returns
// where the stream goes on.
func (tx *transaction) addBuffers(t *table, seq int64, array taskdb.Lifted, stream, start int64) (int64, error) {
	for position, buffer := range array.Buffers {
		ref := bufferRef{stream: stream, start: start, size: int64(len(buffer.Data)), subtype: buffer.Subtype}
		if err := tx.addBuffer(t, seq, array.Key, position, ref); err != nil {
			return 0, err
		}
		start += ref.size
	}
	return start, nil
}
