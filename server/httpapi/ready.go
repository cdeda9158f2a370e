package httpapi

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// readiness tells whether the store answers. Nobody has to say who he is to ask, and
// so many who ask at a time are one for the store.
type readiness struct {
	db *taskdb.DB

	mu      sync.Mutex // one asks the store, and others wait for what it says
	checked time.Time
	err     error
}

const (
	// storePatience is how long the store has to answer, and storeTrust how long its
	// answer counts.
	storePatience = 2 * time.Second
	storeTrust    = time.Second
)

// check asks the store for one record.
func (r *readiness) check(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.checked) < storeTrust {
		return r.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
	defer cancel()
	_, r.err = r.db.Count(ctx, taskdb.Query{Limit: 1})
	if errors.Is(r.err, taskdb.ErrNoData) {
		r.err = nil // that is an answer
	}
	r.checked = time.Now()
	return r.err
}

func (s *server) readyz(ctx context.Context, _ *struct{}) (*struct{}, error) {
	select {
	case <-s.options.Stop:
		return nil, newProblem(http.StatusServiceUnavailable, api.KindClosed, "%s", errStopping)
	default:
		return nil, s.ready.check(ctx)
	}
}
