package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// What a hub refuses, to be tested for with errors.Is; what more there is to say of
// it has the *Error. What a store refuses are the errors of packages taskdb and query.
var (
	// ErrNoTask says that no task may be claimed.
	ErrNoTask = errors.New("no task to claim")
	// ErrFinished says that a task is finished, and so does not change. The error's
	// State says how it finished, and Lease under which lease.
	ErrFinished = errors.New("the task is finished")
	// ErrLease says that a lease is not the one that a task is under: it ran out, or
	// was never the task's. The error's Attempt says what came of it.
	ErrLease = errors.New("the task is not under the lease")
	// ErrDependency says that a task comes after one that does not exist, or after
	// itself.
	ErrDependency = errors.New("the task comes after one that does not exist")
	// ErrDrained says that the hub takes no new tasks. The error's Stop says why.
	ErrDrained = errors.New("the hub takes no tasks")
	// ErrNotWaiting says that a task does not wait in a queue of the hub.
	ErrNotWaiting = errors.New("the task does not wait in a queue of this hub")
	// ErrAmbiguous says that several tasks' msg_ids begin with a prefix. The first of
	// them are the error's MsgIDs.
	ErrAmbiguous = errors.New("several tasks begin so")
	// ErrUnauthorized says that the token is missing, or wrong.
	ErrUnauthorized = errors.New("the token is missing, or nobody's")
	// ErrForbidden says that the token's user may not do that.
	ErrForbidden = errors.New("the token's user may not do that")
	// ErrBusy says that too much is asked of the server at once.
	ErrBusy = errors.New("the server is too busy")
)

// kinds are the errors that problems are by their kinds. Those that have more to say
// are made in cause.
var kinds = map[string]error{
	api.KindNotFound:      taskdb.ErrNotFound,
	api.KindNoData:        taskdb.ErrNoData,
	api.KindConflict:      taskdb.ErrExists,
	api.KindNotAll:        taskdb.ErrNotAll,
	api.KindBudget:        taskdb.ErrBudget,
	api.KindToken:         taskdb.ErrToken,
	api.KindFull:          taskdb.ErrFull,
	api.KindTooLarge:      taskdb.ErrTooLarge,
	api.KindNoBuffers:     taskdb.ErrNoBuffers,
	api.KindIndexConflict: taskdb.ErrIndexConflict,
	api.KindNotTried:      taskdb.ErrNotTried,
	api.KindUnderWay:      taskdb.ErrUnderWay,
	api.KindUnsupported:   taskdb.ErrUnsupported,
	api.KindReadOnly:      taskdb.ErrReadOnly,
	api.KindLocked:        taskdb.ErrLocked,
	api.KindUnreachable:   taskdb.ErrUnreachable,
	api.KindClosed:        taskdb.ErrClosed,
	api.KindTime:          context.DeadlineExceeded,
	api.KindNoTask:        ErrNoTask,
	api.KindFinished:      ErrFinished,
	api.KindLease:         ErrLease,
	api.KindDependency:    ErrDependency,
	api.KindDrained:       ErrDrained,
	api.KindNotWaiting:    ErrNotWaiting,
	api.KindAmbiguous:     ErrAmbiguous,
	api.KindUnauthorized:  ErrUnauthorized,
	api.KindForbidden:     ErrForbidden,
	api.KindBusy:          ErrBusy,
}

// Error is why a server refused a request. It is also the errors of packages taskdb
// and query, or of this one, that its kind says.
type Error struct {
	api.Problem
}

// ErrorOf returns the error of a problem that came within an answer; of none it is
// nil.
func ErrorOf(problem *api.Problem) error {
	if problem == nil {
		return nil
	}
	return &Error{*problem}
}

// wrap says in an error what failed, unless the server's words begin with that.
func wrap(what string, err error) error {
	if strings.HasPrefix(err.Error(), what+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Error returns what the server says of it.
func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Title
	}
	return e.Detail
}

// Unwrap returns the errors that the problem is.
func (e *Error) Unwrap() []error {
	var causes []error
	if err := e.cause(); err != nil {
		causes = append(causes, err)
	}
	if e.Code != 0 && e.Kind != api.KindExists {
		causes = append(causes, &query.Error{Code: e.Code, Message: e.Message, Path: e.Path})
	}
	return causes
}

func (e *Error) cause() error {
	switch e.Kind {
	case api.KindExists:
		return &taskdb.DuplicateKeyError{
			Collection: e.Collection, Index: e.Index, KeyPattern: bson.Raw(e.KeyPattern), KeyValue: bson.Raw(e.KeyValue),
		}
	case api.KindExpired:
		return &taskdb.ExpiredError{MsgID: e.MsgID, State: taskdb.State(e.State), Rule: e.Rule, At: e.At}
	case api.KindUnfinished:
		return &taskdb.UnfinishedError{Count: e.Count, MsgIDs: e.MsgIDs}
	}
	return kinds[e.Kind]
}

// maxProblem is how much of an answer that tells a problem is read.
const maxProblem = 1 << 20

// readError reads the problem that an answer has. Of another answer, as a proxy's,
// it tells the status.
func readError(response *http.Response) *Error {
	failed := new(Error)
	body, err := io.ReadAll(io.LimitReader(response.Body, maxProblem))
	isProblem := strings.HasPrefix(response.Header.Get("Content-Type"), api.MediaProblem)
	if err != nil || !isProblem || json.Unmarshal(body, &failed.Problem) != nil {
		failed.Problem = api.Problem{Title: fmt.Sprintf("the server answers %s", response.Status)}
	}
	failed.Status = response.StatusCode
	return failed
}
