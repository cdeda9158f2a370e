package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// ndjson is api.MediaJSONLines by its older name.
const ndjson = "application/x-ndjson"

// wanted is the form that a request asks a list in: "" is a page.
func wanted(r *http.Request) string {
	for kind := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		kind, _, _ = mime.ParseMediaType(kind)
		switch kind {
		case api.MediaJSONLines, ndjson, api.MediaBSON:
			return kind
		case "application/json":
			return ""
		}
	}
	return ""
}

// raw is an answer that a function writes, with the request at hand.
func (s *server) raw(write func(w http.ResponseWriter, r *http.Request)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		write(w, r)
	}}
}

// inJSON writes a value.
func inJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // it fails if the client is gone
}

// listed describes an answer that is a page or a stream.
func listed[T any](s *server, op huma.Operation) huma.Operation {
	page := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "An object or, as Accept has it, a stream, whose last line has the key $end.",
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: page}, api.MediaJSONLines: {}, ndjson: {}, api.MediaBSON: {},
		},
	}}
	return op
}

// errBroken says that what was to be sent could not be.
var errBroken = errors.New("the client is gone")

// lines are a stream of a list.
type lines struct {
	to    *bufio.Writer
	w     http.ResponseWriter
	form  string
	count int64
	began bool
}

// newLines begins a stream, of which so many bytes are sent at a time.
func newLines(w http.ResponseWriter, form string, size int) *lines {
	return &lines{to: bufio.NewWriterSize(w, size), w: w, form: form}
}

// line writes one.
func (l *lines) line(doc bson.Raw) error {
	if !l.began {
		l.began = true
		l.w.Header().Set("Content-Type", l.form)
		l.w.Header().Set("Cache-Control", "no-store")
	}
	text, err := appendDocument(l.to.AvailableBuffer(), doc, l.form)
	if err != nil {
		return err
	}
	if _, err := l.to.Write(text); err != nil {
		return errors.Join(errBroken, err)
	}
	l.count++
	return nil
}

// appendDocument writes a document as BSON, or as a line of relaxed extended JSON.
func appendDocument(to []byte, doc bson.Raw, form string) ([]byte, error) {
	if form == api.MediaBSON {
		return append(to, doc...), nil
	}
	text, err := bson.MarshalExtJSON(doc, false, false)
	return append(append(to, text...), '\n'), err
}

// end writes the last line. If that tells a problem, the connection is broken off
// behind it: nobody is to take the answer for whole.
func (l *lines) end(end api.End) {
	end.Count = l.count
	err := l.line(oneKey("$end", endDocument(end)))
	if err = errors.Join(err, l.to.Flush()); err == nil && end.Problem == nil {
		return
	}
	_ = flush(l.w) // it is broken off anyway
	panic(http.ErrAbortHandler)
}

// oneKey is a document that has another under a key.
func oneKey(key string, value bson.Raw) bson.Raw {
	return bson.Raw(bsoncore.NewDocumentBuilder().AppendDocument(key, bsoncore.Document(value)).Build())
}

// endDocument is how a stream ended, as a document.
func endDocument(end api.End) bson.Raw {
	doc := bsoncore.NewDocumentBuilder().AppendInt64("count", end.Count)
	if end.Next != "" {
		doc.AppendString("next", end.Next)
	}
	if end.Problem != nil {
		doc.AppendDocument("problem", bsoncore.Document(documentOf(end.Problem)))
	}
	return bson.Raw(doc.Build())
}

// documentOf is what JSON has of a value that is made of texts and numbers, as a
// document.
func documentOf(value any) bson.Raw {
	var doc bson.Raw
	text, err := json.Marshal(value)
	if err == nil {
		err = bson.UnmarshalExtJSON(text, false, &doc)
	}
	if err != nil {
		panic(err)
	}
	return doc
}

// stream sends what a query finds as it is read. It has no limit of time, but what it
// looks at for each record is bounded.
func (s *server) stream(q taskdb.Query, token, form string) *huma.StreamResponse {
	return s.raw(func(w http.ResponseWriter, r *http.Request) {
		ctx := taskdb.WithBudget(r.Context(), s.limits.Examined)
		cursor, err := s.db.Cursor(q, token)
		if err == nil {
			err = wait(ctx)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.send(newLines(w, form, pieceSize), r, s.holding(ctx, cursor.Docs(ctx)), cursor.Next)
	})
}

// send sends documents, and at last where they go on.
func (s *server) send(l *lines, r *http.Request, docs iter.Seq2[bson.Raw, error], next func() string) {
	for doc, err := range docs {
		if err == nil {
			err = l.line(doc)
		}
		switch {
		case err == nil:
		case errors.Is(err, errBroken) || r.Context().Err() != nil:
			requestOf(r.Context()).err = errors.Join(err, context.Cause(r.Context()))
			panic(http.ErrAbortHandler)
		case !l.began:
			s.fail(l.w, r, err)
			return
		case errors.Is(err, taskdb.ErrBudget) && next() != "":
			l.end(api.End{Next: next()})
			return
		default:
			requestOf(r.Context()).err = err
			l.end(api.End{Next: next(), Problem: &problemOf(err).of(r.Context()).Problem})
		}
	}
	l.end(api.End{Next: next()})
}

// endSize is how many bytes the last line of a stream has, about.
const endSize = 128

// list is an answer that is one object in JSON, or a stream of documents in the form
// that the request asks for.
func (s *server) list(ctx context.Context, answer any, docs func() []bson.Raw) *huma.StreamResponse {
	form := requestOf(ctx).form
	return s.raw(func(w http.ResponseWriter, r *http.Request) {
		if form == "" {
			inJSON(w, answer)
			return
		}
		all, size := docs(), endSize
		for _, doc := range all {
			size += len(doc)
		}
		each := func(yield func(bson.Raw, error) bool) {
			for _, doc := range all {
				if !yield(doc, nil) {
					return
				}
			}
		}
		s.send(newLines(w, form, min(size, pieceSize)), r, each, func() string { return "" })
	})
}
