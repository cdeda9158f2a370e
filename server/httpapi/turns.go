package httpapi

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/taskdb/taskdb/server/peers"
)

// turns bound how many requests are carried out at a time, and how many wait or send an
// answer: of all clients, and of each.
type turns struct {
	running, waiting *peers.Room
	patience         time.Duration
}

func newTurns(limits Limits) *turns {
	return &turns{
		running:  peers.Half(int64(limits.Running)),
		waiting:  peers.Half(int64(limits.Waiting)),
		patience: limits.Patience,
	}
}

// take waits for a turn, and refuses if none comes within the patience.
func (t *turns) take(r *http.Request) (*turn, error) {
	client := peers.Of(r.RemoteAddr)
	taken := &turn{running: t.running.Share(client), waiting: t.waiting.Share(client), leaveRoom: requestOf(r.Context()).leaveRoom}
	if err := taken.running.Take(r.Context(), 1, t.patience); err != nil {
		taken.leave()
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		return nil, busy("requests")
	}
	taken.place = taken.running
	return taken, nil
}

// turn is a request's right to be carried out.
type turn struct {
	running, waiting *peers.Share
	leaveRoom        func() // of its body

	mu    sync.Mutex
	place *peers.Share // the one of both that it has a place in
}

// wait gives the turn up, and the room of the request's body, to wait for something, or
// to send at the pace of who reads.
func (t *turn) wait() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.place == t.waiting {
		return nil
	}
	if err := t.waiting.TryTake(1); err != nil {
		return busy("requests that wait")
	}
	t.place.Give(1)
	t.place = t.waiting
	t.leaveRoom()
	return nil
}

func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.place.Give(1)
	t.leave()
}

func (t *turn) leave() {
	t.running.Leave()
	t.waiting.Leave()
}

// sending is an answer that gives the turn up when it is sent: who takes it slowly keeps
// nobody waiting.
type sending struct {
	http.ResponseWriter
	turn *turn
}

// Unwrap gives http.ResponseController what is below.
func (s sending) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// keptBack is how many bytes net/http keeps back until a handler has returned.
const keptBack = 2 << 10

// Write sends text.
func (s sending) Write(text []byte) (int, error) {
	if len(text) > keptBack {
		_ = s.turn.wait() // if too many wait, it keeps the turn that it has
	}
	return s.ResponseWriter.Write(text)
}

type turnKey struct{}

func withTurn(ctx context.Context, t *turn) context.Context {
	return context.WithValue(ctx, turnKey{}, t)
}

// wait has the request of a context give its turn up.
func wait(ctx context.Context) error { return ctx.Value(turnKey{}).(*turn).wait() }

// errStopping says that the server is about to stop.
var errStopping = errors.New("the server is about to stop")

// stoppable is a context that ends when the server begins to stop, too. It must be
// cancelled.
func stoppable(ctx context.Context, stop <-chan struct{}) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		select {
		case <-stop:
			cancel(errStopping)
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		cancel(nil)
		group.Wait()
	}
}
