package taskdb

import (
	"context"
	"errors"
	"sync/atomic"
)

// ErrBudget says that a query would have looked at more records than it may.
var ErrBudget = errors.New("the query looks at too many records")

// Budget is how many records, and keys of indexes, queries may still look at.
type Budget struct{ left atomic.Int64 }

type budgetKey struct{}

// WithBudget returns a context with which the queries of one call, or of several,
// look at no more than so many records and keys of indexes in all. A query that
// would fails with ErrBudget. Changes of the store are not bounded so, but for the
// reading that comes before them. A store on MongoDB counts nothing: there the
// context's deadline bounds what the server does.
func WithBudget(ctx context.Context, records int64) context.Context {
	budget := new(Budget)
	budget.left.Store(records)
	return context.WithValue(ctx, budgetKey{}, budget)
}

// withoutBudget is the context of what has to be carried through.
func withoutBudget(ctx context.Context) context.Context {
	if BudgetOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, budgetKey{}, (*Budget)(nil))
}

// BudgetOf returns the budget of a context, or nil if it has none. It is for
// backends.
func BudgetOf(ctx context.Context) *Budget {
	budget, _ := ctx.Value(budgetKey{}).(*Budget)
	return budget
}

// Spend takes one from the budget, and tells whether it was there. There is always
// one in a budget that is nil.
func (b *Budget) Spend() bool { return b == nil || b.left.Add(-1) >= 0 }

// GiveBack returns to the budget what was spent in vain.
func (b *Budget) GiveBack(n int64) {
	if b != nil {
		b.left.Add(n)
	}
}

// Spent tells whether the budget was asked for more than it had.
func (b *Budget) Spent() bool { return b != nil && b.left.Load() < 0 }
