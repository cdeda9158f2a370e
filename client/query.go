package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// queryOf is a query as it is sent, after it was checked.
func queryOf(q taskdb.Query) (api.Query, error) {
	sent := api.Query{Keys: q.Keys, Skip: q.Skip, Limit: q.Limit}
	filter, err := query.Parse(q.Filter)
	if err != nil {
		return sent, err
	}
	sent.Filter.Text = filter.String()
	if q.Sort != nil {
		sort, err := query.ParseSortValue(q.Sort)
		if err != nil {
			return sent, err
		}
		sent.Sort.Text = sort.String()
	}
	if q.Projection != nil {
		projection, err := query.ParseProjectionValue(q.Projection)
		if err != nil {
			return sent, err
		}
		sent.Projection.Text = projection.String()
	}
	return sent, nil
}

// DBQuery yields the records that a query selects, as they come. Without a sort they
// come by submitted, then msg_id. It ends with the first error.
func (c *Client) DBQuery(ctx context.Context, q taskdb.Query) iter.Seq2[*taskdb.TaskRecord, error] {
	return taskdb.Records(c.DBQueryRaw(ctx, q))
}

// DBQueryRaw is DBQuery for documents as they are stored. A query for which the
// server would have to look at too many records at once comes in several answers.
func (c *Client) DBQueryRaw(ctx context.Context, q taskdb.Query) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		sent, err := queryOf(q)
		for err == nil {
			var end *api.End
			end, err = c.streamQuery(ctx, sent, yield)
			if err == nil && (end == nil || end.Next == "" || sent.Limit > 0 && end.Count >= sent.Limit) {
				return
			}
			if err == nil {
				sent.Page, sent.Skip = end.Next, 0
				sent.Limit = max(0, sent.Limit-end.Count)
			}
		}
		yield(nil, wrap("query", err))
	}
}

func (c *Client) streamQuery(ctx context.Context, q api.Query, yield func(bson.Raw, error) bool) (*api.End, error) {
	return c.list(ctx, Call{Method: http.MethodPost, Path: []string{"v1", "tasks", "query"}, Again: true}, q, yield)
}

// Pages yields the pages of a query's answer, each of q.Limit records, 100 if that is
// 0. Between two of them nothing is held: a page's Next is the token with which
// PagesFrom goes on, whenever that is.
func (c *Client) Pages(ctx context.Context, q taskdb.Query) iter.Seq2[taskdb.Page, error] {
	return c.PagesFrom(ctx, q, "")
}

// PagesFrom is Pages from a token on. One that belongs to another query is
// taskdb.ErrToken.
func (c *Client) PagesFrom(ctx context.Context, q taskdb.Query, token string) iter.Seq2[taskdb.Page, error] {
	return func(yield func(taskdb.Page, error) bool) {
		sent, err := queryOf(q)
		for sent.Page = token; err == nil; {
			var answer api.Page
			if answer, err = c.page(ctx, sent); err != nil {
				break
			}
			page := taskdb.Page{Next: answer.Next}
			for _, doc := range answer.Records {
				page.Docs = append(page.Docs, bson.Raw(doc))
			}
			if !yield(page, nil) || answer.Next == "" {
				return
			}
			sent.Page = answer.Next
		}
		yield(taskdb.Page{}, wrap("query", err))
	}
}

func (c *Client) page(ctx context.Context, q api.Query) (page api.Page, err error) {
	err = c.json(ctx, Call{Method: http.MethodPost, Path: []string{"v1", "tasks", "query"}, Again: true}, q, &page)
	return page, err
}

// Count returns how many records a query selects, within its skip and limit.
func (c *Client) Count(ctx context.Context, q taskdb.Query) (int64, error) {
	var answer api.Count
	sent, err := queryOf(q)
	if err == nil {
		err = c.json(ctx, Call{Method: http.MethodPost, Path: []string{"v1", "tasks", "count"}, Again: true}, sent, &answer)
	}
	if err != nil {
		return 0, wrap("count", err)
	}
	return answer.Count, nil
}

// Distinct returns the distinct values that a path has in the records that a filter
// selects, nil for all.
func (c *Client) Distinct(ctx context.Context, path string, filter any) ([]bson.RawValue, error) {
	var answer api.Values
	sent, err := queryOf(taskdb.Query{Filter: filter})
	if err == nil {
		call := Call{Method: http.MethodPost, Path: []string{"v1", "tasks", "distinct"}, Again: true}
		err = c.json(ctx, call, api.Distinct{Path: path, Filter: sent.Filter}, &answer)
	}
	if err != nil {
		return nil, wrap(fmt.Sprintf("distinct %q", path), err)
	}
	values := make([]bson.RawValue, len(answer.Values))
	for i, doc := range answer.Values {
		values[i] = bson.Raw(doc).Lookup("value")
	}
	return values, nil
}

// History yields the msg_ids of all tasks, by the time at which they were submitted.
func (c *Client) History(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for doc, err := range c.Stream(ctx, Call{Method: http.MethodGet, Path: []string{"v1", "history"}, Again: true}) {
			if err != nil {
				yield("", wrap("history", err))
				return
			}
			if msgID, _ := doc.Lookup("msg_id").StringValueOK(); !yield(msgID, nil) {
				return
			}
		}
	}
}

// Lookup returns the msg_id of the one task whose msg_id begins with a prefix. If
// there is none the error is taskdb.ErrNotFound; if there are several, ErrAmbiguous.
func (c *Client) Lookup(ctx context.Context, prefix string) (string, error) {
	var answer api.Lookup
	if err := c.get(ctx, []string{"v1", "lookup"}, url.Values{"prefix": {prefix}}, &answer); err != nil {
		return "", wrap(fmt.Sprintf("look up %q", prefix), err)
	}
	return answer.MsgID, nil
}

// Chain returns the resubmissions that a task is part of, the oldest first.
func (c *Client) Chain(ctx context.Context, msgID string) ([]string, error) {
	var answer api.Chain
	if err := c.get(ctx, []string{"v1", "tasks", msgID, "chain"}, nil, &answer); err != nil {
		return nil, wrap(fmt.Sprintf("chain of %q", msgID), err)
	}
	return answer.MsgIDs, nil
}
