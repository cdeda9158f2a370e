package main

import (
	"context"
	"fmt"
	"time"
)

// purges is how often half of the finished tasks are purged: 1/2, 1/4 and 1/8.
const purges = 3

// purgeAll races purges: of half of the finished tasks, of half of the others, and
// so on.
func (a *arena) purgeAll(ctx context.Context, ours, theirs changing) error {
	const byHand, beside = "purge half, to by hand", "purge half, IPython's time to ours"
	if !a.wants(byHand) && !a.wants(beside) {
		return nil
	}
	var toHand, toIPython []float64
	for n, from := 0, 0; n < purges; n++ {
		from += (a.set.size - from) / 2
		before := a.set.submitted(from).UnixMilli()
		timeOurs, removed, err := timePurge(ctx, ours, before)
		if err != nil {
			return fmt.Errorf("%s, purge: %w", a.kind, err)
		}
		timeTheirs, removedByHand, err := timePurge(ctx, theirs, before)
		if err != nil {
			return fmt.Errorf("%s, purge by hand: %w", a.kind, err)
		}
		if removed != removedByHand || removed == 0 {
			return fmt.Errorf("%s: a purge removed %d, by hand %d", a.kind, removed, removedByHand)
		}
		toHand = append(toHand, float64(timeOurs)/float64(timeTheirs))
		if a.ipython != nil {
			timeIPython, err := a.ipython.purge(a.set.submitted(from))
			if err != nil {
				return err
			}
			toIPython = append(toIPython, float64(timeIPython)/float64(timeOurs))
		}
	}
	a.report.add(byHand, a.kind, spreadOf(toHand), a.limits.changes)
	if a.ipython != nil {
		a.report.add(beside, a.kind, spreadOf(toIPython), a.limits.ipythonPurge)
	}
	return nil
}

func timePurge(ctx context.Context, c changing, before int64) (time.Duration, int64, error) {
	start := time.Now()
	n, err := c.purge(ctx, before)
	return time.Since(start), n, err
}
