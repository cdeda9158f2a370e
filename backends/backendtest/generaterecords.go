package backendtest

import (
	"fmt"
	"math"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/taskdb"
)

// The generators of records draw a task's keys as hubs write them, and now and
// then as nobody should: a time that is a string, a msg_id that is a number, text
// with a NUL in it, arrays of anything.
var (
	anyTime = rapid.SampledFrom([]any{
		bson.DateTime(0), bson.DateTime(1), bson.DateTime(-1), bson.DateTime(1_700_000_000_000), bson.DateTime(1_700_000_000_001),
		bson.DateTime(1_700_000_060_000), bson.DateTime(math.MinInt64), bson.DateTime(math.MaxInt64),
	})
	anyText = rapid.SampledFrom([]any{"a", "b", "ab", "a\x00", "a\x00b", "\x00", "", "A", "é", "\U0010ffff", "ok", "error"})

	anyRecords = rapid.Custom(func(t *rapid.T) records {
		var list records
		oddness := rapid.SampledFrom([]int{0, 0, 1, 10}).Draw(t, "oddness")
		for i := range rapid.IntRange(0, 40).Draw(t, "number of records") {
			list = append(list, encode(t, anyRecord(int32(i), oddness).Draw(t, "record")))
		}
		return list
	})

	recordPaths = []string{
		"_id", "msg_id", "submitted", "started", "completed", "client_uuid", "engine_uuid", "queue", "label", "result_content.status",
		"result_content", "header.a", "header.b.a", "header.n", "x", "x.a", "x.0", "x.0.a", "buffers", "buffers.0",
	}
	anyRecordPath = rapid.SampledFrom(recordPaths)
)

// records are documents that a failed test prints as JSON.
type records []bson.Raw

// GoString is fmt.GoStringer's.
func (r records) GoString() string {
	var text strings.Builder
	for _, doc := range r {
		fmt.Fprintf(&text, "\n\t%.2000s", doc)
	}
	return text.String()
}

// question is a query that a failed test prints as JSON.
type question struct{ taskdb.Query }

// GoString is fmt.GoStringer's.
func (q question) GoString() string {
	return fmt.Sprintf("%.2000s sort %s, skip %d, limit %d", q.Filter, q.Sort, q.Skip, q.Limit)
}

// usually draws what is usual or null, but of a hundred values as many as oddness
// says are anything, and as many are arrays of what is usual. (An index that has
// held an array is walked in fewer ways.)
func usually(usual *rapid.Generator[any], oddness int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch kind := rapid.IntRange(0, 99).Draw(t, "kind"); {
		case kind >= 90:
			return nil
		case kind < oddness:
			return bson.A(rapid.SliceOfN(usual, 0, 3).Draw(t, "array"))
		case kind < 2*oddness:
			return anyValue.Draw(t, "anything")
		}
		return usual.Draw(t, "usual")
	})
}

// anyStatus, anyHeader and anyBuffers draw the values of these keys.
var (
	anyStatus = rapid.Map(anyText, func(status any) any { return bson.D{{Key: "status", Value: status}} })
	anyHeader = rapid.Custom(func(t *rapid.T) any {
		return bson.D{
			{Key: "a", Value: anyText.Draw(t, "a")},
			{Key: "b", Value: bson.D{{Key: "a", Value: anyScalar.Draw(t, "b.a")}}},
			{Key: "n", Value: rapid.Int32Range(0, 9).Draw(t, "n")},
		}
	})
	anyBuffers = rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 2, 3000, 5000}), 0, 3), func(sizes []int) any {
		list := bson.A{}
		for _, data := range noises(sizes...) {
			list = append(list, bson.Binary{Data: data})
		}
		return list
	})
)

// anyRecord draws a record, of which each key may be missing.
func anyRecord(id int32, oddness int) *rapid.Generator[bson.D] {
	msgID := rapid.SampledFrom([]any{fmt.Sprint("task-", id), fmt.Sprint("task-", id, "\x00"), fmt.Sprint("\x00", id), fmt.Sprint(id)})
	keys := []struct {
		name  string
		value *rapid.Generator[any]
	}{
		{"msg_id", msgID}, {"header", anyHeader}, {"buffers", anyBuffers}, {"submitted", anyTime}, {"client_uuid", anyText},
		{"engine_uuid", anyText}, {"started", anyTime}, {"completed", anyTime}, {"result_content", anyStatus},
		{"queue", anyText}, {"label", anyText}, {"x", anyScalar},
	}
	return rapid.Custom(func(t *rapid.T) bson.D {
		doc := bson.D{{Key: "_id", Value: id}}
		missing := rapid.Uint32().Draw(t, "missing") & rapid.Uint32().Draw(t, "of these")
		for i, key := range keys {
			if missing>>i&1 == 0 {
				doc = append(doc, bson.E{Key: key.name, Value: usually(key.value, oddness).Draw(t, key.name)})
			}
		}
		return doc
	})
}

