package backendtest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

var budgets = area{"budget", []behaviour{
	{"a query that looks at more records than its budget fails", budgetSpent},
	{"a query within its budget is answered", budgetKept},
	{"several queries share a budget", budgetShared},
	{"what is changed is changed whatever the budget", budgetChange},
}}

// unindexed is a filter that no index fits, and that selects nothing.
const unindexed = `{"header.username": "nobody"}`

// within is a context with a budget.
func within(t *testing.T, records int64) context.Context {
	return taskdb.WithBudget(t.Context(), records)
}

func budgetSpent(t *testing.T, db *taskdb.DB) {
	addExplained(t, db)
	for name, ask := range map[string]func(ctx context.Context) error{
		"find": func(ctx context.Context) error {
			return drain(db.FindRaw(ctx, taskdb.Query{Filter: unindexed}))
		},
		"find, sorted": func(ctx context.Context) error {
			return drain(db.FindRaw(ctx, taskdb.Query{Filter: unindexed, Sort: `{"header.n": 1}`}))
		},
		"find by an index": func(ctx context.Context) error {
			return drain(db.FindRaw(ctx, taskdb.Query{Filter: `{submitted: {$ne: null}}`, Sort: `{submitted: 1}`}))
		},
		"page": func(ctx context.Context) error {
			_, err := db.Page(ctx, taskdb.Query{Filter: unindexed, Limit: 1}, "")
			return err
		},
		"count": func(ctx context.Context) error {
			_, err := db.Count(ctx, taskdb.Query{Filter: unindexed})
			return err
		},
		"distinct": func(ctx context.Context) error {
			_, err := db.Distinct(ctx, "header.username", nil)
			return err
		},
		"explain": func(ctx context.Context) error {
			_, err := db.Explain(ctx, taskdb.Query{Filter: unindexed})
			return err
		},
	} {
		require.ErrorIs(t, ask(within(t, explained/2)), taskdb.ErrBudget, name)
		require.NoError(t, ask(within(t, explained)), name)
	}
}

// drain reads all that a query finds.
func drain[T any](found func(yield func(T, error) bool)) error {
	for _, err := range found {
		if err != nil {
			return err
		}
	}
	return nil
}

func budgetKept(t *testing.T, db *taskdb.DB) {
	addExplained(t, db)
	seen := 0
	for _, err := range db.FindRaw(within(t, explained), taskdb.Query{}) {
		require.NoError(t, err)
		seen++
	}
	require.Equal(t, explained, seen)
	page, err := db.Page(within(t, 100), taskdb.Query{Sort: `{submitted: 1}`, Limit: 10}, "")
	require.NoError(t, err)
	require.Len(t, page.Docs, 10)
}

func budgetShared(t *testing.T, db *taskdb.DB) {
	addExplained(t, db)
	ctx := within(t, explained+explained/2)
	require.NoError(t, drain(db.FindRaw(ctx, taskdb.Query{Filter: unindexed})))
	require.ErrorIs(t, drain(db.FindRaw(ctx, taskdb.Query{Filter: unindexed})), taskdb.ErrBudget)
}

func budgetChange(t *testing.T, db *taskdb.DB) {
	const n = 50
	require.NoError(t, db.Add(t.Context(), numbered(t, n)...))
	outcome, err := db.Update(within(t, 1), taskdb.Update{Filter: `{unset: null}`, Update: `{$set: {seen: true}}`, Many: true})
	require.NoError(t, err)
	require.EqualValues(t, n, outcome.Matched)
}
