package httpapi

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// room bounds the bytes of the large bodies that are carried out at a time. Their memory
// is several times their size: what was sent becomes the change of a record, and that
// the record.
type room struct{ free *semaphore.Weighted }

// smallBody is how many bytes need no room.
const smallBody = 1 << 20

func newRoom(limits Limits) room {
	return room{semaphore.NewWeighted(max(limits.Body, limits.Upload))}
}

// take waits until there is room beside the large bodies of others, so long at most,
// and returns what gives it back, once.
func (r room) take(ctx context.Context, bytes int64, atMost time.Duration) (leave func(), err error) {
	if bytes <= smallBody {
		return func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	if err := r.free.Acquire(ctx, bytes); err != nil {
		return nil, busy("large requests")
	}
	return sync.OnceFunc(func() { r.free.Release(bytes) }), nil
}
