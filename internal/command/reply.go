package command

import (
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Reply is MongoDB's reply to the command, of what became of its operations:
// those that failed are among its writeErrors.
func (b Bulk) Reply(outcomes []taskdb.Outcome) bson.D {
	var matched, modified int64
	updates := false
	var upserted, failed bson.A
	for i, outcome := range outcomes {
		switch b.Operations[i].(type) {
		case taskdb.Update:
			updates = true
		case taskdb.Insert:
			if outcome.Err == nil {
				matched++
			}
		}
		index := bson.E{Key: "index", Value: int32(i)}
		matched, modified = matched+outcome.Matched, modified+outcome.Modified
		if !outcome.UpsertedID.IsZero() {
			matched++
			upserted = append(upserted, bson.D{index, {Key: "_id", Value: outcome.UpsertedID}})
		}
		if outcome.Err != nil && !errors.Is(outcome.Err, taskdb.ErrNotTried) {
			failed = append(failed, append(bson.D{index}, Failure(outcome.Err)...))
		}
	}
	reply := bson.D{{Key: "n", Value: int32(matched)}}
	if updates {
		reply = append(reply, bson.E{Key: "nModified", Value: int32(modified)})
	}
	if upserted != nil {
		reply = append(reply, bson.E{Key: "upserted", Value: upserted})
	}
	if failed != nil {
		reply = append(reply, bson.E{Key: "writeErrors", Value: failed})
	}
	return append(reply, bson.E{Key: "ok", Value: 1.0})
}

// Reply is MongoDB's reply to the command, of its outcome without an error.
func (m FindAndModify) Reply(outcome taskdb.Outcome) bson.D {
	changed := outcome.Matched
	if !outcome.UpsertedID.IsZero() {
		changed = 1
	}
	last := bson.D{{Key: "n", Value: int32(changed)}}
	if _, updates := m.Operation.(taskdb.Update); updates {
		last = append(last, bson.E{Key: "updatedExisting", Value: outcome.Matched > 0})
	}
	if !outcome.UpsertedID.IsZero() {
		last = append(last, bson.E{Key: "upserted", Value: outcome.UpsertedID})
	}
	reply := bson.D{{Key: "lastErrorObject", Value: last}, {Key: "value", Value: nil}, {Key: "ok", Value: 1.0}}
	if outcome.Doc != nil {
		reply[1].Value = outcome.Doc
	}
	return reply
}
