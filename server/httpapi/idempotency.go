package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/taskdb/taskdb/api"
)

// Bounds of the answers that are kept for requests that may come again.
const (
	keptFor      = 10 * time.Minute
	maxKept      = 100_000
	maxKeptBytes = 64 << 20
	maxKeptOne   = 8 << 20
	maxKeyLength = 256
)

// onces are the answers to requests that had an Idempotency-Key, in memory.
type onces struct {
	mu    sync.Mutex
	known map[string]*once
	order []*once // those that are done, the oldest first
	bytes int     // of their answers
}

// once is a request that is carried out once, and its answer when it is done.
type once struct {
	key    string
	digest [sha256.Size]byte
	done   chan struct{}

	// What follows is there when done is closed.
	since  time.Time
	status int // 0 if it was not carried out, and may be tried again
	header http.Header
	body   []byte
	large  bool // the answer was too large to be kept
}

// begin returns the request of a key, and whether it is a new one.
func (o *onces) begin(key string, digest [sha256.Size]byte, now time.Time) (*once, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forget(now)
	if known := o.known[key]; known != nil {
		return known, false
	}
	begun := &once{key: key, digest: digest, done: make(chan struct{})}
	if o.known == nil {
		o.known = map[string]*once{}
	}
	o.known[key] = begun
	return begun, true
}

// forget lets go of what is too old, and of the oldest if there is too much. What is
// under way stays.
func (o *onces) forget(now time.Time) {
	for len(o.order) > 0 {
		oldest := o.order[0]
		if now.Sub(oldest.since) < keptFor && len(o.order) < maxKept && o.bytes < maxKeptBytes {
			return
		}
		o.order = o.order[1:]
		o.bytes -= len(oldest.body)
		delete(o.known, oldest.key)
	}
}

// end keeps an answer, or lets a request be tried again that was not carried out.
func (o *onces) end(e *once, answer *kept, again bool, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if again {
		delete(o.known, e.key)
	} else {
		e.since, o.order = now, append(o.order, e)
		e.status, e.header = answer.status, answer.header
		if e.large = answer.body.Len() > maxKeptOne; !e.large {
			e.body = answer.body.Bytes()
			o.bytes += len(e.body)
		}
	}
	close(e.done)
}

// kept is an answer that is written to memory first.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the answer's header.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader notes the status.
func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Write keeps a piece of the body.
func (k *kept) Write(piece []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(piece)
}

// belowHub begins the routes of collections, which pass on what may have no end.
const belowHub = "POST /v1/collections/"

// notCarriedOut are the kinds of problems behind which nothing was done.
var notCarriedOut = map[string]bool{api.KindBusy: true, api.KindDrained: true, api.KindLocked: true, api.KindClosed: true}

// carryOut has a request with a key carried out once, even if its client goes away
// meanwhile; who comes again with the key has the same answer.
func (s *server) carryOut(w http.ResponseWriter, r *http.Request, pattern string, body *heldBody, do http.Handler) {
	key := r.Header.Get(api.HeaderOnce)
	if key == "" || r.Method != http.MethodPost {
		do.ServeHTTP(w, r)
		return
	}
	if len(key) > maxKeyLength || requestOf(r.Context()).form != "" || strings.HasPrefix(pattern, belowHub) {
		s.fail(w, r, newProblem(http.StatusBadRequest, api.KindIdempotency,
			"an Idempotency-Key has at most %d bytes, and is for what is neither answered by a stream nor about collections", maxKeyLength))
		return
	}
	digest := body.digest(r.URL.RequestURI())
	request, isNew := s.onces.begin(userOf(r.Context()).Name+"\n"+pattern+"\n"+key, digest, time.Now())
	if isNew {
		s.carryOutNew(w, r, request, do)
		return
	}
	if request.digest != digest {
		s.fail(w, r, newProblem(http.StatusUnprocessableEntity, api.KindIdempotency, "the key %q was sent with another request", key))
		return
	}
	select {
	case <-request.done:
	case <-r.Context().Done():
		s.fail(w, r, context.Cause(r.Context()))
		return
	}
	switch {
	case request.status == 0:
		s.fail(w, r, busy("requests"))
	case request.large:
		s.fail(w, r, newProblem(http.StatusConflict, api.KindIdempotency, "it was carried out, and its answer was too large to be kept"))
	default:
		w.Header().Set("Idempotency-Replayed", "true")
		copyAnswer(w, request.status, request.header, request.body)
	}
}

func (s *server) carryOutNew(w http.ResponseWriter, r *http.Request, request *once, do http.Handler) {
	answer := &kept{header: http.Header{}}
	again := true // unless it comes to an end
	defer func() {
		s.onces.end(request, answer, again, time.Now())
		if answer.status != 0 {
			copyAnswer(w, answer.status, answer.header, answer.body.Bytes())
		}
	}()
	do.ServeHTTP(answer, r.WithContext(context.WithoutCancel(r.Context())))
	err := requestOf(r.Context()).err
	again = err != nil && notCarriedOut[problemOf(err).Kind]
}

func copyAnswer(w http.ResponseWriter, status int, header http.Header, body []byte) {
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	_, _ = w.Write(body) // it fails if the client is gone
}
