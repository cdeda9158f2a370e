package mongo

import (
	"bytes"
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
)

// OpenMonitored opens a store whose commands and connections are told to monitors.
func OpenMonitored(ctx context.Context, uri string, commands *event.CommandMonitor, pool *event.PoolMonitor) (*Store, error) {
	return open(ctx, settingsOf(uri).SetMonitor(commands).SetPoolMonitor(pool))
}

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
