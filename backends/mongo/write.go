package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Write is taskdb.Backend's. Inserts that follow one another are one command, and so
// is each other change. A deletion of many is one that the server carries through.
func (s *Store) Write(ctx context.Context, name string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	outcomes := make([]taskdb.Outcome, len(changes))
	for next := 0; next < len(changes); {
		end := next + max(1, insertsIn(changes[next:]))
		err := s.call(ctx, func() error {
			if changes[next].Kind == taskdb.InsertDocument {
				return s.insert(ctx, name, changes[next:end], outcomes[next:end], ordered)
			}
			return s.change(ctx, name, &changes[next], &outcomes[next])
		})
		switch {
		case isRefusal(err):
			outcomes[next].Err = about(name, err)
		case err != nil && next == 0:
			return nil, err
		case err != nil:
			giveUp(outcomes[next:], err)
			return outcomes, nil
		}
		if ordered && outcomes[end-1].Err != nil {
			giveUp(outcomes[end:], taskdb.ErrNotTried)
			return outcomes, nil
		}
		next = end
	}
	return outcomes, nil
}

// insertsIn is how many inserts changes begin with.
func insertsIn(changes []taskdb.Change) int {
	for i, c := range changes {
		if c.Kind != taskdb.InsertDocument {
			return i
		}
	}
	return len(changes)
}

// giveUp says of changes why they were not done.
func giveUp(outcomes []taskdb.Outcome, err error) {
	for i := range outcomes {
		outcomes[i].Err = err
	}
}

// isRefusal tells whether an error is about one change, and none that keeps the
// server from being asked.
func isRefusal(err error) bool {
	var wrong *query.Error
	return errors.As(err, &wrong) || errors.Is(err, taskdb.ErrExists) || errors.Is(err, taskdb.ErrTooLarge)
}

// insert stores documents by one command.
func (s *Store) insert(ctx context.Context, name string, inserts []taskdb.Change, outcomes []taskdb.Outcome, ordered bool) error {
	if err := s.prepare(ctx, name); err != nil {
		return err
	}
	var docs []bson.Raw
	var places []int
	for i, c := range inserts {
		doc, err := s.fit(ctx, name, c.Doc)
		if err != nil && !isRefusal(translate(ctx, err)) {
			return err
		}
		if outcomes[i].Err = err; err == nil {
			docs, places = append(docs, doc), append(places, i)
		} else if ordered {
			break
		}
	}
	if len(docs) > 0 {
		_, err := s.collection(name).InsertMany(ctx, docs, options.InsertMany().SetOrdered(ordered))
		var refused mongo.BulkWriteException
		if err != nil && (!errors.As(err, &refused) || refused.WriteConcernError != nil) {
			return err
		}
		for _, r := range refused.WriteErrors {
			outcomes[places[r.Index]].Err = about(name, writeFailure(r.WriteError).translated(r))
		}
	}
	for i := range outcomes {
		if ordered && outcomes[i].Err != nil {
			giveUp(outcomes[i+1:], taskdb.ErrNotTried)
			break
		}
	}
	return nil
}

// change carries out an update or a deletion.
func (s *Store) change(ctx context.Context, name string, c *taskdb.Change, outcome *taskdb.Outcome) (err error) {
	if c.Kind == taskdb.DeleteDocuments {
		*outcome, err = s.remove(ctx, name, c)
		return err
	}
	if err := refuseReferences(c.Update.Source()); err != nil {
		return err
	}
	if c.Upsert {
		if err := s.prepare(ctx, name); err != nil {
			return err
		}
	}
	update := c.Update.Source()
	if err = checkUpdate(update); err == nil {
		*outcome, err = s.update(ctx, name, c, c.Filter.MongoDB(), update)
	}
	if isTooLarge(err) && !c.Many {
		*outcome, err = s.updateApart(ctx, name, c, err)
	}
	return err
}

// checkUpdate refuses an update that MongoDB does not take, so that it need not be
// sent.
func checkUpdate(update bson.Raw) error {
	if len(update) <= taskdb.MaxRecordSize {
		return nil
	}
	message := fmt.Sprintf("the update has %d bytes, of %d", len(update), taskdb.MaxRecordSize)
	return &query.Error{Code: query.CodeUpdateTooLarge, Message: message, Cause: taskdb.ErrTooLarge}
}

// update changes what a filter selects. Both filter and update may be others than
// the change's own that mean the same.
func (s *Store) update(ctx context.Context, name string, c *taskdb.Change, filter, update bson.Raw) (taskdb.Outcome, error) {
	if c.Return != taskdb.ReturnNothing {
		return s.findAndModify(ctx, name, c, filter, update)
	}
	collection := s.collection(name)
	var result *mongo.UpdateResult
	var err error
	switch {
	case c.Many:
		settings := options.UpdateMany().SetUpsert(c.Upsert)
		if filters := arrayFilters(c); len(filters) > 0 {
			settings.SetArrayFilters(filters)
		}
		result, err = collection.UpdateMany(ctx, filter, update, settings)
	case c.Update.IsReplacement():
		settings := options.Replace().SetUpsert(c.Upsert)
		if !c.Sort.Empty() {
			settings.SetSort(c.Sort.Source())
		}
		result, err = collection.ReplaceOne(ctx, filter, update, settings)
	default:
		settings := options.UpdateOne().SetUpsert(c.Upsert)
		if !c.Sort.Empty() {
			settings.SetSort(c.Sort.Source())
		}
		if filters := arrayFilters(c); len(filters) > 0 {
			settings.SetArrayFilters(filters)
		}
		result, err = collection.UpdateOne(ctx, filter, update, settings)
	}
	if err != nil {
		return taskdb.Outcome{}, err
	}
	outcome := taskdb.Outcome{Matched: result.MatchedCount, Modified: result.ModifiedCount}
	if result.UpsertedCount > 0 {
		outcome.UpsertedID, err = rawValue(result.UpsertedID)
	}
	return outcome, err
}

func arrayFilters(c *taskdb.Change) []any {
	var filters []any
	for _, filter := range c.Update.ArrayFilters() {
		filters = append(filters, filter)
	}
	return filters
}

// rawValue encodes a value that the driver decoded.
func rawValue(v any) (bson.RawValue, error) {
	kind, data, err := bson.MarshalValue(v)
	return bson.RawValue{Type: kind, Value: data}, err
}

// remove deletes documents.
func (s *Store) remove(ctx context.Context, name string, c *taskdb.Change) (taskdb.Outcome, error) {
	collection := s.collection(name)
	var result *mongo.DeleteResult
	var err error
	switch {
	case c.Return != taskdb.ReturnNothing || !c.Sort.Empty():
		return s.findAndModify(ctx, name, c, c.Filter.MongoDB(), nil)
	case c.Many:
		result, err = collection.DeleteMany(context.WithoutCancel(ctx), c.Filter.MongoDB())
	default:
		result, err = collection.DeleteOne(ctx, c.Filter.MongoDB())
	}
	if err != nil {
		return taskdb.Outcome{}, err
	}
	return taskdb.Outcome{Matched: result.DeletedCount}, nil
}
