package api

import "time"

// TaskView is one task as it was found, or why it was not.
type TaskView struct {
	MsgID  string   `json:"msg_id"`
	State  string   `json:"state,omitempty"`
	Record Document `json:"record,omitempty" doc:"The record, with the hub's notes in its key hub. It has the keys that were asked for, and those that tell the state."`
	Error  *Problem `json:"error,omitempty" doc:"Why there is no record."`
}

// Fetch asks for tasks, whoever submitted them.
type Fetch struct {
	MsgIDs []string `json:"msg_ids" minItems:"1" maxItems:"100000"`
	Keys   []string `json:"keys,omitempty" doc:"The top-level keys to show; none shows all but buffers."`
	Wait   Duration `json:"wait,omitempty" doc:"How long to wait until all are finished; at most the server's limit."`
}

// FetchAnswer has an answer to each msg_id, in its place.
type FetchAnswer struct {
	Tasks []TaskView `json:"tasks"`
}

// Chain is the resubmissions that a task is part of, the oldest first.
type Chain struct {
	MsgIDs []string `json:"msg_ids"`
}

// Choice says which tasks a call is about: those for which all holds that it says.
// One that says nothing selects every task, and must say all.
type Choice struct {
	MsgIDs          []string   `json:"msg_ids,omitempty" maxItems:"100000"`
	Filter          Expression `json:"filter,omitzero"`
	State           string     `json:"state,omitempty" enum:"incomplete,pending,running,finished,ok,failed,aborted"`
	Engine          string     `json:"engine,omitempty" doc:"Has the task or had it last."`
	Client          string     `json:"client,omitempty" doc:"The client_uuid that submitted it."`
	CompletedBefore time.Time  `json:"completed_before,omitzero"`
	All             bool       `json:"all,omitempty" doc:"Says that every task is meant."`
}

// Purge says which tasks to remove for good.
type Purge struct {
	Choice
	Force  bool `json:"force,omitempty" doc:"Removes unfinished tasks too."`
	DryRun bool `json:"dry_run,omitempty" doc:"Removes nothing, and tells what would go."`
}

// Purged tells what a purge removed or, in a dry run, would remove.
type Purged struct {
	Removed    int64    `json:"removed" doc:"How many tasks were, or would be, removed."`
	Unfinished int64    `json:"unfinished" doc:"How many of them are not finished."`
	Unknown    []string `json:"unknown,omitempty" doc:"Those of msg_ids that do not exist."`
	DryRun     bool     `json:"dry_run"`
}

// Resubmitted tells which task repeats which.
type Resubmitted struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// ResubmitAnswer tells what was resubmitted.
type ResubmitAnswer struct {
	Tasks []Resubmitted `json:"tasks"`
}

// Cancellation aborts the unfinished tasks of a choice.
type Cancellation struct {
	Choice
	Reason string `json:"reason,omitempty"`
}

// PriorityChange gives those of a choice that wait another priority.
type PriorityChange struct {
	Choice
	Priority int64 `json:"priority"`
}

// Answer tells what became of one task of a call that is about many.
type Answer struct {
	MsgID string   `json:"msg_id"`
	Error *Problem `json:"error,omitempty"`
}

// Answers has an answer for each task of a choice.
type Answers struct {
	Tasks []Answer `json:"tasks"`
}
