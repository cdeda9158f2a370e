package hub

import (
	"time"

	"github.com/taskdb/taskdb/taskdb"
)

// Event tells that something happened to a task, or to many at once.
type Event struct {
	// ID is the event's place: Watch goes on behind it.
	ID   string
	Kind EventKind
	// MsgID, State and Client are the task's, as it is now; MsgID is "" where many
	// tasks, or none, are concerned.
	MsgID  string
	State  taskdb.State
	Client string
	// Queue is that of a task that was submitted, or of a pause.
	Queue string
	At    time.Time
}

// EventKind is what happened.
type EventKind string

// The kinds of events.
const (
	EventSubmitted   EventKind = "submitted"
	EventResubmitted EventKind = "resubmitted" // another task repeats it now
	EventClaimed     EventKind = "claimed"
	EventOutput      EventKind = "output"   // it has given out more
	EventRequeued    EventKind = "requeued" // it failed, was lost or given back, and waits again
	EventFinished    EventKind = "finished"
	EventPriority    EventKind = "priority" // its priority was changed
	EventPurged      EventKind = "purged"   // tasks were removed
	EventStopped     EventKind = "stopped"  // the hub was drained, or a queue paused
	EventLifted      EventKind = "lifted"   // it was resumed, or unpaused
	// EventChanged says no more than that tasks were changed: many became ready, or
	// somebody wrote who passes the hub by.
	EventChanged EventKind = "changed"
)
