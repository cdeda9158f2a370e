package mongo

import (
	"context"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/taskdb"
)

// together is how many changes, from the first on, can go in one command, where a
// change that is none of several is not counted unless it is an insert.
func (s *Store) together(changes []taskdb.Change) int {
	inserts := leading(changes, isInsert)
	if s.noBulkWrite.Load() || !s.concern.Acknowledged() {
		return inserts
	}
	if n := leading(changes, goesWithOthers); n > 1 {
		return n
	}
	return inserts
}

// leading is how many changes there are before the first that is not of some kind.
func leading(changes []taskdb.Change, is func(*taskdb.Change) bool) int {
	for i := range changes {
		if !is(&changes[i]) {
			return i
		}
	}
	return len(changes)
}

func isInsert(c *taskdb.Change) bool { return c.Kind == taskdb.InsertDocument }

// goesWithOthers tells whether the command bulkWrite can have a change beside others.
func goesWithOthers(c *taskdb.Change) bool {
	switch {
	case c.Kind == taskdb.InsertDocument:
		return true
	case c.Return != taskdb.ReturnNothing:
		return false
	case c.Kind == taskdb.DeleteDocuments:
		return !c.Many && c.Sort.Empty()
	}
	update := c.Update.Source()
	return !hasReferences(update) && checkUpdate(update) == nil
}

// bulk carries out changes by one command. It returns how many of them have their
// outcome: fewer than all if the others are still to be tried, or are not to be.
func (s *Store) bulk(ctx context.Context, name string, changes []taskdb.Change, outcomes []taskdb.Outcome, ordered bool) (int, error) {
	sent, places, err := s.sendable(ctx, name, changes, outcomes, ordered)
	if err != nil {
		return len(changes), err
	}
	if len(sent) > 0 {
		send := s.sendBulk
		if leading(sent, isInsert) == len(sent) {
			send = s.sendInserts
		}
		results, err := send(ctx, name, sent, ordered)
		if hasCode(err, codeCommandNotFound) {
			s.noBulkWrite.Store(true)
			return 0, nil
		}
		if err != nil {
			return len(changes), err
		}
		for i, place := range places {
			outcomes[place] = results[i]
		}
	}
	for i := range changes {
		isApart := changes[i].Kind == taskdb.UpdateDocuments && !changes[i].Many && isTooLarge(outcomes[i].Err)
		if isApart {
			apart, err := s.updateApart(ctx, name, &changes[i], outcomes[i].Err)
			if err = translate(ctx, err); err != nil && !isRefusal(err) {
				return len(changes), err
			}
			outcomes[i], outcomes[i].Err = apart, about(name, err)
		}
		if ordered && (isApart || outcomes[i].Err != nil) {
			return i + 1, nil
		}
	}
	return len(changes), nil
}

// sendable returns the changes that can be sent, with documents that MongoDB takes,
// and their places; if they are ordered, those before the first that cannot. The
// others have their outcome.
func (s *Store) sendable(ctx context.Context, name string, changes []taskdb.Change, outcomes []taskdb.Outcome, ordered bool) (sent []taskdb.Change, places []int, err error) {
	for i, c := range changes {
		if c.Kind == taskdb.InsertDocument || c.Upsert {
			if err := s.prepare(ctx, name); err != nil {
				return nil, nil, err
			}
		}
		if c.Kind == taskdb.InsertDocument {
			c.Doc, err = s.fit(ctx, name, c.Doc)
			if err = translate(ctx, err); err != nil && !isRefusal(err) {
				return nil, nil, err
			}
		}
		outcomes[i].Err = err
		if err == nil {
			sent, places = append(sent, c), append(places, i)
		} else if ordered {
			break
		}
		err = nil
	}
	return sent, places, nil
}

// sendInserts stores documents by the command insert.
func (s *Store) sendInserts(ctx context.Context, name string, inserts []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	docs := make([]any, len(inserts))
	for i := range inserts {
		docs[i] = inserts[i].Doc
	}
	_, err := s.collection(name).InsertMany(ctx, docs, options.InsertMany().SetOrdered(ordered))
	var refused mongo.BulkWriteException
	if err != nil && (!errors.As(err, &refused) || refused.WriteConcernError != nil) {
		return nil, err
	}
	outcomes := make([]taskdb.Outcome, len(inserts))
	for _, r := range refused.WriteErrors {
		outcomes[r.Index].Err = about(name, writeFailure(r.WriteError).translated(r))
	}
	return outcomes, nil
}

// sendBulk carries out changes by the command bulkWrite, which MongoDB has since its
// version 8. An update command with several statements would not tell what became of
// each.
func (s *Store) sendBulk(ctx context.Context, name string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	database, collection, _ := strings.Cut(name, ".")
	writes := make([]mongo.ClientBulkWrite, len(changes))
	for i := range changes {
		writes[i] = mongo.ClientBulkWrite{Database: database, Collection: collection, Model: writeModel(&changes[i])}
	}
	result, err := s.client.BulkWrite(ctx, writes, options.ClientBulkWrite().SetOrdered(ordered).SetVerboseResults(true))
	var refused mongo.ClientBulkWriteException
	if err != nil && (!errors.As(err, &refused) || refused.WriteError != nil || len(refused.WriteConcernErrors) > 0) {
		return nil, err
	}
	outcomes := make([]taskdb.Outcome, len(changes))
	for i, r := range result.UpdateResults {
		outcomes[i] = taskdb.Outcome{Matched: r.MatchedCount, Modified: r.ModifiedCount}
		if r.UpsertedID == nil {
			continue
		}
		outcomes[i].Matched = 0 // what was inserted is counted here
		if outcomes[i].UpsertedID, err = rawValue(r.UpsertedID); err != nil {
			return nil, err
		}
	}
	for i, r := range result.DeleteResults {
		outcomes[i].Matched = r.DeletedCount
	}
	for i, r := range refused.WriteErrors {
		outcomes[i].Err = about(name, writeFailure(r).translated(r))
	}
	return outcomes, nil
}

// writeModel is a change in the driver's terms.
func writeModel(c *taskdb.Change) mongo.ClientWriteModel {
	switch {
	case c.Kind == taskdb.InsertDocument:
		return mongo.NewClientInsertOneModel().SetDocument(c.Doc)
	case c.Kind == taskdb.DeleteDocuments:
		return mongo.NewClientDeleteOneModel().SetFilter(c.Filter.MongoDB())
	case c.Many:
		model := mongo.NewClientUpdateManyModel().SetFilter(c.Filter.MongoDB()).SetUpdate(asSent(c, c.Update.Source())).SetUpsert(c.Upsert)
		if filters := arrayFilters(c); len(filters) > 0 {
			model.SetArrayFilters(filters)
		}
		return model
	case c.Update.IsReplacement():
		model := mongo.NewClientReplaceOneModel().SetFilter(c.Filter.MongoDB()).SetReplacement(c.Update.Source()).SetUpsert(c.Upsert)
		if !c.Sort.Empty() {
			model.SetSort(c.Sort.Source())
		}
		return model
	}
	model := mongo.NewClientUpdateOneModel().SetFilter(c.Filter.MongoDB()).SetUpdate(asSent(c, c.Update.Source())).SetUpsert(c.Upsert)
	if !c.Sort.Empty() {
		model.SetSort(c.Sort.Source())
	}
	if filters := arrayFilters(c); len(filters) > 0 {
		model.SetArrayFilters(filters)
	}
	return model
}
