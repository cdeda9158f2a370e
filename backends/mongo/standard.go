package mongo

import (
	"bytes"
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// textMsgIDs is the server's name of the index by which a msg_id that is a string is
// unique. Users know it as msg_id_1, which on the server is the name of IPython's own
// index of all msg_ids: the two have room beside each other.
const textMsgIDs = "taskdb_msg_id"

// ofTexts selects the documents with a msg_id that is a string. A query about one
// msg_id asks, as the server sees it, for some of these, and so uses the index; of
// {$type: "string"} it would not see that.
var ofTexts = query.MustParse(bson.D{{Key: "msg_id", Value: bson.D{{Key: "$gte", Value: ""}}}})

// onServer returns a standard index as the server is to have it.
func onServer(definition *query.Index) *query.Index {
	if definition.Unique != query.UniqueStrings {
		return definition
	}
	x := *definition
	x.Name, x.Partial = textMsgIDs, ofTexts
	return &x
}

// serves tells whether an index is what a standard one is to be. For the msg_id
// IPython's own does as well.
func (x serverIndex) serves(definition *query.Index) bool {
	if !bytes.Equal(x.keys(), definition.KeyPattern()) {
		return false
	}
	switch definition.Unique {
	case query.UniqueKeys: // on _id, of which the server need not say that it is unique
		return true
	case query.UniqueStrings:
		return x.Unique && (x.Partial == nil || x.Name == textMsgIDs)
	}
	return !x.Unique && bytes.Equal(x.Partial, taskdb.InfoOf(definition, true).Partial)
}

// prepare makes the standard indexes that a collection of tasks does not have, at
// the first write to it.
func (s *Store) prepare(ctx context.Context, name string) error {
	if _, done := s.prepared.Load(name); done {
		return nil
	}
	if taskdb.IsTasks(name) {
		if err := s.createStandard(ctx, name); err != nil {
			return err
		}
	}
	s.prepared.Store(name, nil)
	s.sweeper.soon()
	return nil
}

func (s *Store) createStandard(ctx context.Context, name string) error {
	list, err := s.serverIndexes(ctx, name)
	if err != nil {
		return err
	}
	var missing []*query.Index
	for _, definition := range taskdb.StandardIndexes(name) {
		inTheWay := func(x serverIndex) bool { return x.Name == onServer(definition).Name || x.serves(definition) }
		if definition.Name != "_id_" && !slices.ContainsFunc(list, inTheWay) {
			missing = append(missing, definition)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	models := make([]mongo.IndexModel, len(missing))
	for i, definition := range missing {
		models[i] = modelOf(onServer(definition))
	}
	err = s.createIndexes(ctx, name, models...)
	if !cannotHave(err) {
		return err
	}
	for _, definition := range missing {
		if err := s.createPossible(ctx, name, definition); err != nil {
			return err
		}
	}
	return nil
}

// cannotHave tells that the server has another index in the place of one, or knows
// no such indexes: those of a filter are unknown to some that speak MongoDB's
// protocol.
func cannotHave(err error) bool {
	return hasCode(err, codeIndexOptionsConflict, codeIndexKeySpecsConflict, query.CodeNotImplemented)
}

// createPossible makes a standard index as well as the server can: that on msg_id as
// IPython has it, if need be.
func (s *Store) createPossible(ctx context.Context, name string, definition *query.Index) error {
	err := s.createIndexes(ctx, name, modelOf(onServer(definition)))
	if definition.Unique == query.UniqueStrings && hasCode(err, query.CodeNotImplemented) {
		err = s.createIndexes(ctx, name, modelOf(definition))
	}
	if cannotHave(err) {
		return nil
	}
	return err
}
