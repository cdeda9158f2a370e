package mongowire_test

import (
	"context"
	"iter"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/taskdb"
)

// held is a store in which those who find and who write are held until they are let go.
type held struct {
	taskdb.Backend
	came  chan context.Context // of each who comes
	letGo chan struct{}
}

func newHeld(t *testing.T) held {
	h := held{dict.New(taskdb.Bounds{}), make(chan context.Context), make(chan struct{})}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func (h held) wait(ctx context.Context) error {
	select {
	case h.came <- ctx:
	case <-ctx.Done():
	}
	select {
	case <-h.letGo:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h held) Find(ctx context.Context, name string, r taskdb.Request) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		if err := h.wait(ctx); err != nil {
			yield(nil, err)
			return
		}
		h.Backend.Find(ctx, name, r)(yield)
	}
}

func (h held) Write(ctx context.Context, name string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	if err := h.wait(ctx); err != nil {
		return nil, err
	}
	return h.Backend.Write(ctx, name, changes, ordered)
}
