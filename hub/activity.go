package hub

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Span is a stretch of time, and the tasks that are looked at.
type Span struct {
	Since, Until time.Time
	// Filter is written as in a taskdb.Query; nil selects all tasks.
	Filter any
}

func (s Span) check() error {
	if !s.Since.Before(s.Until) {
		return wrong("since", "the time %s is not before %s", s.Since.Format(time.RFC3339), s.Until.Format(time.RFC3339))
	}
	return nil
}

// ActivityStep is what happened in one step of time.
type ActivityStep struct {
	Start     time.Time
	Submitted int64
	// OK, Failed and Aborted are how the tasks ended that were completed in the step.
	OK, Failed, Aborted int64
	// Median and P95 are how long half of these, and 95 in a hundred, took at most
	// from started to completed; of the first 200 where there are more.
	Median, P95 time.Duration
}

// The most steps of an activity, and the most tasks of a step whose durations are
// looked at.
const (
	maxSteps  = 1_000
	maxSample = 200
)

// Activity tells what happened in each step of a span: the steps begin at multiples
// of their length. Without a filter it costs some index entries for each task that
// was submitted or completed in the span.
func (h *Hub) Activity(ctx context.Context, span Span, step time.Duration) ([]ActivityStep, error) {
	steps, err := h.activity(ctx, span, step)
	if err != nil {
		return nil, fmt.Errorf("activity: %w", err)
	}
	return steps, nil
}

func (h *Hub) activity(ctx context.Context, span Span, step time.Duration) (steps []ActivityStep, err error) {
	if err := span.check(); err != nil {
		return nil, err
	}
	length := span.Until.Sub(span.Since) // of a longer one it is what a Duration can be
	if step <= 0 || length == math.MaxInt64 || length/step >= maxSteps {
		return nil, wrong("step", "a step of %s makes no number of steps from 1 to %d", step, maxSteps)
	}
	filter, err := query.Parse(span.Filter)
	if err != nil {
		return nil, err
	}
	for start := span.Since.UTC().Truncate(step); start.Before(span.Until); start = start.Add(step) {
		s, err := h.activityStep(ctx, start, start.Add(step), filter)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func (h *Hub) activityStep(ctx context.Context, start, end time.Time, filter *query.Filter) (s ActivityStep, err error) {
	s.Start = start
	submitted := within("submitted", start, end, filter)
	completed := func(more ...bson.E) bson.D { return append(within("completed", start, end, filter), more...) }
	status := func(status string) bson.D { return completed(bson.E{Key: "result_content.status", Value: status}) }
	for _, figure := range []struct {
		n      *int64
		filter bson.D
	}{{&s.Submitted, submitted}, {&s.OK, status("ok")}, {&s.Failed, status("error")}, {&s.Aborted, status("aborted")}} {
		if *figure.n, err = h.db.Count(ctx, taskdb.Query{Filter: figure.filter}); err != nil {
			return s, err
		}
	}
	s.Median, s.P95, err = h.durations(ctx, completed())
	return s, err
}

// within selects the tasks of a filter whose time under a key is in a stretch of time.
func within(key string, start, end time.Time, filter *query.Filter) bson.D {
	return d(key, d("$gte", start, "$lt", end), "$and", bson.A{filter.Source()})
}

var timesKeys = keys("started", "completed")

// durations returns how long half, and 95 in a hundred, of the first tasks took that
// a filter selects.
func (h *Hub) durations(ctx context.Context, filter bson.D) (median, p95 time.Duration, err error) {
	var took []time.Duration
	q := taskdb.Query{Filter: filter, Projection: timesKeys, Limit: maxSample}
	for doc, err := range h.db.FindRaw(ctx, q) {
		if err != nil {
			return 0, 0, err
		}
		started, ok := doc.Lookup("started").TimeOK()
		completed, _ := doc.Lookup("completed").TimeOK() // the filter says that it is one
		if ok && !completed.Before(started) {
			took = append(took, completed.Sub(started))
		}
	}
	slices.Sort(took)
	return quantile(took, 0.5), quantile(took, 0.95), nil
}

// quantile returns the least of some sorted durations that a part of them does not
// exceed; 0 if there are none.
func quantile(sorted []time.Duration, part float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(math.Ceil(part*float64(len(sorted))))-1]
}
