package execute

import (
	"context"
	"errors"
	"iter"

	"github.com/taskdb/taskdb/taskdb"
)

// What is near: up to so many documents, for which so much more is looked at. A
// census costs about as much.
const (
	maxNear  = 256
	nearness = 512
)

// entries yields the selected entries, in the order of the sort. If the request
// wants a few, and the first plan finds them near, it does without a census.
func (x *execution) entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		wanted := x.request.Skip + x.request.Limit
		if x.request.Limit > 0 && wanted <= maxNear && x.near(ctx, wanted, yield) {
			return
		}
		x.weigh(ctx)
		x.ordered(ctx)(yield)
	}
}

// near yields the selected entries if as many as are wanted, or all, are near. Else it
// has yielded nothing, and is false.
func (x *execution) near(ctx context.Context, wanted int64, yield func(Entry, error) bool) bool {
	x.most = nearness + wanted
	var held []Entry // until it is known
	for e, err := range x.ordered(ctx) {
		if x.far() || errors.Is(err, errFar) {
			x.forget(ctx)
			return false
		}
		if err == nil && x.most > 0 {
			if held = append(held, e); int64(len(held)) < wanted {
				continue
			}
			x.most = 0
			if !yieldAll(held, yield) {
				return true
			}
			held = nil
			continue
		}
		if !yieldAll(held, yield) || !yield(e, err) {
			return true
		}
	}
	yieldAll(held, yield)
	return true
}

// forget undoes what was counted of a walk that was in vain.
func (x *execution) forget(ctx context.Context) {
	taskdb.BudgetOf(ctx).GiveBack(x.looked)
	x.most, x.looked, x.stats = 0, 0, taskdb.Explanation{}
}

func yieldAll(entries []Entry, yield func(Entry, error) bool) bool {
	for _, e := range entries {
		if !yield(e, nil) {
			return false
		}
	}
	return true
}
