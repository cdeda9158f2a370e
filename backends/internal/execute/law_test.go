package execute_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// below draws a number below n, all of them about as often: rapid by itself
// prefers small ones.
func below(t *rapid.T, n int) int {
	const scatter = 2654435761 // Knuth's multiplier; 0 stays 0, to which rapid shrinks
	return int(rapid.Uint32().Draw(t, "choice")*scatter>>8) % n
}

func pick[T any](t *rapid.T, pool ...T) T { return pool[below(t, len(pool))] }

func drawValue(t *rapid.T, depth int) any {
	switch shape := below(t, 10); {
	case depth == 0 || shape < 7:
		return pick[any](t, 1, 2, 2.5, "a", "b", nil, true, bson.DateTime(-1), bson.MaxKey{})
	case shape < 9:
		list := bson.A{}
		for range below(t, 3) {
			list = append(list, drawValue(t, depth-1))
		}
		return list
	}
	return bson.D{{Key: "x", Value: drawValue(t, depth-1)}, {Key: "y", Value: drawValue(t, depth-1)}}
}

func drawPath(t *rapid.T) string { return pick(t, "a", "b", "big", "a.x", "a.y", "b.x") }

// drawShelf draws documents, of which some have a key that is kept apart, and
// indexes of them.
func drawShelf(t *rapid.T) *shelf {
	var docs []bson.Raw
	for id := range below(t, 12) {
		doc := bson.D{{Key: "_id", Value: id}}
		for _, key := range []string{"a", "b", "big"} {
			if below(t, 4) > 0 {
				doc = append(doc, bson.E{Key: key, Value: drawValue(t, 2)})
			}
		}
		docs = append(docs, encode(doc))
	}
	s := newShelf(docs)
	if below(t, 2) == 1 {
		s.apart = "big"
	}
	s.filters = below(t, 2) == 1
	for id := range docs {
		s.odd[int64(id)] = below(t, 40) == 1
	}
	for n := range below(t, 4) {
		keys := bson.D{}
		for range 1 + below(t, 2) {
			keys = append(keys, bson.E{Key: drawPath(t), Value: pick(t, 1, -1)})
		}
		x, err := query.NewIndex(fmt.Sprint(n), encode(keys))
		require.NoError(t, err)
		if below(t, 4) == 1 {
			x.Partial = drawFilter(t)
		}
		_ = s.addIndex(x) // with parallel arrays there is no such index
	}
	return s
}

func drawFilter(t *rapid.T) *query.Filter {
	filter := bson.D{}
	for range below(t, 3) {
		filter = append(filter, drawCondition(t))
	}
	if below(t, 5) == 1 {
		filter = append(filter, bson.E{Key: "$or", Value: bson.A{bson.D{drawCondition(t)}, bson.D{drawCondition(t), drawCondition(t)}}})
	}
	parsed, err := query.ParseFilter(encode(filter))
	require.NoError(t, err)
	return parsed
}

func drawCondition(t *rapid.T) bson.E {
	path := drawPath(t)
	switch op := pick(t, "", "$in", "$ne", "$gt", "$gte", "$lt", "$lte", "$exists", "$elemMatch"); op {
	case "":
		return bson.E{Key: path, Value: drawValue(t, 1)}
	case "$in":
		return bson.E{Key: path, Value: bson.D{{Key: op, Value: bson.A{drawValue(t, 0), drawValue(t, 1)}}}}
	case "$elemMatch":
		return bson.E{Key: path, Value: bson.D{{Key: op, Value: bson.D{{Key: "$gte", Value: drawValue(t, 0)}}}}}
	default:
		return bson.E{Key: path, Value: bson.D{{Key: op, Value: drawValue(t, 0)}}}
	}
}

// drawSort draws a sort that no two documents are equal by, or none.
func drawSort(t *rapid.T) *query.Sort {
	sort := bson.D{}
	if below(t, 4) > 0 {
		for range 1 + below(t, 2) {
			sort = append(sort, bson.E{Key: drawPath(t), Value: pick(t, 1, -1)})
		}
		sort = append(sort, bson.E{Key: "_id", Value: pick(t, 1, -1)})
	}
	parsed, err := query.ParseSort(encode(sort))
	require.NoError(t, err)
	return parsed
}

func drawRequest(t *rapid.T) taskdb.Request {
	shown := pick(t, bson.D{}, bson.D{{Key: "a", Value: 1}}, bson.D{{Key: "big", Value: 0}})
	projection, err := query.ParseProjection(encode(shown))
	require.NoError(t, err)
	return taskdb.Request{Filter: drawFilter(t), Sort: drawSort(t), Projection: projection}
}

// answer is what a request without a window has as its answer, found the
// plainest way.
type answer struct {
	selected []bson.Raw // as they are stored
	shown    []bson.Raw
	keys     [][]byte
}

func bruteForce(t *rapid.T, s *shelf, r taskdb.Request) (a answer, err error) {
	keyOf := func(doc bson.Raw) []byte {
		key, failed := r.Sort.AppendKey(nil, doc)
		if failed != nil {
			err = failed
		}
		return key
	}
	for _, doc := range s.docs {
		ok, err := r.Filter.Match(doc)
		require.NoError(t, err)
		if ok {
			a.selected = append(a.selected, doc)
		}
	}
	slices.SortStableFunc(a.selected, func(x, y bson.Raw) int { return bytes.Compare(keyOf(x), keyOf(y)) })
	for _, doc := range a.selected {
		shown, err := r.Projection.Apply(nil, doc, r.Filter)
		require.NoError(t, err)
		a.shown, a.keys = append(a.shown, shown), append(a.keys, keyOf(doc))
	}
	return a, err
}

