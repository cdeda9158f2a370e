package mongowire

import (
	"bytes"

	"github.com/xdg-go/scram"

	"github.com/taskdb/taskdb/server/access"
)

// Users are those who may ask: *access.Users.
type Users interface {
	// Required tells that those who ask must say who they are. If not, everybody may
	// do all.
	Required() bool
	// SCRAM returns what a user's password is checked by, with SCRAM-SHA-256, and the
	// user. It fails if there is none of the name, and then returns something that no
	// password fits.
	SCRAM(name string) (scram.StoredCredentials, access.User, error)
}

// mustSay tells whether those who ask must say who they are.
func (s *Server) mustSay() bool { return s.options.Users != nil && s.options.Users.Required() }

// user returns who asks: nobody, if that has to be said and was not, or is no longer
// a user, or has another secret since.
func (c *conn) user() access.User {
	who := c.auth.user.Load()
	if who == nil {
		if c.server.mustSay() {
			return access.User{}
		}
		return access.Anybody
	}
	credentials, user, err := c.server.options.Users.SCRAM(who.name)
	if err != nil || !bytes.Equal(credentials.StoredKey, who.key) {
		return access.User{}
	}
	return user
}
