package backendtest

import (
	"fmt"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// question is a query that a failed test prints as JSON.
type question struct{ taskdb.Query }

// GoString is fmt.GoStringer's.
func (q question) GoString() string {
	return fmt.Sprintf("%.2000s sort %s, skip %d, limit %d", q.Filter, q.Sort, q.Skip, q.Limit)
}

// questions draws queries about some records: about what they hold, so that there
// is something to find.
type questions struct {
	indexes []*rapid.Generator[string]       // of the paths of each
	values  map[string]*rapid.Generator[any] // by path
}

func questionsAbout(t *rapid.T, docs map[int32]bson.Raw, indexes []taskdb.Index) *questions {
	q := &questions{values: map[string]*rapid.Generator[any]{}}
	for _, index := range indexes {
		var paths []string
		for _, key := range index.Keys.(bson.D) {
			paths = append(paths, key.Key)
		}
		q.indexes = append(q.indexes, rapid.SampledFrom(paths))
	}
	for _, path := range append(recordPaths, stepPaths...) {
		q.values[path] = valuesAt(t, docs, path)
	}
	return q
}

// valuesAt draws from the values of a path, and now and then another value.
func valuesAt(t *rapid.T, docs map[int32]bson.Raw, path string) *rapid.Generator[any] {
	distinct, err := query.NewDistinct(path)
	require.NoError(t, err)
	for id := range int32(maxRecords) {
		if doc, ok := docs[id]; ok {
			require.NoError(t, distinct.Add(doc))
		}
	}
	var held []any
	for _, v := range distinct.Values() {
		held = append(held, v)
	}
	if held == nil {
		return anyRecordValue
	}
	return rapid.OneOf(rapid.SampledFrom(held), rapid.SampledFrom(held), rapid.SampledFrom(held), anyRecordValue)
}

// any draws a query that asks more about the paths of one index, or about one
// path, than about others.
func (q *questions) any() *rapid.Generator[question] {
	return rapid.Custom(func(t *rapid.T) question {
		one := rapid.Just(anyRecordPath.Draw(t, "path"))
		focus := rapid.SampledFrom(append([]*rapid.Generator[string]{one}, q.indexes...)).Draw(t, "focus")
		paths := rapid.OneOf(focus, focus, anyRecordPath)
		asked := taskdb.Query{Filter: q.filterOn(paths).Draw(t, "filter")}
		sort := bson.D{}
		for _, path := range rapid.SliceOfNDistinct(paths, 0, 2, rapid.ID).Draw(t, "sort") {
			sort = append(sort, bson.E{Key: path, Value: anyDirection.Draw(t, "direction")})
		}
		asked.Sort = sort
		if rapid.Bool().Draw(t, "windowed") {
			asked.Skip, asked.Limit = rapid.Int64Range(0, 5).Draw(t, "skip"), rapid.Int64Range(0, 20).Draw(t, "limit")
		}
		return question{asked}
	})
}

// filterOn draws a filter of up to three conditions, and now and then one of
// several such.
func (q *questions) filterOn(paths *rapid.Generator[string]) *rapid.Generator[bson.D] {
	condition := rapid.Custom(func(t *rapid.T) bson.E {
		path := paths.Draw(t, "path")
		return bson.E{Key: path, Value: anyConditionOn(q.values[path]).Draw(t, "condition")}
	})
	conjunction := rapid.Map(rapid.SliceOfN(condition, 0, 3), func(conditions []bson.E) bson.D { return append(bson.D{}, conditions...) })
	return rapid.OneOf(conjunction, conjunction, rapid.Custom(func(t *rapid.T) bson.D {
		branches := bson.A{}
		for _, branch := range rapid.SliceOfN(conjunction, 1, 3).Draw(t, "branches") {
			branches = append(branches, branch)
		}
		operator := rapid.SampledFrom([]string{"$or", "$or", "$and", "$nor"}).Draw(t, "operator")
		return append(bson.D{{Key: operator, Value: branches}}, conjunction.Draw(t, "and")...)
	}))
}
