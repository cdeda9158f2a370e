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
	key   string
	kind  string // what $type calls the value
	more  any    // the update of a value of this type
	first any    // the value of a key that is null or missing
	// check refuses a record that has something else there.
	check func(doc bson.Raw) error
}

// grow adds to a value of the record that a filter selects.
func (s *Store) grow(ctx context.Context, name string, record bson.D, g growth) error {
	isArray := bson.D{{Key: "$type", Value: "array"}}
	// A filter finds what an array has among its elements too.
	is := bson.D{{Key: "$type", Value: g.kind}}
	isNull := bson.D{{Key: "$eq", Value: nil}, {Key: "$not", Value: isArray}}
	if g.kind != "array" {
		is = append(is, bson.E{Key: "$not", Value: isArray})
	}
	attempts := []struct {
		condition bson.D
		update    any
	}{{is, g.more}, {isNull, bson.D{{Key: "$set", Value: bson.D{{Key: g.key, Value: g.first}}}}}}
	for {
		for _, attempt := range attempts {
			filter := append(record[:len(record):len(record)], bson.E{Key: g.key, Value: attempt.condition})
			result, err := s.collection(name).UpdateOne(ctx, filter, attempt.update)
			if err != nil || result.MatchedCount > 0 {
				return err
			}
		}
		// There is no such record, it has something else there, or it changed between
		// the two attempts.
		doc, err := s.collection(name).FindOne(ctx, record, showing(g.key)).Raw()
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
	g := growth{key: key, first: added, check: func(doc bson.Raw) error { return tail.Check(doc, key, added.Type) }}
	if added.Type == bson.TypeString {
		joined := bson.D{{Key: "$concat", Value: bson.A{"$" + key, bson.D{{Key: "$literal", Value: added}}}}}
		g.kind, g.more = "string", []bson.D{{{Key: "$set", Value: bson.D{{Key: key, Value: joined}}}}}
	} else {
		g.kind, g.more = "array", bson.D{{Key: "$push", Value: bson.D{{Key: key, Value: bson.D{{Key: "$each", Value: added}}}}}}
	}
	return about(name, s.call(ctx, func() error {
		if err := refusePath(key); err != nil {
			return err
		}
		if err := refuseReferences(added.Value); err != nil {
			return err
		}
		err := s.grow(ctx, name, byMsgID(msgID), g)
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
