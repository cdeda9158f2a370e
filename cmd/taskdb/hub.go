package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

// askHub opens the store for reading, does something with its hub, and closes it.
func (f *storeFlags) askHub(ctx context.Context, p *program, do func(c *client.Client) error) error {
	return f.read(ctx, p, func(db *taskdb.DB) error { return f.withHub(ctx, db, do) })
}

// changeHub is askHub for what changes what is there already.
func (f *storeFlags) changeHub(ctx context.Context, p *program, do func(c *client.Client) error) error {
	return f.change(ctx, p, func(db *taskdb.DB) error { return f.withHub(ctx, db, do) })
}

// withHub does something with the hub of a store: that which the store is behind, or
// else one in this process.
func (f *storeFlags) withHub(ctx context.Context, db *taskdb.DB, do func(c *client.Client) error) error {
	c, isBehind := clientOf(db)
	if isBehind {
		if err := f.checkHub(ctx, c); err != nil {
			return err
		}
		return do(c)
	}
	h, err := hub.Open(ctx, db, hub.Options{})
	if err != nil {
		return err
	}
	if c, err = localClient(h, db); err != nil {
		return err
	}
	return do(c)
}

// clientOf returns the client of the hub that a store is behind, if it is behind one.
func clientOf(db *taskdb.DB) (c *client.Client, isBehind bool) {
	isBehind = db.As(&c)
	return c, isBehind
}

// checkHub refuses a collection that is not the one of the hub's tasks.
func (f *storeFlags) checkHub(ctx context.Context, c *client.Client) error {
	tasks, err := tasksOf(ctx, c)
	if err == nil && tasks != f.collection {
		err = usage("name it: --collection "+tasks, "the hub has the tasks of the collection %s, and not of %s", tasks, f.collection)
	}
	return err
}

// localClient is a client of a hub in this process: the commands that are about tasks
// ask every hub in one way.
func localClient(h *hub.Hub, db *taskdb.DB) (*client.Client, error) {
	const long = 24 * time.Hour // the user may end it
	handler, err := httpapi.New(h, db, httpapi.Options{Limits: httpapi.Limits{Time: long, Examined: math.MaxInt64}})
	if err != nil {
		return nil, err
	}
	return client.New("http://localhost", client.Options{HTTPClient: &http.Client{Transport: inProcess{handler}}, Attempts: 1})
}

// inProcess is a round trip to a handler in this process. An answer is in memory
// whole, which those about tasks can be.
type inProcess struct{ handler http.Handler }

// RoundTrip is http.RoundTripper's.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := r.Clone(r.Context())
	asked.Host, asked.RequestURI = r.URL.Host, r.URL.RequestURI()
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	answer := &inMemory{header: http.Header{}, status: http.StatusOK}
	t.handler.ServeHTTP(answer, asked)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: answer.status, Status: http.StatusText(answer.status), Header: answer.header,
		Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// inMemory is an answer in memory.
type inMemory struct {
	header http.Header
	status int
	begun  bool
	body   bytes.Buffer
}

// Header is http.ResponseWriter's.
func (a *inMemory) Header() http.Header { return a.header }

// WriteHeader is http.ResponseWriter's.
func (a *inMemory) WriteHeader(status int) {
	if !a.begun {
		a.status, a.begun = status, true
	}
}

// Write is http.ResponseWriter's.
func (a *inMemory) Write(piece []byte) (int, error) {
	a.begun = true
	return a.body.Write(piece)
}

// answered tells what became of the tasks of a call, and returns the errors of those
// of which it was refused.
func answered(answers []client.Answer) (done int, err error) {
	var errs []error
	for _, answer := range answers {
		if answer.Err == nil {
			done++
		}
		errs = append(errs, answer.Err)
	}
	return done, errors.Join(errs...)
}

// tasksOf returns the full name of the collection of a hub's tasks.
func tasksOf(ctx context.Context, c *client.Client) (string, error) {
	collections, err := c.Collections(ctx)
	return collections.Tasks, err
}

// choiceOf is the choice of tasks that a filter selects.
func choiceOf(selected selection) api.Choice {
	return api.Choice{Filter: api.Expression{Text: selected.filter.String()}, All: selected.filter.MatchesAll()}
}
