package execute_test

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// heap is a collection that is read in one batch, however large. It notes of each
// step whether the documents were found before.
type heap struct {
	*shelf
	found []bool
}

func (h *heap) Read(context.Context) (execute.Source, error) { return h, nil }

func (h *heap) Step(_ context.Context, source execute.Source, work func(t execute.Target) error) error {
	h.found = append(h.found, source != nil)
	return work(h)
}

func (h *heap) Walk(ctx context.Context, scan query.Scan, rest *query.Filter, docs bool, keep func(*execute.Entry) bool) iter.Seq2[execute.Entry, error] {
	return h.shelf.Walk(context.WithoutCancel(ctx), scan, rest, docs, keep)
}

func (h *heap) Insert(bson.Raw) error { return nil }

func (h *heap) Replace(e execute.Entry, _, after bson.Raw) error {
	h.docs[e.ID] = after
	return nil
}

func (h *heap) Remove(...execute.Entry) error { return nil }

// While other writers wait, only so many documents are looked at for the one to
// change, even if a batch has more.
func TestADocumentThatIsFarIsFoundBesideOtherWriters(t *testing.T) {
	docs := make([]bson.Raw, 10_100)
	for i := range docs {
		docs[i] = encode(bson.D{{Key: "_id", Value: i}})
	}
	update, err := query.ParseUpdateValue(`{$set: {found: true}}`)
	require.NoError(t, err)
	for _, c := range []struct {
		filter  string
		matched int64
		found   []bool
	}{
		{`{_id: 10050}`, 1, []bool{false, true}},
		{`{_id: -1}`, 0, []bool{false}},
	} {
		h := &heap{shelf: newShelf(docs)}
		change := taskdb.Change{Kind: taskdb.UpdateDocuments, Filter: query.MustParse(c.filter), Update: update, Sort: &query.Sort{}}
		outcomes, err := execute.Write(t.Context(), h, []taskdb.Change{change}, true)
		require.NoError(t, err)
		require.Equal(t, []taskdb.Outcome{{Matched: c.matched, Modified: c.matched}}, outcomes, c.filter)
		require.Equal(t, c.found, h.found, c.filter)
	}
}
