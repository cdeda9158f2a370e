package remote

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Get is taskdb.Backend's.
func (s *Store) Get(ctx context.Context, collection, msgID string) (doc bson.Raw, err error) {
	call := at(http.MethodGet, collection, "record", url.Values{"msg_id": {msgID}})
	err = s.answer(ctx, call, &doc)
	return doc, err
}

// requestOf is a request as it is sent.
func requestOf(r taskdb.Request) api.Request {
	return api.Request{
		Filter: r.Filter.Source(), Projection: r.Projection.Source(), Sort: r.Sort.Source(),
		Skip: r.Skip, Limit: r.Limit, After: r.After, Places: r.Note != nil,
	}
}

// Find is taskdb.Backend's.
func (s *Store) Find(ctx context.Context, collection string, r taskdb.Request) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		call, err := asking(collection, "find", requestOf(r))
		if err != nil {
			yield(nil, err)
			return
		}
		for doc, err := range s.list(ctx, call) {
			if err == nil && r.Note != nil {
				doc, err = placed(doc, r.Note)
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// placed tells the place of a document that came with it, and returns the document.
func placed(answer bson.Raw, tell func(place []byte)) (bson.Raw, error) {
	var told api.Placed
	if err := bson.Unmarshal(answer, &told); err != nil {
		return nil, err
	}
	tell(told.Place)
	return told.Doc, nil
}

// Count is taskdb.Backend's.
func (s *Store) Count(ctx context.Context, collection string, r taskdb.Request) (int64, error) {
	call, err := asking(collection, "count", requestOf(r))
	if err != nil {
		return 0, err
	}
	var counted api.Count
	err = s.answer(ctx, call, &counted)
	return counted.Count, err
}

// Distinct is taskdb.Backend's.
func (s *Store) Distinct(ctx context.Context, collection string, filter *query.Filter, values *query.Distinct) error {
	call, err := asking(collection, "distinct", api.Request{Filter: filter.Source(), Path: values.Path()})
	if err != nil {
		return err
	}
	for answer, err := range s.list(ctx, call) {
		if err == nil {
			err = values.AddValue(answer.Lookup("value"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Explain is taskdb.Backend's.
func (s *Store) Explain(ctx context.Context, collection string, r taskdb.Request) (*taskdb.Explanation, error) {
	call, err := asking(collection, "explain", requestOf(r))
	if err != nil {
		return nil, err
	}
	var told api.Explanation
	if err := s.answer(ctx, call, &told); err != nil {
		return nil, err
	}
	explanation := &taskdb.Explanation{
		Exact: told.Exact, SortedInMemory: told.SortedInMemory,
		KeysExamined: told.KeysExamined, RecordsExamined: told.RecordsExamined, Returned: told.Returned,
	}
	for _, scan := range told.Scans {
		explanation.Scans = append(explanation.Scans, taskdb.ScanExplanation(scan))
	}
	return explanation, nil
}

// History is taskdb.Historian's. The hub's store knows it, or finds it out.
func (s *Store) History(ctx context.Context, collection string) (ids iter.Seq2[string, error], ok bool, err error) {
	return func(yield func(string, error) bool) {
		for answer, err := range s.list(ctx, at(http.MethodGet, collection, "history", nil)) {
			id, _ := answer.Lookup("msg_id").StringValueOK()
			if !yield(id, err) || err != nil {
				return
			}
		}
	}, true, nil
}
