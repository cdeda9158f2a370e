// Package access says who may do what: the users of a hub, for all doors to it. A
// user has a name, a role and one secret, which is the bearer token of HTTP and the
// password of a MongoDB client.
//
// Users stand in a file, which has no secret but only what proves that one is
// right: its hash, and its SCRAM-SHA-256 credentials.
package access

import (
	"errors"
	"fmt"
	"strings"
)

// Role is what a user may do. A higher one may do all that a lower one may.
type Role int

const (
	// Read may ask.
	Read Role = iota + 1
	// Write may also submit, claim and finish tasks, and purge, cancel and resubmit
	// them, by the rules of the hub.
	Write
	// Operate may do everything: drain, pause, and write to collections past the
	// rules of the hub.
	Operate
)

var roleNames = map[Role]string{Read: "read", Write: "write", Operate: "operate"}

// ParseRole returns the role of a name: read, write or operate.
func ParseRole(name string) (Role, error) {
	for role, known := range roleNames {
		if known == name {
			return role, nil
		}
	}
	return 0, fmt.Errorf("no such role: %q, want read, write or operate", name)
}

// String returns the name of the role.
func (r Role) String() string { return roleNames[r] }

// MarshalText returns the name of the role.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the name of a role.
func (r *Role) UnmarshalText(text []byte) error {
	role, err := ParseRole(string(text))
	*r = role
	return err
}

// User is somebody who may do something.
type User struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Client binds the user to the tasks of one client_uuid: others are as if they
	// were not there. Empty is no such bound.
	Client string `json:"client,omitempty"`
}

// Anybody is who asks where there are no users: one who may do everything.
var Anybody = User{Name: "anybody", Role: Operate}

// May tells whether the user may do what takes a role.
func (u User) May(role Role) bool { return role >= Read && u.Role >= role }

// ErrUnknown says that there is no such user, or that a secret is nobody's.
var ErrUnknown = errors.New("no such user")

// ErrExists says that there is a user of a name already.
var ErrExists = errors.New("the user exists")

// maxName bounds the length of a user's name, in bytes.
const maxName = 64

// checkName refuses names that could not be written everywhere, as in a URL.
func checkName(name string) error {
	odd := strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r)
	})
	if name == "" || len(name) > maxName || odd {
		return fmt.Errorf("%q is no name for a user: want 1 to %d letters of a-z, A-Z, 0-9, dots, - and _", name, maxName)
	}
	return nil
}
