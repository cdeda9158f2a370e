package mongo

import (
	"context"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/tail"
	"github.com/taskdb/taskdb/query"
)

// growth is what is added at the end of a record's value.
type growth struct {
	key string
	// Of the updates the first counts whose condition on the key holds.
	updates []conditionalUpdate
	// check refuses a record that has something else there.
	check func(doc bson.Raw) error
}

// conditionalUpdate is an update of a record that fulfils a condition.
type conditionalUpdate struct {
	condition bson.D
	update    any
}

// What a filter asks of a key is true of an array too if one of its elements has it.
var (
	isArray   = bson.D{{Key: "$type", Value: "array"}}
	isNoArray = bson.D{{Key: "$not", Value: isArray}}
	isNull    = bson.D{{Key: "$eq", Value: nil}, {Key: "$not", Value: isArray}}
)

// growArray adds to an array, which a key is made that is null or missing.
func growArray(key string, push, first any, check func(doc bson.Raw) error) growth {
	return growth{key, []conditionalUpdate{
		{bson.D{{Key: key, Value: isArray}}, bson.D{{Key: "$push", Value: bson.D{{Key: key, Value: push}}}}},
		{bson.D{{Key: key, Value: isNull}}, bson.D{{Key: "$set", Value: bson.D{{Key: key, Value: first}}}}},
	}, check}
}

// growText adds to a text, which a key is made that is null or missing.
func growText(key string, added bson.RawValue, check func(doc bson.Raw) error) growth {
	condition := bson.D{{Key: key, Value: isNoArray}, {Key: "$or", Value: bson.A{
		bson.D{{Key: key, Value: bson.D{{Key: "$type", Value: "string"}}}}, bson.D{{Key: key, Value: nil}}}}}
	before := bson.D{{Key: "$ifNull", Value: bson.A{"$" + key, ""}}}
	joined := bson.D{{Key: "$concat", Value: bson.A{before, bson.D{{Key: "$literal", Value: added}}}}}
	return growth{key, []conditionalUpdate{{condition, []bson.D{{{Key: "$set", Value: bson.D{{Key: key, Value: joined}}}}}}}, check}
}

// grow adds to a value of the record that a condition selects.
func (s *Store) grow(ctx context.Context, name string, record bson.E, g growth) error {
	for {
		for _, u := range g.updates {
			result, err := s.collection(name).UpdateOne(ctx, append(bson.D{record}, u.condition...), u.update)
			if err != nil || result.MatchedCount > 0 {
				return err
			}
		}
		// There is no such record, it has something else there, or it changed in
		// between.
		doc, err := s.collection(name).FindOne(ctx, bson.D{record}, showing(g.key)).Raw()
		if err != nil {
			return notFound(err)
		}
		if err := g.check(doc); err != nil {
			return err
		}
	}
}

// refusePath refuses a key that is a path to MongoDB.
func refusePath(key string) error {
	if !isPath(key) {
		return nil
	}
	return &query.Error{Code: query.CodeBadValue, Message: fmt.Sprintf("MongoDB takes the key %q for a path", key), Path: key}
}

// isPath tells whether MongoDB takes a top-level key for something else.
func isPath(key string) bool { return key == "" || key[0] == '$' || strings.Contains(key, ".") }

// Append is taskdb.Backend's. A key with a dot, or with a $ in front, is refused.
func (s *Store) Append(ctx context.Context, name, msgID, key string, added bson.RawValue) error {
	check := func(doc bson.Raw) error { return tail.Check(doc, key, added.Type) }
	g := growArray(key, bson.D{{Key: "$each", Value: added}}, added, check)
	if added.Type == bson.TypeString {
		g = growText(key, added, check)
	}
	return about(name, s.call(ctx, func() error {
		if err := refusePath(key); err != nil {
			return err
		}
		if err := refuseReferences(added.Value); err != nil {
			return err
		}
		err := s.grow(ctx, name, bson.E{Key: "msg_id", Value: byMsgID(msgID).Lookup("msg_id")}, g)
		if added.Type == bson.TypeString && hasCode(err, query.CodeTypeMismatch) {
			return s.appendWhole(ctx, name, msgID, key, added)
		}
		return err
	}))
}

// appendWhole adds to a text on a server that does not take a pipeline for an update,
// as some do that speak MongoDB's protocol: it sets the whole text, unless that has
// changed meanwhile, and else tries again.
func (s *Store) appendWhole(ctx context.Context, name, msgID, key string, added bson.RawValue) error {
	for {
		doc, err := s.collection(name).FindOne(ctx, byMsgID(msgID), showing(key)).Raw()
		if err != nil {
			return notFound(err)
		}
		after, err := tail.Append(doc, key, added)
		if err != nil {
			return err
		}
		unchanged := bson.D{{Key: "_id", Value: bson.D{{Key: "$eq", Value: doc.Lookup("_id")}}}, {Key: key, Value: nil}}
		if before := doc.Lookup(key); !before.IsZero() {
			unchanged[1].Value = before
		}
		set := bson.D{{Key: "$set", Value: bson.D{{Key: key, Value: after.Lookup(key)}}}}
		result, err := s.collection(name).UpdateOne(ctx, unchanged, set)
		if err != nil || result.MatchedCount > 0 {
			return err
		}
	}
}
