package hub

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/taskdb/taskdb/taskdb"
)

// unheard are leases of claims that failed, and which a store that does not answer may
// have stored nevertheless: their engines never had them.
type unheard struct {
	mu     sync.Mutex
	leases map[string]time.Time // until when they hold, by id
}

func (u *unheard) note(lease Lease) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.leases == nil {
		u.leases = map[string]time.Time{}
	}
	u.leases[lease.ID] = lease.Until
}

// all returns the ids of those that hold; others are lost as any.
func (u *unheard) all(now time.Time) (ids []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, until := range u.leases {
		if until.After(now) {
			ids = append(ids, id)
		} else {
			delete(u.leases, id)
		}
	}
	return ids
}

// endUnheard gives back the tasks of leases that no engine heard of. A store may still
// be about to store one: each is looked for as long as it holds.
func (h *Hub) endUnheard(ctx context.Context, now time.Time, t *Tended) error {
	const reason = "the store did not answer when it was claimed"
	ending := ending{now: now, outcome: OutcomeReturned, reason: reason}
	var failed []error
	for some := range slices.Chunk(h.unheard.all(now), maxAsked) {
		claimed := d("completed", nil, "hub.lease.until", d("$gt", now), "hub.lease.id", d("$in", some))
		failed = append(failed, h.endEach(ctx, claimed, func(task task) (update, error) {
			if task.notes.Lease == nil || !slices.Contains(some, task.notes.Lease.ID) {
				return update{}, errStay
			}
			return ending.requeue(task, d("hub.ready", true)), nil
		}, func(bool) { t.Requeued++ }))
	}
	return errors.Join(failed...)
}

// repairIfUnanswered has the next Tend look for what is left undone, if an error leaves
// open whether a step was stored that others follow.
func (h *Hub) repairIfUnanswered(err error) {
	if isUnanswered(err) {
		h.repairSoon()
	}
}

// isUnanswered tells whether an error leaves open if a change was stored.
func isUnanswered(err error) bool {
	return errors.Is(err, taskdb.ErrUnreachable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
