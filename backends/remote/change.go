package remote

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Add is taskdb.Backend's.
func (s *Store) Add(ctx context.Context, collection string, docs []bson.Raw) error {
	call := at(http.MethodPost, collection, "add", nil)
	call.Header.Set("Content-Type", api.MediaBSON)
	for _, doc := range docs {
		call.Body = append(call.Body, doc...)
	}
	return s.do(ctx, call, nil)
}

// Write is taskdb.Backend's.
func (s *Store) Write(ctx context.Context, collection string, changes []taskdb.Change, ordered bool) ([]taskdb.Outcome, error) {
	documents := make([]any, len(changes))
	for i, c := range changes {
		documents[i] = changeOf(c)
	}
	call, err := sending(collection, "write", url.Values{"ordered": {strconv.FormatBool(ordered)}}, documents...)
	if err != nil {
		return nil, err
	}
	outcomes := make([]taskdb.Outcome, 0, len(changes))
	err = s.do(ctx, call, func(r *bufio.Reader) error {
		for range changes {
			var told api.Outcome
			if err := next(r, &told); err != nil {
				return unexpected(err)
			}
			outcomes = append(outcomes, taskdb.Outcome{
				Matched: told.Matched, Modified: told.Modified, UpsertedID: told.UpsertedID,
				Doc: told.Doc, Err: problem(told.Problem),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return outcomes, nil
}

// unexpected is the error of an answer that ends too soon.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// changeOf is a change as it is sent.
func changeOf(c taskdb.Change) api.Change {
	if c.Kind == taskdb.InsertDocument {
		return api.Change{Kind: api.ChangeInsert, Doc: c.Doc}
	}
	sent := api.Change{Kind: api.ChangeDelete, Filter: c.Filter.Source(), Sort: c.Sort.Source(), Many: c.Many}
	if c.Kind == taskdb.UpdateDocuments {
		sent.Kind, sent.Upsert = api.ChangeUpdate, c.Upsert
		sent.Update, sent.ArrayFilters = updateOf(c.Update), c.Update.ArrayFilters()
	}
	switch c.Return {
	case taskdb.ReturnBefore:
		sent.Return, sent.Projection = api.ReturnBefore, c.Projection.Source()
	case taskdb.ReturnAfter:
		sent.Return, sent.Projection = api.ReturnAfter, c.Projection.Source()
	}
	return sent
}

// updateOf is an update as it is sent.
func updateOf(u *query.Update) bson.RawValue {
	if u.IsPipeline() {
		return bson.RawValue{Type: bson.TypeArray, Value: u.Source()}
	}
	return bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: u.Source()}
}

// Append is taskdb.Backend's.
func (s *Store) Append(ctx context.Context, collection, msgID, key string, tail bson.RawValue) error {
	call, err := sending(collection, "append", url.Values{"msg_id": {msgID}, "key": {key}}, api.Tail{Tail: tail})
	if err != nil {
		return err
	}
	return s.do(ctx, call, nil)
}

// PutBuffer is taskdb.Backend's.
func (s *Store) PutBuffer(ctx context.Context, collection, msgID, key string, r io.Reader) error {
	call := at(http.MethodPost, collection, "buffer", url.Values{"msg_id": {msgID}, "key": {key}})
	call.Header.Set("Content-Type", "application/octet-stream")
	watched := &watchedReader{Reader: r}
	call.Stream = watched
	err := s.do(ctx, call, nil)
	if err != nil && watched.err != nil && ctx.Err() == nil {
		return fmt.Errorf("read the buffer: %w", watched.err)
	}
	return err
}

// watchedReader keeps the error of a reader, which the server cannot tell.
type watchedReader struct {
	io.Reader
	err error
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
