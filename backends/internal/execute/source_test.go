package execute_test

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// shelf is the plainest Source: documents in the order of their ids, and each
// index a sorted list of keys.
type shelf struct {
	docs    []bson.Raw // by id
	indexes []*query.Index
	entries map[string][]entry // of each index, by its name

	apart   string         // a top-level key that is kept apart from the documents
	gone    map[int64]bool // documents that are no longer there when they are asked for
	odd     map[int64]bool // documents that every walk yields, to be checked
	filters bool           // Count, and Walk without docs, ask the rest of a filter
	walked  int            // how many entries walks have yielded
	fetched int            // how many documents were fetched again
}

type entry struct {
	key []byte
	id  int64
}

func newShelf(docs []bson.Raw) *shelf {
	return &shelf{docs: docs, entries: map[string][]entry{}, gone: map[int64]bool{}, odd: map[int64]bool{}}
}

// addIndex adds an index, or returns the error of a document that it refuses.
func (s *shelf) addIndex(x *query.Index) error {
	var entries []entry
	for id, doc := range s.docs {
		keys, err := x.Keys(doc)
		if err != nil {
			return err
		}
		x.Multikey, x.Unordered = x.Multikey || keys.Multikey, x.Unordered || keys.Cut
		for _, key := range keys.List {
			entries = append(entries, entry{key, int64(id)})
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	s.indexes = append(s.indexes, x)
	s.entries[x.Name] = entries
	return nil
}

func (s *shelf) Indexes() []*query.Index { return s.indexes }

// ids returns the documents that a scan finds, in its order.
func (s *shelf) ids(scan query.Scan) (ids []int64) {
	if scan.Index == nil {
		for id := range s.docs {
			ids = append(ids, int64(id))
		}
		return ids
	}
	for _, e := range s.entries[scan.Index.Name] {
		in := func(r query.Range) bool {
			return bytes.Compare(r.Low, e.key) <= 0 && (r.High == nil || bytes.Compare(e.key, r.High) < 0)
		}
		if slices.ContainsFunc(scan.Ranges, in) {
			ids = append(ids, e.id)
		}
	}
	if scan.Reverse {
		slices.Reverse(ids)
	}
	return ids
}

func (s *shelf) Walk(ctx context.Context, scan query.Scan, rest *query.Filter, docs bool, keep func(*execute.Entry) bool) iter.Seq2[execute.Entry, error] {
	return func(yield func(execute.Entry, error) bool) {
		ids := s.ids(scan)
		for id := range s.docs {
			if s.odd[int64(id)] && !slices.Contains(ids, int64(id)) {
				ids = append(ids, int64(id))
			}
		}
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				yield(execute.Entry{}, err)
				return
			}
			e := s.entry(id)
			if !docs && !e.Check && (rest == nil || s.filters) {
				e.Doc = nil
			}
			if e.Doc == nil && rest != nil {
				ok, err := rest.Match(s.docs[id])
				if err != nil {
					panic(err)
				}
				if !ok {
					continue
				}
			}
			s.walked++
			if s.keeps(&e, keep) && !yield(e, nil) {
				return
			}
		}
	}
}

// keeps shows keep an entry with a document that is overwritten afterwards.
func (s *shelf) keeps(e *execute.Entry, keep func(*execute.Entry) bool) bool {
	doc := e.Doc
	e.Doc = bytes.Clone(doc)
	kept := keep(e)
	clear(e.Doc)
	e.Doc = doc
	return kept
}

// entry is a document as a walk shows it: without what is kept apart.
func (s *shelf) entry(id int64) execute.Entry {
	e := execute.Entry{ID: id, Doc: s.docs[id], Check: s.odd[id]}
	if _, err := e.Doc.LookupErr(s.apart); s.apart != "" && err == nil {
		e.Doc, e.Fresh, e.Apart = without(e.Doc, s.apart), true, []string{s.apart}
	}
	return e
}

func without(doc bson.Raw, key string) bson.Raw {
	var decoded bson.D
	if err := bson.Unmarshal(doc, &decoded); err != nil {
		panic(err)
	}
	return encode(slices.DeleteFunc(decoded, func(e bson.E) bool { return e.Key == key }))
}

func (s *shelf) Census(_ context.Context, scan query.Scan, limit int64) int64 {
	return min(limit, int64(len(s.ids(scan))))
}

func (s *shelf) Count(_ context.Context, scan query.Scan, rest *query.Filter) (n int64, ok bool, err error) {
	for _, odd := range s.odd {
		if odd {
			return 0, false, nil
		}
	}
	if rest != nil && !s.filters {
		return 0, false, nil
	}
	for _, id := range s.ids(scan) {
		selected := rest == nil
		if !selected {
			selected, err = rest.Match(s.docs[id])
		}
		if selected {
			n++
		}
	}
	return n, true, err
}

func (s *shelf) Fetch(_ context.Context, id int64) (execute.Entry, error) {
	s.fetched++
	if s.gone[id] {
		return execute.Entry{}, taskdb.ErrNotFound
	}
	return s.entry(id), nil
}

func (s *shelf) Complete(_ context.Context, e execute.Entry) (bson.Raw, error) {
	if s.gone[e.ID] {
		return nil, taskdb.ErrNotFound
	}
	return s.docs[e.ID], nil
}

func (s *shelf) Since() execute.Changes { return execute.Changes{} }

func encode(doc bson.D) bson.Raw {
	raw, err := bson.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return raw
}

// index parses an index's keys.
func index(t require.TestingT, keys string) *query.Index {
	doc, err := query.Document(keys)
	require.NoError(t, err)
	x, err := query.NewIndex("", doc)
	require.NoError(t, err)
	return x
}

// request parses a filter and a sort.
func request(t require.TestingT, filter, sort string) taskdb.Request {
	f, err := query.Parse(filter)
	require.NoError(t, err)
	doc, err := query.Document(sort)
	require.NoError(t, err)
	s, err := query.ParseSort(doc)
	require.NoError(t, err)
	all, err := query.ParseProjection(encode(bson.D{}))
	require.NoError(t, err)
	return taskdb.Request{Filter: f, Sort: s, Projection: all}
}

// find collects an answer.
func find(ctx context.Context, s execute.Source, r taskdb.Request) (docs []bson.Raw, err error) {
	for doc, err := range execute.Find(ctx, s, r) {
		if err != nil {
			return docs, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}
