package query_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

// stock is some records with indexes that have the keys of all of them, as a
// store keeps them.
type stock struct {
	*world
	indexes []*query.Index
	keys    map[*query.Index][]query.Keys // of each record
}

// evenly draws a number below n. Rapid prefers small numbers, and thereby the
// first members of a pool; where many things must meet for a case to be of
// interest that is too seldom.
func evenly(t *rapid.T, n int) int {
	const scatter = 2654435761 // Knuth's multiplier; 0 stays 0, to which rapid shrinks
	return int(rapid.Uint32().Draw(t, "choice")*scatter>>8) % n
}

// plainPool holds what keys may go wrong by: each class, ends of classes, keys
// that end in 255 or follow one another.
var plainPool = []any{
	int32(1), int32(2), 1.5, "a", "ab", nil, true, false, int64(1<<53 + 1), decimal("-9007199254740993.5"), math.NaN(), "", "b",
	bson.Symbol("a"), bson.MinKey{}, bson.MaxKey{}, bson.DateTime(-1), bson.DateTime(0), bson.DateTime(1),
	bson.ObjectID{11: 255}, bson.ObjectID{10: 1}, bson.Binary{Data: []byte{255}}, bson.Timestamp{T: 1, I: math.MaxUint32},
	bson.D{}, bson.A{}, bson.Undefined{}, bson.Regex{Pattern: "^a"},
}

// longTexts differ before, at and behind where an index cuts keys (after 1024
// bytes, of which the first is the class).
var longTexts = []any{
	strings.Repeat("x", 1020), strings.Repeat("x", 1021), strings.Repeat("x", 1022), strings.Repeat("x", 1023),
	strings.Repeat("x", 1500), strings.Repeat("x", 1500) + "y", strings.Repeat("x", 1000) + "y", strings.Repeat("x\x00", 700),
}

func newStock(t *rapid.T) *stock {
	pool := plainPool
	if evenly(t, 20) == 1 {
		pool = longTexts
	}
	few := []any{nil}
	for range 3 {
		few = append(few, pool[evenly(t, len(pool))])
	}
	s := &stock{
		world: &world{values: []any{nil}, paths: []string{"a", "b", "a.a", "a.b", "a.0"}},
		keys:  map[*query.Index][]query.Keys{},
	}
	for range several {
		doc := bson.D{{Key: "a", Value: plainValue(t, few, 3)}}
		if evenly(t, 4) > 0 {
			doc = append(doc, bson.E{Key: "b", Value: plainValue(t, few, 2)})
		}
		s.records = append(s.records, encode(doc))
		s.learn("", doc)
	}
	for range 1 + evenly(t, 4) {
		s.addIndex(t)
	}
	return s
}

func plainValue(t *rapid.T, pool []any, depth int) any {
	switch shape := evenly(t, 10); {
	case depth == 0 || shape < 6:
		return pool[evenly(t, len(pool))]
	case shape < 8:
		list := bson.A{}
		for range evenly(t, 3) {
			list = append(list, plainValue(t, pool, depth-1))
		}
		return list
	}
	return bson.D{{Key: "a", Value: plainValue(t, pool, depth-1)}, {Key: "b", Value: plainValue(t, pool, depth-1)}}
}

// indexedPaths are those of indexes, and of most conditions.
var indexedPaths = []string{"a", "b", "a", "a.a", "a.b", "b.a", "b", "a.0", "a.a.b", "a.0.a"}

func indexedPath(t *rapid.T) string { return indexedPaths[evenly(t, len(indexedPaths))] }

// addIndex adds an index; records that it refuses are taken out of the stock.
func (s *stock) addIndex(t *rapid.T) {
	keys := bson.D{}
	for range 1 + evenly(t, 3) {
		keys = append(keys, bson.E{Key: indexedPath(t), Value: int32(1 - 2*evenly(t, 2))})
	}
	x, err := query.NewIndex("", encode(keys))
	require.NoError(t, err)
	if evenly(t, 4) == 1 {
		x.Partial = s.parse(t, bson.D{s.about(t, indexedPath(t), 1)})
	}
	// An index remembers what it once held.
	x.Multikey, x.Unordered = evenly(t, 10) == 1, evenly(t, 20) == 1
	s.records = slices.DeleteFunc(slices.Clone(s.records), func(doc bson.Raw) bool {
		_, err := x.Keys(doc)
		return err != nil
	})
	s.indexes = append(s.indexes, x)
	for _, x := range s.indexes {
		s.keys[x] = nil
		for _, doc := range s.records {
			keys, err := x.Keys(doc)
			require.NoError(t, err)
			x.Multikey, x.Unordered = x.Multikey || keys.Multikey, x.Unordered || keys.Cut
			s.keys[x] = append(s.keys[x], keys)
		}
	}
}

