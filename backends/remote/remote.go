// Package remote is a store behind a hub: it asks the hub's HTTP API, which passes on
// what a store is asked, so that all that works on a store works through a hub.
// Import it for its URL schemes:
//
//	import _ "github.com/taskdb/taskdb/backends/remote"
//
//	db, err := taskdb.Open(ctx, "http://127.0.0.1:4417")
//
// The password of such a URL is the bearer token, as in http://:TOKEN@HOST:PORT; a URL
// that has none takes the token of the environment variable TASKDB_TOKEN. To read
// takes the role read. To write passes the hub's rules by, and takes the role operate.
//
// Records come and go byte for byte, as BSON. A scan is one answer, which the server
// sends as it is read. Writes are sent once: if the connection breaks before the
// answer is there, the error is taskdb.ErrUnreachable, and it is not known whether
// they were done.
package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/taskdb"
)

func init() {
	taskdb.Register("http", open)
	taskdb.Register("https", open)
}

// tokenVariable is the environment variable with the bearer token.
const tokenVariable = "TASKDB_TOKEN"

func open(_ context.Context, u *url.URL) (taskdb.Backend, error) {
	var options client.Options
	if u.User == nil {
		options.Token = os.Getenv(tokenVariable)
	}
	c, err := client.New(u.String(), options)
	if err != nil {
		return nil, err
	}
	return New(c), nil
}

// Store is a store behind a hub.
type Store struct {
	client *client.Client

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // that are under way
}

var (
	_ taskdb.Historian = (*Store)(nil)
	_ taskdb.Compacter = (*Store)(nil)
	_ taskdb.Aser      = (*Store)(nil)
)

// New returns the store behind the hub that a client asks.
func New(c *client.Client) *Store { return &Store{client: c} }

// As is taskdb.Aser's. It gives the *client.Client.
func (s *Store) As(_ string, target any) bool {
	c, ok := target.(**client.Client)
	if ok {
		*c = s.client
	}
	return ok
}

// Close is taskdb.Backend's. The store of the hub stays open.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.calls.Wait()
	return s.client.Close()
}

// begin begins a call, which is to be ended by calls.Done if there is no error.
func (s *Store) begin(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return taskdb.ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	}
	s.calls.Add(1)
	return nil
}

// at returns a call about a collection.
func at(method, collection, what string, query url.Values) client.Call {
	call := client.Call{
		Method: method,
		Path:   []string{"v1", "collections", collection, what},
		Query:  query,
		Header: http.Header{"Accept": {api.MediaBSON}},
		Again:  method == http.MethodGet,
	}
	if what == "" {
		call.Path = call.Path[:3]
	}
	return call
}

// asking returns a call that sends a document and changes nothing.
func asking(collection, what string, document any) (client.Call, error) {
	call, err := sending(collection, what, nil, document)
	call.Again = true
	return call, err
}

// sending returns a call that sends documents.
func sending(collection, what string, query url.Values, documents ...any) (client.Call, error) {
	call := at(http.MethodPost, collection, what, query)
	call.Header.Set("Content-Type", api.MediaBSON)
	call.Body = []byte{}
	for _, document := range documents {
		raw, err := bson.Marshal(document)
		if err != nil {
			return call, fmt.Errorf("write a request as BSON: %w", err)
		}
		call.Body = append(call.Body, raw...)
	}
	return call, nil
}

// do makes a call, and has read see what it answers, if there is to be anything.
func (s *Store) do(ctx context.Context, call client.Call, read func(*bufio.Reader) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.calls.Done()
	response, err := s.client.Do(ctx, call)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if read == nil {
		return nil
	}
	return cut(ctx, read(bufio.NewReader(response.Body)))
}

// answer makes a call that answers one document.
func (s *Store) answer(ctx context.Context, call client.Call, answer any) error {
	return s.do(ctx, call, func(r *bufio.Reader) error { return next(r, answer) })
}

// next reads the next document of an answer. At its end the error is io.EOF.
func next(r io.Reader, value any) error {
	doc, err := bson.ReadDocument(r)
	if err != nil {
		return err
	}
	return bson.Unmarshal(doc, value)
}

// cut is the error of an answer that could not be read to its end.
func cut(ctx context.Context, err error) error {
	var refused *client.Error
	switch {
	case err == nil, errors.As(err, &refused):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("%w: read its answer: %w", taskdb.ErrUnreachable, err)
}

// list makes a call and yields the documents that it answers. It ends with the first
// error.
func (s *Store) list(ctx context.Context, call client.Call) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		if err := s.open(ctx); err != nil {
			yield(nil, err)
			return
		}
		for doc, err := range s.client.Stream(ctx, call) {
			if closed := s.open(ctx); closed != nil {
				doc, err = nil, closed
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// open fails if the store is closed, or the context has ended.
func (s *Store) open(ctx context.Context) error {
	err := s.begin(ctx)
	if err == nil {
		s.calls.Done()
	}
	return err
}

// problem returns the error of a problem that came within an answer; of none it is
// nil.
func problem(text string) error {
	if text == "" {
		return nil
	}
	told := new(api.Problem)
	if err := json.Unmarshal([]byte(text), told); err != nil {
		return fmt.Errorf("%w: read a problem: %w", taskdb.ErrUnreachable, err)
	}
	return client.ErrorOf(told)
}
