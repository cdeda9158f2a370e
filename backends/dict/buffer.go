package dict

import (
	"context"
	"fmt"
	"io"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/backends/internal/buffers"
	"github.com/taskdb/taskdb/backends/internal/tail"
	"github.com/taskdb/taskdb/taskdb"
)

// OpenBuffer is taskdb.Backend's.
func (s *Store) OpenBuffer(ctx context.Context, name, msgID, key string, n int) (buffer taskdb.Buffer, err error) {
	err = s.read(ctx, name, func(c *collection) error {
		doc := c.byMsgID(msgID)
		if doc == nil {
			return c.absent(msgID)
		}
		list, err := buffers.Under(doc, key)
		switch {
		case err != nil:
			return err
		case n < 0 || n >= len(list):
			return taskdb.ErrNotFound
		}
		buffer = buffers.Open(list[n]) // the bytes of the document, which never change
		return nil
	})
	return buffer, err
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
	if _, err := buffers.Under(doc, key); err != nil {
		return nil, err
	}
	if size := len(doc) + len(data) + 32; size > math.MaxInt32 {
		return nil, fmt.Errorf("%d bytes in memory: %w", size, taskdb.ErrTooLarge)
	}
	array := bsoncore.NewArrayBuilder()
	if before, ok := doc.Lookup(key).ArrayOK(); ok {
		values, _ := before.Values()
		for _, v := range values {
			array.AppendValue(bsoncore.Value{Type: bsoncore.TypeBinary, Data: v.Value})
		}
	}
	return tail.WithValue(doc, key, bson.RawValue{Type: bson.TypeArray, Value: array.AppendBinary(0, data).Build()}), nil
}
