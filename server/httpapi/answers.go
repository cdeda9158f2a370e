package httpapi

import (
	"context"
	"iter"
	"net/http"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/peers"
)

// newAnswers returns the room of what large answers have in memory: as many bytes as that
// of bodies, and apart, since who takes an answer slowly must not keep out the bodies of
// others who come from the same address.
func newAnswers(limits Limits) *peers.Room {
	return peers.NewRoom(limits.Bodies, max(limits.Bodies/2, limits.Upload))
}

// heldAnswer is what the answer to a request has in memory.
type heldAnswer struct {
	share *peers.Share // of the room of answers
	bytes int64
	taken int64
}

// hold counts so many bytes more, or refuses them: who takes a large answer slowly has its
// memory meanwhile. A small one needs no room, and one that is larger than a client's share
// takes all of it.
func (h *heldAnswer) hold(bytes int) error { return h.take(bytes, h.share.TryTake) }

func (h *heldAnswer) take(bytes int, take func(n int64) error) error {
	h.bytes += int64(bytes)
	if h.bytes <= smallBody {
		return nil
	}
	more := min(h.bytes, h.share.Most()) - h.taken
	if err := take(more); err != nil {
		return busyBytes("answers", err)
	}
	h.taken += more
	return nil
}

// letGo gives back what was taken.
func (h *heldAnswer) letGo() {
	h.share.Give(h.taken)
	h.bytes, h.taken = 0, 0
}

// release is for when the request has ended.
func (h *heldAnswer) release() {
	h.letGo()
	h.share.Leave()
}

// holdAnswer has a request's answer hold so many bytes more.
func holdAnswer(ctx context.Context, bytes int) error { return requestOf(ctx).answer.hold(bytes) }

// holding holds each document of an answer that is sent as it is found, until the next. An
// answer that has begun waits for room, for as long as a client may take nothing: meanwhile
// it holds nothing that others wait for.
func (s *server) holding(ctx context.Context, docs iter.Seq2[bson.Raw, error]) iter.Seq2[bson.Raw, error] {
	answer := requestOf(ctx).answer
	await := func(n int64) error { return answer.share.Take(ctx, n, s.limits.BodyTime) }
	return func(yield func(bson.Raw, error) bool) {
		for doc, err := range docs {
			if err == nil {
				err = answer.take(len(doc), await)
			}
			if !yield(doc, err) || err != nil {
				return
			}
			answer.letGo()
		}
	}
}

// wholeAnswer holds an answer that is not sent before it is there whole, and refuses one
// that is larger than anything that is sent at once.
func (s *server) wholeAnswer(ctx context.Context) func(bytes int) error {
	size := int64(0)
	return func(bytes int) error {
		if size += int64(bytes); size > s.limits.Upload {
			return newProblem(http.StatusRequestEntityTooLarge, api.KindTooLarge,
				"the answer has more than %d bytes: ask for fewer tasks at a time, for fewer keys, or for buffers one by one", s.limits.Upload)
		}
		return holdAnswer(ctx, bytes)
	}
}
