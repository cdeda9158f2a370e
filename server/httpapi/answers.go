package httpapi

import (
	"context"
	"iter"
	"net/http"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
)

// holdAnswer has so many bytes more of a request's answer count with the bodies that are
// in memory, or refuses them: who takes a large answer slowly has its memory meanwhile.
// A small one needs no room.
func holdAnswer(ctx context.Context, bytes int) error {
	body, n := requestOf(ctx).body, int64(bytes)
	before := body.answer
	body.answer += n
	switch {
	case body.answer <= smallBody:
		return nil
	case before <= smallBody: // what was small needs it now
		n = body.answer
	}
	return body.hold(n)
}

// holding holds each document of an answer that is sent as it is found, until the next.
func holding(ctx context.Context, docs iter.Seq2[bson.Raw, error]) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		for doc, err := range docs {
			if err == nil {
				err = holdAnswer(ctx, len(doc))
			}
			if !yield(doc, err) || err != nil {
				return
			}
			requestOf(ctx).body.letAnswerGo()
		}
	}
}

// letAnswerGo gives back what holdAnswer took.
func (h *heldBody) letAnswerGo() {
	if h.answer > smallBody {
		h.share.Give(h.answer)
		h.taken -= h.answer
	}
	h.answer = 0
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
