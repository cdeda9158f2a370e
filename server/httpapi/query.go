package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// queries registers the routes of queries.
func (s *server) queries() {
	register(s, listed[api.Page](s, operation("query", "POST /v1/tasks/query", "The tasks that a query selects")), s.query)
	register(s, listed[api.Page](s, operation("query-url", "GET /v1/tasks", "The tasks that a query in the URL selects")), s.queryURL)
	register(s, operation("count", "POST /v1/tasks/count", "How many tasks a query selects"), s.count)
	register(s, operation("distinct", "POST /v1/tasks/distinct", "The distinct values under a path"), s.distinct)
}

// standardPage is how many records a page has that does not say, and maxPage how many
// it may have. One that has maxPageBytes of BSON ends there.
const (
	standardPage = 100
	maxPage      = 10_000
	maxPageBytes = 32 << 20
)

// storeQuery is a query as the store takes it, of the records that the user may see.
func storeQuery(ctx context.Context, q api.Query) (taskdb.Query, error) {
	filter, err := within(ctx, q.Filter, q.State)
	if err != nil {
		return taskdb.Query{}, err
	}
	sort := q.Sort.Value()
	if sort == nil {
		sort = bson.D{{Key: "submitted", Value: 1}, {Key: "msg_id", Value: 1}}
	}
	return taskdb.Query{
		Filter: filter, Keys: q.Keys, Projection: q.Projection.Value(), Sort: sort, Skip: q.Skip, Limit: q.Limit,
	}, nil
}

type queryRequest struct{ Body api.Query }

func (s *server) query(ctx context.Context, in *queryRequest) (*huma.StreamResponse, error) {
	q, err := storeQuery(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	if form := requestOf(ctx).form; form != "" {
		return s.stream(q, in.Body.Page, form), nil
	}
	if q.Limit == 0 {
		q.Limit = standardPage
	}
	q.Limit = min(q.Limit, maxPage)
	answer, err := s.page(ctx, q, in.Body.Page)
	if err != nil {
		return nil, err
	}
	return s.raw(func(w http.ResponseWriter, _ *http.Request) { inJSON(w, answer) }), nil
}

// page reads the page of a query that a token begins.
func (s *server) page(ctx context.Context, q taskdb.Query, token string) (api.Page, error) {
	cursor, err := s.db.Cursor(q, token)
	if err != nil {
		return api.Page{}, err
	}
	page, size := api.Page{Records: []api.Document{}}, 0
	for doc, err := range cursor.Docs(ctx) {
		if err != nil {
			return api.Page{}, err
		}
		if err := holdAnswer(ctx, len(doc)); err != nil {
			return api.Page{}, err
		}
		page.Records = append(page.Records, api.Document(doc))
		if size += len(doc); size >= maxPageBytes {
			break
		}
	}
	page.Next = cursor.Next()
	return page, nil
}

// urlQuery is a query in the URL.
type urlQuery struct {
	Filter     string   `query:"filter" doc:"MongoDB's filter, as text."`
	State      string   `query:"state" enum:"incomplete,pending,running,finished,ok,failed,aborted"`
	Keys       []string `query:"keys" doc:"The top-level keys to show."`
	Projection string   `query:"projection"`
	Sort       string   `query:"sort"`
	Skip       int64    `query:"skip" minimum:"0"`
	Limit      int64    `query:"limit" minimum:"0"`
	Page       string   `query:"page" doc:"The token of a page."`
}

func (s *server) queryURL(ctx context.Context, in *urlQuery) (*huma.StreamResponse, error) {
	return s.query(ctx, &queryRequest{api.Query{
		Filter: api.Expression{Text: in.Filter}, State: in.State, Keys: in.Keys,
		Projection: api.Expression{Text: in.Projection}, Sort: api.Expression{Text: in.Sort},
		Skip: in.Skip, Limit: in.Limit, Page: in.Page,
	}})
}

func (s *server) count(ctx context.Context, in *queryRequest) (*body[api.Count], error) {
	q, err := storeQuery(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	q.Sort = nil
	n, err := s.db.Count(ctx, q)
	return bodyOf(api.Count{Count: n}), err
}

type distinctRequest struct{ Body api.Distinct }

func (s *server) distinct(ctx context.Context, in *distinctRequest) (*body[api.Values], error) {
	filter, err := within(ctx, in.Body.Filter, "")
	if err != nil {
		return nil, err
	}
	values, err := s.db.Distinct(ctx, in.Body.Path, filter)
	if err != nil {
		return nil, err
	}
	answer := api.Values{Values: make([]api.Document, len(values))}
	for i, value := range values {
		doc, err := bson.Marshal(bson.D{{Key: "value", Value: value}})
		if err != nil {
			return nil, err
		}
		if err := holdAnswer(ctx, len(doc)); err != nil {
			return nil, err
		}
		answer.Values[i] = api.Document(doc)
	}
	return bodyOf(answer), nil
}
