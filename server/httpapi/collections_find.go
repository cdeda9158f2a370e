package httpapi

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/taskdb"
)

// asked reads a request about a collection: what it asks for of what the user may
// see.
func (s *server) asked(r *http.Request) (backend taskdb.Backend, collection string, sent api.Request, request taskdb.Request, err error) {
	backend, collection, err = s.backend(r)
	if err == nil {
		err = receive(r, &sent)
	}
	if err == nil {
		request, err = checked(sent)
	}
	if err == nil {
		request.Filter, err = s.ownFilter(r.Context(), collection, request.Filter)
	}
	return backend, collection, sent, request, err
}

// checked checks a request.
func checked(sent api.Request) (request taskdb.Request, err error) {
	if request.Filter, err = query.ParseFilter(orEmpty(sent.Filter)); err != nil {
		return request, err
	}
	if request.Projection, err = query.ParseProjection(orEmpty(sent.Projection)); err != nil {
		return request, err
	}
	if request.Sort, err = query.ParseSort(orEmpty(sent.Sort)); err != nil {
		return request, err
	}
	if sent.Skip < 0 || sent.Limit < 0 {
		return request, invalid("body", "skip and limit must not be negative")
	}
	request.Skip, request.Limit, request.After = sent.Skip, sent.Limit, sent.After
	return request, nil
}

func (s *server) getDocument(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.backend(r)
	msgID := r.URL.Query().Get("msg_id")
	if err == nil {
		err = s.mayRead(r.Context(), collection, msgID)
	}
	if err != nil {
		return err
	}
	doc, err := backend.Get(r.Context(), collection, msgID)
	if err != nil {
		return err
	}
	return inBSON(w, r, doc)
}

func (s *server) findDocuments(w http.ResponseWriter, r *http.Request) error {
	backend, collection, sent, request, err := s.asked(r)
	if err != nil {
		return err
	}
	ctx := s.budgeted(r.Context())
	if !sent.Places {
		return s.sendList(w, r, backend.Find(ctx, collection, request))
	}
	var place []byte
	request.Note = func(at []byte) { place = append(place[:0], at...) }
	return s.sendList(w, r, each(backend.Find(ctx, collection, request), func(doc bson.Raw) any {
		return api.Placed{Place: place, Doc: doc}
	}))
}

// budgeted is the context of a query, which may look at so many records as the limits
// say unless its user may operate.
func (s *server) budgeted(ctx context.Context) context.Context {
	if userOf(ctx).May(access.Operate) {
		return ctx
	}
	return taskdb.WithBudget(ctx, s.limits.Examined)
}

// each makes a document of each thing in a list.
func each[T any](list iter.Seq2[T, error], document func(T) any) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		for thing, err := range list {
			var doc bson.Raw
			if err == nil {
				doc, err = bson.Marshal(document(thing))
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

func (s *server) countDocuments(w http.ResponseWriter, r *http.Request) error {
	backend, collection, _, request, err := s.asked(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.budgeted(r.Context()), s.limits.Time)
	defer cancel()
	n, err := backend.Count(ctx, collection, request)
	if err != nil {
		return err
	}
	return inBSON(w, r, api.Count{Count: n})
}

func (s *server) distinctValues(w http.ResponseWriter, r *http.Request) error {
	backend, collection, sent, request, err := s.asked(r)
	if err != nil {
		return err
	}
	values, err := query.NewDistinct(sent.Path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.budgeted(r.Context()), s.limits.Time)
	defer cancel()
	if err := backend.Distinct(ctx, collection, request.Filter, values); err != nil {
		return err
	}
	return s.sendList(w, r, func(yield func(bson.Raw, error) bool) {
		for _, value := range values.Values() {
			doc, err := bson.Marshal(api.Value{Value: value})
			if !yield(doc, err) {
				return
			}
		}
	})
}

func (s *server) explainRequest(w http.ResponseWriter, r *http.Request) error {
	if err := unbound(r.Context()); err != nil { // it counts what was looked at of all records
		return err
	}
	backend, collection, _, request, err := s.asked(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.budgeted(r.Context()), s.limits.Time)
	defer cancel()
	told, err := backend.Explain(ctx, collection, request)
	if err != nil {
		return err
	}
	answer := api.Explanation{
		Scans: []api.Scan{}, Exact: told.Exact, SortedInMemory: told.SortedInMemory,
		KeysExamined: told.KeysExamined, RecordsExamined: told.RecordsExamined, Returned: told.Returned,
	}
	for _, scan := range told.Scans {
		answer.Scans = append(answer.Scans, api.Scan(scan))
	}
	return inBSON(w, r, answer)
}

func (s *server) collectionHistory(w http.ResponseWriter, r *http.Request) error {
	_, collection, err := s.backend(r)
	if err == nil && collection != s.db.Collection() {
		err = unbound(r.Context())
	}
	if err != nil {
		return err
	}
	if _, is := bound(r.Context()); is {
		return s.sendList(w, r, named(s.ownHistory(r.Context())))
	}
	return s.sendList(w, r, func(yield func(bson.Raw, error) bool) {
		for doc, err := range named(s.db.In(collection).History(r.Context())) {
			if err != nil {
				err = errors.Unwrap(err) // who asks says himself what it is an error of
			}
			if !yield(doc, err) {
				return
			}
		}
	})
}

func (s *server) readBuffer(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.backend(r)
	asked := r.URL.Query()
	if err == nil {
		err = s.mayRead(r.Context(), collection, asked.Get("msg_id"))
	}
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(asked.Get("n"))
	if err != nil {
		return invalid("query.n", "%q is no number of a buffer", asked.Get("n"))
	}
	buffer, err := backend.OpenBuffer(r.Context(), collection, asked.Get("msg_id"), asked.Get("key"), n)
	if err != nil {
		return err
	}
	defer buffer.Close()
	if err := wait(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, buffer)
	return nil
}

// pagerPatience is how long is waited for who reads a list: it may be a person, behind
// a pager.
const pagerPatience = time.Hour

// sendList answers with documents as they are found.
func (s *server) sendList(w http.ResponseWriter, r *http.Request, docs iter.Seq2[bson.Raw, error]) error {
	if err := wait(r.Context()); err != nil {
		return err
	}
	requestOf(r.Context()).patience = pagerPatience
	s.send(newLines(w, listForm(r), pieceSize), r, s.holding(r.Context(), docs), func() string { return "" })
	return nil
}
