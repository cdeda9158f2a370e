package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/taskdb/taskdb/api"
)

// bodies count the bytes of all bodies that are in memory.
type bodies struct {
	limit int64
	held  atomic.Int64
}

// take adds to what is held, or refuses.
func (b *bodies) take(n int64) error {
	if b.held.Add(n) > b.limit {
		b.held.Add(-n)
		return busy("bytes in requests")
	}
	return nil
}

// readBody reads the body of a request before it gets its turn, so that one that
// comes slowly keeps nobody waiting. The release is to be called when the request
// has ended. A multipart body is left to its route.
func (s *server) readBody(w http.ResponseWriter, r *http.Request) (*http.Request, func(), error) {
	nothing := func() {}
	if r.Body == nil || r.Body == http.NoBody {
		return r, nothing, nil
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		return r, nothing, nil
	}
	if r.ContentLength > s.limits.Body {
		return r, nothing, tooLarge(s.limits.Body)
	}
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(s.limits.BodyTime)) // a test's recorder has none
	held := &heldBody{bodies: &s.bodies, limit: s.limits.Body}
	_, err := io.Copy(held, r.Body)
	_ = connection.SetReadDeadline(time.Time{})
	if err == nil && !utf8.Valid(held.text.Bytes()) {
		err = newProblem(http.StatusBadRequest, api.KindMalformed, "the body is not UTF-8")
	}
	if err != nil {
		held.release()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = newProblem(http.StatusRequestTimeout, api.KindTime, "the body did not arrive within %s", s.limits.BodyTime)
		} else if _, ok := errors.AsType[*problem](err); !ok {
			err = newProblem(http.StatusBadRequest, api.KindMalformed, "read the body: %s", err)
		}
		return r, nothing, err
	}
	read := r.WithContext(r.Context())
	read.Body = io.NopCloser(&held.text)
	return read, held.release, nil
}

// heldBody is a body in memory.
type heldBody struct {
	bodies *bodies
	limit  int64
	taken  int64
	text   bytes.Buffer
}

// Write adds a piece to the body, or refuses if it is too much.
func (h *heldBody) Write(piece []byte) (int, error) {
	if int64(h.text.Len()+len(piece)) > h.limit {
		return 0, tooLarge(h.limit)
	}
	if err := h.bodies.take(int64(len(piece))); err != nil {
		return 0, err
	}
	h.taken += int64(len(piece))
	return h.text.Write(piece)
}

// release gives back what was taken.
func (h *heldBody) release() { h.bodies.held.Add(-h.taken) }

func tooLarge(limit int64) *problem {
	return newProblem(http.StatusRequestEntityTooLarge, api.KindBody, "the body has more than %d bytes", limit)
}
