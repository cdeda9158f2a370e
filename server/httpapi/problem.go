package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// problem is an answer that says why a request failed: an error for huma, with what
// stands in the header beside it.
type problem struct {
	api.Problem
	header http.Header
}

// Error returns the words of the problem.
func (p *problem) Error() string { return p.Problem.Error() }

// GetStatus returns the status of the answer.
func (p *problem) GetStatus() int { return p.Status }

// GetHeaders returns what stands in the header of the answer.
func (p *problem) GetHeaders() http.Header { return p.header }

// ContentType returns the type of problems.
func (p *problem) ContentType(string) string { return api.MediaProblem }

// MarshalJSON writes the problem, and not what embeds it.
func (p *problem) MarshalJSON() ([]byte, error) { return json.Marshal(p.Problem) }

// newProblem is a problem of the API's own.
func newProblem(status int, kind, format string, args ...any) *problem {
	return &problem{Problem: api.Problem{
		Type: typeOf(kind), Kind: kind, Status: status, Title: http.StatusText(status), Detail: fmt.Sprintf(format, args...),
	}}
}

// typeOf is where the documentation has a kind of problem.
func typeOf(kind string) string { return "/docs#" + kind }

// kinds are the errors that are told apart by errors.Is, with their statuses. The
// first that an error is counts.
var kinds = []struct {
	is     error
	kind   string
	status int
}{
	{taskdb.ErrExpired, api.KindExpired, http.StatusGone},
	{taskdb.ErrNoData, api.KindNoData, http.StatusNotFound},
	{taskdb.ErrNotFound, api.KindNotFound, http.StatusNotFound},
	{taskdb.ErrTooLarge, api.KindTooLarge, http.StatusRequestEntityTooLarge},
	{taskdb.ErrNoBuffers, api.KindNoBuffers, http.StatusUnprocessableEntity},
	{taskdb.ErrNotAll, api.KindNotAll, http.StatusUnprocessableEntity},
	{taskdb.ErrToken, api.KindToken, http.StatusUnprocessableEntity},
	{taskdb.ErrIndexConflict, api.KindIndexConflict, http.StatusConflict},
	{taskdb.ErrNotTried, api.KindNotTried, http.StatusConflict},
	{hub.ErrNotWaiting, api.KindNotWaiting, http.StatusConflict},
	{hub.ErrNoTask, api.KindNoTask, http.StatusNotFound},
	{taskdb.ErrExists, api.KindExists, http.StatusConflict},
	{taskdb.ErrUnderWay, api.KindUnderWay, http.StatusGatewayTimeout},
	{taskdb.ErrUnsupported, api.KindUnsupported, http.StatusNotImplemented},
	{taskdb.ErrReadOnly, api.KindReadOnly, http.StatusForbidden},
	{taskdb.ErrLocked, api.KindLocked, http.StatusServiceUnavailable},
	{taskdb.ErrUnreachable, api.KindUnreachable, http.StatusServiceUnavailable},
	{taskdb.ErrClosed, api.KindClosed, http.StatusServiceUnavailable},
	{taskdb.ErrFull, api.KindFull, http.StatusInsufficientStorage},
	{taskdb.ErrBudget, api.KindBudget, http.StatusUnprocessableEntity},
	{hub.ErrMissed, api.KindMissed, http.StatusGone},
	{context.DeadlineExceeded, api.KindTime, http.StatusGatewayTimeout},
	{context.Canceled, api.KindTime, http.StatusGatewayTimeout}, // the client is gone
}

// problemOf is the problem that an error is.
func problemOf(err error) *problem {
	if known, ok := errors.AsType[*problem](err); ok {
		return known
	}
	p := &problem{Problem: api.Problem{Kind: api.KindInternal, Status: http.StatusInternalServerError}}
	if !p.describe(err) {
		for _, known := range kinds {
			if errors.Is(err, known.is) {
				p.Kind, p.Status = known.kind, known.status
				break
			}
		}
	}
	p.Type, p.Title = typeOf(p.Kind), http.StatusText(p.Status)
	if p.Kind == api.KindInternal {
		p.Detail = "the server is at fault; its log says more, under this request's id"
	} else {
		p.Detail = strings.ReplaceAll(err.Error(), context.DeadlineExceeded.Error(), "it took longer than a request may")
	}
	return p
}

