package mongo

import (
	"bytes"
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/taskdb"
)

// updateApart carries out an update of one document that was too large for MongoDB,
// with the buffers that it sets in GridFS. It is tooLarge if there are none.
func (s *Store) updateApart(ctx context.Context, name string, c *taskdb.Change, tooLarge error) (taskdb.Outcome, error) {
	found := *c
	found.Upsert = false
	for {
		id, err := s.firstID(ctx, name, c)
		if errors.Is(err, mongo.ErrNoDocuments) {
			return taskdb.Outcome{}, tooLarge
		}
		if err != nil {
			return taskdb.Outcome{}, err
		}
		update, moved, err := s.moveApart(ctx, name, id, c)
		if err != nil {
			return taskdb.Outcome{}, err
		}
		if !moved {
			return taskdb.Outcome{}, tooLarge
		}
		filter, err := bson.Marshal(bson.D{{Key: "$and", Value: bson.A{
			c.Filter.MongoDB(), bson.D{{Key: "_id", Value: bson.D{{Key: "$eq", Value: id}}}}}}})
		if err != nil {
			return taskdb.Outcome{}, err
		}
		outcome, err := s.update(ctx, name, &found, filter, update)
		if err != nil || outcome.Matched > 0 {
			return outcome, err
		}
		// It is no longer what the change selects: what was moved for it is an orphan.
	}
}

// firstID returns the _id of the document that a change is of.
func (s *Store) firstID(ctx context.Context, name string, c *taskdb.Change) (bson.RawValue, error) {
	settings := options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})
	if !c.Sort.Empty() {
		settings.SetSort(c.Sort.Source())
	}
	doc, err := s.collection(name).FindOne(ctx, c.Filter.MongoDB(), settings).Raw()
	return doc.Lookup("_id"), err
}

// moveApart returns an update with references in the place of the buffers that it
// sets, as a replacement or by $set, and tells whether there are any.
func (s *Store) moveApart(ctx context.Context, name string, id bson.RawValue, c *taskdb.Change) (update bson.Raw, moved bool, err error) {
	update = c.Update.Source()
	if c.Update.IsReplacement() {
		return s.moveBuffers(ctx, name, id, update)
	}
	start, dst := bsoncore.ReserveLength(nil)
	for rest := []byte(update[4:]); len(rest) > 1; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		if element.Key() != "$set" {
			dst = append(dst, element...)
			continue
		}
		var set bson.Raw
		if set, moved, err = s.moveBuffers(ctx, name, id, bson.Raw(element.Value().Data)); err != nil {
			return nil, false, err
		}
		dst = bsoncore.AppendDocumentElement(dst, "$set", set)
	}
	dst = append(dst, 0)
	return bson.Raw(bsoncore.UpdateLength(dst, start, int32(len(dst)))), moved, nil
}

// moveBuffers moves the buffers of a document's arrays to GridFS that are not small.
func (s *Store) moveBuffers(ctx context.Context, name string, id bson.RawValue, doc bson.Raw) (_ bson.Raw, moved bool, err error) {
	rest, lifted := taskdb.Lift(doc)
	arrays := map[string][]taskdb.LiftedBuffer{}
	for _, array := range lifted {
		for i, b := range array.Buffers {
			if len(b.Data) < taskdb.MinLifted {
				continue
			}
			ref, err := s.upload(ctx, place{name, id, array.Key}, b.Subtype, bytes.NewReader(b.Data))
			if err != nil {
				return nil, false, err
			}
			array.Buffers[i] = taskdb.LiftedBuffer{Subtype: referenceSubtype, Data: ref.data()}
			moved = true
		}
		arrays[array.Key] = array.Buffers
	}
	return withArrays(rest, arrays), moved, nil
}
