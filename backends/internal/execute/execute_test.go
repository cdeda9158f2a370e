package execute_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// numbered are n documents {_id: i, n: i, tags: ["x", "y"], big: text}.
func numbered(n int, text string) []bson.Raw {
	var docs []bson.Raw
	for i := range n {
		docs = append(docs, encode(bson.D{
			{Key: "_id", Value: i}, {Key: "n", Value: i}, {Key: "tags", Value: bson.A{"x", "y"}}, {Key: "big", Value: text},
		}))
	}
	return docs
}

func ids(t *testing.T, docs []bson.Raw) []int32 {
	list := []int32{}
	for _, doc := range docs {
		id, ok := doc.Lookup("_id").Int32OK()
		require.True(t, ok)
		list = append(list, id)
	}
	return list
}

func TestDroppedDocumentsAreLeftOut(t *testing.T) {
	tests := map[string]struct{ filter, sort string }{
		"as they are":                   {`{}`, `{}`},
		"where the filter needs them":   {`{big: "text"}`, `{}`},
		"where the sort needs them":     {`{}`, `{big: 1, _id: 1}`},
		"where the index gives a head":  {`{}`, `{n: 1, big: 1}`},
		"where the index gives it all":  {`{}`, `{n: 1}`},
		"where an index has them twice": {`{tags: {$in: ["x", "y"]}}`, `{n: 1}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShelf(numbered(5, "text"))
			s.apart = "big"
			s.gone[0], s.gone[2] = true, true
			require.NoError(t, s.addIndex(index(t, `{n: 1}`)))
			require.NoError(t, s.addIndex(index(t, `{tags: 1}`)))
			r := request(t, test.filter, test.sort)
			docs, err := find(t.Context(), s, r)
			require.NoError(t, err)
			require.Equal(t, []int32{1, 3, 4}, ids(t, docs))
			r.Note = func([]byte) {}
			docs, err = find(t.Context(), s, r)
			require.NoError(t, err)
			require.Equal(t, []int32{1, 3, 4}, ids(t, docs))
			values, err := query.NewDistinct("big")
			require.NoError(t, err)
			require.NoError(t, execute.Distinct(t.Context(), s, r.Filter, values))
			require.Len(t, values.Values(), 1)
		})
	}
	t.Run("when a key is counted that is kept apart", func(t *testing.T) {
		s := newShelf(numbered(5, "text"))
		s.apart = "big"
		s.gone[2] = true
		n, err := execute.Count(t.Context(), s, request(t, `{big: "text"}`, `{}`))
		require.NoError(t, err)
		require.EqualValues(t, 4, n)
	})
}

func TestDocumentsAreTheCallers(t *testing.T) {
	for _, shown := range []bson.D{{}, {{Key: "n", Value: 1}}, {{Key: "big", Value: 0}}} {
		s := newShelf(numbered(3, "text"))
		r := request(t, `{}`, `{n: -1}`)
		var err error
		r.Projection, err = query.ParseProjection(encode(shown))
		require.NoError(t, err)
		docs, err := find(t.Context(), s, r)
		require.NoError(t, err)
		for _, doc := range docs {
			clear(doc)
		}
		require.Equal(t, numbered(3, "text"), s.docs)
	}
}

func TestWalksEndWithTheirReader(t *testing.T) {
	tests := map[string]struct {
		filter, sort string
		limit        int64
		walked       int
	}{
		"after the first without a sort":      {`{n: {$gte: 10}}`, `{}`, 0, 1},
		"after the first of an index's order": {`{}`, `{n: -1}`, 0, 1},
		"after the first run of an index":     {`{}`, `{n: 1, big: 1}`, 0, 2},
		"at the limit":                        {`{}`, `{n: -1}`, 1, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShelf(numbered(100, "text"))
			require.NoError(t, s.addIndex(index(t, `{n: 1}`)))
			r := request(t, test.filter, test.sort)
			r.Limit = test.limit
			for _, err := range execute.Find(t.Context(), s, r) {
				require.NoError(t, err)
				if test.limit == 0 {
					break
				}
			}
			require.Equal(t, test.walked, s.walked)
		})
	}
}

func TestCountsReadNoMoreThanTheyNeed(t *testing.T) {
	s := newShelf(numbered(100, "text"))
	require.NoError(t, s.addIndex(index(t, `{n: 1}`)))
	tests := map[string]struct {
		filter       string
		limit        int64
		want, walked int
	}{
		"an index knows":            {`{n: {$gte: 90}}`, 0, 10, 0},
		"all are known":             {`{}`, 0, 100, 0},
		"a difference of two known": {`{n: {$gte: 50, $ne: 60}}`, 0, 49, 0},
		"up to the limit":           {`{big: "text"}`, 5, 5, 5},
		"a contradiction":           {`{n: {$gt: 5, $lt: 5}}`, 0, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s.walked = 0
			r := request(t, test.filter, `{}`)
			r.Limit = test.limit
			n, err := execute.Count(t.Context(), s, r)
			require.NoError(t, err)
			require.EqualValues(t, test.want, n)
			require.Equal(t, test.walked, s.walked)
		})
	}
}

func TestSortsKeepKeysOnly(t *testing.T) {
	s := newShelf(numbered(22, strings.Repeat("x", 1<<20)))
	docs, err := find(t.Context(), s, request(t, `{}`, `{n: -1}`))
	require.NoError(t, err)
	require.Len(t, docs, 22)
	require.EqualValues(t, 21, ids(t, docs)[0])
	require.Equal(t, 22, s.fetched, "more than 4 MiB of documents are read again")

	s = newShelf(numbered(20, "text"))
	_, err = find(t.Context(), s, request(t, `{}`, `{n: -1}`))
	require.NoError(t, err)
	require.Zero(t, s.fetched, "few documents are kept")
}

func TestWindowsOfManyDocuments(t *testing.T) {
	s := newShelf(numbered(500, "text"))
	for sort, want := range map[string][]int32{
		`{n: 1}`:          {10, 11, 12, 13, 14},
		`{big: 1, n: -1}`: {489, 488, 487, 486, 485},
	} {
		r := request(t, `{}`, sort)
		r.Skip, r.Limit = 10, 5
		docs, err := find(t.Context(), s, r)
		require.NoError(t, err)
		require.Equal(t, want, ids(t, docs))
	}
}

func TestSortsAreBounded(t *testing.T) {
	s := newShelf(numbered(600, strings.Repeat("x", 120<<10)))
	r := request(t, `{}`, `{big: 1}`)
	_, err := find(t.Context(), s, r)
	var refused *query.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, query.CodeMemoryLimit, refused.Code)

	r.Limit = 1
	docs, err := find(t.Context(), s, r)
	require.NoError(t, err, "a limit does with less")
	require.Len(t, docs, 1)
}

func TestContextsEndWalks(t *testing.T) {
	s := newShelf(numbered(10, "text"))
	require.NoError(t, s.addIndex(index(t, `{n: 1}`)))
	for _, sort := range []string{`{}`, `{n: 1}`, `{big: 1}`, `{n: 1, big: 1}`} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		var last error
		for _, err := range execute.Find(ctx, s, request(t, `{}`, sort)) {
			n++
			last = err
			cancel()
		}
		require.ErrorIs(t, last, context.Canceled, sort)
		require.Equal(t, 2, n, "the first document, then the error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := execute.Count(ctx, s, request(t, `{big: 1}`, `{}`))
	require.ErrorIs(t, err, context.Canceled)
	_, err = execute.Explain(ctx, s, request(t, `{big: 1}`, `{}`))
	require.ErrorIs(t, err, context.Canceled)
	values, err := query.NewDistinct("n")
	require.NoError(t, err)
	require.ErrorIs(t, execute.Distinct(ctx, s, request(t, `{big: 1}`, `{}`).Filter, values), context.Canceled)
}

func TestExplanationsOfContradictions(t *testing.T) {
	s := newShelf(numbered(10, "text"))
	require.NoError(t, s.addIndex(index(t, `{n: 1}`)))
	for _, filter := range []string{`{n: {$gt: 5, $lt: 5}}`, `{big: {$in: []}}`, `{big: {$all: []}}`, `{$or: [{n: {$in: []}}]}`} {
		told, err := execute.Explain(t.Context(), s, request(t, filter, `{n: 1}`))
		require.NoError(t, err)
		require.Empty(t, told.Scans, filter)
		require.Zero(t, told.KeysExamined+told.RecordsExamined+told.Returned, filter)
		require.Zero(t, s.walked)
	}
}

func Example() {
	s := newShelf(numbered(1000, "text"))
	byN, _ := query.NewIndex("", encode(bson.D{{Key: "n", Value: 1}}))
	_ = s.addIndex(byN)
	all, _ := query.ParseProjection(encode(bson.D{}))
	newest, _ := query.ParseSort(encode(bson.D{{Key: "n", Value: -1}}))
	told, _ := execute.Explain(context.Background(), s, taskdb.Request{
		Filter: query.MustParse(`{n: {$gte: 500}}`), Sort: newest, Projection: all, Limit: 3,
	})
	fmt.Println(told.Scans[0].Index, told.Scans[0].Reverse, told.KeysExamined, told.Returned)
	// Output: n_1 true 3 3
}
