package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// Add is taskdb.Backend's. The documents of a refused batch that were stored before
// one was refused are removed again.
func (s *Store) Add(ctx context.Context, name string, docs []bson.Raw) error {
	return about(name, s.call(ctx, func() error {
		fitting, err := s.fitAll(ctx, name, docs)
		if err != nil {
			return err
		}
		_, err = s.collection(name).InsertMany(ctx, fitting)
		return s.takeBack(ctx, name, docs, err)
	}))
}

// fitAll prepares the collection for documents, and makes each one that MongoDB takes.
func (s *Store) fitAll(ctx context.Context, name string, docs []bson.Raw) ([]bson.Raw, error) {
	if err := s.prepare(ctx, name); err != nil {
		return nil, err
	}
	fitting := make([]bson.Raw, len(docs))
	for i, doc := range docs {
		var err error
		if fitting[i], err = s.fit(ctx, name, doc); err != nil {
			return nil, err
		}
	}
	return fitting, nil
}

// takeBack removes the documents before the one that the server refused. If it did
// not refuse one, but could not be asked to the end, nobody knows which of the stored
// documents are this batch's, and all stay.
func (s *Store) takeBack(ctx context.Context, name string, docs []bson.Raw, refused error) error {
	var failed mongo.BulkWriteException
	if !errors.As(refused, &failed) || len(failed.WriteErrors) == 0 || failed.WriteErrors[0].Index == 0 {
		return refused
	}
	ids := bson.A{}
	for _, doc := range docs[:failed.WriteErrors[0].Index] {
		ids = append(ids, doc.Lookup("_id"))
	}
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	if _, err := s.collection(name).DeleteMany(context.WithoutCancel(ctx), filter); err != nil {
		return fmt.Errorf("%w; and %d documents before it could not be removed again: %w", refused, len(ids), err)
	}
	return refused
}
