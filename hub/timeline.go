package hub

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Run is one attempt of a task: what an engine did, and when.
type Run struct {
	Engine, MsgID, Label string
	Started              time.Time
	Ended                time.Time // zero: it still runs
	// Outcome is how it ended, "" while it runs.
	Outcome Outcome
}

var runKeys = keys("msg_id", "label", "engine_uuid", "started", "completed", "result_content.status", "hub")

// Timeline returns the runs that a span has a part of, by their start: of tasks that
// run now, or wait to run again, and of those that were completed since the span
// began, the newest first, of which at most so many are looked at; more tells that
// there are others. A run of another hub's task is known if it has the times.
func (h *Hub) Timeline(ctx context.Context, span Span, limit int64) (runs []Run, more bool, err error) {
	runs, more, err = h.timeline(ctx, span, limit)
	if err != nil {
		return nil, false, fmt.Errorf("timeline: %w", err)
	}
	return runs, more, nil
}

func (h *Hub) timeline(ctx context.Context, span Span, limit int64) (runs []Run, more bool, err error) {
	if err := span.check(); err != nil {
		return nil, false, err
	}
	if limit <= 0 {
		return nil, false, wrong("limit", "the limit is not above 0: %d", limit)
	}
	own, err := query.Parse(span.Filter)
	if err != nil {
		return nil, false, err
	}
	unfinished := d("completed", nil, "$or", bson.A{d("engine_uuid", d("$ne", nil)), d("hub.attempts.0", d("$exists", true))})
	for _, filter := range []bson.D{unfinished, d("completed", d("$gte", span.Since))} {
		q := taskdb.Query{
			Filter:     append(filter, bson.E{Key: "$and", Value: bson.A{own.Source()}}),
			Projection: runKeys, Sort: d("completed", -1), Limit: limit + 1,
		}
		seen := int64(0)
		for doc, err := range h.db.FindRaw(ctx, q) {
			if err != nil {
				return nil, false, err
			}
			if seen++; seen > limit {
				more = true
				break
			}
			of, err := runsOf(doc)
			if err != nil {
				return nil, false, err
			}
			runs = append(runs, of...)
		}
	}
	runs = slices.DeleteFunc(runs, func(r Run) bool {
		return r.Started.After(span.Until) || !r.Ended.IsZero() && r.Ended.Before(span.Since)
	})
	slices.SortStableFunc(runs, func(a, b Run) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.MsgID, b.MsgID))
	})
	return runs, more, nil
}

// runsOf returns the runs of a task.
func runsOf(doc bson.Raw) (runs []Run, err error) {
	var record taskdb.TaskRecord
	if err := record.UnmarshalBSON(doc); err != nil {
		return nil, err
	}
	notes, err := NotesOf(&record)
	if err != nil {
		return nil, err
	}
	run := Run{MsgID: record.MsgID, Label: record.Label}
	for _, attempt := range notes.Attempts {
		run.Engine, run.Started, run.Ended, run.Outcome = attempt.Engine, attempt.Claimed, attempt.Ended, attempt.Outcome
		runs = append(runs, run)
	}
	now := Run{MsgID: record.MsgID, Label: record.Label, Engine: record.EngineUUID, Started: record.Started, Ended: record.Completed}
	switch {
	case notes.Lease != nil:
		now.Engine, now.Started = notes.Lease.Engine, notes.Lease.Claimed
	case len(runs) > 0 || now.Engine == "" || now.Started.IsZero():
		return runs, nil // all that is known of it
	}
	if !now.Ended.IsZero() {
		status, _ := record.ResultContent.Lookup("status").StringValueOK()
		now.Outcome = Outcome(status)
	}
	return append(runs, now), nil
}