// anyIndex draws an index on one to three paths, now and then a partial one.
var anyIndex = rapid.Custom(func(t *rapid.T) taskdb.Index {
	var index taskdb.Index
	keys := bson.D{}
	for _, path := range rapid.SliceOfNDistinct(anyRecordPath, 1, 3, rapid.ID).Draw(t, "paths") {
		keys = append(keys, bson.E{Key: path, Value: anyDirection.Draw(t, "direction")})
	}
	index.Keys = keys
	if rapid.IntRange(0, 2).Draw(t, "partial") == 0 {
		path := rapid.SampledFrom([]string{keys[0].Key, "completed", "label"}).Draw(t, "path of the filter")
		index.Partial = bson.D{{Key: path, Value: anyRecordCondition.Draw(t, "filter")}}
	}
	return index
})

// pathsAmong draws from the indexes' paths as often as from all others.
func pathsAmong(indexes []taskdb.Index) *rapid.Generator[string] {
	var paths []string
	for _, index := range indexes {
		for _, key := range index.Keys.(bson.D) {
			paths = append(paths, key.Key)
		}
	}
	if len(paths) == 0 {
		return anyRecordPath
	}
	return rapid.OneOf(anyRecordPath, rapid.SampledFrom(paths))
}

// anyRecordValue draws what records hold.
var anyRecordValue = rapid.OneOf(anyTime, anyText, anyTime, anyText, anyValue, rapid.Map(rapid.Int32Range(0, 39), func(i int32) any { return fmt.Sprint("task-", i) }))

// anyRecordCondition draws what a filter asks of a path of records.
var anyRecordCondition = rapid.Custom(func(t *rapid.T) any {
	compare := func(operators ...string) bson.E {
		return bson.E{Key: rapid.SampledFrom(operators).Draw(t, "operator"), Value: anyRecordValue.Draw(t, "operand")}
	}
	switch rapid.IntRange(0, 6).Draw(t, "form") {
	case 0:
		return anyRecordValue.Draw(t, "equal to")
	case 1:
		return bson.D{compare("$gt", "$gte")}
	case 2:
		return bson.D{compare("$gt", "$gte"), compare("$lt", "$lte")}
	case 3:
		return bson.D{{Key: rapid.SampledFrom([]string{"$in", "$nin"}).Draw(t, "operator"), Value: bson.A(rapid.SliceOfN(anyRecordValue, 0, 4).Draw(t, "operands"))}}
	case 4:
		return bson.D{{Key: rapid.SampledFrom([]string{"$ne", "$eq"}).Draw(t, "operator"), Value: nil}}
	case 5:
		return bson.D{{Key: "$not", Value: bson.D{compare("$gt", "$gte", "$lt", "$lte", "$eq")}}}
	default:
		return anyCondition.Draw(t, "any")
	}
})

// anyQuestionOn draws a query about some paths, of which it asks more about one.
func anyQuestionOn(paths *rapid.Generator[string]) *rapid.Generator[question] {
	return rapid.Custom(func(t *rapid.T) question {
		focus := rapid.OneOf(rapid.Just(paths.Draw(t, "focus")), paths)
		q := taskdb.Query{Filter: anyFilterOn(focus).Draw(t, "filter")}
		sort := bson.D{}
		for _, path := range rapid.SliceOfNDistinct(focus, 0, 2, rapid.ID).Draw(t, "sort") {
			sort = append(sort, bson.E{Key: path, Value: anyDirection.Draw(t, "direction")})
		}
		q.Sort = sort
		if rapid.Bool().Draw(t, "windowed") {
			q.Skip, q.Limit = rapid.Int64Range(0, 10).Draw(t, "skip"), rapid.Int64Range(0, 20).Draw(t, "limit")
		}
		return question{q}
	})
}

// anyFilterOn draws a filter of up to three conditions, and now and then one of
// several such.
func anyFilterOn(paths *rapid.Generator[string]) *rapid.Generator[bson.D] {
	condition := rapid.Custom(func(t *rapid.T) bson.E {
		return bson.E{Key: paths.Draw(t, "path"), Value: anyRecordCondition.Draw(t, "condition")}
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
