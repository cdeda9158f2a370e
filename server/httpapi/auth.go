package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/access"
)

type userKey struct{}

// userOf returns who asks.
func userOf(ctx context.Context) access.User {
	user, _ := ctx.Value(userKey{}).(access.User)
	return user
}

// admit returns a request that knows its user, or a problem if he may not do what
// takes a role.
func (s *server) admit(r *http.Request, role access.Role) (*http.Request, error) {
	user, err := s.identify(r)
	switch {
	case errors.Is(err, access.ErrUnknown):
		p := newProblem(http.StatusUnauthorized, api.KindUnauthorized, "a bearer token is required, and yours is nobody's")
		if r.Header.Get("Authorization") == "" {
			p.Detail = "a bearer token is required: Authorization: Bearer …"
		}
		p.header = http.Header{"Www-Authenticate": {"Bearer"}}
		return r, p
	case err != nil:
		return r, fmt.Errorf("identify the user: %w", err)
	case !user.May(role):
		return r, newProblem(http.StatusForbidden, api.KindForbidden,
			"this takes the role %s, and %s has the role %s", role, user.Name, user.Role)
	}
	return r.WithContext(context.WithValue(r.Context(), userKey{}, user)), nil
}

func (s *server) identify(r *http.Request) (access.User, error) {
	header := r.Header.Get("Authorization")
	switch {
	case s.options.Users == nil:
		return access.Anybody, nil
	case header == "":
		return s.options.Users.Anonymous()
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return access.User{}, access.ErrUnknown
	}
	return s.options.Users.Bearer(strings.TrimSpace(token))
}
