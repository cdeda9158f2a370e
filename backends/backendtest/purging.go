package backendtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var purging = area{"purge", []behaviour{
	{"finished records that it selects are gone for good", purgeFinished},
	{"everything goes only if that is said", purgeAll},
	{"unfinished tasks keep it from beginning, and are named", purgeUnfinished},
	{"finished records that may not go stay, unless they are forced to", purgeRemovable},
	{"unfinished tasks go if they are forced to", purgeForced},
	{"a dry run tells what would go", purgeDry},
	{"a purge that is wrong, or has ended, removes nothing", purgeWrong},
	{"very many records are purged", purgeMany},
}}

// addTasks adds finished tasks f-0, f-1, … and pending ones p-0, p-1, …
func addTasks(t *testing.T, db *taskdb.DB, finished, pending int) {
	t.Helper()
	var records []*taskdb.TaskRecord
	for i := range finished {
		records = append(records, finishedTask(t, fmt.Sprint("f-", i)))
	}
	for i := range pending {
		record := pendingTask(t, fmt.Sprint("p-", i))
		record.Submitted = at(-i) // the last is the oldest
		records = append(records, record)
	}
	require.NoError(t, db.Add(t.Context(), records...))
}

func purgeFinished(t *testing.T, db *taskdb.DB) {
	addTasks(t, db, 5, 2)
	purged, err := db.Purge(t.Context(), taskdb.Purge{Filter: `{msg_id: {$in: ["f-0", "f-3", "none"]}}`})
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 2}, purged)
	require.ElementsMatch(t, []string{"f-1", "f-2", "f-4", "p-0", "p-1"}, historyOf(t, db))
	_, err = db.Get(t.Context(), "f-0")
	require.ErrorIs(t, err, taskdb.ErrNotFound)

	purged, err = db.Purge(t.Context(), taskdb.Purge{Filter: `{"result_content.status": "error"}`})
	require.NoError(t, err)
	require.Zero(t, purged)
	purged, err = db.Purge(t.Context(), taskdb.Purge{Filter: taskdb.StateOK.Filter()})
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 3}, purged)
	require.ElementsMatch(t, []string{"p-0", "p-1"}, historyOf(t, db))
}

func purgeAll(t *testing.T, db *taskdb.DB) {
	purged, err := db.Purge(t.Context(), taskdb.Purge{All: true})
	require.NoError(t, err)
	require.Zero(t, purged)
	require.Empty(t, collectionNamesOf(t, db))
	addTasks(t, db, 3, 0)
	for _, filter := range []any{nil, "{}", `{$and: [{}]}`} {
		for _, p := range []taskdb.Purge{{}, {Force: true}, {DryRun: true}} {
			p.Filter = filter
			purged, err := db.Purge(t.Context(), p)
			require.ErrorIs(t, err, taskdb.ErrNotAll, "%v", p)
			require.Zero(t, purged)
		}
	}
	require.Equal(t, 3, count(t, db))
	purged, err = db.Purge(t.Context(), taskdb.Purge{All: true})
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 3}, purged)
	require.Zero(t, count(t, db))
}

func purgeUnfinished(t *testing.T, db *taskdb.DB) {
	addTasks(t, db, 3, 12)
	for _, c := range []struct {
		purge taskdb.Purge
		count int64
		named []string
	}{
		{taskdb.Purge{All: true}, 12, []string{"p-11", "p-10", "p-9", "p-8", "p-7", "p-6", "p-5", "p-4", "p-3", "p-2"}},
		{taskdb.Purge{Filter: `{msg_id: {$in: ["f-0", "p-3", "p-1"]}}`}, 2, []string{"p-3", "p-1"}},
		{taskdb.Purge{Filter: `{completed: null, msg_id: "p-0"}`}, 1, []string{"p-0"}},
	} {
		purged, err := db.Purge(t.Context(), c.purge)
		var unfinished *taskdb.UnfinishedError
		require.ErrorAs(t, err, &unfinished)
		require.Equal(t, &taskdb.UnfinishedError{Count: c.count, MsgIDs: c.named}, unfinished)
		require.ErrorContains(t, err, c.named[0])
		require.Zero(t, purged)
		require.Equal(t, 15, count(t, db))
	}
}

func purgeRemovable(t *testing.T, db *taskdb.DB) {
	addTasks(t, db, 4, 0)
	p := taskdb.Purge{All: true, Removable: `{msg_id: {$nin: ["f-1", "f-2"]}}`}
	purged, err := db.Purge(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 2}, purged)
	require.ElementsMatch(t, []string{"f-1", "f-2"}, ids(t, db, taskdb.Query{}))
	_, err = db.Purge(t.Context(), taskdb.Purge{All: true, Removable: `{$x: 1}`})
	requireCode(t, query.CodeBadValue, err, "removable")
	p.Force = true
	purged, err = db.Purge(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 2}, purged)
}

func purgeForced(t *testing.T, db *taskdb.DB) {
	addTasks(t, db, 3, 4)
	purged, err := db.Purge(t.Context(), taskdb.Purge{Filter: `{msg_id: {$in: ["f-0", "p-3", "p-1"]}}`, Force: true})
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 3, Unfinished: 2}, purged)
	purged, err = db.Purge(t.Context(), taskdb.Purge{All: true, Force: true})
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 4, Unfinished: 2}, purged)
	require.Zero(t, count(t, db))
}

func purgeDry(t *testing.T, db *taskdb.DB) {
	addTasks(t, db, 3, 4)
	for _, force := range []bool{false, true} {
		for _, c := range []struct {
			purge  taskdb.Purge
			purged taskdb.Purged
		}{
			{taskdb.Purge{All: true}, taskdb.Purged{Records: 7, Unfinished: 4}},
			{taskdb.Purge{Filter: `{msg_id: {$gte: "f-1"}}`}, taskdb.Purged{Records: 6, Unfinished: 4}},
			{taskdb.Purge{Filter: taskdb.StateFinished.Filter()}, taskdb.Purged{Records: 3}},
			{taskdb.Purge{Filter: `{msg_id: "none"}`}, taskdb.Purged{}},
		} {
			c.purge.DryRun, c.purge.Force = true, force
			purged, err := db.Purge(t.Context(), c.purge)
			require.NoError(t, err)
			require.Equal(t, c.purged, purged)
		}
	}
	require.Equal(t, 7, count(t, db))
}

func purgeWrong(t *testing.T, db *taskdb.DB) {
	addTasks(t, db, 3, 0)
	for filter, code := range map[any]int{`{a: {$foo: 1}}`: query.CodeBadValue, 5: query.CodeFailedToParse, `{a:`: query.CodeFailedToParse} {
		_, err := db.Purge(t.Context(), taskdb.Purge{Filter: filter, Force: true, All: true})
		requireCode(t, code, err, fmt.Sprint(filter))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := db.Purge(ended, taskdb.Purge{All: true})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 3, count(t, db))
}

func purgeMany(t *testing.T, db *taskdb.DB) {
	addTasks(t, db, 1500, 500)
	purged, err := db.Purge(t.Context(), taskdb.Purge{Filter: taskdb.StateFinished.Filter()})
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 1500}, purged)
	require.Equal(t, 500, count(t, db))
	purged, err = db.Purge(t.Context(), taskdb.Purge{Filter: `{msg_id: {$glob: "p-*"}}`, Force: true})
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 500, Unfinished: 500}, purged)
	require.Zero(t, count(t, db))
}
