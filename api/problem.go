package api

import (
	"fmt"
	"strings"
	"time"
)

// Problem says why a request failed, as RFC 9457 has it: application/problem+json.
// It is the error that package client returns.
type Problem struct {
	Type     string `json:"type,omitempty" doc:"Names the kind of problem: a path of this API's documentation."`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty" doc:"The id of the request, which the server's log has too."`
	// Kind is for programs: the sentinel of package taskdb or hub that it is.
	Kind string `json:"kind,omitempty" doc:"For programs: not-found, expired, exists, finished, lease, drained, unfinished, not-all, full, query, and others: api/kinds.go."`
	// Code, Message and Path are those of a *query.Error.
	Code    int    `json:"code,omitempty" doc:"MongoDB's code, if a query, an update or a document is wrong."`
	Message string `json:"message,omitempty" doc:"What is wrong, in MongoDB's words."`
	Path    string `json:"path,omitempty" doc:"Where it is wrong: the path in the query."`
	// What follows is what an error of a kind has to say beside its words.
	MsgID   string    `json:"msg_id,omitempty" doc:"The task that it is about."`
	MsgIDs  []string  `json:"msg_ids,omitempty" doc:"The tasks that it is about, or the first of them: those that are not finished, or that a prefix may mean."`
	Count   int64     `json:"count,omitempty" doc:"How many tasks are not finished."`
	Prefix  string    `json:"prefix,omitempty" doc:"What several tasks begin with."`
	State   string    `json:"state,omitempty" doc:"How the task finished, or had finished before its record expired."`
	Lease   string    `json:"lease,omitempty" doc:"The lease under which the task finished, or that it is not under."`
	Attempt *Attempt  `json:"attempt,omitempty" doc:"What came of the lease."`
	After   string    `json:"after,omitempty" doc:"What the task comes after and cannot."`
	Cycle   bool      `json:"cycle,omitempty" doc:"What the task comes after comes after it."`
	Stop    *Stop     `json:"stop,omitempty" doc:"Since when and why the hub takes no tasks."`
	Rule    string    `json:"rule,omitempty" doc:"The rule that a record expired by."`
	At      time.Time `json:"at,omitzero" doc:"When a record expired."`
	// Collection, Index, KeyPattern and KeyValue tell a key that exists already.
	Collection string   `json:"collection,omitempty"`
	Index      string   `json:"index,omitempty" doc:"The name of the index that has the key already."`
	KeyPattern Exact    `json:"key_pattern,omitempty" doc:"The keys of the index, in canonical extended JSON."`
	KeyValue   Exact    `json:"key_value,omitempty" doc:"The key that exists already, in canonical extended JSON."`
	Errors     []Detail `json:"errors,omitempty" doc:"What is wrong with the request, one by one."`
}

// Detail is one thing that is wrong with a request.
type Detail struct {
	Message  string `json:"message"`
	Location string `json:"location,omitempty" doc:"Where: body.tasks[0].priority."`
}

// Error returns the title and the detail.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Title)
	if p.Detail != "" {
		fmt.Fprintf(&b, ": %s", p.Detail)
	}
	return b.String()
}