// rounds multiplies rapid's number of checks, 100 if no flag says otherwise.
func rounds(t *testing.T, n int, property func(*rapid.T)) {
	for range n {
		rapid.Check(t, property)
	}
}

func TestAnswersAreThoseOfBruteForce(t *testing.T) {
	rounds(t, 100, func(t *rapid.T) {
		s := drawShelf(t)
		for range 3 {
			r := drawRequest(t)
			want, wrong := bruteForce(t, s, r)
			got, err := find(t.Context(), s, r)
			if wrong != nil {
				require.Equal(t, wrong, err)
				continue
			}
			require.NoError(t, err)
			requireAnswer(t, r, want.shown, got)
			requireWindow(t, s, r, want)
			requirePages(t, s, r, want)
			requireDistinct(t, s, r, want)
		}
	})
}

// requireAnswer compares two answers; without a sort in any order.
func requireAnswer(t *rapid.T, r taskdb.Request, want, got []bson.Raw) {
	if r.Sort.Empty() {
		require.ElementsMatch(t, want, got, "filter %s", r.Filter)
		return
	}
	require.Len(t, got, len(want), "filter %s\nsort %s", r.Filter, r.Sort)
	for i, doc := range got {
		require.Equal(t, want[i], doc, "filter %s\nsort %s", r.Filter, r.Sort)
	}
}

func requireWindow(t *rapid.T, s *shelf, r taskdb.Request, want answer) {
	r.Skip, r.Limit = int64(below(t, 4)), int64(below(t, 4))
	first := min(int(r.Skip), len(want.shown))
	last := len(want.shown)
	if r.Limit > 0 {
		last = min(last, first+int(r.Limit))
	}
	got, err := find(t.Context(), s, r)
	require.NoError(t, err)
	require.Len(t, got, last-first)
	if r.Sort.Empty() {
		require.Subset(t, append(want.shown, nil), got)
	} else {
		requireAnswer(t, r, want.shown[first:last], got)
	}
	n, err := execute.Count(t.Context(), s, r)
	require.NoError(t, err)
	require.EqualValues(t, last-first, n, "filter %s", r.Filter)
}

// requirePages reads the answer in pages, each after the last key of the one
// before, and counts what is left before each.
func requirePages(t *rapid.T, s *shelf, r taskdb.Request, want answer) {
	if r.Sort.Empty() {
		return
	}
	size := 1 + below(t, 3)
	var docs []bson.Raw
	var keys [][]byte
	for {
		r.Limit, r.Note = 0, nil
		left, err := execute.Count(t.Context(), s, r)
		require.NoError(t, err)
		require.EqualValues(t, len(want.shown)-len(docs), left)
		r.Limit = int64(size)
		r.Note = func(key []byte) { keys = append(keys, bytes.Clone(key)) }
		page, err := find(t.Context(), s, r)
		require.NoError(t, err)
		docs = append(docs, page...)
		if len(page) < size {
			break
		}
		r.After = keys[len(keys)-1]
	}
	requireAnswer(t, r, want.shown, docs)
	require.Equal(t, want.keys, keys)
}

func requireDistinct(t *rapid.T, s *shelf, r taskdb.Request, want answer) {
	path := drawPath(t)
	got, err := query.NewDistinct(path)
	require.NoError(t, err)
	require.NoError(t, execute.Distinct(t.Context(), s, r.Filter, got))
	wanted, err := query.NewDistinct(path)
	require.NoError(t, err)
	for _, doc := range want.selected {
		require.NoError(t, wanted.Add(doc))
	}
	require.ElementsMatch(t, wanted.Values(), got.Values())
}

// TestExplanationsCount checks what an explanation tells about the way to an
// answer.
func TestExplanationsCount(t *testing.T) {
	rounds(t, 20, func(t *rapid.T) {
		s := drawShelf(t)
		clear(s.odd)
		r := drawRequest(t)
		want, wrong := bruteForce(t, s, r)
		told, err := execute.Explain(t.Context(), s, r)
		if wrong != nil {
			require.Equal(t, wrong, err)
			return
		}
		require.NoError(t, err)
		require.EqualValues(t, len(want.shown), told.Returned)
		keys, ranges, multikey := int64(0), int64(0), false
		census := func(scan query.Scan, limit int64) int64 { return s.Census(t.Context(), scan, limit) }
		plan := query.NewPlan(r.Filter, r.Sort, r.Limit, r.After, s.indexes, census)
		require.Len(t, told.Scans, len(plan.Scans))
		for i, scan := range plan.Scans {
			require.Equal(t, scan.Index == nil, told.Scans[i].Index == "")
			if scan.Index != nil {
				require.Equal(t, scan.Index.KeyPattern(), told.Scans[i].KeyPattern)
				require.Equal(t, scan.Index.Name, told.Scans[i].Index)
				require.Len(t, scan.Ranges, told.Scans[i].Ranges)
				keys += int64(len(s.ids(scan)))
				ranges += int64(len(scan.Ranges))
				multikey = multikey || scan.Index.Multikey
			}
		}
		require.Equal(t, keys, told.KeysExamined)
		require.Equal(t, plan.Exact, told.Exact)
		require.Equal(t, r.Sort.Len() > 0 && plan.Sorted < r.Sort.Len(), told.SortedInMemory)
		if plan.Exact && len(plan.Scans) == 1 && plan.Scans[0].Index != nil && !multikey {
			require.LessOrEqual(t, told.KeysExamined, told.Returned+ranges)
		}
	})
}
