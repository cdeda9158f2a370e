package hub

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/taskdb/taskdb/taskdb"
)

// ErrMissed says that events were missed: too many came since the one that a
// watch was to go on behind, or the hub was opened again. Who watches asks anew for
// what he shows, and watches from then on.
var ErrMissed = errors.New("events were missed")

// feedLength is how many events are kept for those who come back.
const feedLength = 16_384

// feed keeps the last events of a hub, for as long as the process lives.
type feed struct {
	mu     sync.Mutex
	run    string        // tells this feed's ids from those of another process
	count  uint64        // of events so far
	events []Event       // a ring of the last of them
	more   chan struct{} // closed when the next event comes
}

func newFeed() *feed {
	return &feed{run: uuid.NewString(), more: make(chan struct{})}
}

func (f *feed) publish(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.count % feedLength
	f.count++
	e.ID = f.id(f.count)
	if len(f.events) < feedLength {
		f.events = append(f.events, e)
	} else {
		f.events[at] = e
	}
	close(f.more)
	f.more = make(chan struct{})
}

// id is that of the n-th event, from 1; 0 is before all.
func (f *feed) id(n uint64) string { return f.run + "-" + strconv.FormatUint(n, 10) }

func (f *feed) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.id(f.count)
}

// number returns which event has an id.
func (f *feed) number(id string) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ours := strings.CutPrefix(id, f.run+"-")
	n, err := strconv.ParseUint(text, 10, 64)
	if !ours || err != nil || n > f.count {
		return 0, ErrMissed
	}
	return n, nil
}

// since returns events behind the n-th, and, if there are none, what is closed when
// there are.
func (f *feed) since(n uint64) ([]Event, <-chan struct{}, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count-n > uint64(len(f.events)) {
		return nil, nil, ErrMissed
	}
	const atMost = 256
	var some []Event
	for ; n < f.count && len(some) < atMost; n++ {
		some = append(some, f.events[n%feedLength])
	}
	return some, f.more, nil
}

// LastEvent returns the id of what happened last. Who asks for it before he looks at
// tasks, and then watches from there, misses nothing.
func (h *Hub) LastEvent() string { return h.feed.last() }

// Watch yields what happens to tasks behind the event with an id, until the context
// ends, whose error comes last. It tells what this hub does, and no hub of another
// process: the feed is in memory, and has the last 16,384 events. If one of them is
// gone, or the id is of another run of the hub, the error is ErrMissed, at once or
// when the watcher is too slow.
func (h *Hub) Watch(ctx context.Context, after string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		n, err := h.feed.number(after)
		for err == nil {
			var events []Event
			var more <-chan struct{}
			if events, more, err = h.feed.since(n); err != nil {
				break
			}
			if err = ctx.Err(); err != nil {
				break
			}
			for _, event := range events {
				if !yield(event, nil) {
					return
				}
			}
			n += uint64(len(events))
			if len(events) == 0 {
				select {
				case <-more:
				case <-ctx.Done():
					err = ctx.Err()
				}
			}
		}
		yield(Event{}, fmt.Errorf("watch: %w", err))
	}
}

// Changed tells the hub that its tasks were written to by somebody else in this
// process, who passed it by: those who wait look again, and those who watch hear of
// it.
func (h *Hub) Changed() {
	h.ended.publishAll()
	h.ready.tellAll()
	h.happened(Event{Kind: EventChanged})
}

// writes are the operations of a store that change records.
var writes = map[string]bool{"add": true, "write": true, "append": true, "put_buffer": true, "drop": true}

// Overheard returns a handle on the hub's store for those who pass the hub by: of
// what they write to its tasks it hears, as by Changed.
func (h *Hub) Overheard(db *taskdb.DB) *taskdb.DB {
	return db.Observed(func(ctx context.Context, operation, collection string) (context.Context, func(error)) {
		return ctx, func(error) { // one that failed may have begun
			if writes[operation] && collection == h.db.Collection() {
				h.Changed()
			}
		}
	})
}

// happened adds an event, with the time.
func (h *Hub) happened(e Event) {
	e.At = h.now()
	h.feed.publish(e)
}
