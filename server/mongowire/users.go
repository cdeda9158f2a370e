package mongowire

import (
	"github.com/xdg-go/scram"

	"github.com/taskdb/taskdb/server/access"
)

// Users are those who may ask: *access.Users.
type Users interface {
	// Required tells that those who ask must say who they are. If not, everybody may
	// do all.
	Required() bool
	// SCRAM returns what a user's password is checked by, with SCRAM-SHA-256, and the
	// user. It fails if there is none of the name.
	SCRAM(name string) (scram.StoredCredentials, access.User, error)
}

// mustSay tells whether those who ask must say who they are.
func (s *Server) mustSay() bool { return s.options.Users != nil && s.options.Users.Required() }

// user returns who asks: nobody, if that has to be said and was not, or is no longer
// a user.
func (c *conn) user() access.User {
	name := c.auth.name()
	if name == "" {
		if c.server.mustSay() {
			return access.User{}
		}
		return access.Anybody
	}
	_, user, err := c.server.options.Users.SCRAM(name)
	if err != nil {
		return access.User{}
	}
	return user
}
