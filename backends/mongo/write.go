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

// Write is taskdb.Backend's. What can go in one command goes in one: inserts that
// follow one another and, where the server has MongoDB 8's bulkWrite, changes of any
// kind. A deletion of many is always one by itself, which the server carries through.
func (s *Store) Write(ctx context.Context, name string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	outcomes := make([]taskdb.Outcome, len(changes))
	for next := 0; next < len(changes); {
		n, err := s.writeFirst(ctx, name, changes[next:], outcomes[next:], ordered)
		switch {
		case isRefusal(err):
			giveUp(outcomes[next:next+n], about(name, err))
		case err != nil && next == 0:
			return nil, err
		case err != nil:
			giveUp(outcomes[next:], err)
			return outcomes, nil
		}
		next += n
		if ordered && n > 0 && outcomes[next-1].Err != nil {
			giveUp(outcomes[next:], taskdb.ErrNotTried)
			return outcomes, nil
		}
	}
	return outcomes, nil
}

// writeFirst carries out the first of some changes, with those that go in one command
// with it, and returns of how many the outcome is told, or the error.
func (s *Store) writeFirst(ctx context.Context, name string, changes []taskdb.Change, outcomes []taskdb.Outcome, ordered bool) (n int, err error) {
	together := s.together(changes)
	err = s.call(ctx, func() (err error) {
		if together == 0 {
			n = 1
			return s.change(ctx, name, &changes[0], &outcomes[0])
		}
		n, err = s.bulk(ctx, name, changes[:together], outcomes[:together], ordered)
		return err
	})
	return n, err
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
		result, err = collection.UpdateMany(ctx, filter, asSent(c, update), settings)
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
		result, err = collection.UpdateOne(ctx, filter, asSent(c, update), settings)
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

// asSent is the update of a change as the driver wants it: a pipeline as its stages.
func asSent(c *taskdb.Change, update bson.Raw) any {
	if c.Update.IsPipeline() {
		return c.Update.Stages()
	}
	return update
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
