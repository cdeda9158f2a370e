// Package httpapi is the HTTP API of a hub: the routes that package api lists,
// described at /openapi.json, and the page.
//
// A request goes through these, in this order: it gets an id and is logged, whatever
// becomes of it, and must come by a connection that is let in (request.go); a browser's
// must come from the page itself (browser.go); its path is looked up (server.go); its
// user must be known and have the role that the route takes (auth.go, roles.go); its
// body is read (body.go), and gets room if it is large (room.go); a key for once is
// looked up (idempotency.go); it gets its turn among the others (turns.go); and the
// route answers (one file for each area). What fails on the way, or in a route,
// becomes a problem (problem.go).
//
// A user who is bound to a client_uuid has to do with the records that have it, and
// with no others: scope.go.
package httpapi
