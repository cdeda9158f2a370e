package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
)

// request is what is known of a request besides what it says.
type request struct {
	id     string
	route  string // the pattern, once it is known
	form   string // in which a list is asked for, if not in pages
	err    error  // why it failed, once it has
	body   *heldBody
	answer *heldAnswer
	// leaveRoom gives back the room of its body.
	leaveRoom func()
	// patience is how long its client may take nothing of the answer.
	patience time.Duration
}

type requestKey struct{}

// requestOf returns what is known of the request that a context belongs to.
func requestOf(ctx context.Context) *request {
	if known, ok := ctx.Value(requestKey{}).(*request); ok {
		return known
	}
	return new(request)
}

func noteRoute(ctx context.Context, pattern string) { requestOf(ctx).route = pattern }

// saneID is what a request may call itself.
var saneID = regexp.MustCompile(`^[A-Za-z0-9._:/+=-]{1,128}$`)

// requests gives each request an id, logs how it ended, and has it end as a problem
// if the server is at fault.
func (s *server) requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		known := &request{id: r.Header.Get("X-Request-Id"), form: wanted(r), patience: s.limits.BodyTime}
		if !saneID.MatchString(known.id) {
			known.id = uuid.NewString()
		}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, known))
		answer := &answer{ResponseWriter: w, connection: http.NewResponseController(w), request: known}
		answer.Header().Set("X-Request-Id", known.id)
		defer func() {
			answer.hurry() // for what net/http has still to send
			s.ended(r, known, answer, time.Since(began))
		}()
		defer s.recovered(answer, r)
		s.boundBody(answer, r)
		if err := s.checkConnection(r); err != nil {
			answer.Header().Set("Connection", "close")
			s.fail(answer, r, err)
			return
		}
		if err := s.checkBrowser(r); err != nil {
			s.fail(answer, r, err)
			return
		}
		next.ServeHTTP(answer, r)
	})
}

// checkConnection refuses what comes by a connection that is one too many.
func (s *server) checkConnection(r *http.Request) error {
	if s.options.Refusal == nil {
		return nil
	}
	if err := s.options.Refusal(r.Context()); err != nil {
		p := busy("connections")
		p.Detail = err.Error()
		return p
	}
	return nil
}

// recovered answers for a route that panicked. That an answer cannot be written is
// not the server's fault: the client is gone.
func (s *server) recovered(w *answer, r *http.Request) {
	cause := recover()
	switch {
	case cause == nil:
	case cause == http.ErrAbortHandler:
		panic(cause)
	case r.Context().Err() != nil:
		requestOf(r.Context()).err = r.Context().Err()
	default:
		err := fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		if w.status != 0 { // it is too late to say so
			requestOf(r.Context()).err = err
			panic(http.ErrAbortHandler)
		}
		s.fail(w, r, err)
	}
}

// ended logs a request, and tells who observes.
func (s *server) ended(r *http.Request, known *request, w *answer, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case w.status == http.StatusInternalServerError:
		level = slog.LevelError
	case w.status >= http.StatusBadRequest:
		level = slog.LevelInfo
	}
	attributes := []slog.Attr{
		slog.String("id", known.id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", w.status), slog.Int64("bytes", w.bytes), slog.String("took", took.String()),
	}
	if known.err != nil {
		attributes = append(attributes, slog.String("error", known.err.Error()))
	}
	s.log.LogAttrs(r.Context(), level, "request", attributes...)
	if s.options.Observe != nil {
		s.options.Observe(r.Context(), Observation{Route: known.route, Status: w.status, Bytes: w.bytes, Took: took})
	}
}

// answer goes out at the pace of its client, who is given so long for each piece, and
// notes what was answered.
type answer struct {
	http.ResponseWriter
	connection *http.ResponseController
	request    *request
	status     int
	bytes      int64
}

// pieceSize is how much is sent at a time.
const pieceSize = 64 << 10

// Unwrap gives http.ResponseController what is below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write sends a piece after another, and counts what is written.
func (a *answer) Write(text []byte) (written int, err error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.hurry()
	defer a.rest()
	for {
		n, err := a.ResponseWriter.Write(text[written:min(len(text), written+pieceSize)])
		written += n
		a.bytes += int64(n)
		if err != nil || written == len(text) {
			return written, err
		}
		a.hurry()
	}
}

// FlushError sends what was written.
func (a *answer) FlushError() error {
	a.hurry()
	defer a.rest()
	return a.connection.Flush()
}

// hurry gives the client its time to take what comes.
func (a *answer) hurry() {
	_ = a.connection.SetWriteDeadline(time.Now().Add(a.request.patience)) // a test's recorder has none
}

// rest takes the client's time off while there is nothing to take: it is not the
// client that is slow.
func (a *answer) rest() { _ = a.connection.SetWriteDeadline(time.Time{}) }

// flush sends what was written.
func flush(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() }
