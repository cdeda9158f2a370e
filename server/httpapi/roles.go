package httpapi

import (
	"net/http"

	"github.com/taskdb/taskdb/server/access"
)

// public is the role of a route that anybody may ask, with no token.
const public access.Role = 0

// roles are what each route takes. A route that is not here cannot be registered.
var roles = map[string]access.Role{
	"POST /v1/tasks":          access.Write,
	"GET /v1/tasks":           access.Read,
	"POST /v1/tasks/query":    access.Read,
	"POST /v1/tasks/count":    access.Read,
	"POST /v1/tasks/distinct": access.Read,
	"GET /v1/tasks/{msg_id}":  access.Read,
}

// guarded is a route behind what every request has to pass.
func (s *server) guarded(pattern string, route http.Handler) http.Handler {
	role, known := roles[pattern]
	if !known {
		panic("httpapi: a route without a role: " + pattern)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noteRoute(r.Context(), pattern)
		r, err := s.admit(r, role)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		r, release, err := s.readBody(w, r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		defer release()
		turn, err := s.turns.take(r.Context())
		if err != nil {
			s.fail(w, r, err)
			return
		}
		defer turn.end()
		route.ServeHTTP(w, r.WithContext(withTurn(r.Context(), turn)))
	})
}
