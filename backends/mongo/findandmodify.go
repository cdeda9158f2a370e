package mongo

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// findAndModify changes or deletes one document by the command of that name. What it
// changed counts as modified: the server does not say more.
func (s *Store) findAndModify(ctx context.Context, name string, c *taskdb.Change, filter, update bson.Raw) (outcome taskdb.Outcome, err error) {
	found, err := s.sendFindAndModify(ctx, name, c, filter, update, shownOf(c), &outcome)
	if hasCode(err, query.CodeNotImplemented) {
		// Some servers that speak MongoDB's protocol show a document whole or not at all.
		found, err = s.sendFindAndModify(ctx, name, c, filter, update, nil, &outcome)
		if err == nil && c.Return != taskdb.ReturnNothing && found != nil {
			found, err = c.Projection.Apply(nil, found, c.Filter)
		}
	}
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return taskdb.Outcome{}, nil
	case err != nil:
		return taskdb.Outcome{}, err
	}
	if !c.Upsert {
		outcome.Matched = 1
	}
	if c.Kind == taskdb.UpdateDocuments {
		outcome.Modified = outcome.Matched
	}
	if c.Return != taskdb.ReturnNothing && found != nil {
		outcome.Doc, err = s.whole(ctx, name, found)
	}
	return outcome, err
}

// sendFindAndModify sends the command and returns what the server shows of the document.
func (s *Store) sendFindAndModify(ctx context.Context, name string, c *taskdb.Change, filter, update bson.Raw, shown any, outcome *taskdb.Outcome) (bson.Raw, error) {
	switch {
	case c.Upsert:
		return s.findAndUpsert(ctx, name, c, filter, update, shown, outcome)
	case c.Kind == taskdb.DeleteDocuments:
		return s.collection(name).FindOneAndDelete(ctx, filter, deleting(c, shown)).Raw()
	case c.Update.IsReplacement():
		return s.collection(name).FindOneAndReplace(ctx, filter, update, replacing(c, shown)).Raw()
	}
	return s.collection(name).FindOneAndUpdate(ctx, filter, asSent(c, update), updating(c, shown)).Raw()
}

// shownOf is the projection of what a change returns, or nil for the whole document:
// of one that nobody wants to see, the _id.
func shownOf(c *taskdb.Change) any {
	switch {
	case c.Return == taskdb.ReturnNothing:
		return bson.D{{Key: "_id", Value: 1}}
	case len(c.Projection.Source()) > emptyDocument:
		return c.Projection.Source()
	}
	return nil
}

func stateOf(c *taskdb.Change) options.ReturnDocument {
	if c.Return == taskdb.ReturnAfter {
		return options.After
	}
	return options.Before
}

func deleting(c *taskdb.Change, shown any) *options.FindOneAndDeleteOptionsBuilder {
	settings := options.FindOneAndDelete().SetProjection(shown)
	if !c.Sort.Empty() {
		settings.SetSort(c.Sort.Source())
	}
	return settings
}

func replacing(c *taskdb.Change, shown any) *options.FindOneAndReplaceOptionsBuilder {
	settings := options.FindOneAndReplace().SetProjection(shown).SetReturnDocument(stateOf(c))
	if !c.Sort.Empty() {
		settings.SetSort(c.Sort.Source())
	}
	return settings
}

func updating(c *taskdb.Change, shown any) *options.FindOneAndUpdateOptionsBuilder {
	settings := options.FindOneAndUpdate().SetProjection(shown).SetReturnDocument(stateOf(c))
	if !c.Sort.Empty() {
		settings.SetSort(c.Sort.Source())
	}
	if filters := arrayFilters(c); len(filters) > 0 {
		settings.SetArrayFilters(filters)
	}
	return settings
}

// findAndUpsert sends the command by itself: the driver's own calls do not tell
// whether a document was inserted, and which.
func (s *Store) findAndUpsert(ctx context.Context, name string, c *taskdb.Change, filter, update bson.Raw, shown any, outcome *taskdb.Outcome) (bson.Raw, error) {
	collection := s.collection(name)
	command := bson.D{
		{Key: "findAndModify", Value: collection.Name()}, {Key: "query", Value: filter}, {Key: "update", Value: asSent(c, update)},
		{Key: "upsert", Value: true}, {Key: "new", Value: c.Return == taskdb.ReturnAfter},
	}
	if shown != nil {
		command = append(command, bson.E{Key: "fields", Value: shown})
	}
	if !c.Sort.Empty() {
		command = append(command, bson.E{Key: "sort", Value: c.Sort.Source()})
	}
	if filters := arrayFilters(c); len(filters) > 0 {
		command = append(command, bson.E{Key: "arrayFilters", Value: filters})
	}
	command = append(command, bson.E{Key: "writeConcern", Value: s.writeConcern()})
	reply, err := collection.Database().RunCommand(ctx, command).Raw()
	if err != nil {
		return nil, err
	}
	if outcome.UpsertedID = reply.Lookup("lastErrorObject", "upserted"); outcome.UpsertedID.IsZero() {
		outcome.Matched = 1
	}
	found, _ := reply.Lookup("value").DocumentOK()
	return found, nil
}

// writeConcern is the one of the store's URL, as a command has it.
func (s *Store) writeConcern() bson.D {
	concern := bson.D{}
	if s.concern.W != nil {
		concern = append(concern, bson.E{Key: "w", Value: s.concern.W})
	}
	if s.concern.Journal != nil {
		concern = append(concern, bson.E{Key: "j", Value: *s.concern.Journal})
	}
	return concern
}
