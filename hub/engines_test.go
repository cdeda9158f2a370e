package hub_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// ledger is what the engines of TestEngines know to have happened.
type ledger struct {
	sync.Mutex
	moment   int               // counts what is written here
	leases   map[string]*held  // by id
	finished map[string]string // the lease under which a task was finished
	late     int               // results that were refused
	dead     int               // leases that were given up without a word
}

// held is a lease as its engine knows it.
type held struct {
	msgID string
	from  int // a moment at which it had been given the lease
	until int // the last moment at which it had still to lose it
}

// TestEngines has 16 engines claim 2,000 tasks while one in ten dies after its
// claim, and time runs so that others lose leases too.
func TestEngines(t *testing.T) {
	const engines, tasks = 16, 2_000
	onEachReal(t, func(t *testing.T, f *fixture) {
		batch := make([]hub.Task, tasks)
		for i := range batch {
			batch[i] = hub.Task{MsgID: fmt.Sprintf("task-%04d", i), Queue: fmt.Sprint("q", i%3), Priority: int64(i % 5), Retries: 1_000}
		}
		f.submit(t, batch...)
		l := &ledger{leases: map[string]*held{}, finished: map[string]string{}}
		failures := make([]error, engines)
		var group sync.WaitGroup
		for i := range engines {
			group.Go(func() { failures[i] = l.work(t.Context(), f, fmt.Sprint("engine-", i), tasks) })
		}
		group.Wait()
		require.NoError(t, errors.Join(failures...))

		require.Len(t, l.finished, tasks)
		require.Positive(t, l.dead)
		attempts, lost := 0, 0
		for record, err := range f.db.Find(t.Context(), taskdb.Query{}) {
			require.NoError(t, err)
			notes, err := hub.NotesOf(record)
			require.NoError(t, err)
			attempts += len(notes.Attempts)
			lost += len(notes.Attempts) - 1
			l.checkAttempts(t, record.MsgID, notes)
		}
		require.Len(t, l.leases, attempts, "every claim is an attempt, and every attempt was claimed")
		require.GreaterOrEqual(t, lost, l.dead)
		require.GreaterOrEqual(t, lost, l.late)
		counts, err := f.Counts(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, tasks, counts[taskdb.StateOK])
		require.Zero(t, counts[taskdb.StateIncomplete])
	})
}

// checkAttempts holds that a task ended once, under its last lease, and that no two
// of its leases held at a time.
func (l *ledger) checkAttempts(t *testing.T, msgID string, notes hub.Notes) {
	require.Nil(t, notes.Lease)
	require.EqualValues(t, 1_000-len(notes.Attempts)+1, notes.RetriesLeft())
	for i, attempt := range notes.Attempts {
		require.Equal(t, msgID, l.leases[attempt.Lease].msgID)
		require.False(t, attempt.Ended.IsZero())
		if i == len(notes.Attempts)-1 {
			require.Equal(t, hub.OutcomeOK, attempt.Outcome)
			require.Equal(t, l.finished[msgID], attempt.Lease)
			return
		}
		require.Equal(t, hub.OutcomeLost, attempt.Outcome)
		require.Less(t, l.leases[attempt.Lease].until, l.leases[notes.Attempts[i+1].Lease].from)
	}
}

// work claims and finishes tasks until all are finished. Where none is to be had,
// time passes until dead engines' leases run out.
func (l *ledger) work(ctx context.Context, f *fixture, engine string, tasks int) error {
	for !l.all(tasks) {
		claimed, err := f.Claim(ctx, hub.Claim{Engine: engine, Queues: []string{"q0", "q1", "q2"}})
		switch {
		case errors.Is(err, hub.ErrNoTask):
			f.clock.advance(time.Minute)
			if _, err := f.Tend(ctx); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		if err := l.claimed(claimed.Lease); err != nil {
			return err
		}
		if rand.IntN(10) == 0 {
			l.died()
			continue
		}
		if err := l.finish(ctx, f, claimed.Lease); err != nil {
			return err
		}
		if rand.IntN(50) == 0 { // a slow hour: some that are alive lose their leases
			f.clock.advance(time.Minute)
			if _, err := f.Tend(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish renews a lease and finishes its task, unless the lease was lost meanwhile.
func (l *ledger) finish(ctx context.Context, f *fixture, lease hub.Lease) error {
	moment := l.now()
	_, err := f.Renew(ctx, lease, 0)
	if err == nil {
		l.holds(lease, moment)
		moment = l.now()
		_, err = f.Finish(ctx, lease, ok)
	}
	if err == nil {
		l.holds(lease, moment)
	}
	l.Lock()
	defer l.Unlock()
	if err != nil {
		l.late++
		if isA[*hub.LeaseError](err) || isA[*hub.FinishedError](err) {
			return nil
		}
		return err
	}
	if other, twice := l.finished[lease.MsgID]; twice {
		return fmt.Errorf("task %q was finished twice: under %q and %q", lease.MsgID, other, lease.ID)
	}
	l.finished[lease.MsgID] = lease.ID
	return nil
}

func (l *ledger) claimed(lease hub.Lease) error {
	l.Lock()
	defer l.Unlock()
	if other, twice := l.leases[lease.ID]; twice {
		return fmt.Errorf("lease %q was given for %q and %q", lease.ID, other.msgID, lease.MsgID)
	}
	l.moment++
	l.leases[lease.ID] = &held{msgID: lease.MsgID, from: l.moment}
	return nil
}

func (l *ledger) now() int {
	l.Lock()
	defer l.Unlock()
	l.moment++
	return l.moment
}

// holds notes that a lease was still held at a moment.
func (l *ledger) holds(lease hub.Lease, moment int) {
	l.Lock()
	defer l.Unlock()
	l.leases[lease.ID].until = moment
}

func (l *ledger) died() {
	l.Lock()
	defer l.Unlock()
	l.dead++
}

func (l *ledger) all(tasks int) bool {
	l.Lock()
	defer l.Unlock()
	return len(l.finished) == tasks
}
