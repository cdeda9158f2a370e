package hub

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var (
	// ErrNoTask says that no task may be claimed.
	ErrNoTask = errors.New("no task to claim")
	// ErrNotWaiting says that a task is running, or another hub's, so that its place
	// among those that wait cannot be changed.
	ErrNotWaiting = errors.New("the task does not wait in a queue of this hub")
)

// ConflictError says that a task was submitted with the msg_id of another. It is
// taskdb.ErrExists.
type ConflictError struct{ MsgID string }

// Error names the task.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("task %q exists, with another request", e.MsgID)
}

// Is tells that the error is taskdb.ErrExists.
func (e *ConflictError) Is(target error) bool { return target == taskdb.ErrExists }

// DependencyError says that a task cannot be submitted as it comes after one that
// does not exist, or after itself.
type DependencyError struct {
	MsgID string // the task that was to be submitted
	After string // the task that it comes after
	Cycle bool   // After comes after MsgID
}

// Error names both tasks.
func (e *DependencyError) Error() string {
	if e.Cycle {
		return fmt.Sprintf("task %q comes after %q, which comes after it", e.MsgID, e.After)
	}
	return fmt.Sprintf("task %q comes after %q, which does not exist", e.MsgID, e.After)
}

// DrainedError says that the hub takes no new tasks.
type DrainedError struct{ Stop }

// Error tells since when and, if that is known, why.
func (e *DrainedError) Error() string {
	return because("the hub takes no tasks since "+e.Since.Format(time.RFC3339), e.Reason)
}

// FinishedError says that a task is finished, and so does not change.
type FinishedError struct {
	MsgID string
	State taskdb.State // how it finished
	// Lease is the id of the lease under which it did, "" if under none: an engine
	// that finishes twice, as its first answer was lost, knows its own.
	Lease string
}

// Error tells how the task finished.
func (e *FinishedError) Error() string {
	return fmt.Sprintf("task %q is finished: %s", e.MsgID, e.State)
}

// LeaseError says that a lease is not the one that a task is under.
type LeaseError struct {
	MsgID string
	Lease string
	// Attempt is what came of the lease, or nil if the task never had it.
	Attempt *Attempt
}

// Error tells what came of the lease.
func (e *LeaseError) Error() string {
	if e.Attempt == nil {
		return fmt.Sprintf("task %q has no lease %q", e.MsgID, e.Lease)
	}
	return because(fmt.Sprintf("lease %q of task %q has ended: %s", e.Lease, e.MsgID, e.Attempt.Outcome), e.Attempt.Reason)
}

// AmbiguousError says that several tasks' msg_ids begin with a prefix.
type AmbiguousError struct {
	Prefix string
	MsgIDs []string // the first of them
}

// Error names the first of the tasks.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("several tasks begin with %q: %s, …", e.Prefix, strings.Join(e.MsgIDs, ", "))
}

// because adds a reason to what is said, if there is one.
func because(said, reason string) string {
	if reason == "" {
		return said
	}
	return said + ": " + reason
}

// ignore returns an error unless it is a certain one.
func ignore(err, ignored error) error {
	if errors.Is(err, ignored) {
		return nil
	}
	return err
}

// checkDocuments refuses a document that is broken. One may be absent.
func checkDocuments(documents map[string]bson.Raw) error {
	for name, doc := range documents {
		if len(doc) == 0 {
			continue
		}
		if err := query.Validate(doc); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// wrong is the error of a call that is wrong in itself.
func wrong(path, format string, args ...any) error {
	return &query.Error{Code: query.CodeBadValue, Message: fmt.Sprintf(format, args...), Path: path}
}
