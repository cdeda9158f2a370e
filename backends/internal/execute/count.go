package execute

import (
	"context"

	"github.com/taskdb/taskdb/taskdb"
)

// Count returns how many documents a request asks for.
func Count(ctx context.Context, source Source, r taskdb.Request) (int64, error) {
	n, ok, err := countDifference(ctx, source, r)
	if ok || err != nil {
		return windowed(n, r), err
	}
	x := start(ctx, source, r)
	n, ok, err = x.countKeys(ctx)
	if ok || err != nil {
		return windowed(n, r), err
	}
	n, err = x.countSelected(ctx)
	return windowed(n, r), err
}

// countSelected counts by a walk, no further than the request's window reaches.
func (x *execution) countSelected(ctx context.Context) (int64, error) {
	var n int64
	for _, err := range x.resumed(ctx, false) {
		if err != nil {
			return 0, err
		}
		if n++; x.request.Limit > 0 && n == x.request.Skip+x.request.Limit {
			break
		}
	}
	return n, nil
}

// countKeys counts what is selected without looking at it, if it can.
func (x *execution) countKeys(ctx context.Context) (n int64, ok bool, err error) {
	if len(x.plan.Scans) != 1 || x.repeats() || len(x.request.After) > 0 {
		return 0, false, nil
	}
	if !x.plan.Exact && x.request.Limit > 0 { // a walk may end early
		return 0, false, nil
	}
	return x.source.Count(ctx, x.plan.Scans[0], x.plan.Rest)
}

// countDifference counts those for which A and not B holds as all for which A
// holds, if an index tells how many these are, without those for which A and B
// holds: most often B is rare, as not to be completed is.
func countDifference(ctx context.Context, source Source, r taskdb.Request) (n int64, ok bool, err error) {
	all, excepted, ok := r.Filter.Difference()
	if !ok || len(r.After) > 0 || r.Limit > 0 { // with a limit a walk may end early
		return 0, false, nil
	}
	n, ok, err = start(ctx, source, taskdb.Request{Filter: all, Sort: r.Sort}).countKeys(ctx)
	if !ok || err != nil {
		return 0, false, err
	}
	rare, err := Count(ctx, source, taskdb.Request{Filter: excepted, Sort: r.Sort})
	return max(0, n-rare), true, err // others may write between the two counts
}

// windowed is how many of n documents skip and limit leave.
func windowed(n int64, r taskdb.Request) int64 {
	n = max(0, n-r.Skip)
	if r.Limit > 0 {
		n = min(n, r.Limit)
	}
	return n
}
