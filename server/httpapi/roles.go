package httpapi

import (
	"net/http"

	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/server/peers"
)

// public is the role of a route that anybody may ask, with no token.
const public access.Role = 0

// roles are what each route takes. A route that is not here cannot be registered.
var roles = map[string]access.Role{
	"POST /v1/tasks":                              access.Write,
	"GET /v1/tasks":                               access.Read,
	"POST /v1/tasks/query":                        access.Read,
	"POST /v1/tasks/count":                        access.Read,
	"POST /v1/tasks/distinct":                     access.Read,
	"POST /v1/tasks/fetch":                        access.Read,
	"POST /v1/tasks/purge":                        access.Write,
	"POST /v1/tasks/resubmit":                     access.Write,
	"POST /v1/tasks/cancel":                       access.Write,
	"POST /v1/tasks/priority":                     access.Write,
	"GET /v1/tasks/{msg_id}":                      access.Read,
	"GET /v1/tasks/{msg_id}/chain":                access.Read,
	"GET /v1/tasks/{msg_id}/buffers/{key}/{n}":    access.Read,
	"GET /v1/lookup":                              access.Read,
	"GET /v1/history":                             access.Read,
	"POST /v1/claims":                             access.Write,
	"POST /v1/leases/{lease}/renew":               access.Write,
	"POST /v1/leases/{lease}/output":              access.Write,
	"POST /v1/leases/{lease}/return":              access.Write,
	"POST /v1/leases/{lease}/finish":              access.Write,
	"GET /v1/counts":                              access.Read,
	"GET /v1/status":                              access.Read,
	"GET /v1/activity":                            access.Read,
	"GET /v1/timeline":                            access.Read,
	"GET /v1/events":                              access.Read,
	"PUT /v1/drain":                               access.Operate,
	"DELETE /v1/drain":                            access.Operate,
	"PUT /v1/queues/{queue}/pause":                access.Operate,
	"DELETE /v1/queues/{queue}/pause":             access.Operate,
	"GET /v1/collections":                         access.Read,
	"DELETE /v1/collections/{collection}":         access.Operate,
	"POST /v1/collections/{collection}/add":       access.Operate,
	"POST /v1/collections/{collection}/write":     access.Operate,
	"GET /v1/collections/{collection}/record":     access.Read,
	"POST /v1/collections/{collection}/find":      access.Read,
	"POST /v1/collections/{collection}/count":     access.Read,
	"POST /v1/collections/{collection}/distinct":  access.Read,
	"POST /v1/collections/{collection}/explain":   access.Read,
	"GET /v1/collections/{collection}/history":    access.Read,
	"GET /v1/collections/{collection}/buffer":     access.Read,
	"POST /v1/collections/{collection}/buffer":    access.Operate,
	"POST /v1/collections/{collection}/append":    access.Operate,
	"GET /v1/collections/{collection}/stats":      access.Read,
	"GET /v1/collections/{collection}/indexes":    access.Read,
	"POST /v1/collections/{collection}/indexes":   access.Operate,
	"DELETE /v1/collections/{collection}/indexes": access.Operate,
	"POST /v1/compact":                            access.Operate,
	figures:                                       access.Read,
	"GET /openapi.json":                           public,
	"GET /docs":                                   public,
	"GET /healthz":                                public,
	"GET /readyz":                                 public,
}

// figures is the route that tells how a busy server is too: it takes no turn.
const figures = "GET /metrics"

// guarded is a route behind what every request has to pass.
func (s *server) guarded(pattern string, route http.Handler) http.Handler {
	role, known := roles[pattern]
	if !known {
		panic("httpapi: a route without a role: " + pattern)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noteRoute(r.Context(), pattern)
		if role == public { // it costs nothing, and tells how a busy server is
			route.ServeHTTP(w, r)
			return
		}
		r, err := s.admit(r, role)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if pattern == figures {
			route.ServeHTTP(w, r)
			return
		}
		body, err := s.readBody(w, r, pattern)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		defer body.release()
		leave, err := s.room.take(r.Context(), body.taken, s.limits.Time)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		defer leave()
		answer := &heldAnswer{share: s.answers.Share(peers.Of(r.RemoteAddr))}
		defer answer.release()
		known := requestOf(r.Context())
		known.body, known.answer, known.leaveRoom = body, answer, leave
		s.carryOut(w, r, pattern, body, s.inTurn(route))
	})
}

// inTurn has a route wait for its turn.
func (s *server) inTurn(route http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		turn, err := s.turns.take(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		defer turn.end()
		route.ServeHTTP(sending{w, turn}, r.WithContext(withTurn(r.Context(), turn)))
	})
}
