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
		for i := range rapid.IntRange(0, 40).Draw(t, "number of records") {
			list = append(list, encode(t, anyRecord(int32(i)).Draw(t, "record")))
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

// odd draws what usual does, or now and then anything, or arrays of either.
func odd(usual *rapid.Generator[any]) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 19).Draw(t, "kind") {
		case 0:
			return bson.A(rapid.SliceOfN(usual, 0, 3).Draw(t, "array"))
		case 1:
			return anyValue.Draw(t, "anything")
		case 2, 3:
			return nil
		default:
			return usual.Draw(t, "usual")
		}
	})
}

// anyRecord draws a record, of which each key may be missing.
func anyRecord(id int32) *rapid.Generator[bson.D] {
	msgID := rapid.SampledFrom([]any{fmt.Sprint("task-", id), fmt.Sprint("task-", id, "\x00"), fmt.Sprint("\x00", id), fmt.Sprint(id)})
	status := rapid.Map(odd(anyText), func(v any) any { return bson.D{{Key: "status", Value: v}} })
	header := rapid.Custom(func(t *rapid.T) any {
		return bson.D{
			{Key: "a", Value: odd(anyText).Draw(t, "a")},
			{Key: "b", Value: bson.D{{Key: "a", Value: odd(anyScalar).Draw(t, "b.a")}}},
			{Key: "n", Value: rapid.Int32Range(0, 9).Draw(t, "n")},
		}
	})
	buffers := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 2, 3000, 5000}), 0, 3), func(sizes []int) any {
		list := bson.A{}
		for _, data := range noises(sizes...) {
			list = append(list, bson.Binary{Data: data})
		}
		return list
	})
	values := []struct {
		key   string
		value *rapid.Generator[any]
	}{
		{"msg_id", odd(msgID)}, {"header", odd(header)}, {"buffers", odd(buffers)}, {"submitted", odd(anyTime)}, {"client_uuid", odd(anyText)},
		{"engine_uuid", odd(anyText)}, {"started", odd(anyTime)}, {"completed", odd(anyTime)}, {"result_content", odd(status)},
		{"queue", odd(anyText)}, {"label", odd(anyText)}, {"x", anyValue},
	}
	return rapid.Custom(func(t *rapid.T) bson.D {
		doc := bson.D{{Key: "_id", Value: id}}
		missing := rapid.Uint32().Draw(t, "missing") & rapid.Uint32().Draw(t, "of these")
		for i, v := range values {
			if missing>>i&1 == 0 {
				doc = append(doc, bson.E{Key: v.key, Value: v.value.Draw(t, v.key)})
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

// anyQuestionOn draws a query about some paths.
func anyQuestionOn(paths *rapid.Generator[string]) *rapid.Generator[question] {
	condition := rapid.Custom(func(t *rapid.T) bson.E {
		return bson.E{Key: paths.Draw(t, "path"), Value: anyRecordCondition.Draw(t, "condition")}
	})
	conjunction := rapid.Map(rapid.SliceOfN(condition, 0, 3), func(conditions []bson.E) bson.D { return append(bson.D{}, conditions...) })
	filter := rapid.OneOf(conjunction, conjunction, rapid.Custom(func(t *rapid.T) bson.D {
		branches := bson.A{}
		for _, branch := range rapid.SliceOfN(conjunction, 1, 3).Draw(t, "branches") {
			branches = append(branches, branch)
		}
		operator := rapid.SampledFrom([]string{"$or", "$or", "$and", "$nor"}).Draw(t, "operator")
		return append(bson.D{{Key: operator, Value: branches}}, conjunction.Draw(t, "and")...)
	}))
	return rapid.Custom(func(t *rapid.T) question {
		q := taskdb.Query{Filter: filter.Draw(t, "filter")}
		sort := bson.D{}
		for _, path := range rapid.SliceOfNDistinct(paths, 0, 2, rapid.ID).Draw(t, "sort") {
			sort = append(sort, bson.E{Key: path, Value: anyDirection.Draw(t, "direction")})
		}
		q.Sort = sort
		if rapid.Bool().Draw(t, "windowed") {
			q.Skip, q.Limit = rapid.Int64Range(0, 10).Draw(t, "skip"), rapid.Int64Range(0, 20).Draw(t, "limit")
		}
		return question{q}
	})
}
