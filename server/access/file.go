package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/taskdb/taskdb/internal/wholefile"
)

// entry is one user in the file.
type entry struct {
	User
	Created time.Time `json:"created"`
	Secret  proof     `json:"secret"`
}

// content is what the file has.
type content struct {
	Users []entry `json:"users"`
}

// find returns the user of a name, or nil.
func (c content) find(name string) *entry {
	for i := range c.Users {
		if c.Users[i].Name == name {
			return &c.Users[i]
		}
	}
	return nil
}

// check refuses what could not have been written.
func (c content) check() error {
	seen := map[string]bool{}
	for _, user := range c.Users {
		if err := checkName(user.Name); err != nil {
			return err
		}
		if seen[user.Name] {
			return fmt.Errorf("%s is there twice", user.Name)
		}
		seen[user.Name] = true
		if !user.May(Read) {
			return fmt.Errorf("%s has no role", user.Name)
		}
		if err := user.Secret.check(); err != nil {
			return fmt.Errorf("%s: %w", user.Name, err)
		}
	}
	return nil
}

// readFile reads a file of users, by name; one that does not exist has none. A key that is not
// known is an error: it may be one that takes something away.
func readFile(path string) (content, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return content{}, nil
	}
	if err != nil {
		return content{}, err
	}
	var c content
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return content{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := c.check(); err != nil {
		return content{}, fmt.Errorf("%s: %w", path, err)
	}
	slices.SortFunc(c.Users, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	return c, nil
}

func writeFile(path string, c content) error {
	return wholefile.Write(path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(c)
	})
}

// lockRetry is how often a lock that another process has is tried.
const lockRetry = 20 * time.Millisecond

// changeFile has one process at a time read the file, change what it has, and write
// it.
func changeFile(ctx context.Context, path string, change func(*content) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	c, err := readFile(path)
	if err == nil {
		err = change(&c)
	}
	if err == nil {
		err = writeFile(path, c)
	}
	return errors.Join(err, lock.Unlock())
}
