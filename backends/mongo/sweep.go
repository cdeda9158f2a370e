package mongo

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	// sweepEvery is how often the collections that were written to are swept.
	sweepEvery = 24 * time.Hour
	// orphanAge is how long a buffer may be in GridFS before its record has it.
	orphanAge = 24 * time.Hour
)

// sweeper removes, from the collections that the store has written to, the buffers
// whose records are no more: when the store first writes to one, and daily.
type sweeper struct {
	wake   chan struct{} // has room for one
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (w *sweeper) start(s *Store) {
	ctx, cancel := context.WithCancel(context.Background())
	w.wake, w.cancel = make(chan struct{}, 1), cancel
	w.done.Go(func() {
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-w.wake:
			case <-tick.C:
			}
			s.sweepAll(ctx)
		}
	})
}

// soon has the collections swept without waiting for it.
func (w *sweeper) soon() {
	select {
	case w.wake <- struct{}{}:
	default: // it will be awake anyway
	}
}

// stop ends the sweeper and waits for it.
func (w *sweeper) stop() {
	w.cancel()
	w.done.Wait()
}

// sweepAll sweeps all collections. What fails is tried again the next time.
func (s *Store) sweepAll(ctx context.Context) {
	s.prepared.Range(func(name, _ any) bool {
		_ = s.call(ctx, func() error { return s.sweep(ctx, name.(string), time.Now().Add(-orphanAge)) })
		return ctx.Err() == nil
	})
}

// sweep removes the buffers that were stored before some time and are in no record.
func (s *Store) sweep(ctx context.Context, name string, before time.Time) error {
	// The first chunk is there even if an upload did not come to its end.
	old := bson.D{{Key: "n", Value: 0}, {Key: "files_id", Value: bson.D{{Key: "$lt", Value: bson.NewObjectIDFromTimestamp(before)}}}}
	fileOnly := options.Find().SetProjection(bson.D{{Key: "files_id", Value: 1}})
	cursor, err := s.bucket(name).GetChunksCollection().Find(ctx, old, fileOnly)
	if err != nil {
		return err
	}
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	for cursor.Next(ctx) {
		id, ok := cursor.Current.Lookup("files_id").ObjectIDOK()
		if !ok {
			continue // the server was asked for none such
		}
		if err := s.sweepFile(ctx, name, id); err != nil {
			return err
		}
	}
	return cursor.Err()
}

// file is what GridFS has of a buffer beside its bytes.
type file struct {
	Length   int64 `bson:"length"`
	Metadata struct {
		Record  bson.RawValue `bson:"record"`
		Key     string        `bson:"key"`
		Subtype int32         `bson:"subtype"`
	} `bson:"metadata"`
}

// sweepFile removes a file unless its record refers to it.
func (s *Store) sweepFile(ctx context.Context, name string, id bson.ObjectID) error {
	var f file
	err := s.bucket(name).GetFilesCollection().FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&f)
	if err == nil {
		var isReferred bool
		if isReferred, err = s.refers(ctx, name, f, id); isReferred {
			return nil
		}
	}
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return err
	}
	err = s.bucket(name).Delete(ctx, id)
	if errors.Is(err, mongo.ErrFileNotFound) { // its chunks are removed all the same
		return nil
	}
	return err
}

// refers tells whether the record that a file belongs to has it.
func (s *Store) refers(ctx context.Context, name string, f file, id bson.ObjectID) (bool, error) {
	ref := reference{subtype: byte(f.Metadata.Subtype), size: f.Length, file: id}
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$eq", Value: f.Metadata.Record}}}}
	if key := f.Metadata.Key; !isPath(key) {
		filter = append(filter, bson.E{Key: key, Value: ref.value()})
	}
	doc, err := s.collection(name).FindOne(ctx, filter, showing(f.Metadata.Key)).Raw()
	return bytes.Contains(doc, ref.data()), err
}
