package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/taskdb/taskdb/api"
)

// takesParts are the routes that take buffers as parts of a multipart body, without
// base64: the part "json" is the body as it is otherwise, and each part "buffers" is
// one more buffer; of a submission of several tasks, "buffers.2" is one of the third.
var takesParts = map[string]bool{
	"POST /v1/tasks":                 true,
	"POST /v1/leases/{lease}/finish": true,
}

// maxParts is how many parts a body may have.
const maxParts = 100_000

// readParts reads a multipart body.
func (h *heldBody) readParts(body io.Reader, boundary string) error {
	h.parts = map[string][][]byte{}
	reader, isThere := multipart.NewReader(body, boundary), false // the part with the JSON
	for n := 0; ; n++ {
		part, err := reader.NextRawPart()
		switch {
		case errors.Is(err, io.EOF) && !isThere:
			return newProblem(http.StatusBadRequest, api.KindMalformed, `the body has no part "json"`)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n == maxParts:
			return newProblem(http.StatusRequestEntityTooLarge, api.KindBody, "the body has more than %d parts", maxParts)
		}
		if part.FormName() == "json" {
			isThere = true
			_, err = io.Copy(h, part)
		} else {
			err = h.readBuffer(part)
		}
		if err != nil {
			return err
		}
	}
}

func (h *heldBody) readBuffer(part *multipart.Part) error {
	var buffer bytes.Buffer
	if _, err := io.Copy(&counted{&buffer, h}, part); err != nil {
		return err
	}
	h.parts[part.FormName()] = append(h.parts[part.FormName()], buffer.Bytes())
	return nil
}

// counted is a buffer whose bytes count as those of a body.
type counted struct {
	to   *bytes.Buffer
	body *heldBody
}

// Write adds a piece.
func (c *counted) Write(piece []byte) (int, error) {
	if err := c.body.take(int64(len(piece))); err != nil {
		return 0, err
	}
	return c.to.Write(piece)
}

// unhurried is a body that may take long in all, but not for one piece.
type unhurried struct {
	io.ReadCloser
	connection *http.ResponseController
	patience   time.Duration
}

// Read reads a piece. Behind the last one the connection has all the time again.
func (u *unhurried) Read(p []byte) (int, error) {
	_ = u.connection.SetReadDeadline(time.Now().Add(u.patience)) // a test's recorder has none
	n, err := u.ReadCloser.Read(p)
	if err != nil {
		_ = u.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}

// partsOf are the buffers that came as parts for the n-th of a request's tasks. Who
// takes them leaves none.
func partsOf(ctx context.Context, n int) [][]byte {
	parts := requestOf(ctx).body.parts
	var buffers [][]byte
	for _, name := range []string{"buffers", fmt.Sprintf("buffers.%d", n)} {
		if n == 0 || name != "buffers" {
			buffers = append(buffers, parts[name]...)
			delete(parts, name)
		}
	}
	return buffers
}

// noPartsLeft refuses parts that nobody took.
func noPartsLeft(ctx context.Context) error {
	for name := range requestOf(ctx).body.parts {
		return invalid("body."+name, "the part %q belongs to nothing: want json, buffers, or buffers.N for the N-th task", name)
	}
	return nil
}

// describeParts adds to the description that a route takes buffers as parts.
func (s *server) describeParts() {
	for pattern := range takesParts {
		op := s.described(pattern)
		json := op.RequestBody.Content["application/json"].Schema
		buffers := &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, ContentEncoding: "binary"}}
		op.RequestBody.Content["multipart/form-data"] = &huma.MediaType{Schema: &huma.Schema{
			Type:       huma.TypeObject,
			Properties: map[string]*huma.Schema{"json": json, "buffers": buffers},
			Required:   []string{"json"},
		}}
	}
}