// describe says what an error of a type of its own has to say, and tells whether it
// settles the kind.
func (p *problem) describe(err error) bool {
	if e, ok := errors.AsType[*taskdb.ExpiredError](err); ok {
		p.MsgID, p.State, p.Rule, p.At = e.MsgID, string(e.State), e.Rule, e.At
		return false
	}
	if e, ok := errors.AsType[*taskdb.DuplicateKeyError](err); ok {
		p.Code, p.Collection = taskdb.DuplicateKeyCode, e.Collection
		p.Index, p.KeyPattern, p.KeyValue = e.Index, api.Exact(e.KeyPattern), api.Exact(e.KeyValue)
		return false
	}
	if e, ok := errors.AsType[*taskdb.UnfinishedError](err); ok {
		p.Count, p.MsgIDs = e.Count, e.MsgIDs
		return p.is(api.KindUnfinished, http.StatusConflict)
	}
	if e, ok := errors.AsType[*hub.ConflictError](err); ok {
		p.MsgID = e.MsgID
		return p.is(api.KindConflict, http.StatusConflict)
	}
	if e, ok := errors.AsType[*hub.FinishedError](err); ok {
		p.MsgID, p.State, p.Lease = e.MsgID, string(e.State), e.Lease
		return p.is(api.KindFinished, http.StatusConflict)
	}
	if e, ok := errors.AsType[*hub.LeaseError](err); ok {
		p.MsgID, p.Lease, p.Attempt = e.MsgID, e.Lease, attemptOf(e.Attempt)
		return p.is(api.KindLease, http.StatusConflict)
	}
	if e, ok := errors.AsType[*hub.AmbiguousError](err); ok {
		p.Prefix, p.MsgIDs = e.Prefix, e.MsgIDs
		return p.is(api.KindAmbiguous, http.StatusConflict)
	}
	if e, ok := errors.AsType[*hub.DependencyError](err); ok {
		p.MsgID, p.After, p.Cycle = e.MsgID, e.After, e.Cycle
		return p.is(api.KindDependency, http.StatusUnprocessableEntity)
	}
	if e, ok := errors.AsType[*hub.DrainedError](err); ok {
		p.Stop = &api.Stop{Reason: e.Reason, Since: e.Since}
		return p.is(api.KindDrained, http.StatusServiceUnavailable)
	}
	if e, ok := errors.AsType[*query.Error](err); ok {
		p.Code, p.Message, p.Path = e.Code, e.Message, e.Path
		if errors.Is(err, taskdb.ErrTooLarge) {
			return false
		}
		return p.is(api.KindQuery, http.StatusUnprocessableEntity)
	}
	return false
}

func (p *problem) is(kind string, status int) bool {
	p.Kind, p.Status = kind, status
	return true
}

func attemptOf(a *hub.Attempt) *api.Attempt {
	if a == nil {
		return nil
	}
	return &api.Attempt{
		Lease: a.Lease, Engine: a.Engine, Claimed: a.Claimed, Ended: a.Ended, Outcome: string(a.Outcome), Reason: a.Reason,
	}
}

// ofHuma makes a problem of what huma says of a request that is not as described.
func ofHuma(model *huma.ErrorModel) *problem {
	kind := api.KindInvalid
	switch model.Status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusRequestTimeout:
		kind = api.KindMalformed
	case http.StatusRequestEntityTooLarge:
		kind = api.KindBody
	case http.StatusInternalServerError:
		kind = api.KindInternal
	}
	p := newProblem(model.Status, kind, "%s", model.Detail)
	for _, detail := range model.Errors {
		p.Errors = append(p.Errors, api.Detail{Message: inFull(detail.Message), Location: detail.Location})
	}
	if len(p.Errors) > 0 {
		p.Detail += ": " + strings.TrimSpace(p.Errors[0].Location+" "+p.Errors[0].Message)
	}
	return p
}

// inFull is what huma says, with what would be right where it does not say so.
func inFull(message string) string {
	switch {
	case strings.HasPrefix(message, huma.ErrUnknownContentType.Error()):
		return message + ", and not application/json"
	case message == validation.MsgExpectedMatchAtLeastOneSchema: // it is an expressionSchema
		return "expected a document, or text that has one"
	}
	return message
}

// transform makes problems of all that is not, and names the request. It is how one
// API has errors of its own: huma's NewError is a global.
func transform(ctx huma.Context, _ string, value any) (any, error) {
	if model, ok := value.(*huma.ErrorModel); ok {
		value = ofHuma(model)
	}
	if p, ok := value.(*problem); ok {
		return p.of(ctx.Context()), nil
	}
	return value, nil
}

// of returns the problem as that of a request.
func (p *problem) of(ctx context.Context) *problem {
	named := *p
	known := requestOf(ctx)
	named.Instance = known.id
	if known.err == nil {
		known.err = p
	}
	return &named
}

// fail answers that a request failed.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	requestOf(r.Context()).err = err
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", api.MediaProblem)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p.of(r.Context())) // it fails if the client is gone
}

func noRouteProblem(r *http.Request) *problem {
	return newProblem(http.StatusNotFound, api.KindNoRoute, "there is no %s", r.URL.Path)
}

func methodProblem(r *http.Request) *problem {
	return newProblem(http.StatusMethodNotAllowed, api.KindMethod, "%s has no method %s", r.URL.Path, r.Method)
}

// busy says that too much is asked at once.
func busy(what string) *problem {
	p := newProblem(http.StatusTooManyRequests, api.KindBusy, "too many %s at once; try again", what)
	p.header = http.Header{"Retry-After": {"1"}}
	return p
}
