package access

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/xdg-go/scram"

	"github.com/taskdb/taskdb/internal/wholefile"
)

// Users are those of a file. What another process changes in it counts at once, for
// the next who asks; a file that cannot be read any more is logged, and the last one
// that could stays in force. Users is safe for use by many goroutines at once.
type Users struct {
	path  string
	log   *slog.Logger
	decoy string // what the credentials are made of that belong to nobody

	mu      sync.Mutex
	version wholefile.Version // of the file when it was last looked at
	users   content
	closed  bool // there has been a user: nobody is anybody any more
}

// Open reads a file of users. One that does not exist is that of nobody, and made
// by the first Add.
func Open(path string, log *slog.Logger) (*Users, error) {
	version := wholefile.VersionOf(path) // before it is read: a change between the two is seen later
	users, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("open users: %w", err)
	}
	return &Users{path: path, log: log, decoy: newSecret(), version: version, users: users, closed: len(users.Users) > 0}, nil
}

// Required tells that those who ask must say who they are: that there is a user,
// or has been since Open.
func (u *Users) Required() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.refresh()
	return u.closed
}

// Anonymous returns who asks without a secret: Anybody or, if users are required,
// ErrUnknown.
func (u *Users) Anonymous() (User, error) {
	if u.Required() {
		return User{}, ErrUnknown
	}
	return Anybody, nil
}

// Bearer returns the user whose secret a token is, or ErrUnknown. The time that it
// takes tells nothing of the secrets.
func (u *Users) Bearer(token string) (User, error) {
	presented := hash(token)
	found, err := User{}, ErrUnknown
	for _, user := range u.current().Users {
		if subtle.ConstantTimeCompare(user.Secret.SHA256, presented) == 1 {
			found, err = user.User, nil
		}
	}
	return found, err
}

// SCRAM returns what proves the secret of a user in SCRAM-SHA-256, and the user. Of a
// name that is nobody's the error is ErrUnknown, and the credentials are such as a
// user has, the same each time, which no secret fits: a conversation by them tells
// nobody which names there are.
func (u *Users) SCRAM(name string) (scram.StoredCredentials, User, error) {
	user := u.current().find(name)
	if user == nil {
		return decoy(u.decoy, name), User{}, ErrUnknown
	}
	return user.Secret.SCRAM.stored(), user.User, nil
}

// List returns the users, by name.
func (u *Users) List() []User {
	var list []User
	for _, user := range u.current().Users {
		list = append(list, user.User)
	}
	return list
}

// Add adds a user and returns the secret, which is kept nowhere: this is the one
// time to see it. A user of that name is ErrExists.
func (u *Users) Add(ctx context.Context, user User) (secret string, err error) {
	if err := checkName(user.Name); err != nil {
		return "", fmt.Errorf("add user: %w", err)
	}
	if !user.May(Read) {
		return "", fmt.Errorf("add user %s: a user has the role read, write or operate", user.Name)
	}
	secret = newSecret()
	proof, err := proofOf(user.Name, secret)
	if err != nil {
		return "", fmt.Errorf("add user %s: %w", user.Name, err)
	}
	err = changeFile(ctx, u.path, func(c *content) error {
		at, exists := slices.BinarySearchFunc(c.Users, user.Name, byName)
		if exists {
			return ErrExists
		}
		c.Users = slices.Insert(c.Users, at, entry{user, time.Now().UTC().Truncate(time.Second), proof})
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("add user %s: %w", user.Name, err)
	}
	return secret, nil
}

// Remove removes a user. If there is none of that name the error is ErrUnknown.
func (u *Users) Remove(ctx context.Context, name string) error {
	err := changeFile(ctx, u.path, func(c *content) error {
		before := len(c.Users)
		c.Users = slices.DeleteFunc(c.Users, func(user entry) bool { return user.Name == name })
		if len(c.Users) == before {
			return ErrUnknown
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove user %s: %w", name, err)
	}
	return nil
}

// current returns the users of the file as it is now.
func (u *Users) current() content {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.refresh()
	return u.users
}

// refresh reads the file again if it is another than the last one. A file that is
// gone is as one that is broken: whoever meant to remove the users has emptied it.
func (u *Users) refresh() {
	version := wholefile.VersionOf(u.path)
	if version.Equal(u.version) {
		return
	}
	u.version = version
	users, err := readFile(u.path)
	if err == nil && !version.Exists() {
		err = fs.ErrNotExist
	}
	if err != nil {
		u.log.Error("the file of users cannot be read, and those before stay in force", "file", u.path, "error", err)
		return
	}
	u.users = users
	u.closed = u.closed || len(users.Users) > 0
	u.log.Info("the file of users was read again", "file", u.path, "users", len(users.Users))
}

func byName(user entry, name string) int { return strings.Compare(user.Name, name) }
