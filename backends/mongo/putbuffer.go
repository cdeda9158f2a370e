package mongo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/backends/internal/buffers"
	"github.com/taskdb/taskdb/taskdb"
)

// maxInRecord is how large a buffer that is put may be to be kept in its record.
const maxInRecord = 1 << 20

// PutBuffer is taskdb.Backend's. A key with a dot, or with a $ in front, is refused.
func (s *Store) PutBuffer(ctx context.Context, name, msgID, key string, r io.Reader) error {
	return about(name, s.call(ctx, func() error {
		if err := refusePath(key); err != nil {
			return err
		}
		id, err := s.takesBuffer(ctx, name, msgID, key)
		if err != nil {
			return err
		}
		if err := s.prepare(ctx, name); err != nil {
			return err
		}
		return s.putBuffer(ctx, place{name, id, key}, r)
	}))
}

// showing asks for one key of a document.
func showing(key string) *options.FindOneOptionsBuilder {
	if isPath(key) {
		return options.FindOne()
	}
	return options.FindOne().SetProjection(bson.D{{Key: key, Value: 1}})
}

// takesBuffer returns the _id of a record that may have a buffer more under a key.
func (s *Store) takesBuffer(ctx context.Context, name, msgID, key string) (bson.RawValue, error) {
	doc, err := s.collection(name).FindOne(ctx, byMsgID(msgID), showing(key)).Raw()
	if err != nil {
		return bson.RawValue{}, notFound(err)
	}
	if _, err := buffers.Under(doc, key); err != nil {
		return bson.RawValue{}, err
	}
	return doc.Lookup("_id"), nil
}

// putBuffer appends what a reader gives: what is small, and what the record has room
// for, in the record itself.
func (s *Store) putBuffer(ctx context.Context, at place, r io.Reader) error {
	head, err := io.ReadAll(io.LimitReader(r, maxInRecord+1))
	if err != nil {
		return err
	}
	if len(head) <= maxInRecord {
		err := s.push(ctx, at, bson.Binary{Data: head})
		if !isTooLarge(err) {
			return err
		}
	}
	ref, err := s.upload(ctx, at, bson.TypeBinaryGeneric, io.MultiReader(bytes.NewReader(head), r))
	if err != nil {
		return err
	}
	if ref.size > math.MaxInt32 {
		err = fmt.Errorf("a buffer of %d bytes: %w", ref.size, taskdb.ErrTooLarge)
	} else {
		err = s.push(ctx, at, ref.value())
	}
	if err != nil {
		_ = s.bucket(at.collection).Delete(context.WithoutCancel(ctx), ref.file) // or it is an orphan
	}
	return err
}

// push appends a value to the array under a record's key, which was one of buffers
// when the record was looked at, or makes one of a key that is null or missing.
func (s *Store) push(ctx context.Context, at place, value bson.Binary) error {
	record := bson.E{Key: "_id", Value: bson.D{{Key: "$eq", Value: at.id}}}
	return s.grow(ctx, at.collection, record, growArray(at.key, value, bson.A{value}, func(doc bson.Raw) error {
		_, err := buffers.Under(doc, at.key)
		return err
	}))
}
