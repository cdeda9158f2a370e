package mongo

import (
	"bytes"
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Sweep removes the buffers without a record that were stored before some time.
func (s *Store) Sweep(ctx context.Context, name string, before time.Time) error {
	return s.call(ctx, func() error { return s.sweep(ctx, name, before) })
}

// Upload stores a buffer that is to be in a record, as a process does that dies before
// the record has it.
func (s *Store) Upload(ctx context.Context, name string, id bson.RawValue, key string, data []byte) error {
	_, err := s.upload(ctx, place{name, id, key}, bson.TypeBinaryGeneric, bytes.NewReader(data))
	return err
}

// ExplanationOf is for tests of replies that no server gives here.
var ExplanationOf = explanationOf
