package server

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taskdb/taskdb/taskdb"
)

// readiness tells whether the server can answer: it is not about to stop, and the
// store answers.
type readiness struct {
	db       *taskdb.DB
	stopping atomic.Bool

	mu      sync.Mutex // one asks the store, and others wait for what it says
	checked time.Time
	err     error
}

// patience is how long the store has to answer, and trust how long its answer counts.
const (
	patience = 2 * time.Second
	trust    = time.Second
)

func (r *readiness) stop() { r.stopping.Store(true) }

// ServeHTTP says "ready", or why not.
func (r *readiness) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch err := r.check(request.Context()); {
	case r.stopping.Load():
		plain(w, http.StatusServiceUnavailable, "stopping")
	case err != nil:
		plain(w, http.StatusServiceUnavailable, "the store does not answer") // why is in the log: it may tell of addresses
	default:
		plain(w, http.StatusOK, "ready")
	}
}

// check asks the store for one record.
func (r *readiness) check(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.checked) < trust {
		return r.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, r.err = r.db.Count(ctx, taskdb.Query{Limit: 1})
	if errors.Is(r.err, taskdb.ErrNoData) {
		r.err = nil
	}
	r.checked = time.Now()
	return r.err
}
