package hub

import (
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Notes are what the hub remembers of a task: its record's key "hub".
type Notes struct {
	// Revision counts what the hub has done with the task since it was submitted.
	Revision int64 `bson:"revision"`
	// Digest is of the request, to know it when it comes again.
	Digest []byte `bson:"digest,omitempty"`
	// Priority says who is claimed first: the higher.
	Priority int64 `bson:"priority"`
	// Ready is true while the task may be claimed, and false while it waits for
	// others or for its time. Later it is nil.
	Ready *bool `bson:"ready,omitempty"`
	// After are the tasks that it still comes after or, if it was aborted, came after.
	// Those that are ok are dropped when Awaits is, or by Tend.
	After []string `bson:"after"`
	// Awaits is the one of After whose end has it looked at them; nil if there are none.
	Awaits *string `bson:"awaits,omitempty"`
	// Leads is true if tasks came after this one while it was not finished, and may not
	// have dropped it. A purge leaves it to them until Tend, or the next purge, sees that
	// they have.
	Leads bool `bson:"leads,omitempty"`
	// NotBefore is when it may be claimed; zero is at once.
	NotBefore time.Time `bson:"not_before,omitempty"`
	// TimeLimit is how many milliseconds an engine may take; 0 is no limit.
	TimeLimit int64 `bson:"time_limit,omitempty"`
	// Retries is how often it may go back to its queue in all.
	Retries int64 `bson:"retries"`
	// Lease is the engine's that has the task, or nil.
	Lease *Lease `bson:"lease,omitempty"`
	// Cut is true if the end of what the task gave out was cut off, as there was no room
	// for what became of it.
	Cut bool `bson:"cut,omitempty"`
	// Attempts are the leases that have ended: some 2,000 at most.
	Attempts []Attempt `bson:"attempts"`
	// ResubmitOf is the msg_id of the task that this one repeats.
	ResubmitOf string `bson:"resubmit_of,omitempty"`
	// Mending is true until the task that this one repeats names it.
	Mending bool `bson:"mending,omitempty"`
}

// Lease is an engine's hold on a task.
type Lease struct {
	// MsgID is the task's.
	MsgID string `bson:"-"`
	// ID is the lease's own. It and MsgID are all that a call needs of a lease.
	ID      string    `bson:"id"`
	Engine  string    `bson:"engine"`
	Claimed time.Time `bson:"claimed"`
	// Until is when the lease runs out, unless it is renewed.
	Until time.Time `bson:"until"`
	// Deadline is when the task's time limit is reached; zero is never.
	Deadline time.Time `bson:"-"`
}

// Attempt is one lease of a task that has ended, and what came of it.
type Attempt struct {
	Lease   string    `bson:"lease"`
	Engine  string    `bson:"engine"`
	Claimed time.Time `bson:"claimed"`
	Ended   time.Time `bson:"ended"`
	Outcome Outcome   `bson:"outcome"`
	// Reason says more of an outcome that is not ok, in 500 bytes at most: what is more
	// was cut off.
	Reason string `bson:"reason,omitempty"`
}

// Outcome is how an attempt ended.
type Outcome string

// The outcomes.
const (
	OutcomeOK        Outcome = "ok"
	OutcomeError     Outcome = "error"     // the engine says that the task failed
	OutcomeAborted   Outcome = "aborted"   // the engine gave it up
	OutcomeReturned  Outcome = "returned"  // the engine gave the task back
	OutcomeLost      Outcome = "lost"      // the lease ran out
	OutcomeTimedOut  Outcome = "timed out" // it took longer than its time limit
	OutcomeCancelled Outcome = "cancelled"
)

// RetriesLeft is how often the task may still go back to its queue.
func (n *Notes) RetriesLeft() int64 {
	left := n.Retries
	for _, attempt := range n.Attempts {
		if attempt.Outcome == OutcomeLost || attempt.Outcome == OutcomeError {
			left--
		}
	}
	return max(0, left)
}

// returned is how often the task was given back.
func (n *Notes) returned() (times int) {
	for _, attempt := range n.Attempts {
		if attempt.Outcome == OutcomeReturned {
			times++
		}
	}
	return times
}

// errNotes says that the hub cannot read what it remembers of a task: somebody wrote to it
// past the hub. What is about many tasks passes over such a one.
var errNotes = errors.New("its key \"hub\" is broken")

// isSound selects revisions that can be counted up. A task with another one would have the
// updates fail that claim the first of a queue, or release many.
var isSound = d("$type", "number")

// NotesOf returns what the hub remembers of a task. Of one that another hub wrote
// that is nothing, with no error.
func NotesOf(record *taskdb.TaskRecord) (Notes, error) {
	var notes Notes
	value := record.Extra.Lookup("hub")
	if value.IsZero() {
		return notes, nil
	}
	if err := value.Unmarshal(&notes); err != nil {
		return Notes{}, fmt.Errorf("notes of %q: %w: %w", record.MsgID, errNotes, err)
	}
	if notes.Lease != nil {
		notes.Lease.complete(record.MsgID, notes.TimeLimit)
	}
	return notes, nil
}

// complete adds what a lease does not keep, since the record has it.
func (l *Lease) complete(msgID string, timeLimit int64) {
	l.MsgID = msgID
	if timeLimit > 0 {
		l.Deadline = l.Claimed.Add(time.Duration(timeLimit) * time.Millisecond)
	}
}

// put adds the notes to a new record.
func (n *Notes) put(record *taskdb.TaskRecord) (err error) {
	record.Extra, err = bson.Marshal(d("hub", n))
	return err
}
