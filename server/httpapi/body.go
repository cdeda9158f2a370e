package httpapi

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"os"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/peers"
)

// newBodies returns the room of all bodies that are in memory, of which one client has
// half, but no less than the largest body takes.
func newBodies(limits Limits) *peers.Room {
	return peers.NewRoom(limits.Bodies, max(limits.Bodies/2, limits.Body, limits.Upload))
}

// copySize is how much of a body is read at a time.
const copySize = 32 << 10

// heldBody is the body of a request, in memory.
type heldBody struct {
	share *peers.Share // of the room of bodies
	limit int64
	taken int64
	text  bytes.Buffer
	parts map[string][][]byte // of a multipart body, but for its JSON
}

// Write adds a piece to the body, or refuses if it is too much.
func (h *heldBody) Write(piece []byte) (int, error) {
	if err := h.take(int64(len(piece))); err != nil {
		return 0, err
	}
	return h.text.Write(piece)
}

// readAll reads a body, of so many bytes if that is known, else -1.
func (h *heldBody) readAll(body io.Reader, length int64) error {
	piece := int64(copySize)
	switch {
	case length > h.limit:
		return h.tooLarge()
	case length >= 0:
		piece = min(length+1, piece) // one more, to come upon the end
	}
	_, err := io.CopyBuffer(h, body, make([]byte, piece))
	return err
}

// take takes room for so many bytes until the request has ended, or refuses.
func (h *heldBody) take(n int64) error {
	if h.taken+n > h.limit {
		return h.tooLarge()
	}
	if err := h.share.TryTake(n); err != nil {
		return busyBytes("requests", err)
	}
	h.taken += n
	return nil
}

func (h *heldBody) tooLarge() error {
	return newProblem(http.StatusRequestEntityTooLarge, api.KindBody, "the body has more than %d bytes", h.limit)
}

// busyBytes refuses bytes for which there is no room now.
func busyBytes(of string, err error) error {
	p := busy("bytes")
	p.Detail = fmt.Sprintf("too many bytes in %s at once: %s; try again", of, err)
	return p
}

// Read reads the body's text.
func (h *heldBody) Read(p []byte) (int, error) { return h.text.Read(p) }

// Close does nothing: the request has come whole.
func (h *heldBody) Close() error { return nil }

// release gives back what was taken.
func (h *heldBody) release() {
	h.share.Give(h.taken)
	h.share.Leave()
}

// digest tells requests to a path apart.
func (h *heldBody) digest(path string) [sha256.Size]byte {
	sum := sha256.New()
	write := func(part []byte) { fmt.Fprintf(sum, "%d:%s", len(part), part) }
	write([]byte(path))
	write(h.text.Bytes())
	for _, name := range slices.Sorted(maps.Keys(h.parts)) {
		write([]byte(name))
		for _, part := range h.parts[name] {
			write(part)
		}
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

// boundBody gives the body of a request its time from the beginning: of one that is
// answered before it has come net/http reads what is left.
func (s *server) boundBody(w http.ResponseWriter, r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.limits.BodyTime)) // a test's recorder has none
	}
}

// readBody reads the body of a request before it gets its turn, so that one that
// comes slowly keeps nobody waiting. It is to be released when the request has
// ended.
func (s *server) readBody(w http.ResponseWriter, r *http.Request, pattern string) (*heldBody, error) {
	held := &heldBody{share: s.bodies.Share(peers.Of(r.RemoteAddr)), limit: s.limits.Body}
	if r.Body == nil || r.Body == http.NoBody {
		return held, nil
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		held.release()
		return nil, newProblem(http.StatusUnsupportedMediaType, api.KindMalformed, "the body has the Content-Encoding %s: send it as it is", coding)
	}
	connection := http.NewResponseController(w)
	kind, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	unhurried := &unhurried{r.Body, connection, s.limits.BodyTime}
	var err error
	switch {
	case pattern == putsBuffer: // as it comes
		r.Body = unhurried
		return held, nil
	case kind == "multipart/form-data" && takesParts[pattern]:
		held.limit = s.limits.Upload
		err = held.readParts(unhurried, parameters["boundary"])
		r.Header.Set("Content-Type", "application/json") // what is left of it
	case kind == api.MediaBSON: // documents whole, with their buffers
		held.limit = s.limits.Upload
		err = held.readAll(unhurried, r.ContentLength)
	default:
		err = held.readAll(r.Body, r.ContentLength)
	}
	if err == nil && kind != api.MediaBSON && !utf8.Valid(held.text.Bytes()) {
		err = newProblem(http.StatusBadRequest, api.KindMalformed, "the body is not UTF-8")
	}
	if err == nil {
		_ = connection.SetReadDeadline(time.Time{}) // a test's recorder has none
		r.Body = held
		return held, nil
	}
	held.release()
	_ = connection.SetReadDeadline(time.Now()) // nobody waits for the rest
	w.Header().Set("Connection", "close")
	if _, ok := errors.AsType[*problem](err); ok {
		return nil, err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, newProblem(http.StatusRequestTimeout, api.KindTime, "the body did not arrive within %s", s.limits.BodyTime)
	}
	return nil, newProblem(http.StatusBadRequest, api.KindMalformed, "read the body: %s", err)
}
