package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/taskdb/taskdb/server/access"
)

// Options say how the API is served. The zero value is sound on a loopback address.
type Options struct {
	// Users tells who asks. Without it everybody may do everything.
	Users Users
	// AnyHost takes requests of nobody in particular for whatever host they name.
	// Else they must name a loopback address, lest a page of somebody else's asks
	// through the browser of a user of this machine.
	AnyHost bool
	// Logger gets a line for each request: at the level Debug if it was answered, at
	// Info if it was refused, and at Error if the server is at fault. nil is none.
	Logger *slog.Logger
	// Limits bound what requests may cost.
	Limits Limits
	// Refusal, if not nil, tells why what comes by a request's connection is refused,
	// as there are too many; nil is that it is not.
	Refusal func(ctx context.Context) error
	// Stop, when it is closed, has those end who wait or watch, as if nothing had
	// happened meanwhile: a server that stops waits for all requests. nil is never.
	Stop <-chan struct{}
	// Observe, if not nil, is told of each request that has ended.
	Observe func(ctx context.Context, o Observation)
	// Page answers requests for / and below /assets/: that of package page. nil is no
	// page.
	Page http.Handler
	// Metrics answers requests for /metrics; nil is no metrics.
	Metrics http.Handler
	// Version is that of the program, for the description.
	Version string
}

// Users know users by their tokens. *access.Users are such.
type Users interface {
	// Bearer returns the user of a token, or access.ErrUnknown.
	Bearer(token string) (access.User, error)
	// Anonymous returns who asks without a token, or access.ErrUnknown if that is
	// not to be.
	Anonymous() (access.User, error)
}

// Observation is a request that has ended.
type Observation struct {
	Route  string // the pattern, as "GET /v1/tasks/{msg_id}"; empty if there is none
	Status int
	Bytes  int64 // of the answer's body
	Took   time.Duration
}

// Limits bound what a request may cost, and what all may that come at a time. What
// is 0 has the standard value.
type Limits struct {
	// Body is how many bytes a request's body may have: 0 is 32 MiB.
	Body int64
	// Upload is how many bytes a body may have that is multipart, or BSON, and the tasks
	// that are fetched at a time: 0 is 256 MiB.
	Upload int64
	// Bodies is how many bytes all bodies in memory may have, and as many all answers of
	// more than 1 MiB: 0 is 1 GiB. One client has half of either, or as many as the
	// largest body. Of those that are carried out at a time large ones, of more than 1 MiB, have
	// as many as the largest may have; others wait for Time.
	Bodies int64
	// BodyTime is how long a body may take to arrive, and each piece of one that is
	// multipart: 0 is 30 seconds.
	BodyTime time.Duration
	// Time is how long a request may take, besides waiting and the sending of a
	// stream: 0 is 30 seconds.
	Time time.Duration
	// Wait is how long a request may wait for something to happen; one that asks for
	// more waits so long: 0 is a minute.
	Wait time.Duration
	// Running is how many requests are carried out at a time: 0 is 64. One client has
	// half of them. Others wait for Patience, and are then refused.
	Running int
	// Patience is how long a request waits for its turn: 0 is two seconds.
	Patience time.Duration
	// Waiting is how many requests may wait or send an answer at a time: 0 is 2,048. One
	// client has half of them.
	Waiting int
	// Examined is how many records a query may look at: 0 is 5,000,000.
	Examined int64
}

func (l Limits) withDefaults() Limits {
	orStandard(&l.Body, 32<<20)
	orStandard(&l.Upload, 256<<20)
	orStandard(&l.Bodies, 1<<30)
	orStandard(&l.BodyTime, 30*time.Second)
	orStandard(&l.Time, 30*time.Second)
	orStandard(&l.Wait, time.Minute)
	orStandard(&l.Running, 64)
	orStandard(&l.Patience, 2*time.Second)
	orStandard(&l.Waiting, 2048)
	orStandard(&l.Examined, 5_000_000)
	return l
}

func orStandard[T int | int64 | time.Duration](value *T, standard T) {
	if *value == 0 {
		*value = standard
	}
}
