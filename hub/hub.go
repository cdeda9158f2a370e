package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Hub leads tasks of one collection through their lives.
type Hub struct {
	db      *taskdb.DB
	stops   *taskdb.DB // what is drained and paused
	options Options

	ended notices // by msg_id: the task is finished, or has gone
	ready lines   // a task may be claimed
	feed  *feed
	met   met

	coming  coming
	unheard unheard

	repair struct {
		sync.Mutex
		due time.Time
	}
}

// Options say how a hub works. The zero value is sound.
type Options struct {
	// Now is the clock: nil is time.Now. All hubs on one store should agree on the
	// time within a fraction of a lease.
	Now func() time.Time
	// Lease is how long a claim holds that does not say; 0 is a minute.
	Lease time.Duration
	// Poll is how often those who wait look for what other processes have written;
	// 0 is a second. Of what this hub does they hear at once.
	Poll time.Duration
	// Repair is how often Tend looks for what crashed steps left undone; 0 is a
	// minute. Its first call always does.
	Repair time.Duration
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&o.Lease, time.Minute}, {&o.Poll, time.Second}, {&o.Repair, time.Minute}} {
		if *d.value <= 0 {
			*d.value = d.standard
		}
	}
	return o
}

// indexes are what the hub asks for. Each has but the few tasks that a step is
// about, so that a task costs an entry or two while it is not finished, and none
// after, whoever finished it; one that leads others a little longer.
var indexes = []taskdb.Index{
	{Name: "hub_ready", Keys: "queue,-hub.priority,submitted", Partial: `{'hub.ready': true, completed: null}`},
	{Name: "hub_not_before", Keys: "hub.not_before", Partial: `{'hub.ready': false, completed: null}`},
	{Name: "hub_after", Keys: "hub.after", Partial: `{'hub.ready': false, completed: null}`},
	{Name: "hub_awaits", Keys: "hub.awaits", Partial: `{'hub.ready': false, completed: null}`},
	{Name: "hub_leads", Keys: "completed", Partial: `{'hub.leads': true}`},
	{Name: "hub_lease", Keys: "hub.lease.until", Partial: `{'hub.lease.until': {$exists: true}, completed: null}`},
	{Name: "hub_mending", Keys: "hub.mending", Partial: `{'hub.mending': true}`},
}

// Open returns a hub on a collection of tasks, and makes the indexes that it needs
// there. What it keeps beside the tasks is in the collection "hub" of the same
// database. On a store that is open for reading only it makes none, and answers what
// does not write. The hub has nothing to close; closing the store is for who opened it.
func Open(ctx context.Context, db *taskdb.DB, options Options) (*Hub, error) {
	for _, index := range indexes {
		if err := makeIndex(ctx, db, index); err != nil {
			return nil, fmt.Errorf("open hub: %w", err)
		}
	}
	database, _, _ := strings.Cut(db.Collection(), ".")
	return &Hub{db: db, stops: db.In(database + ".hub"), options: options.withDefaults(), feed: newFeed()}, nil
}

// makeIndex makes an index, if the store takes any. One that an earlier version of the
// hub made otherwise gives way to it.
func makeIndex(ctx context.Context, db *taskdb.DB, index taskdb.Index) error {
	_, err := db.CreateIndex(ctx, index)
	if errors.Is(err, taskdb.ErrIndexConflict) {
		if err = ignore(db.DropIndex(ctx, index.Name), taskdb.ErrNotFound); err == nil {
			_, err = db.CreateIndex(ctx, index)
		}
	}
	if unknownKind(err) {
		return nil
	}
	return ignore(err, taskdb.ErrReadOnly)
}

// unknownKind tells that a store has no indexes of a part of the tasks, as some
// servers that speak MongoDB's protocol do not. The hub is the slower there.
func unknownKind(err error) bool {
	var failed *query.Error
	return errors.As(err, &failed) && failed.Code == query.CodeNotImplemented
}

// now is the time as records have it.
func (h *Hub) now() time.Time { return h.options.Now().UTC().Truncate(time.Millisecond) }

// keys is a projection that shows some keys of a task.
func keys(paths ...string) *query.Projection {
	doc := d()
	for _, path := range paths {
		doc = append(doc, bson.E{Key: path, Value: 1})
	}
	return projection(doc)
}

func projection(doc bson.D) *query.Projection {
	projection, err := query.ParseProjectionValue(doc)
	if err != nil {
		panic(fmt.Sprintf("hub: the projection %v: %v", doc, err))
	}
	return projection
}

// d is a document of keys and values, in turn.
func d(pairs ...any) bson.D {
	doc := make(bson.D, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		doc = append(doc, bson.E{Key: pairs[i].(string), Value: pairs[i+1]})
	}
	return doc
}
