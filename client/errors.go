package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/taskdb/taskdb/api"
)

// What a hub refuses, to be tested for with errors.Is. What a store refuses are the
// errors of packages taskdb and query.
var (
	// ErrNoTask says that no task may be claimed.
	ErrNoTask = errors.New("no task to claim")
	// ErrFinished says that a task is finished, and so does not change.
	ErrFinished = errors.New("the task is finished")
	// ErrLease says that a lease is not the one that a task is under: it ran out, or
	// was never the task's.
	ErrLease = errors.New("the task is not under the lease")
	// ErrConflict says that a task was submitted with the msg_id of another.
	ErrConflict = errors.New("the task exists, with another request")
	// ErrDependency says that a task comes after one that does not exist, or after
	// itself.
	ErrDependency = errors.New("the task comes after one that does not exist")
	// ErrDrained says that the hub takes no new tasks.
	ErrDrained = errors.New("the hub takes no tasks")
	// ErrNotWaiting says that a task does not wait in a queue of the hub.
	ErrNotWaiting = errors.New("the task does not wait in a queue of this hub")
	// ErrAmbiguous says that several tasks' msg_ids begin with a prefix.
	ErrAmbiguous = errors.New("several tasks begin so")
	// ErrUnauthorized says that the token is missing, or wrong.
	ErrUnauthorized = errors.New("the token is missing, or nobody's")
	// ErrForbidden says that the token's user may not do that.
	ErrForbidden = errors.New("the token's user may not do that")
)

// hubKinds are the errors of a hub by the kinds of problems.
var hubKinds = map[string]error{
	"no-task":     ErrNoTask,
	"finished":    ErrFinished,
	"lease":       ErrLease,
	"conflict":    ErrConflict,
	"dependency":  ErrDependency,
	"drained":     ErrDrained,
	"not-waiting": ErrNotWaiting,
	"ambiguous":   ErrAmbiguous,
}

// Error is why a server refused a request. It is the errors of packages taskdb and
// query, or of this one, that its kind says.
type Error struct {
	api.Problem
}

// Error returns what the server says of it.
func (e *Error) Error() string {
	if e.Detail != "" {
		return e.Detail
	}
	return e.Problem.Error()
}

// Unwrap returns the errors that the problem is.
func (e *Error) Unwrap() []error {
	var causes []error
	if err := e.StoreErr(); err != nil {
		causes = append(causes, err)
	}
	if err := hubKinds[e.Kind]; err != nil {
		causes = append(causes, err)
	}
	switch e.Status {
	case http.StatusUnauthorized:
		causes = append(causes, ErrUnauthorized)
	case http.StatusForbidden:
		causes = append(causes, ErrForbidden)
	}
	return causes
}

// ErrorOf returns the error of a problem that came within an answer, nil for none.
func ErrorOf(problem *api.Problem) error {
	if problem == nil {
		return nil
	}
	return &Error{*problem}
}

// maxProblem is how much of an answer that tells a problem is read.
const maxProblem = 1 << 20

// readError reads the problem that an answer has. Of another answer, as a proxy's,
// it tells the status.
func readError(response *http.Response) *Error {
	failed := new(Error)
	body, err := io.ReadAll(io.LimitReader(response.Body, maxProblem))
	isProblem := strings.Contains(response.Header.Get("Content-Type"), "json")
	if err != nil || !isProblem || json.Unmarshal(body, &failed.Problem) != nil {
		failed.Problem = api.Problem{Detail: fmt.Sprintf("the server answers %s", response.Status)}
	}
	failed.Status = response.StatusCode
	return failed
}
