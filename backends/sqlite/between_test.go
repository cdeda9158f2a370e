package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// interrupted is a collection in which something happens between the reading of what
// is to be changed and the first step.
type interrupted struct {
	execute.Collection
	happens func()
}

func (c *interrupted) Step(ctx context.Context, source execute.Source, work func(t execute.Target) error) error {
	if c.happens != nil {
		c.happens()
		c.happens = nil
	}
	return c.Collection.Step(ctx, source, work)
}

// What a column cannot hold may change without any index being touched.
func TestADeletionLeavesOddRecordsThatItSelectsNoMore(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "tasks.db"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	const name = taskdb.DefaultCollection
	for _, filter := range []string{`{queue: "a"}`, `{queue: {$ne: "b"}}`, `{label: "x", queue: {$ne: "b"}}`} {
		for _, doc := range []string{`{_id: 1, label: "x", queue: ["a"]}`, `{_id: 2, label: "x", queue: "a"}`} {
			raw, err := query.Document(doc)
			require.NoError(t, err)
			require.NoError(t, s.Add(t.Context(), name, []bson.Raw{raw}))
		}
		c := &interrupted{&writable{store: s, name: name}, func() {
			update, err := query.ParseUpdateValue(`{$set: {"queue.0": "b"}}`)
			require.NoError(t, err)
			change := taskdb.Change{Kind: taskdb.UpdateDocuments, Filter: query.MustParse(`{_id: 1}`), Update: update, Sort: &query.Sort{}}
			outcomes, err := s.Write(t.Context(), name, []taskdb.Change{change}, true)
			require.NoError(t, err)
			require.EqualValues(t, 1, outcomes[0].Modified)
		}}
		outcomes, err := execute.Write(t.Context(), c, []taskdb.Change{{Kind: taskdb.DeleteDocuments, Filter: query.MustParse(filter), Many: true}}, true)
		require.NoError(t, err)
		require.Equal(t, []taskdb.Outcome{{Matched: 1}}, outcomes, filter)
		n, err := s.Count(t.Context(), name, taskdb.Request{Filter: query.MustParse(`{_id: 1}`), Sort: &query.Sort{}})
		require.NoError(t, err)
		require.EqualValues(t, 1, n, filter)
		require.NoError(t, s.Drop(t.Context(), name))
	}
}

// Of a collection that was dropped there is nothing to promise the removal of, also if
// there is another with its name.
func TestNothingIsPromisedOfADroppedCollection(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "tasks.db"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	const name = "test.others"
	doc, err := query.Document(`{_id: 1}`)
	require.NoError(t, err)
	for _, remade := range []bool{false, true} {
		require.NoError(t, s.Add(t.Context(), name, []bson.Raw{doc}))
		w := &writable{store: s, name: name}
		source, err := w.Read(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.Drop(t.Context(), name))
		if remade {
			require.NoError(t, s.Add(t.Context(), name, []bson.Raw{doc}))
		}
		var wait func(ctx context.Context) (int64, error)
		require.NoError(t, w.Step(t.Context(), source, func(t execute.Target) (err error) {
			wait, err = t.(execute.Promiser).Promise(&execute.Selection{
				Source: source, Filter: query.MustParse(`{}`), IDs: roaring64.BitmapOf(1), ByIndex: true,
			})
			if err != nil {
				return err
			}
			promised, err := number(t.(*target).tx.conn, "select count(*) from removals")
			if promised > 0 {
				return fmt.Errorf("%d removals are promised", promised)
			}
			return err
		}))
		removed, err := wait(t.Context())
		require.NoError(t, err)
		require.Zero(t, removed)
		require.NoError(t, s.Drop(t.Context(), name))
	}
}

// scales are a collection that weighs what is removed together.
type scales struct {
	execute.Collection
	weights []int
}

func (c *scales) Step(ctx context.Context, source execute.Source, work func(t execute.Target) error) error {
	return c.Collection.Step(ctx, source, func(t execute.Target) error { return work(&scale{t, c}) })
}

type scale struct {
	execute.Target
	scales *scales
}

func (t *scale) Remove(entries ...execute.Entry) error {
	weight := 0
	for _, e := range entries {
		weight += len(e.Doc)
	}
	t.scales.weights = append(t.scales.weights, weight)
	return t.Target.Remove(entries...)
}

func TestFewLargeRecordsAreHeldToBeRemoved(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "tasks.db"), Options{Durability: Off})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	const name, n, size = "test.others", 20, 1 << 20
	for id := range n {
		doc, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "text", Value: strings.Repeat("x", size)}})
		require.NoError(t, err)
		require.NoError(t, s.Add(t.Context(), name, []bson.Raw{doc}))
	}
	c := &scales{Collection: &writable{store: s, name: name}}
	outcomes, err := execute.Write(t.Context(), c, []taskdb.Change{{Kind: taskdb.DeleteDocuments, Filter: query.MustParse(`{}`), Many: true}}, true)
	require.NoError(t, err)
	require.Equal(t, []taskdb.Outcome{{Matched: n}}, outcomes)
	require.Less(t, slices.Max(c.weights), 8*size)
}
