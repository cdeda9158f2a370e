package api

import "time"

// Task is a task to submit. All of it is optional.
type Task struct {
	MsgID      string    `json:"msg_id,omitempty" doc:"Names the task; made by the hub if it is left out. The same msg_id with the same request is answered as already there."`
	Header     Exact     `json:"header,omitempty" doc:"The request's header."`
	Metadata   Exact     `json:"metadata,omitempty" doc:"The request's metadata."`
	Content    Exact     `json:"content,omitempty" doc:"The request's content: what is to be done."`
	Buffers    [][]byte  `json:"buffers,omitempty" doc:"The request's binary parts, in base64."`
	ClientUUID string    `json:"client_uuid,omitempty" doc:"Who asks."`
	Queue      string    `json:"queue,omitempty" doc:"The queue to wait in."`
	Label      string    `json:"label,omitempty" doc:"A name for people."`
	Priority   int64     `json:"priority,omitempty" doc:"The higher is claimed first."`
	After      []string  `json:"after,omitempty" doc:"The msg_ids of tasks that must be ok before this one is claimed."`
	NotBefore  time.Time `json:"not_before,omitzero" doc:"When it may be claimed."`
	TimeLimit  Duration  `json:"time_limit,omitempty" doc:"How long one attempt may take."`
	Retries    int64     `json:"retries,omitempty" minimum:"0" maximum:"1000" doc:"How often it is tried again after it failed or was lost."`
}

// Submission submits tasks, all of them or none.
type Submission struct {
	Tasks []Task `json:"tasks" minItems:"1" maxItems:"10000"`
}

// Submitted is the answer to one task that was submitted.
type Submitted struct {
	MsgID   string `json:"msg_id"`
	Existed bool   `json:"existed" doc:"The same task had been submitted before, and is unchanged."`
}

// SubmissionAnswer has an answer to each task, in its place.
type SubmissionAnswer struct {
	Tasks []Submitted `json:"tasks"`
}
