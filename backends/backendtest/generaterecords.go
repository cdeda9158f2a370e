package backendtest

import (
	"fmt"
	"math"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
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
		for i := range rapid.IntRange(0, maxRecords).Draw(t, "number of records") {
			list = append(list, encode(t, anyRecord(int32(i), oddness).Draw(t, "record")))
		}
		return list
	})

	recordPaths = []string{
		"_id", "msg_id", "submitted", "started", "completed", "client_uuid", "engine_uuid", "queue", "label", "result_content.status",
		"result_content", "header.a", "header.b.a", "header.n", "x", "x.a", "x.0", "x.0.a", "buffers", "buffers.0",
	}
	// stepPaths lead through one array.
	stepPaths     = []string{"steps.a", "steps.n", "steps.0.a", "steps.1"}
	anyRecordPath = rapid.OneOf(rapid.SampledFrom(recordPaths), rapid.SampledFrom(recordPaths), rapid.SampledFrom(stepPaths))
)

// maxRecords is how many records are asked about at the most. Their _ids are
// numbers from 0 on.
const maxRecords = 40

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

// What these keys hold. Steps are an array of documents, or one.
var (
	anyStatus = rapid.Map(anyText, func(status any) any { return bson.D{{Key: "status", Value: status}} })
	anyHeader = rapid.Custom(func(t *rapid.T) any {
		return bson.D{
			{Key: "a", Value: anyText.Draw(t, "a")},
			{Key: "b", Value: bson.D{{Key: "a", Value: anyScalar.Draw(t, "b.a")}}},
			{Key: "n", Value: rapid.Int32Range(0, 9).Draw(t, "n")},
		}
	})
	anyStep = rapid.Custom(func(t *rapid.T) any {
		return bson.D{{Key: "a", Value: rapid.SampledFrom([]any{"a", "b"}).Draw(t, "a")}, {Key: "n", Value: rapid.Int32Range(0, 2).Draw(t, "n")}}
	})
	anySteps   = rapid.OneOf(anyStep, rapid.Map(rapid.SliceOfN(anyStep, 0, 3), func(steps []any) any { return bson.A(steps) }))
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
		{"queue", anyText}, {"label", anyText}, {"x", anyScalar}, {"steps", anySteps},
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
	among := rapid.SampledFrom([]*rapid.Generator[string]{anyRecordPath, anyRecordPath, rapid.SampledFrom(stepPaths)}).Draw(t, "paths among")
	for _, path := range rapid.SliceOfNDistinct(among, 1, 3, rapid.ID).Draw(t, "paths") {
		keys = append(keys, bson.E{Key: path, Value: anyDirection.Draw(t, "direction")})
	}
	index.Keys = keys
	if rapid.IntRange(0, 2).Draw(t, "partial") == 0 {
		path := rapid.SampledFrom([]string{keys[0].Key, "completed", "label"}).Draw(t, "path of the filter")
		filter := bson.D{{Key: path, Value: anyRecordCondition.Draw(t, "filter")}}
		if parsed, err := query.Parse(filter); err != nil || parsed.Fallible() == "" {
			index.Partial = filter
		}
	}
	return index
})

// anyRecordValue draws what records may hold.
var anyRecordValue = rapid.OneOf(anyTime, anyText, anyValue, rapid.Map(rapid.Int32Range(0, 9), func(n int32) any { return n }))

// anyRecordCondition draws what a partial index asks of a path.
var anyRecordCondition = anyConditionOn(anyRecordValue)

// anyConditionOn draws what a filter asks of a path that has some values.
func anyConditionOn(value *rapid.Generator[any]) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		compare := func(operators ...string) bson.E {
			return bson.E{Key: rapid.SampledFrom(operators).Draw(t, "operator"), Value: value.Draw(t, "operand")}
		}
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0, 1, 2:
			return value.Draw(t, "equal to")
		case 3:
			return bson.D{compare("$gt", "$gte", "$lt", "$lte")}
		case 4:
			return bson.D{compare("$gt", "$gte"), compare("$lt", "$lte")}
		case 5:
			return bson.D{{Key: "$in", Value: bson.A(rapid.SliceOfN(value, 0, 4).Draw(t, "operands"))}}
		case 6:
			return bson.D{{Key: "$nin", Value: bson.A(rapid.SliceOfN(value, 0, 4).Draw(t, "operands"))}}
		case 7:
			return bson.D{{Key: rapid.SampledFrom([]string{"$ne", "$eq"}).Draw(t, "operator"), Value: nil}}
		case 8:
			return bson.D{{Key: "$not", Value: bson.D{compare("$gt", "$gte", "$lt", "$lte", "$eq")}}}
		default:
			return anyCondition.Draw(t, "any")
		}
	})
}
