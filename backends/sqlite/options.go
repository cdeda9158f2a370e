package sqlite

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/taskdb"
)

// Options say how to open a store. The zero value is the safest.
type Options struct {
	Durability Durability
	// ReadOnly opens without the lock, for reading beside a process that writes.
	ReadOnly bool
	// LockWait is how long to wait for another process to close the store. 0 is
	// one second, and a negative duration does not wait.
	LockWait time.Duration
	// AllowNetwork opens a file on a network file system.
	AllowNetwork bool
	// Bounds are how much each collection may hold, as long as the store is open.
	Bounds taskdb.Bounds
}

// Durability is what acknowledged writes survive.
type Durability uint8

const (
	// Full survives the loss of power.
	Full Durability = iota
	// Normal survives the death of the process. A loss of power may take the last
	// of what was acknowledged, and leaves the file whole.
	Normal
	// Off survives the death of the process. A loss of power may damage the file.
	Off
)

// pragma is SQLite's name for a durability.
func (d Durability) pragma() string {
	return [...]string{Full: "full", Normal: "normal", Off: "off"}[d]
}

// wait is how long to wait for the lock.
func (o Options) wait() time.Duration {
	if o.LockWait == 0 {
		return time.Second
	}
	return o.LockWait
}

var errPath = errors.New("want sqlite:///absolute/path or sqlite:relative/path")

// parseURL reads a store's URL.
func parseURL(u *url.URL) (path string, options Options, err error) {
	if u.Host != "" || u.User != nil || u.Fragment != "" {
		return "", options, errPath
	}
	path = u.Path
	if u.Opaque != "" {
		if path, err = url.PathUnescape(u.Opaque); err != nil {
			return "", options, fmt.Errorf("path %q: %w", u.Opaque, err)
		}
	}
	if path == "" {
		return "", options, errPath
	}
	options.Bounds.Cull = bounds.DefaultCull
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", options, fmt.Errorf("options %q: %w", u.RawQuery, err)
	}
	for name, given := range values {
		if len(given) != 1 {
			return "", options, fmt.Errorf("option %s is given %d times", name, len(given))
		}
		if err := options.set(name, given[0]); err != nil {
			return "", options, err
		}
	}
	return path, options, nil
}

func (o *Options) set(name, text string) error {
	switch name {
	case "durability":
		return o.setDurability(text)
	case "mode":
		if text != "ro" && text != "rw" {
			return fmt.Errorf("option mode is %q, want ro or rw", text)
		}
		o.ReadOnly = text == "ro"
	case "lock_wait":
		wait, err := time.ParseDuration(text)
		if err != nil || wait < 0 {
			return fmt.Errorf("option lock_wait is %q, want a duration like 2s", text)
		}
		if o.LockWait = wait; wait == 0 {
			o.LockWait = -1
		}
	case "network":
		if text != "allow" {
			return fmt.Errorf("option network is %q, want allow", text)
		}
		o.AllowNetwork = true
	default:
		known, err := bounds.Set(&o.Bounds, name, text)
		if !known {
			return fmt.Errorf("unknown option %q, want one of: %s, durability, lock_wait, mode, network", name, bounds.Options)
		}
		return err
	}
	return nil
}

func (o *Options) setDurability(text string) error {
	switch text {
	case "full":
		o.Durability = Full
	case "normal":
		o.Durability = Normal
	case "off":
		o.Durability = Off
	default:
		return fmt.Errorf("option durability is %q, want full, normal or off", text)
	}
	return nil
}
