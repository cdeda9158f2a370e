package httpapi

import (
	"context"
	"time"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// operation registers the routes of who keeps the hub going, and looks at it.
func (s *server) operate() {
	register(s, operation("counts", "GET /v1/counts", "How many tasks are in each state"), s.counts)
	register(s, operation("status", "GET /v1/status", "Queues and engines with unfinished tasks, and what is stopped"), s.status)
	register(s, operation("activity", "GET /v1/activity", "Throughput and durations, by steps of time"), s.activity)
	register(s, operation("timeline", "GET /v1/timeline", "Which engine ran what, and when"), s.timeline)
	register(s, operation("drain", "PUT /v1/drain", "Have the hub refuse new tasks"), s.drain)
	register(s, operation("resume", "DELETE /v1/drain", "Have the hub take tasks again"), s.resume)
	register(s, operation("pause", "PUT /v1/queues/{queue}/pause", "Have the hub hand out no task of a queue"), s.pause)
	register(s, operation("unpause", "DELETE /v1/queues/{queue}/pause", "Have the hub hand out the tasks of a queue again"), s.unpause)
}

// counts counts by indexes for those who may see all, and else what they may see.
func (s *server) counts(ctx context.Context, _ *struct{}) (*body[api.Counts], error) {
	counts := map[taskdb.State]int64{}
	var err error
	if _, is := bound(ctx); !is {
		counts, err = s.hub.Counts(ctx)
	} else {
		err = s.countOwn(ctx, counts)
	}
	return bodyOf(api.Counts{
		Incomplete: counts[taskdb.StateIncomplete], Pending: counts[taskdb.StatePending], Running: counts[taskdb.StateRunning],
		Finished: counts[taskdb.StateFinished], OK: counts[taskdb.StateOK], Failed: counts[taskdb.StateFailed],
		Aborted: counts[taskdb.StateAborted],
	}), err
}

func (s *server) countOwn(ctx context.Context, counts map[taskdb.State]int64) error {
	for _, state := range []taskdb.State{
		taskdb.StateIncomplete, taskdb.StatePending, taskdb.StateRunning,
		taskdb.StateFinished, taskdb.StateOK, taskdb.StateFailed, taskdb.StateAborted,
	} {
		filter, err := within(ctx, api.Expression{}, string(state))
		if err == nil {
			counts[state], err = s.db.Count(ctx, taskdb.Query{Filter: filter})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *server) status(ctx context.Context, _ *struct{}) (*body[api.Status], error) {
	if err := unbound(ctx); err != nil {
		return nil, err
	}
	status, err := s.hub.Status(ctx)
	if err != nil {
		return nil, err
	}
	stops, err := s.hub.Stops(ctx)
	if err != nil {
		return nil, err
	}
	answer := api.Status{Queues: []api.QueueStatus{}, Engines: []api.EngineStatus{}, Drained: stopOf(stops.Drain)}
	for _, q := range status.Queues {
		answer.Queues = append(answer.Queues, api.QueueStatus{
			Queue: q.Queue, Ready: q.Ready, Waiting: q.Waiting, Running: q.Running, Foreign: q.Foreign, Paused: stopOf(q.Paused),
		})
	}
	for _, e := range status.Engines {
		answer.Engines = append(answer.Engines, api.EngineStatus(e))
	}
	return bodyOf(answer), nil
}

func stopOf(stop *hub.Stop) *api.Stop {
	if stop == nil {
		return nil
	}
	return &api.Stop{Reason: stop.Reason, Since: stop.Since}
}

// Span is a stretch of time: the last hour, unless the request says another.
type Span struct {
	Since time.Time `query:"since" doc:"An hour before until, unless it is said."`
	Until time.Time `query:"until" doc:"Now, unless it is said."`
}

func (in Span) of(ctx context.Context) (hub.Span, error) {
	filter, err := within(ctx, api.Expression{}, "")
	if in.Until.IsZero() {
		in.Until = time.Now()
	}
	if in.Since.IsZero() {
		in.Since = in.Until.Add(-time.Hour)
	}
	return hub.Span{Since: in.Since.UTC(), Until: in.Until.UTC(), Filter: filter}, err
}

type activityRequest struct {
	Span
	Step api.Duration `query:"step" doc:"The length of a step; a sixtieth of the time, unless it is said."`
}

func (s *server) activity(ctx context.Context, in *activityRequest) (*body[api.Activity], error) {
	over, err := in.of(ctx)
	if err != nil {
		return nil, err
	}
	step, err := durationOf(in.Step, "query.step")
	if err != nil {
		return nil, err
	}
	if in.Step == "" {
		step = max(time.Second, (over.Until.Sub(over.Since) / 60).Round(time.Second))
	}
	steps, err := s.hub.Activity(ctx, over, step)
	if err != nil {
		return nil, err
	}
	answer := api.Activity{Since: over.Since, Until: over.Until, Step: api.Duration(step.String()), Steps: []api.ActivityStep{}}
	for _, one := range steps {
		answer.Steps = append(answer.Steps, api.ActivityStep{
			Start: one.Start, Submitted: one.Submitted, OK: one.OK, Failed: one.Failed, Aborted: one.Aborted,
			Median: one.Median.Seconds(), P95: one.P95.Seconds(),
		})
	}
	return bodyOf(answer), nil
}

type timelineRequest struct {
	Span
	Limit int64 `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"How many tasks are looked at, at the most."`
}

func (s *server) timeline(ctx context.Context, in *timelineRequest) (*body[api.Timeline], error) {
	over, err := in.of(ctx)
	if err != nil {
		return nil, err
	}
	runs, more, err := s.hub.Timeline(ctx, over, in.Limit)
	if err != nil {
		return nil, err
	}
	answer := api.Timeline{Runs: []api.Run{}, More: more}
	for _, run := range runs {
		answer.Runs = append(answer.Runs, api.Run{
			Engine: run.Engine, MsgID: run.MsgID, Label: run.Label,
			Started: writable(run.Started), Ended: writable(run.Ended), Outcome: string(run.Outcome),
		})
	}
	return bodyOf(answer), nil
}

// writable is a time as RFC 3339 can have it: a record may have any.
func writable(t time.Time) time.Time {
	switch {
	case t.Year() > 9999:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	case t.Year() < 0:
		return time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}

type stopRequest struct {
	Body *api.StopRequest `required:"false"`
}

// reason is that of a request, which may say nothing.
func reason(r *api.StopRequest) string {
	if r == nil {
		return ""
	}
	return r.Reason
}

func (s *server) drain(ctx context.Context, in *stopRequest) (*struct{}, error) {
	if err := unbound(ctx); err != nil {
		return nil, err
	}
	return nil, s.hub.Drain(ctx, reason(in.Body))
}

func (s *server) resume(ctx context.Context, _ *struct{}) (*struct{}, error) {
	if err := unbound(ctx); err != nil {
		return nil, err
	}
	return nil, s.hub.Resume(ctx)
}

// queueName is the name of a queue in a path.
func queueName(name string) string {
	if name == "-" {
		return ""
	}
	return name
}

type queueRequest struct {
	Queue string `path:"queue" doc:"The queue's name; - is that without a name."`
}

type pauseRequest struct {
	Queue string           `path:"queue" doc:"The queue's name; - is that without a name."`
	Body  *api.StopRequest `required:"false"`
}

func (s *server) pause(ctx context.Context, in *pauseRequest) (*struct{}, error) {
	if err := unbound(ctx); err != nil {
		return nil, err
	}
	return nil, s.hub.Pause(ctx, queueName(in.Queue), reason(in.Body))
}

func (s *server) unpause(ctx context.Context, in *queueRequest) (*struct{}, error) {
	if err := unbound(ctx); err != nil {
		return nil, err
	}
	return nil, s.hub.Unpause(ctx, queueName(in.Queue))
}
