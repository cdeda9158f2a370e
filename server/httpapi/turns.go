package httpapi

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// turns bound how many requests are carried out at a time, and how many wait or send
// a stream.
type turns struct {
	running, waiting chan struct{}
	patience         time.Duration
}

func newTurns(limits Limits) *turns {
	return &turns{
		running:  make(chan struct{}, limits.Running),
		waiting:  make(chan struct{}, limits.Waiting),
		patience: limits.Patience,
	}
}

// take waits for a turn, and refuses if none comes within the patience.
func (t *turns) take(ctx context.Context) (*turn, error) {
	select {
	case t.running <- struct{}{}:
		return t.begin(ctx), nil
	default:
	}
	enough := time.NewTimer(t.patience)
	defer enough.Stop()
	select {
	case t.running <- struct{}{}:
		return t.begin(ctx), nil
	case <-enough.C:
		return nil, busy("requests")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begin is the turn of a request that has a place among those that run.
func (t *turns) begin(ctx context.Context) *turn {
	return &turn{turns: t, leaveRoom: requestOf(ctx).leaveRoom, place: t.running}
}

// turn is a request's right to be carried out.
type turn struct {
	turns     *turns
	leaveRoom func() // of its body

	mu    sync.Mutex
	place chan struct{}
}

// wait gives the turn up, and the room of the request's body, to wait for something, or
// to send at the pace of who reads.
func (t *turn) wait() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.place == t.turns.waiting {
		return nil
	}
	select {
	case t.turns.waiting <- struct{}{}:
		<-t.place
		t.place = t.turns.waiting
		t.leaveRoom()
		return nil
	default:
		return busy("requests that wait")
	}
}

func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	<-t.place
}

// sending is an answer that gives the turn up when it is large: who takes it slowly
// keeps nobody waiting.
type sending struct {
	http.ResponseWriter
	turn *turn
}

// Unwrap gives http.ResponseController what is below.
func (s sending) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Write sends text.
func (s sending) Write(text []byte) (int, error) {
	if len(text) > pieceSize {
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