// ask draws a filter that an index has to do with: about its paths, beside the
// filter of a partial one, with whatever else.
func (s *stock) ask(t *rapid.T, x *query.Index) *query.Filter {
	filter := bson.D{}
	if x.Partial != nil && evenly(t, 4) > 0 {
		filter = append(filter, bson.E{Key: "$and", Value: bson.A{x.Partial.Source()}})
	}
	elements, err := x.KeyPattern().Elements()
	require.NoError(t, err)
	for _, e := range elements[:1+evenly(t, len(elements))] {
		filter = append(filter, s.about(t, e.Key(), 2))
	}
	if evenly(t, 10) == 1 {
		filter = filter[1:]
	}
	if evenly(t, 6) == 1 {
		filter = append(filter, s.clause(t, 2))
	}
	if len(filter) > 0 && evenly(t, 4) == 1 {
		filter = bson.D{{Key: "$or", Value: bson.A{filter, bson.D{s.about(t, indexedPath(t), 2)}}}}
	}
	return s.parse(t, filter)
}

func (s *stock) parse(t *rapid.T, filter bson.D) *query.Filter {
	parsed, err := query.ParseFilter(encode(filter))
	require.NoError(t, err, "%s", filter)
	return parsed
}

// about draws a condition on a path.
func (s *stock) about(t *rapid.T, path string, depth int) bson.E {
	if evenly(t, 4) == 1 {
		return bson.E{Key: path, Value: s.known(t)}
	}
	return bson.E{Key: path, Value: s.tests(t, depth)}
}

// known draws a value that some record has.
func (s *stock) known(t *rapid.T) any { return s.values[evenly(t, len(s.values))] }

func (s *stock) tests(t *rapid.T, depth int) bson.D {
	doc := bson.D{s.oneTest(t, depth)}
	if other := s.oneTest(t, depth); other.Key != doc[0].Key && evenly(t, 3) == 1 {
		doc = append(doc, other)
	}
	return doc
}

// planned are the operators that the planner knows bounds of.
var planned = []string{"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$all", "$regex", "$type", "$exists"}

func (s *stock) oneTest(t *rapid.T, depth int) bson.E {
	name := planned[evenly(t, len(planned))]
	switch {
	case evenly(t, 10) == 1:
		name = operatorPool[evenly(t, len(operatorPool)-2)]
	case depth > 0 && evenly(t, 4) == 1:
		name = []string{"$not", "$elemMatch"}[evenly(t, 2)]
	}
	switch name {
	case "$eq", "$ne", "$gt", "$gte", "$lt", "$lte":
		return bson.E{Key: name, Value: s.known(t)}
	case "$in", "$nin", "$all":
		list := bson.A{}
		for range evenly(t, 4) {
			list = append(list, s.known(t))
		}
		return bson.E{Key: name, Value: list}
	case "$not":
		return bson.E{Key: name, Value: s.tests(t, depth-1)}
	case "$elemMatch":
		if evenly(t, 2) == 0 {
			return bson.E{Key: name, Value: s.tests(t, depth-1)}
		}
		return bson.E{Key: name, Value: bson.D{s.about(t, "a", depth-1)}}
	}
	return bson.E{Key: name, Value: s.operatorArgument(t, name, depth)}
}

// order draws a sort, most often one that has to do with an index.
func (s *stock) order(t *rapid.T, x *query.Index) *query.Sort {
	doc := bson.D{}
	switch evenly(t, 4) {
	case 0:
	case 1:
		doc = append(doc, bson.E{Key: indexedPath(t), Value: 1}, bson.E{Key: indexedPath(t), Value: -1})
	default:
		turn := int32(1 - 2*evenly(t, 2))
		elements, err := x.KeyPattern().Elements()
		require.NoError(t, err)
		for _, e := range elements[evenly(t, len(elements)):] {
			doc = append(doc, bson.E{Key: e.Key(), Value: turn * e.Value().Int32()})
		}
	}
	parsed, err := query.ParseSort(encode(doc))
	require.NoError(t, err)
	return parsed
}

// resume draws the key of a record after which to go on, or none.
func (s *stock) resume(t *rapid.T, sort *query.Sort) []byte {
	if len(s.records) == 0 || evenly(t, 3) > 0 {
		return nil
	}
	key, err := sort.AppendKey(nil, s.records[evenly(t, len(s.records))])
	if err != nil {
		return nil
	}
	return key
}

// hit is a key that a scan finds, of a record.
type hit struct {
	key    []byte
	record int
}

