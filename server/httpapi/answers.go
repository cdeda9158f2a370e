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
// A small one needs no room, and one that is larger than a client's share takes all of it.
func holdAnswer(ctx context.Context, bytes int) error {
	body := requestOf(ctx).body
	body.answer += int64(bytes)
	if body.answer <= smallBody {
		return nil
	}
	more := min(body.answer-body.answerHeld, body.share.Most()-body.taken)
	if err := body.hold(more); err != nil {
		return err
	}
	body.answerHeld += more
	return nil
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
	h.share.Give(h.answerHeld)
	h.taken -= h.answerHeld
	h.answer, h.answerHeld = 0, 0
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
