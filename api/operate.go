package api

import "time"

// Counts are how many tasks are in each state.
type Counts struct {
	Incomplete int64 `json:"incomplete"`
	Pending    int64 `json:"pending"`
	Running    int64 `json:"running"`
	Finished   int64 `json:"finished"`
	OK         int64 `json:"ok"`
	Failed     int64 `json:"failed"`
	Aborted    int64 `json:"aborted"`
}

// Stop says since when and why the hub takes no tasks, or hands out none of a queue.
type Stop struct {
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
}

// StopRequest gives the reason of a stop.
type StopRequest struct {
	Reason string `json:"reason,omitempty"`
}

// QueueStatus is how many tasks of a queue are not finished.
type QueueStatus struct {
	Queue   string `json:"queue"`
	Ready   int64  `json:"ready" doc:"May be claimed, unless the queue is paused."`
	Waiting int64  `json:"waiting" doc:"For others, or for their time."`
	Running int64  `json:"running"`
	Foreign int64  `json:"foreign" doc:"Are pending, and another hub's."`
	Paused  *Stop  `json:"paused,omitempty"`
}

// EngineStatus is how many tasks an engine has.
type EngineStatus struct {
	Engine  string `json:"engine"`
	Running int64  `json:"running"`
}

// Status tells the queues and engines that have unfinished tasks, and what is
// stopped.
type Status struct {
	Queues  []QueueStatus  `json:"queues"`
	Engines []EngineStatus `json:"engines"`
	Drained *Stop          `json:"drained,omitempty"`
}

// Activity is what the hub did in each step of a span of time.
type Activity struct {
	Since time.Time      `json:"since"`
	Until time.Time      `json:"until"`
	Step  Duration       `json:"step"`
	Steps []ActivityStep `json:"steps"`
}

// ActivityStep is what the hub did in one step of time.
type ActivityStep struct {
	Start     time.Time `json:"start"`
	Submitted int64     `json:"submitted"`
	OK        int64     `json:"ok"`
	Failed    int64     `json:"failed"`
	Aborted   int64     `json:"aborted"`
	// Durations are of the tasks that finished in the step, from started to
	// completed, in seconds; of a sample of them where there are many.
	Median float64 `json:"median" doc:"The median time from started to completed, in seconds; of a sample where there are many."`
	P95    float64 `json:"p95" doc:"The time that 95 in a hundred of them took at most, in seconds."`
}

// Timeline is who ran what when.
type Timeline struct {
	Runs []Run `json:"runs"`
	More bool  `json:"more" doc:"There are more than the limit: the newest are here."`
}

// Run is one attempt of a task.
type Run struct {
	Engine  string    `json:"engine"`
	MsgID   string    `json:"msg_id"`
	Label   string    `json:"label,omitempty"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero" doc:"Left out while it runs."`
	Outcome string    `json:"outcome,omitempty"`
}

// Event is one server-sent event of /v1/events. Its id is a token: a client that
// reconnects with it as Last-Event-ID goes on where it stopped, or is told by an
// event "reset" that it cannot, and has to ask for what it shows anew. Without one
// the first event is "open": what happens after it comes.
type Event struct {
	MsgID string    `json:"msg_id,omitempty" doc:"The task; left out where many changed at once."`
	State string    `json:"state,omitempty" doc:"The state that it has now."`
	Queue string    `json:"queue,omitempty" doc:"The queue of a task that was submitted, or that was paused."`
	What  string    `json:"what" doc:"What happened: submitted, resubmitted, claimed, output, requeued, finished, priority, purged, stopped, lifted or changed; open and reset begin a stream."`
	At    time.Time `json:"at"`
}
