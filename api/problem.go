package api

import (
	"fmt"
	"strings"
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
	Kind string `json:"kind,omitempty" doc:"For programs: not-found, expired, exists, finished, lease, drained, unfinished, not-all, full, query, …"`
	Code int    `json:"code,omitempty" doc:"MongoDB's code, if a query, an update or a document is wrong."`
	Path string `json:"path,omitempty" doc:"Where it is wrong: the path in the query."`
	// More tells what else the kind has to say.
	MsgID  string   `json:"msg_id,omitempty"`
	MsgIDs []string `json:"msg_ids,omitempty" doc:"The tasks that it is about: those that are not finished, or that a prefix may mean."`
	Errors []Detail `json:"errors,omitempty" doc:"What is wrong with the request, one by one."`
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
