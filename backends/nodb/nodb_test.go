package nodb_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	_ "github.com/taskdb/taskdb/backends/nodb"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func open(t *testing.T) *taskdb.DB {
	db, err := taskdb.Open(t.Context(), "nodb:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func find(t *testing.T, db *taskdb.DB, filter any) error {
	for _, err := range db.Find(t.Context(), taskdb.Query{Filter: filter}) {
		return err
	}
	return nil
}

func TestAddSucceedsAndKeepsNothing(t *testing.T) {
	db := open(t)
	record := &taskdb.TaskRecord{MsgID: "a"}
	require.NoError(t, db.Add(t.Context(), record))
	require.NoError(t, db.Add(t.Context(), record), "nothing is there that it could double")
	_, err := db.Get(t.Context(), "a")
	require.ErrorIs(t, err, taskdb.ErrNoData)
}

func TestWhoeverAsksIsToldThatThereIsNoData(t *testing.T) {
	db := open(t)
	ctx := t.Context()
	questions := map[string]func() error{
		"get":      func() error { _, err := db.Get(ctx, "a"); return err },
		"find":     func() error { return find(t, db, bson.D{}) },
		"count":    func() error { _, err := db.Count(ctx, taskdb.Query{}); return err },
		"distinct": func() error { _, err := db.Distinct(ctx, "queue", nil); return err },
		"explain":  func() error { _, err := db.Explain(ctx, taskdb.Query{}); return err },
		"open":     func() error { _, err := db.OpenBuffer(ctx, "a", "buffers", 0); return err },
		"put":      func() error { return db.PutBuffer(ctx, "a", "buffers", bytes.NewReader(nil)) },
		"history": func() error {
			for _, err := range db.History(ctx) {
				return err
			}
			return nil
		},
	}
	for name, ask := range questions {
		t.Run(name, func(t *testing.T) {
			err := ask()
			require.ErrorIs(t, err, taskdb.ErrNoData)
			require.ErrorIs(t, err, taskdb.ErrNotFound)
		})
	}
}

func TestAWrongQueryFailsAsElsewhere(t *testing.T) {
	var wrong *query.Error
	require.ErrorAs(t, find(t, open(t), bson.D{{Key: "a", Value: bson.D{{Key: "$foo", Value: 1}}}}), &wrong)
	require.Equal(t, query.CodeBadValue, wrong.Code)
}

func TestWhatCannotBeStoredIsRefusedAsElsewhere(t *testing.T) {
	var wrong *query.Error
	require.ErrorAs(t, open(t).AddRaw(t.Context(), bson.Raw{1, 2, 3}), &wrong)
	require.Equal(t, query.CodeInvalidBSON, wrong.Code)
}

func TestAnURLWithANameIsRefused(t *testing.T) {
	_, err := taskdb.Open(t.Context(), "nodb:tasks")
	require.ErrorContains(t, err, `want "nodb:"`)
}