// hits returns what a scan finds, in its order.
func (s *stock) hits(scan query.Scan) (hits []hit) {
	for i := range s.records {
		if scan.Index == nil {
			hits = append(hits, hit{record: i})
			continue
		}
		for _, key := range s.keys[scan.Index][i].List {
			if slices.ContainsFunc(scan.Ranges, func(r query.Range) bool { return within(key, r) }) {
				hits = append(hits, hit{key, i})
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return bytes.Compare(a.key, b.key) })
	if scan.Reverse {
		slices.Reverse(hits)
	}
	return hits
}

func within(key []byte, r query.Range) bool {
	return bytes.Compare(r.Low, key) <= 0 && (r.High == nil || bytes.Compare(key, r.High) < 0)
}

// question is what a plan was made for.
type question struct {
	filter *query.Filter
	sort   *query.Sort
	after  []byte
}

func TestPlansFindWhatIsAskedFor(t *testing.T) {
	rounds(t, 100, func(t *rapid.T) {
		s := newStock(t)
		for range 3 {
			x := s.indexes[evenly(t, len(s.indexes))]
			q := question{filter: s.ask(t, x), sort: s.order(t, x)}
			q.after = s.resume(t, q.sort)
			limit := int64(evenly(t, 2))
			s.requirePlan(t, q, query.NewPlan(q.filter, q.sort, limit, q.after, s.indexes, anyCensus(t)))
			s.requirePlan(t, q, query.NewPlan(q.filter, q.sort, limit, q.after, []*query.Index{x}, nil))
		}
	})
}

// anyCensus counts whatever comes to its mind: what a plan finds may not depend on it.
func anyCensus(t *rapid.T) query.Census {
	return func(_ query.Scan, limit int64) int64 { return int64(evenly(t, int(limit)+1)) }
}

func (s *stock) requirePlan(t *rapid.T, q question, plan query.Plan) {
	about := func(doc bson.Raw) string {
		text := fmt.Sprintf("filter %.999s\nsort %s\ndocument %.999s", q.filter, q.sort, doc)
		for _, scan := range plan.Scans {
			if scan.Index != nil {
				text += fmt.Sprintf("\nindex %s", scan.Index.KeyPattern())
			}
		}
		return text
	}
	requireScans(t, plan)
	found := map[int]bool{}
	for _, scan := range plan.Scans {
		for _, h := range s.hits(scan) {
			found[h.record] = true
		}
	}
	for i, doc := range s.records {
		selected, err := q.filter.Match(doc)
		require.NoError(t, err)
		key, err := q.sort.AppendKey(nil, doc)
		if err != nil {
			continue
		}
		if selected && bytes.Compare(key, q.after) >= 0 {
			require.True(t, found[i], "a record is selected and not found\n%s", about(doc))
		}
		if plan.Exact && found[i] {
			require.True(t, selected, "a record is found by an exact plan and not selected\n%s", about(doc))
		}
		if !plan.Exact && found[i] {
			rest, err := plan.Rest.Match(doc)
			require.NoError(t, err)
			require.Equal(t, selected, rest, "of a record that is found, the rest of the filter says another thing\n%s", about(doc))
		}
	}
	s.requireOrder(t, q, plan, about)
}

// requireScans checks that scans are of different indexes, and each one's ranges
// in order and apart.
func requireScans(t require.TestingT, plan query.Plan) {
	seen := map[*query.Index]bool{}
	for _, scan := range plan.Scans {
		require.False(t, seen[scan.Index], "an index is walked twice")
		seen[scan.Index] = true
		if scan.Index == nil {
			require.Len(t, plan.Scans, 1)
			continue
		}
		require.NotEmpty(t, scan.Ranges)
		empty := func(r query.Range) bool { return r.High != nil && bytes.Compare(r.Low, r.High) >= 0 }
		require.False(t, slices.ContainsFunc(scan.Ranges, empty), "a range is empty")
		for i, r := range scan.Ranges[1:] {
			if before := scan.Ranges[i].High; before == nil || bytes.Compare(before, r.Low) > 0 {
				require.Fail(t, "ranges overlap", "%x and %x", scan.Ranges[i], r)
			}
		}
	}
}

func (s *stock) requireOrder(t *rapid.T, q question, plan query.Plan, about func(bson.Raw) string) {
	if plan.Sorted == 0 {
		return
	}
	require.Len(t, plan.Scans, 1, "only one scan can be in order")
	require.LessOrEqual(t, plan.Sorted, q.sort.Len())
	head := q.sort.Head(plan.Sorted)
	var last []byte
	for _, h := range s.hits(plan.Scans[0]) {
		key, err := head.AppendKey(nil, s.records[h.record])
		require.NoError(t, err)
		require.LessOrEqual(t, bytes.Compare(last, key), 0, "out of order\n%s", about(s.records[h.record]))
		last = key
	}
}
