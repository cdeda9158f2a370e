// Package api has the types of taskdb's HTTP API: what a client sends and a server
// answers, in JSON. It is the one place that both sides share; package client is
// the client, package server/httpapi the server, and /openapi.json the description
// that is made of these types.
//
// # Routes
//
// Tasks, by the rules of a hub (package hub):
//
//	POST   /v1/tasks                              Submission → SubmissionAnswer
//	GET    /v1/tasks?filter=&sort=&keys=&…        Query in the URL → Page, or JSON lines
//	POST   /v1/tasks/query                        Query → Page, or JSON lines
//	POST   /v1/tasks/count                        Query → Count
//	POST   /v1/tasks/distinct                     Query, path → Values
//	POST   /v1/tasks/fetch                        Fetch → FetchAnswer, or BSON
//	POST   /v1/tasks/purge                        Purge → Purged
//	POST   /v1/tasks/resubmit                     Choice → ResubmitAnswer
//	POST   /v1/tasks/cancel                       Cancellation → Answers
//	POST   /v1/tasks/priority                     PriorityChange → Answers
//	GET    /v1/tasks/{msg_id}?wait=&keys=         TaskView
//	GET    /v1/tasks/{msg_id}/chain               Chain
//	GET    /v1/tasks/{msg_id}/buffers/{key}/{n}   the bytes; ranges
//	GET    /v1/lookup?prefix=                     Lookup
//	GET    /v1/history                            History, or JSON lines
//
// Engines:
//
//	POST   /v1/claims                             Claim → Claimed, or BSON; 204 for no task
//	POST   /v1/leases/{lease}/renew               Renewal → Lease
//	POST   /v1/leases/{lease}/output              OutputPiece → 204
//	POST   /v1/leases/{lease}/return              Return → FinishAnswer
//	POST   /v1/leases/{lease}/finish              Completion → FinishAnswer; multipart for large buffers
//
// Operation:
//
//	GET    /v1/counts                             Counts, by state
//	GET    /v1/status                             Status: queues, engines, stops
//	GET    /v1/activity?since=&until=&step=       Activity: throughput and durations
//	GET    /v1/timeline?since=&until=&limit=      Timeline: who ran what when
//	PUT    /v1/drain                              StopRequest → 204;  DELETE lifts it
//	PUT    /v1/queues/{queue}/pause               StopRequest → 204;  DELETE lifts it; "-" is the queue ""
//	GET    /v1/events                             server-sent events, see Event
//
// The store below, collection by collection, passing the hub's rules by: what
// backends/remote is made of. To write here takes the role operate.
//
//	GET    /v1/collections                        Collections
//	DELETE /v1/collections/{collection}           204
//	GET    /v1/collections/{collection}/stats     and others: collections.go
//
// Also /openapi.json, /docs, /healthz, /readyz and /metrics, and the page at /.
//
// # Values
//
// Documents, filters, sorts, projections and updates are extended JSON, as
// MongoDB's drivers write it; where a request takes one it may also be a string, in
// the manner of MongoDB's shell: "{completed: null}". Documents come back as
// relaxed extended JSON; with Accept: application/bson a list of them comes as
// BSON, one document after another, the same to the byte as they are stored; and so
// do records that are claimed and fetched, within a document. Times are RFC 3339 in
// UTC, durations as Go writes them: "1m30s".
//
// # Errors
//
// An answer that is not 2xx is a Problem (RFC 9457, application/problem+json).
package api
