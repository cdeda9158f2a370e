package dict

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// matching yields the stored documents that a filter selects, in the order of
// their insertion. They must not be changed.
func (s *Store) matching(ctx context.Context, name string, filter *query.Filter) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		docs, err := s.snapshot(name)
		for _, doc := range docs {
			if err = ctx.Err(); err != nil {
				break
			}
			var ok bool
			if ok, err = filter.Match(doc); err != nil {
				break
			}
			if ok && !yield(doc, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// selected yields the stored documents that a request asks for.
func (s *Store) selected(ctx context.Context, name string, r taskdb.Request) iter.Seq2[bson.Raw, error] {
	docs := s.matching(ctx, name, r.Filter)
	if !r.Sort.Empty() {
		docs = sorted(docs, r.Sort)
	}
	return window(docs, r.Skip, r.Limit)
}

// sorted yields documents in the order of a sort; those that it does not tell
// apart keep theirs.
func sorted(docs iter.Seq2[bson.Raw, error], sort *query.Sort) iter.Seq2[bson.Raw, error] {
	type entry struct{ key, doc []byte }
	return func(yield func(bson.Raw, error) bool) {
		var entries []entry
		for doc, err := range docs {
			var key []byte
			if err == nil {
				key, err = sort.AppendKey(nil, doc)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			entries = append(entries, entry{key, doc})
		}
		slices.SortStableFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
		for _, e := range entries {
			if !yield(e.doc, nil) {
				return
			}
		}
	}
}

// window leaves out the first skip documents and ends after limit, if that is
// not 0.
func window(docs iter.Seq2[bson.Raw, error], skip, limit int64) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		before, left := skip, limit
		for doc, err := range docs {
			if err == nil && before > 0 {
				before--
				continue
			}
			if !yield(doc, err) {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}
