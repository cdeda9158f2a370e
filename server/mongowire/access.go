package mongowire

import "github.com/xdg-go/scram"

// Users are those who may ask.
type Users interface {
	// SCRAM returns what a user's password is checked by, with SCRAM-SHA-256, and the
	// user. It fails if there is none of the name.
	SCRAM(name string) (scram.StoredCredentials, User, error)
}

// User is one who may ask.
type User struct {
	Name string
	Role Role
	// Client, if not empty, is the client_uuid of the only records that the user sees.
	Client string
}

// Role is what a user may do.
type Role int

// The roles: each may do what those before it may.
const (
	Nobody Role = iota // has not said who it is
	Read
	Write
	Operate
)

// May tells whether the user may do what takes a role.
func (u User) May(role Role) bool { return u.Role >= role }
