package dict

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/backends/internal/tail"
	"github.com/taskdb/taskdb/taskdb"
)

// openBuffer is an open buffer. It reads the bytes of the document, which never
// change.
type openBuffer struct{ *bytes.Reader }

// Close is io.Closer's.
func (openBuffer) Close() error { return nil }

// OpenBuffer is taskdb.Backend's.
func (s *Store) OpenBuffer(ctx context.Context, name, msgID, key string, n int) (buffer taskdb.Buffer, err error) {
	err = s.read(ctx, name, func(c *collection) error {
		doc := c.byMsgID(msgID)
		if doc == nil {
			return c.absent(msgID)
		}
		buffers, err := buffersOf(doc.Lookup(key))
		switch {
		case err != nil:
			return err
		case n < 0 || n >= len(buffers):
			return taskdb.ErrNotFound
		}
		_, data, _ := buffers[n].BinaryOK()
		buffer = openBuffer{bytes.NewReader(data)}
		return nil
	})
	return buffer, err
}

// buffersOf returns the values of an array of buffers; null and a missing array
// have none.
func buffersOf(v bson.RawValue) ([]bson.RawValue, error) {
	if v.IsZero() || v.Type == bson.TypeNull {
		return nil, nil
	}
	array, ok := v.ArrayOK()
	if !ok {
		return nil, taskdb.ErrNoBuffers
	}
	values, err := array.Values()
	if err != nil {
		return nil, err
	}
	for _, value := range values {
		if value.Type != bson.TypeBinary {
			return nil, taskdb.ErrNoBuffers
		}
	}
	return values, nil
}

// PutBuffer is taskdb.Backend's.
func (s *Store) PutBuffer(ctx context.Context, name, msgID, key string, r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, math.MaxInt32))
	if err != nil {
		return err
	}
	return s.write(ctx, name, func(c *collection) error {
		id, ok := c.idOf(msgID)
		if !ok {
			return c.absent(msgID)
		}
		before := c.whole(id)
		after, err := withBuffer(before, key, data)
		if err != nil {
			return err
		}
		return c.change(id, before, after)
	})
}

// withBuffer returns a document with one more buffer under a key.
func withBuffer(doc bson.Raw, key string, data []byte) (bson.Raw, error) {
	buffers, err := buffersOf(doc.Lookup(key))
	if err != nil {
		return nil, err
	}
	if size := len(doc) + len(data) + 32; size > math.MaxInt32 {
		return nil, fmt.Errorf("%d bytes in memory: %w", size, taskdb.ErrTooLarge)
	}
	array := bsoncore.NewArrayBuilder()
	for _, b := range buffers {
		array.AppendValue(bsoncore.Value{Type: bsoncore.TypeBinary, Data: b.Value})
	}
	return tail.WithValue(doc, key, bson.RawValue{Type: bson.TypeArray, Value: array.AppendBinary(0, data).Build()}), nil
}
