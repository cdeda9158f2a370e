package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/buffers"
	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/backends/internal/tail"
	"github.com/taskdb/taskdb/taskdb"
)

// PutBuffer is taskdb.Backend's.
func (s *Store) PutBuffer(ctx context.Context, collection, msgID, key string, r io.Reader) error {
	if err := s.writable(); err != nil {
		return err
	}
	t, err := s.table(ctx, collection)
	if err != nil {
		return err
	}
	if t == nil {
		return taskdb.ErrNotFound
	}
	seq, err := s.seqOf(ctx, t, msgID)
	if err != nil {
		return err
	}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		_, err := t.takesBuffer(conn, seq, key)
		return err
	})
	if err != nil {
		return err
	}
	var u upload
	err = s.send(ctx, r, &u, make([]byte, pieceSize))
	if err == nil {
		most := u.size + int64(len(u.tail)) + taskdb.MaxRecordSize // which may be written anew
		err = s.write(ctx, func(tx *transaction) error {
			return tx.enlarge(t, seq, most, func(tx *transaction) error { return tx.putBuffer(t, seq, key, &u) })
		})
	}
	if err != nil {
		s.abandon(&u)
	}
	return err
}

// takesBuffer returns a record that may have a buffer more under a key.
func (t *table) takesBuffer(conn *sqlite.Conn, seq int64, key string) (execute.Entry, error) {
	e, err := t.fetch(conn, seq)
	if err != nil {
		return e, err
	}
	doc, buffered, err := t.withTails(conn, e)
	if err == nil && !slices.Contains(buffered, key) {
		_, err = buffers.Under(doc, key)
	}
	return e, err
}

// putBuffer makes an upload the last buffer of a record's key.
func (tx *transaction) putBuffer(t *table, seq int64, key string, u *upload) error {
	if tx.tables[t.name] != t {
		return taskdb.ErrNotFound // the collection was dropped
	}
	e, err := t.takesBuffer(tx.conn, seq, key)
	if err != nil {
		return err
	}
	size := u.size + int64(len(u.tail))
	if size > math.MaxInt32 {
		return fmt.Errorf("a buffer of %d bytes: %w", size, taskdb.ErrTooLarge)
	}
	if e, err = tx.endTails(t, e); err != nil {
		return err
	}
	indexes, err := tx.withoutKeys(t, seq, key)
	if err != nil {
		return err
	}
	if !slices.Contains(e.Apart, key) {
		if e, err = tx.setApart(t, e, key); err != nil {
			return err
		}
	}
	stream, err := tx.finish(u)
	if err != nil {
		return err
	}
	refs, err := t.buffersOf(tx.conn, seq, key)
	if err != nil {
		return err
	}
	if err := tx.addBuffer(t, seq, key, len(refs), bufferRef{stream: stream, size: size}); err != nil {
		return err
	}
	tx.count(t, 0, size)
	return tx.withKeys(t, seq, indexes)
}

// setApart takes a key's buffers out of a record's document.
func (tx *transaction) setApart(t *table, e execute.Entry, key string) (execute.Entry, error) {
	list, err := buffers.Under(e.Doc, key)
	if err != nil {
		return e, err
	}
	next := execute.Entry{ID: e.ID, Doc: tail.WithValue(e.Doc, key, emptyArray), Apart: append(slices.Clone(e.Apart), key)}
	if len(next.Doc) > taskdb.MaxRecordSize {
		return e, fmt.Errorf("%d bytes, of %d: %w", len(next.Doc), taskdb.MaxRecordSize, taskdb.ErrTooLarge)
	}
	if err := tx.rewrite(t, e, next); err != nil || len(list) == 0 {
		return next, err
	}
	array := taskdb.Lifted{Key: key, Buffers: list}
	stream, err := tx.finish(&upload{tail: bytesOf([]taskdb.Lifted{array})})
	if err == nil {
		_, err = tx.addBuffers(t, e.ID, array, stream, 0)
	}
	tx.count(t, 0, sizeOf(nil, []taskdb.Lifted{array}))
	return next, err
}

// withoutKeys removes a record's keys from the declared indexes that ask about a
// top-level key, and returns the places of these.
func (tx *transaction) withoutKeys(t *table, seq int64, key string) (indexes []int, err error) {
	declared := t.view.Load().declared
	for i, d := range declared {
		if d.index.Needs(key) {
			indexes = append(indexes, i)
		}
	}
	if len(indexes) == 0 {
		return nil, nil
	}
	doc, err := t.whole(tx.conn, seq)
	if err != nil {
		return nil, err
	}
	for _, i := range indexes {
		keys, err := declared[i].index.Keys(doc)
		if err != nil {
			return nil, err
		}
		if err := tx.removeKeys(declared[i], seq, keys); err != nil {
			return nil, err
		}
	}
	return indexes, nil
}

// withKeys adds a record's keys again to what withoutKeys removed them from.
func (tx *transaction) withKeys(t *table, seq int64, indexes []int) error {
	if len(indexes) == 0 {
		return nil
	}
	tx.move(t)
	doc, err := t.whole(tx.conn, seq)
	if err != nil {
		return err
	}
	for _, i := range indexes {
		d := t.view.Load().declared[i]
		keys, err := d.index.Keys(doc)
		if err == nil {
			err = tx.addIndexKeys(t, i, seq, doc, keys)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("index %q", d.index.Name), err)
		}
	}
	return nil
}
