package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Claim says which task an engine takes.
type Claim struct {
	// Engine names who claims, in 255 bytes at most.
	Engine string
	// Queues are those that the engine serves; none is the queue "".
	Queues []string
	// Filter selects tasks among those that wait, written as in a taskdb.Query; nil
	// selects all.
	Filter any
	// Lease is how long the lease holds unless it is renewed; 0 is Options.Lease.
	Lease time.Duration
	// Wait is how long to wait for a task if there is none.
	Wait time.Duration
	// Buffers brings the request's buffers along.
	Buffers bool
	// Foreign takes tasks that other hubs wrote too, after this hub's.
	Foreign bool
}

// Claimed is a task that an engine has.
type Claimed struct {
	Lease  Lease
	Record *taskdb.TaskRecord
	// Doc is the record as it is stored, without _id, and without buffers if they were not
	// asked for.
	Doc bson.Raw
}

// The orders in which tasks are claimed: this hub's, and others'.
var (
	byPriority = sorting(d("hub.priority", -1, "submitted", 1))
	byAge      = sorting(d("submitted", 1))
)

func sorting(paths bson.D) *query.Sort {
	sort, err := query.ParseSortValue(paths)
	if err != nil {
		panic(fmt.Sprintf("hub: the sort %v: %v", paths, err))
	}
	return sort
}

// orderKeys are the keys that byPriority looks at.
var orderKeys = keys("hub.priority", "submitted")

// Claim gives an engine the next task of its queues: that of the highest priority,
// of these the one that was submitted first. Nobody else gets it as long as the
// lease holds. If there is none the error is ErrNoTask. Paused queues have none.
//
// Where an engine serves several queues, the first task of each is looked at, and
// then the best is taken; if somebody else took that meanwhile, the next one of its
// queue is, which may be of a lower priority than another queue's.
func (h *Hub) Claim(ctx context.Context, c Claim) (*Claimed, error) {
	claimed, err := h.claim(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return claimed, nil
}

func (h *Hub) claim(ctx context.Context, c Claim) (claimed *Claimed, err error) {
	if c.Engine == "" {
		return nil, wrong("engine", "a claim needs the name of an engine")
	}
	if len(c.Engine) > maxEngine {
		return nil, wrong("engine", "the name of the engine has more than %d bytes: %d", maxEngine, len(c.Engine))
	}
	if c.Lease <= 0 {
		c.Lease = h.options.Lease
	}
	if len(c.Queues) == 0 {
		c.Queues = []string{""}
	}
	filter, err := query.Parse(c.Filter)
	if err != nil {
		return nil, err
	}
	news, leave := h.ready.join(c.Queues)
	defer leave()
	err = h.await(ctx, c.Wait, news, func() (bool, error) {
		claimed, err = h.tryClaim(ctx, c, filter)
		if claimed != nil || err != nil || !filter.MatchesAll() {
			h.ready.next(c.Queues) // there may be another task, or one for somebody else
		}
		return claimed != nil, err
	})
	if err == nil && claimed == nil {
		err = ErrNoTask
	}
	return claimed, err
}

// tryClaim claims a task, if there is one now. It returns nil if there is none.
func (h *Hub) tryClaim(ctx context.Context, c Claim, filter *query.Filter) (*Claimed, error) {
	stops, err := h.Stops(ctx)
	if err != nil {
		return nil, err
	}
	queues := slices.DeleteFunc(slices.Clone(c.Queues), func(queue string) bool {
		_, paused := stops.Paused[queue]
		return paused
	})
	if queues, err = h.byFirst(ctx, queues, filter); err != nil {
		return nil, err
	}
	for _, queue := range queues {
		claimed, err := h.claimFirst(ctx, c, waitingIn(queue, filter), byPriority)
		if claimed != nil || err != nil {
			return claimed, err
		}
	}
	if c.Foreign {
		for _, queue := range queues {
			claimed, err := h.claimFirst(ctx, c, foreignIn(queue, filter), byAge)
			if claimed != nil || err != nil {
				return claimed, err
			}
		}
	}
	return nil, nil
}

// waitingIn selects the tasks of a queue that may be claimed.
func waitingIn(queue string, filter *query.Filter) bson.D {
	return d("hub.ready", true, "queue", named(queue), "completed", nil, "engine_uuid", nil, "hub.revision", isSound, "$and", bson.A{filter.Source()})
}

// foreignIn selects the tasks of a queue that another hub wrote and nobody has.
func foreignIn(queue string, filter *query.Filter) bson.D {
	return d("queue", named(queue), "hub", d("$exists", false), "$and", bson.A{taskdb.StatePending.Filter().Source(), filter.Source()})
}

// named is a queue's name as records have it.
func named(queue string) any {
	if queue == "" {
		return nil
	}
	return queue
}

// byFirst sorts queues by the first task that may be claimed of each. Those that
// have none come last.
func (h *Hub) byFirst(ctx context.Context, queues []string, filter *query.Filter) ([]string, error) {
	if len(queues) < 2 {
		return queues, nil
	}
	first := map[string]string{}
	for _, queue := range queues {
		q := taskdb.Query{Filter: waitingIn(queue, filter), Projection: orderKeys, Sort: byPriority, Limit: 1}
		for doc, err := range h.db.FindRaw(ctx, q) {
			if err != nil {
				return nil, err
			}
			key, err := byPriority.AppendKey(nil, doc)
			if err != nil {
				return nil, err
			}
			first[queue] = string(key)
		}
	}
	slices.SortStableFunc(queues, func(a, b string) int {
		if first[a] == "" || first[b] == "" {
			return cmp.Compare(len(first[b]), len(first[a]))
		}
		return cmp.Compare(first[a], first[b])
	})
	return queues, nil
}

// claimFirst claims the first of the tasks that a filter selects. It returns nil if
// there is none.
func (h *Hub) claimFirst(ctx context.Context, c Claim, filter bson.D, sort *query.Sort) (*Claimed, error) {
	now := h.now()
	lease := Lease{ID: uuid.NewString(), Engine: c.Engine, Claimed: now, Until: now.Add(c.Lease)}
	update := taskdb.Update{
		Filter: filter,
		Sort:   sort,
		Update: d(
			"$set", d("engine_uuid", c.Engine, "started", now, "hub.lease", lease),
			"$unset", d("hub.ready", ""),
			"$inc", d("hub.revision", int64(1)),
		),
	}
	found := taskdb.Found{After: true}
	if c.Buffers {
		found.Projection = d("_id", 0)
	}
	outcome, err := h.db.FindAndModify(ctx, update, found)
	for cuts := 0; errors.Is(err, taskdb.ErrTooLarge) && cuts < maxCuts; cuts++ {
		if err := h.makeRoomInFirst(ctx, filter, sort, err); err != nil {
			return nil, err
		}
		outcome, err = h.db.FindAndModify(ctx, update, found)
	}
	if isUnanswered(err) {
		h.unheard.note(lease)
	}
	if err != nil || outcome.Doc == nil {
		return nil, err
	}
	record := new(taskdb.TaskRecord)
	if err := record.UnmarshalBSON(outcome.Doc); err != nil {
		return nil, err
	}
	timeLimit, _ := outcome.Doc.Lookup("hub", "time_limit").AsInt64OK()
	lease.complete(record.MsgID, timeLimit)
	h.happened(Event{Kind: EventClaimed, MsgID: record.MsgID, State: taskdb.StateRunning, Client: record.ClientUUID})
	return &Claimed{Lease: lease, Record: record, Doc: outcome.Doc}, nil
}
