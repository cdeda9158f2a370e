package api

import "time"

// Claim says which task an engine takes.
type Claim struct {
	Engine  string     `json:"engine" minLength:"1" doc:"Names who claims."`
	Queues  []string   `json:"queues,omitempty" doc:"The queues that the engine serves; none is the queue without a name."`
	Filter  Expression `json:"filter,omitzero" doc:"Selects tasks among those that wait."`
	Lease   Duration   `json:"lease,omitempty" doc:"How long the lease holds unless it is renewed."`
	Wait    Duration   `json:"wait,omitempty" doc:"How long to wait for a task if there is none; at most the server's limit."`
	Buffers bool       `json:"buffers,omitempty" doc:"Brings the request's buffers along."`
	Foreign bool       `json:"foreign,omitempty" doc:"Takes tasks that other hubs wrote too."`
}

// Lease is an engine's hold on a task.
type Lease struct {
	ID       string    `json:"id"`
	MsgID    string    `json:"msg_id"`
	Engine   string    `json:"engine"`
	Claimed  time.Time `json:"claimed"`
	Until    time.Time `json:"until" doc:"When the lease runs out, unless it is renewed."`
	Deadline time.Time `json:"deadline,omitzero" doc:"When the task's time limit is reached."`
}

// Attempt is one lease of a task that has ended, and what came of it.
type Attempt struct {
	Lease   string    `json:"lease"`
	Engine  string    `json:"engine"`
	Claimed time.Time `json:"claimed"`
	Ended   time.Time `json:"ended"`
	Outcome string    `json:"outcome" doc:"ok, error, aborted, returned, lost, timed out or cancelled."`
	Reason  string    `json:"reason,omitempty"`
}

// Claimed is a task that an engine has.
type Claimed struct {
	Lease  Lease    `json:"lease"`
	Record Document `json:"record"`
}

// Renewal has a lease hold on.
type Renewal struct {
	MsgID string   `json:"msg_id"`
	Hold  Duration `json:"hold,omitempty"`
}

// OutputPiece is the next piece of what a task gives out while it runs.
type OutputPiece struct {
	MsgID       string  `json:"msg_id"`
	Stdout      string  `json:"stdout,omitempty"`
	Stderr      string  `json:"stderr,omitempty"`
	DisplayData []Exact `json:"display_data,omitempty"`
}

// Completion is what came of a task.
type Completion struct {
	MsgID     string    `json:"msg_id"`
	Status    string    `json:"status" enum:"ok,error,aborted"`
	EName     string    `json:"ename,omitempty" doc:"The name of an error, as in Python."`
	EValue    string    `json:"evalue,omitempty" doc:"What an error says."`
	Traceback []string  `json:"traceback,omitempty"`
	Reason    string    `json:"reason,omitempty" doc:"Why the task was aborted."`
	Content   Exact     `json:"content,omitempty" doc:"What more the reply says."`
	Header    Exact     `json:"header,omitempty"`
	Metadata  Exact     `json:"metadata,omitempty"`
	Buffers   [][]byte  `json:"buffers,omitempty" doc:"The result's binary parts, in base64."`
	Started   time.Time `json:"started,omitzero" doc:"By the engine's clock."`
	Completed time.Time `json:"completed,omitzero" doc:"By the engine's clock."`
}

// Return gives a task back: the engine cannot run it now, or is about to stop.
type Return struct {
	MsgID  string   `json:"msg_id"`
	Reason string   `json:"reason,omitempty"`
	Delay  Duration `json:"delay,omitempty" doc:"For how long nobody is given the task."`
}

// FinishAnswer tells what the task is now: finished, or pending again.
type FinishAnswer struct {
	State string `json:"state"`
}
