package mongo_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// told is what an outcome tells, as text.
type told struct {
	matched, modified int64
	upserted, doc     string
}

func tell(outcome taskdb.Outcome) told {
	t := told{matched: outcome.Matched, modified: outcome.Modified}
	if !outcome.UpsertedID.IsZero() {
		t.upserted = outcome.UpsertedID.String()
	}
	if outcome.Doc != nil {
		t.doc = outcome.Doc.String()
	}
	return t
}

func TestFindAndModifyTellsWhatItDid(t *testing.T) {
	_, db := openBoth(t)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Queue: "task"}, &taskdb.TaskRecord{MsgID: "b", Queue: "task"}))
	before, after := taskdb.Found{Keys: []string{"queue"}}, taskdb.Found{Keys: []string{"queue"}, After: true}
	claim := taskdb.Update{Filter: `{queue: "task"}`, Update: `{$set: {queue: "mux"}}`, Sort: `{msg_id: -1}`}
	for _, c := range []struct {
		operation taskdb.Operation
		found     taskdb.Found
		want      told
	}{
		{claim, before, told{1, 1, "", `{"msg_id": "b","queue": "task"}`}},
		{claim, after, told{1, 1, "", `{"msg_id": "a","queue": "mux"}`}},
		{claim, after, told{}},
		{taskdb.Update{Filter: `{_id: 7}`, Update: `{$set: {queue: "x"}}`, Upsert: true}, before, told{upserted: `{"$numberInt":"7"}`}},
		{taskdb.Update{Filter: `{_id: 8}`, Update: `{queue: "y"}`, Upsert: true}, after, told{upserted: `{"$numberInt":"8"}`, doc: `{"queue": "y"}`}},
		{taskdb.Update{Filter: `{_id: 8}`, Update: `{queue: "z"}`, Upsert: true}, after, told{matched: 1, modified: 1, doc: `{"queue": "z"}`}},
		{taskdb.Update{Filter: `{_id: 8}`, Update: `{queue: "w"}`}, before, told{matched: 1, modified: 1, doc: `{"queue": "z"}`}},
		{taskdb.Delete{Filter: `{_id: {$gte: 7}}`, Sort: `{_id: -1}`}, before, told{matched: 1, doc: `{"queue": "w"}`}},
		{taskdb.Delete{Filter: `{_id: 8}`}, before, told{}},
	} {
		outcome, err := db.FindAndModify(t.Context(), c.operation, c.found)
		require.NoError(t, err, "%+v", c.operation)
		require.Equal(t, c.want, tell(outcome), "%+v", c.operation)
	}
	outcome, err := db.Delete(t.Context(), taskdb.Delete{Sort: `{msg_id: -1}`})
	require.NoError(t, err)
	require.EqualValues(t, 1, outcome.Matched)
	_, err = db.Get(t.Context(), "b")
	require.ErrorIs(t, err, taskdb.ErrNotFound)
}

func TestABulkTellsWhatBecameOfEach(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		_, db := openBoth(t)
		doc := func(id any) taskdb.Insert {
			doc, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "label", Value: "x"}})
			require.NoError(t, err)
			return taskdb.Insert{Doc: doc}
		}
		outcomes, err := db.Bulk(t.Context(), ordered,
			doc(1), doc(2), taskdb.Update{Filter: `{label: "x"}`, Update: `{$set: {label: "y"}}`, Many: true}, taskdb.Delete{Filter: `{_id: 2}`},
			doc(3), doc(1), doc(4), taskdb.Update{Filter: `{_id: 1}`, Update: `{$inc: {label: 1}}`}, taskdb.Delete{Many: true})
		require.NoError(t, err)
		require.Equal(t, told{matched: 2, modified: 2}, tell(outcomes[2]))
		require.Equal(t, told{matched: 1}, tell(outcomes[3]))
		require.ErrorIs(t, outcomes[5].Err, taskdb.ErrExists)
		for _, i := range []int{0, 1, 2, 3, 4} {
			require.NoError(t, outcomes[i].Err)
		}
		n, err := db.Count(t.Context(), taskdb.Query{})
		require.NoError(t, err)
		if ordered {
			for _, outcome := range outcomes[6:] {
				require.ErrorIs(t, outcome.Err, taskdb.ErrNotTried)
			}
			require.EqualValues(t, 2, n)
			continue
		}
		require.NoError(t, outcomes[6].Err)
		require.ErrorContains(t, outcomes[7].Err, "Cannot apply $inc")
		require.EqualValues(t, 3, outcomes[8].Matched)
		require.Zero(t, n)
	}
}
