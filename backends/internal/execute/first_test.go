package execute_test

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// heap is a collection that is read in one batch, however large. It notes of each
// step whether the documents were found before, and how many it looks at.
type heap struct {
	*shelf
	watches   execute.Watches
	found     []bool
	held      []int
	inserted  int
	meanwhile func() // is called once, when it was read beside the writers
}

func (h *heap) Read(context.Context) (execute.Source, error) { return beside{h}, nil }

func (h *heap) Step(_ context.Context, source execute.Source, work func(t execute.Target) error) error {
	before := h.walked + h.fetched
	err := work(h)
	h.found, h.held = append(h.found, source != nil), append(h.held, h.walked+h.fetched-before)
	return err
}

func (h *heap) Walk(ctx context.Context, scan query.Scan, rest *query.Filter, docs bool, keep func(*execute.Entry) bool) iter.Seq2[execute.Entry, error] {
	return h.shelf.Walk(context.WithoutCancel(ctx), scan, rest, docs, keep)
}

func (h *heap) Insert(bson.Raw) error {
	h.inserted++
	return nil
}

func (h *heap) Replace(e execute.Entry, _, after bson.Raw) error {
	h.docs[e.ID] = after
	h.watches.Note(e.ID)
	return nil
}

func (h *heap) Remove(...execute.Entry) error { return nil }

func (h *heap) Watches() *execute.Watches { return &h.watches }

// beside is a heap that others write to once it was read.
type beside struct{ *heap }

func (b beside) Walk(ctx context.Context, scan query.Scan, rest *query.Filter, docs bool, keep func(*execute.Entry) bool) iter.Seq2[execute.Entry, error] {
	return func(yield func(execute.Entry, error) bool) {
		b.heap.Walk(ctx, scan, rest, docs, keep)(yield)
		if meanwhile := b.meanwhile; meanwhile != nil {
			b.meanwhile = nil
			meanwhile()
		}
	}
}

// farDocs are more documents than are looked at for one while other writers wait.
func farDocs() []bson.Raw {
	docs := make([]bson.Raw, 10_100)
	for i := range docs {
		docs[i] = encode(bson.D{{Key: "_id", Value: i}})
	}
	return docs
}

func setFound(t *testing.T, filter string) taskdb.Change {
	update, err := query.ParseUpdateValue(`{$set: {found: true}}`)
	require.NoError(t, err)
	return taskdb.Change{Kind: taskdb.UpdateDocuments, Filter: query.MustParse(filter), Update: update, Sort: &query.Sort{}}
}

// While other writers wait, only so many documents are looked at for the one to
// change, even if a batch has more.
func TestADocumentThatIsFarIsFoundBesideOtherWriters(t *testing.T) {
	for _, c := range []struct {
		filter  string
		matched int64
		found   []bool
	}{
		{`{_id: 10050}`, 1, []bool{false, true}},
		{`{_id: -1}`, 0, []bool{false}},
	} {
		h := &heap{shelf: newShelf(farDocs())}
		outcomes, err := execute.Write(t.Context(), h, []taskdb.Change{setFound(t, c.filter)}, true)
		require.NoError(t, err)
		require.Equal(t, []taskdb.Outcome{{Matched: c.matched, Modified: c.matched}}, outcomes, c.filter)
		require.Equal(t, c.found, h.found, c.filter)
	}
}

// An upsert that found none looks, while other writers wait, only at what these have
// changed since.
func TestAnUpsertThatFoundNoneLooksAtWhatChangedSince(t *testing.T) {
	one := encode(bson.D{{Key: "wanted", Value: true}})
	for name, c := range map[string]struct {
		change  func(h *heap)
		matched bool
		asked   int // at the most, in a step beside which others write
	}{
		"nothing":                {func(*heap) {}, false, 0},
		"a few":                  {changeDocs(100, nil), false, 100},
		"a few, one of which is": {changeDocs(100, one), true, 100},
		"many":                   {changeDocs(5000, nil), false, 0},
		"many, one of which is":  {changeDocs(5000, one), true, 0},
	} {
		for _, many := range []bool{false, true} {
			h := &heap{shelf: newShelf(farDocs())}
			h.meanwhile = func() { c.change(h) }
			change := setFound(t, `{wanted: true}`)
			change.Upsert, change.Many = true, many
			outcomes, err := execute.Write(t.Context(), h, []taskdb.Change{change}, true)
			require.NoError(t, err)
			if c.matched {
				require.Equal(t, []taskdb.Outcome{{Matched: 1, Modified: 1}}, outcomes, name)
				require.Zero(t, h.inserted, name)
				h.held = h.held[:len(h.held)-1] // the change itself
			} else {
				require.Equal(t, 1, h.inserted, name)
			}
			if !many {
				h.held = h.held[1:] // the first attempt, which found that it is far
			}
			require.LessOrEqual(t, slices.Max(h.held), c.asked, name)
		}
	}
}

// changeDocs changes so many documents, the last one to what it is given, if that is
// not nil.
func changeDocs(n int64, last bson.Raw) func(h *heap) {
	return func(h *heap) {
		for id := range n {
			after := h.docs[id]
			if id == n-1 && last != nil {
				after = last
			}
			_ = h.Replace(execute.Entry{ID: id}, nil, after)
		}
	}
}
