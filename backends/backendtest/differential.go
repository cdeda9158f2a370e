package backendtest

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// queriesPerCheck is how many queries each set of random records is asked.
const queriesPerCheck = 200

// Differential asks stores random queries about random records, and compares each
// answer with what Filter.Match says of the records one by one: in a collection of
// tasks with random declared indexes, and in one with no index that could help.
// So what a store answers through an index is what it answers by a scan, and what
// every other store answers.
//
// It is a property of rapid's, of which each check asks 200 queries. 100,000 take
// -rapid.checks=500.
func Differential(t *testing.T, stores ...Opener) {
	opened := openAll(t, stores)
	rapid.Check(t, func(t *rapid.T) {
		d := newDifference(t, opened)
		defer d.drop(t)
		questions := questionsAbout(t, d.docs, d.indexes).any()
		for range queriesPerCheck {
			d.ask(t, questions.Draw(t, "query"))
		}
	})
}

func openAll(t *testing.T, stores []Opener) (opened []*taskdb.DB) {
	for _, open := range stores {
		opened = append(opened, open(t))
	}
	return opened
}

// fewQueries is how many queries a set of records is asked where that takes its time.
const fewQueries = 5

// Part is the part of what stores do that a server does as MongoDB does.
type Part struct {
	Holds   func(record bson.Raw) bool
	Answers func(filter, sort bson.D) bool
}

// DifferentialWithin is Differential within the part that a server has, with no
// declared indexes. Each check asks 5 queries.
func DifferentialWithin(t *testing.T, part Part, stores ...Opener) {
	opened := openAll(t, stores)
	rapid.Check(t, func(t *rapid.T) {
		d := &difference{docs: map[int32]bson.Raw{}}
		for _, record := range anyRecords.Draw(t, "records") {
			if part.Holds(record) {
				d.docs[record.Lookup("_id").Int32()] = record
			}
		}
		d.storeWithoutIndexes(t, opened)
		defer d.drop(t)
		questions := questionsAbout(t, d.docs, nil).any().Filter(func(q question) bool {
			return part.Answers(q.Filter.(bson.D), q.Sort.(bson.D))
		})
		for range fewQueries {
			d.ask(t, questions.Draw(t, "query"))
		}
	})
}

// difference is one set of records in several collections.
type difference struct {
	collections []*taskdb.DB
	docs        map[int32]bson.Raw // by their _ids
	indexes     []taskdb.Index     // some may not be: refused by a record
}

// newDifference stores random records. Some of the indexes are there first, others
// are made of what is stored. A record that an index refuses is in no collection.
func newDifference(t *rapid.T, stores []*taskdb.DB) *difference {
	declared := rapid.SliceOfN(anyIndex, 0, 3).Draw(t, "indexes")
	first := rapid.IntRange(0, len(declared)).Draw(t, "made before the records")
	records := anyRecords.Draw(t, "records")

	d := &difference{docs: map[int32]bson.Raw{}, indexes: declared}
	for i, store := range stores {
		c := store.In("indexed.task_records")
		declare(t, c, declared[:first])
		refused := addAcceptable(t, c, records)
		if i > 0 {
			require.Equal(t, len(d.docs), len(records)-refused, "every store refuses the same")
		}
		declare(t, c, declared[first:])
		for _, doc := range find(t, c, taskdb.Query{Projection: "{}"}) {
			d.docs[doc.Lookup("_id").Int32()] = doc
		}
		require.Len(t, d.docs, len(records)-refused)
		d.collections = append(d.collections, c)
	}
	d.storeWithoutIndexes(t, stores)
	return d
}

// storeWithoutIndexes stores the records where there is no index that could help.
func (d *difference) storeWithoutIndexes(t *rapid.T, stores []*taskdb.DB) {
	var docs []bson.Raw
	for _, id := range slices.Sorted(maps.Keys(d.docs)) {
		docs = append(docs, d.docs[id])
	}
	for _, store := range stores {
		c := store.In("without.indexes")
		require.NoError(t, c.AddRaw(t.Context(), docs...))
		d.collections = append(d.collections, c)
	}
}

// declare makes indexes, but for those that the records refuse.
func declare(t *rapid.T, c *taskdb.DB, indexes []taskdb.Index) {
	t.Helper()
	for _, index := range indexes {
		_, err := c.CreateIndex(t.Context(), index)
		require.True(t, err == nil || isParallel(err) || errors.Is(err, taskdb.ErrIndexConflict), "%v: %v", index, err)
	}
}

