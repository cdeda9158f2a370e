package backendtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

var contexts = area{"context", []behaviour{
	{"a call whose context has ended returns its error", contextEnded},
	{"an add whose context has ended does nothing", contextEndedAdd},
	{"a scan whose context ends, ends with its error", contextEndsScan},
}}

// firstError returns the first error of a scan, or nil.
func firstError(t tester, db *taskdb.DB, q taskdb.Query) error {
	t.Helper()
	return firstErrorOf(t.Context(), db, q)
}

func firstErrorOf(ctx context.Context, db *taskdb.DB, q taskdb.Query) error {
	for _, err := range db.FindRaw(ctx, q) {
		if err != nil {
			return err
		}
	}
	return nil
}

// calls are all calls on a store, each with what it returns as its error.
var calls = map[string]func(ctx context.Context, db *taskdb.DB) error{
	"Add":    func(ctx context.Context, db *taskdb.DB) error { return db.Add(ctx, &taskdb.TaskRecord{MsgID: "new"}) },
	"AddRaw": func(ctx context.Context, db *taskdb.DB) error { return db.AddRaw(ctx, []byte{5, 0, 0, 0, 0}) },
	"AddEach": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.AddEach(ctx, []byte{5, 0, 0, 0, 0})
		return err
	},
	"Get": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Get(ctx, "a")
		return err
	},
	"Find": func(ctx context.Context, db *taskdb.DB) error { return firstErrorOf(ctx, db, taskdb.Query{}) },
	"sorted Find": func(ctx context.Context, db *taskdb.DB) error {
		return firstErrorOf(ctx, db, taskdb.Query{Sort: "{label: 1}"})
	},
	"Count": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Count(ctx, taskdb.Query{})
		return err
	},
	"Distinct": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Distinct(ctx, "label", nil)
		return err
	},
	"Explain": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Explain(ctx, taskdb.Query{})
		return err
	},
	"Stats": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Stats(ctx)
		return err
	},
	"Page": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Page(ctx, taskdb.Query{Limit: 1}, "")
		return err
	},
	"OpenBuffer": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.OpenBuffer(ctx, "a", "buffers", 0)
		return err
	},
	"PutBuffer": func(ctx context.Context, db *taskdb.DB) error {
		return db.PutBuffer(ctx, "a", "buffers", strings.NewReader("new"))
	},
	"Update": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Update(ctx, taskdb.Update{Update: "{$set: {n: 1}}", Upsert: true})
		return err
	},
	"Update of many": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Update(ctx, taskdb.Update{Update: "{$set: {n: 1}}", Many: true, Upsert: true})
		return err
	},
	"UpdateRecord": func(ctx context.Context, db *taskdb.DB) error { return db.UpdateRecord(ctx, "a", "{$set: {n: 1}}") },
	"FindAndModify": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.FindAndModify(ctx, taskdb.Delete{}, taskdb.Found{})
		return err
	},
	"Delete": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Delete(ctx, taskdb.Delete{})
		return err
	},
	"Delete of many": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Delete(ctx, taskdb.Delete{Many: true})
		return err
	},
	"DropRecord": func(ctx context.Context, db *taskdb.DB) error { return db.DropRecord(ctx, "a") },
	"Bulk": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Bulk(ctx, false, taskdb.Delete{})
		return err
	},
	"Purge": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Purge(ctx, taskdb.Purge{All: true, Force: true})
		return err
	},
	"Collections": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Collections(ctx)
		return err
	},
	"DropCollection": func(ctx context.Context, db *taskdb.DB) error { return db.DropCollection(ctx) },
	"Indexes": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.Indexes(ctx)
		return err
	},
	"CreateIndex": func(ctx context.Context, db *taskdb.DB) error {
		_, err := db.CreateIndex(ctx, taskdb.Index{Keys: "new"})
		return err
	},
	"DropIndex": func(ctx context.Context, db *taskdb.DB) error { return db.DropIndex(ctx, "label_1") },
	"History": func(ctx context.Context, db *taskdb.DB) error {
		for _, err := range db.History(ctx) {
			if err != nil {
				return err
			}
		}
		return nil
	},
}

func contextEnded(t *testing.T, db *taskdb.DB) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	ended := func() {
		for name, call := range calls {
			require.ErrorIs(t, call(cancelled, db), context.Canceled, name)
			require.ErrorIs(t, call(late, db), context.DeadlineExceeded, name)
		}
	}
	ended() // with nothing stored
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	ended()
	require.Equal(t, 1, count(t, db))
}

func contextEndedAdd(t *testing.T, db *taskdb.DB) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, db.Add(cancelled, numbered(t, 10)...), context.Canceled)
	require.Zero(t, count(t, db))
	require.NoError(t, db.Add(t.Context(), numbered(t, 10)...))
}

func contextEndsScan(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 2100)...))
	for name, q := range scans {
		seen, err := cancelledScan(t, db, q)
		require.ErrorIs(t, err, context.Canceled, name)
		require.Less(t, seen, 2100, name)
	}
	require.Equal(t, 2100, count(t, db))
}

// cancelledScan cancels a scan at its first document and returns how many came,
// and the error that came in the end.
func cancelledScan(t *testing.T, db *taskdb.DB, q taskdb.Query) (seen int, err error) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err = range db.FindRaw(ctx, q) {
		if err == nil {
			seen++
		}
		cancel()
	}
	return seen, err
}
