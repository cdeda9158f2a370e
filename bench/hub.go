package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

const (
	// hubRecords is how many tasks a hub has beside those that are claimed.
	hubRecords = 10_000
	// hubGets is how many tasks are fetched in a round, and claimedByEach how many an
	// engine claims and finishes.
	hubGets       = 200
	claimedByEach = 50
)

// benchHub measures what a hub's doors cost: over HTTP and over the wire, beside the
// same calls of the library.
func benchHub(ctx context.Context, o options, r *report) error {
	if !o.only.MatchString("hub") {
		return nil
	}
	program, err := buildProgram(ctx, o)
	if err != nil {
		return err
	}
	for _, kind := range []string{"dict", "sqlite"} {
		if err := benchDoors(ctx, o, program, kind, r); err != nil {
			return fmt.Errorf("the hub on %s: %w", kind, err)
		}
	}
	return nil
}

func benchDoors(ctx context.Context, o options, program, kind string, r *report) (err error) {
	d := new(doors)
	defer func() { err = errors.Join(err, d.close(ctx)) }()
	set := newTaskSet(hubRecords)
	if err := d.open(ctx, o, program, kind, set); err != nil {
		return err
	}
	if err := d.get(ctx, o, kind, set, r); err != nil {
		return err
	}
	return d.work(ctx, o, kind, r)
}

// get times fetching tasks by their msg_ids, decoded to TaskRecords.
func (d *doors) get(ctx context.Context, o options, kind string, set taskSet, r *report) error {
	ids := set.spread(hubGets)
	one := func(get func(id string) error) timer {
		return func(ctx context.Context) (time.Duration, error) {
			return pace(ctx, 1, len(ids), func(i int) error { return get(ids[i]) })
		}
	}
	return turns(ctx, o.rounds, kind, r, microseconds, []entrant{
		{"hub: get from the library, µs", one(func(id string) error {
			_, err := d.db.Get(ctx, id)
			return err
		})},
		{"hub: get over the wire, µs", one(func(id string) error {
			doc, err := d.wire.FindOne(ctx, bson.D{{Key: "msg_id", Value: id}}).Raw()
			if err != nil {
				return err
			}
			return new(taskdb.TaskRecord).UnmarshalBSON(doc)
		})},
		{"hub: get over HTTP, µs", one(func(id string) error {
			tasks, err := d.http.Fetch(ctx, client.Fetch{MsgIDs: []string{id}})
			if err != nil {
				return err
			}
			return tasks[0].Err
		})},
	})
}

// work times engines that claim tasks and finish them.
func (d *doors) work(ctx context.Context, o options, kind string, r *report) error {
	var entrants []entrant
	for _, engines := range []int{1, engineCount} {
		entrants = append(entrants,
			entrant{fmt.Sprintf("hub: claims and finishes a second in the library, engines: %d", engines), working(engines, inLibrary{d.library})},
			entrant{fmt.Sprintf("hub: claims and finishes a second over HTTP, engines: %d", engines), working(engines, overHTTP{d.http})},
		)
	}
	return turns(ctx, o.rounds, kind, r, perSecond, entrants)
}

// entrant is one of several that take turns.
type entrant struct {
	figure string
	time   timer
}

// turns times the entrants in turn, and reports each in a unit.
func turns(ctx context.Context, rounds int, kind string, r *report, unit func(time.Duration) float64, entrants []entrant) error {
	measured := make([][]float64, len(entrants))
	for range rounds {
		for i, e := range entrants {
			took, err := e.time(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", e.figure, err)
			}
			measured[i] = append(measured[i], unit(took))
		}
	}
	for i, e := range entrants {
		r.add(e.figure, kind, spreadOf(measured[i]), target{})
	}
	return nil
}

func microseconds(d time.Duration) float64 { return d.Seconds() * 1e6 }

func perSecond(d time.Duration) float64 { return 1 / d.Seconds() }

// worksite is where tasks are submitted, and worked on by engines.
type worksite interface {
	submit(ctx context.Context, tasks int) error
	// workOn claims a task and finishes it.
	workOn(ctx context.Context, engine string) error
}

// working times engines at work. It tells the time for one task, of all of them
// together.
func working(engines int, site worksite) timer {
	return func(ctx context.Context) (time.Duration, error) {
		if err := site.submit(ctx, engines*claimedByEach); err != nil {
			return 0, err
		}
		return pace(ctx, engines, claimedByEach, func(i int) error {
			return site.workOn(ctx, fmt.Sprintf("engine-%d", i/claimedByEach))
		})
	}
}

// request and reply are what a task asks and is answered with.
var request, reply = make([]byte, bufferSize), make([]byte, bufferSize)

type overHTTP struct{ client *client.Client }

func (h overHTTP) submit(ctx context.Context, n int) error {
	tasks := make([]api.Task, n)
	for i := range tasks {
		tasks[i].Buffers = [][]byte{request}
	}
	_, err := h.client.Submit(ctx, tasks...)
	return err
}

func (h overHTTP) workOn(ctx context.Context, engine string) error {
	claimed, err := h.client.Claim(ctx, api.Claim{Engine: engine, Buffers: true})
	if err != nil {
		return err
	}
	_, err = h.client.Finish(ctx, claimed.Lease, api.Completion{Status: string(hub.OutcomeOK), Buffers: [][]byte{reply}})
	return err
}

type inLibrary struct{ hub *hub.Hub }

func (l inLibrary) submit(ctx context.Context, n int) error {
	tasks := make([]hub.Task, n)
	for i := range tasks {
		tasks[i].Buffers = [][]byte{request}
	}
	_, err := l.hub.Submit(ctx, tasks...)
	return err
}

func (l inLibrary) workOn(ctx context.Context, engine string) error {
	claimed, err := l.hub.Claim(ctx, hub.Claim{Engine: engine, Buffers: true})
	if err != nil {
		return err
	}
	_, err = l.hub.Finish(ctx, claimed.Lease, hub.Result{Status: hub.OutcomeOK, Buffers: [][]byte{reply}})
	return err
}