// addAcceptable stores what a collection's indexes do not refuse, and returns how
// many records they do.
func addAcceptable(t *rapid.T, c *taskdb.DB, records []bson.Raw) (refused int) {
	t.Helper()
	results, err := c.AddEach(t.Context(), records...)
	require.NoError(t, err)
	for i, err := range results {
		if err != nil {
			require.True(t, isParallel(err) || errors.Is(err, taskdb.ErrExists), "%v: %v", records[i], err)
			refused++
		}
	}
	return refused
}

// isParallel tells whether an index or a sort refused a document because its paths
// lead through two arrays.
func isParallel(err error) bool {
	var refused *query.Error
	return errors.As(err, &refused) && (refused.Code == query.CodeParallelArrays || refused.Code == query.CodeBadValue)
}

func (d *difference) drop(t *rapid.T) {
	for _, c := range d.collections {
		require.NoError(t, c.DropCollection(t.Context()))
	}
}

// ask compares the answers of all collections with the naive one.
func (d *difference) ask(t *rapid.T, q question) {
	naive := d.naive(t, q)
	for _, c := range d.collections {
		got, err := answerOf(t, c, q.Query)
		if naive.parallel && err != nil {
			require.True(t, isParallel(err), "%s: %v", c.Collection(), err)
			continue
		}
		require.NoError(t, err, c.Collection())
		naive.check(t, got, c.Collection())
		if taskdb.IsTasks(c.Collection()) { // without indexes a count is a find
			n, err := c.Count(t.Context(), q.Query)
			require.NoError(t, err)
			require.EqualValues(t, naive.window(len(naive.ids)), n, "count in %s", c.Collection())
		}
	}
}

// answerOf returns the _ids that a query finds.
func answerOf(t *rapid.T, c *taskdb.DB, q taskdb.Query) (ids []int32, err error) {
	q.Projection = idOnly
	for doc, err := range c.FindRaw(t.Context(), q) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, doc.Lookup("_id").Int32())
	}
	return ids, nil
}

var idOnly = bson.D{{Key: "_id", Value: 1}}

// naiveAnswer is what the records say, asked one by one.
type naiveAnswer struct {
	question question
	// ids are those of the records that the filter selects, with their keys of the
	// sort: the same for all without one.
	ids map[int32]string
	// parallel says that the sort has no key for one of them.
	parallel bool
}

func (d *difference) naive(t *rapid.T, q question) naiveAnswer {
	filter, err := query.Parse(q.Filter)
	require.NoError(t, err)
	sort, err := query.ParseSortValue(q.Sort)
	require.NoError(t, err)
	naive := naiveAnswer{question: q, ids: map[int32]string{}}
	for id, doc := range d.docs {
		selected, err := filter.Match(doc)
		require.NoError(t, err)
		if !selected {
			continue
		}
		key, err := sort.AppendKey(nil, doc)
		naive.ids[id] = string(key)
		naive.parallel = naive.parallel || err != nil
	}
	return naive
}

// window is how many of n records skip and limit leave.
func (a naiveAnswer) window(n int) int {
	n = max(0, n-int(a.question.Skip))
	if a.question.Limit > 0 {
		n = min(n, int(a.question.Limit))
	}
	return n
}

// check compares an answer: the records are selected ones, each once, and their
// keys those that the sort asks for, in order. Which records of equal keys are in
// a window is left open.
func (a naiveAnswer) check(t *rapid.T, got []int32, collection string) {
	t.Helper()
	want := make([]string, 0, len(a.ids))
	for _, key := range a.ids {
		want = append(want, key)
	}
	slices.Sort(want)
	want = want[min(int(a.question.Skip), len(want)):]
	want = want[:a.window(len(a.ids))]

	keys := make([]string, 0, len(got))
	seen := map[int32]bool{}
	for _, id := range got {
		key, selected := a.ids[id]
		require.True(t, selected && !seen[id], "record %d is not selected, or came twice, in %s", id, collection)
		seen[id] = true
		keys = append(keys, key)
	}
	if !a.parallel {
		require.Equal(t, want, keys, "keys of the sort, in %s", collection)
	}
	require.Len(t, got, len(want), collection)
}
