package backendtest

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/taskdb"
)

// owner is a writer, and what it made of its records, by their _ids.
type owner struct {
	name string
	db   *taskdb.DB
	docs map[string]bson.Raw
}

// job is what a writer does at once: one operation, a bulk of several, or to add
// at the end of a value.
type job struct {
	operations []taskdb.Operation
	ordered    bool
	found      *taskdb.Found // of one operation
	grows      *grown
}

// grown is a text that is appended, or a buffer.
type grown struct {
	id, key string
	size    int
	buffer  bool
}

// GoString tells of the job in few words, should it fail.
func (j job) GoString() string {
	if j.grows != nil {
		return fmt.Sprintf("grow %+v", *j.grows)
	}
	text := fmt.Sprintf("ordered %v, found %v:", j.ordered, j.found)
	for _, operation := range j.operations {
		text += fmt.Sprintf(" %T %.300v;", operation, operation)
	}
	return text
}

func (o *owner) anyJob() *rapid.Generator[job] {
	return rapid.Custom(func(t *rapid.T) job {
		switch rapid.IntRange(0, 9).Draw(t, "job") {
		case 0:
			return job{operations: rapid.SliceOfN(o.anyOperation(), 2, 6).Draw(t, "bulk"), ordered: rapid.Bool().Draw(t, "ordered")}
		case 1:
			return job{grows: &grown{id: o.anyID(t), key: "stdout", size: rapid.SampledFrom([]int{0, 10, 9000, 30000}).Draw(t, "size")}}
		case 2:
			key := rapid.SampledFrom([]string{"buffers", "kept"}).Draw(t, "key")
			return job{grows: &grown{id: o.anyID(t), key: key, size: rapid.SampledFrom([]int{0, 10, 5000}).Draw(t, "size"), buffer: true}}
		}
		operation := o.anyOperation().Draw(t, "operation")
		j := job{operations: []taskdb.Operation{operation}}
		update, isUpdate := operation.(taskdb.Update)
		deletion, isDeletion := operation.(taskdb.Delete)
		if isUpdate && !update.Many || isDeletion && !deletion.Many {
			if rapid.Bool().Draw(t, "found") {
				j.found = &taskdb.Found{Projection: "{}", After: isUpdate && rapid.Bool().Draw(t, "after")}
			}
		}
		return j
	})
}

const recordsOfOwner = 6

func (o *owner) anyID(t *rapid.T) string {
	return fmt.Sprintf("%s-%d", o.name, rapid.IntRange(0, recordsOfOwner-1).Draw(t, "id"))
}

// anyOperation draws an operation on the owner's records. One of many changes
// nothing that is unique.
func (o *owner) anyOperation() *rapid.Generator[taskdb.Operation] {
	return rapid.Custom(func(t *rapid.T) taskdb.Operation {
		one := bson.D{{Key: "_id", Value: o.anyID(t)}, {Key: "owner", Value: o.name}}
		some := bson.D{{Key: "owner", Value: o.name}, {Key: "n", Value: bson.M{"$lt": rapid.IntRange(0, 4).Draw(t, "n")}}}
		switch rapid.IntRange(0, 11).Draw(t, "kind") {
		case 0, 1, 2:
			return taskdb.Insert{Doc: encode(t, append(one, o.anyRecord(t)...))}
		case 3:
			return taskdb.Update{Filter: one, Update: append(bson.D{{Key: "owner", Value: o.name}}, o.anyRecord(t)...)}
		case 4:
			return taskdb.Delete{Filter: one}
		case 5:
			return taskdb.Update{Filter: some, Update: o.anyUpdate(t, false), Many: true}
		case 6:
			return taskdb.Delete{Filter: some, Many: true}
		case 7:
			return taskdb.Update{Filter: some, Sort: `{_id: 1}`, Update: o.anyUpdate(t, true)}
		case 8:
			filter := append(slices.Clone(one), bson.E{Key: "tags", Value: anyTag.Draw(t, "tag")})
			return taskdb.Update{Filter: filter, Update: bson.M{"$set": bson.M{"tags.$": anyTag.Draw(t, "to")}}}
		case 9:
			return taskdb.Update{Filter: one, Update: o.anyUpdate(t, true), Upsert: true}
		default:
			return taskdb.Update{Filter: one, Update: o.anyUpdate(t, true)}
		}
	})
}

var (
	anyTag  = rapid.SampledFrom([]any{"a", "b", 1, nil})
	anyTags = rapid.OneOf(anyTag, rapid.Just[any](bson.A{}), rapid.Map(rapid.SliceOfN(anyTag, 1, 3), func(tags []any) any { return bson.A(tags) }))
	// anyOfTask are values for a task's keys, as fit and as do not.
	anyOfTask   = rapid.SampledFrom([]any{nil, "a", "b", "c", bson.DateTime(0), bson.DateTime(5), bson.DateTime(9), int32(5), true, bson.D{{Key: "status", Value: "ok"}}})
	anyOutput   = rapid.Map(rapid.SampledFrom([]int{0, 9, 20_000}), func(n int) any { return strings.Repeat("x", n) })
	anyTaskPath = rapid.SampledFrom([]string{"queue", "label", "submitted", "completed", "engine_uuid", "result_content"})
)

func (o *owner) anyMsgID(t *rapid.T) any {
	if rapid.IntRange(0, 5).Draw(t, "odd") == 0 {
		return rapid.SampledFrom([]any{nil, int32(1), bson.A{"x"}}).Draw(t, "msg_id")
	}
	return o.anyID(t) // that may be another's _id, too
}

// anyRecord draws the keys of a record but its _id and owner.
func (o *owner) anyRecord(t *rapid.T) bson.D {
	doc := bson.D{{Key: "n", Value: rapid.Int32Range(0, 4).Draw(t, "n")}}
	for _, value := range []bson.E{
		{Key: "msg_id", Value: o.anyMsgID(t)},
		{Key: "queue", Value: anyOfTask.Draw(t, "queue")},
		{Key: "completed", Value: anyOfTask.Draw(t, "completed")},
		{Key: "submitted", Value: anyOfTask.Draw(t, "submitted")},
		{Key: "tags", Value: anyTags.Draw(t, "tags")},
		{Key: "buffers", Value: anyBuffers.Draw(t, "buffers")},
		{Key: "stdout", Value: anyOutput.Draw(t, "stdout")},
	} {
		if rapid.Bool().Draw(t, "has "+value.Key) {
			doc = append(doc, value)
		}
	}
	return doc
}

// anyUpdate draws operators: of many, such as suit any document.
func (o *owner) anyUpdate(t *rapid.T, one bool) bson.D {
	change := func(operator, key string, v any) bson.D {
		return bson.D{{Key: operator, Value: bson.D{{Key: key, Value: v}}}}
	}
	kinds := 5
	if one {
		kinds = 15
	}
	switch rapid.IntRange(0, kinds).Draw(t, "update") {
	case 0:
		return bsonSet(anyTaskPath.Draw(t, "path"), anyOfTask.Draw(t, "value"))
	case 1:
		return append(bsonSet(anyTaskPath.Draw(t, "path"), anyOfTask.Draw(t, "value")), change("$inc", "n", 1)...)
	case 2:
		return change("$unset", rapid.SampledFrom([]string{"queue", "completed", "tags", "buffers", "stdout", "kept"}).Draw(t, "path"), 1)
	case 3:
		return bsonSet("tags", anyTags.Draw(t, "tags"))
	case 4:
		return bsonSet("buffers", anyBuffers.Draw(t, "buffers"))
	case 5:
		return bsonSet("stdout", anyOutput.Draw(t, "stdout"))
	case 6:
		return bsonSet("result_content.status", anyOfTask.Draw(t, "status"))
	case 7:
		return change(rapid.SampledFrom([]string{"$push", "$addToSet", "$pull"}).Draw(t, "operator"), "tags", anyTag.Draw(t, "tag"))
	case 8:
		return change("$rename", "buffers", "kept")
	case 9:
		return change("$rename", "kept", "buffers")
	case 10:
		return change("$rename", "stdout", "kept")
	case 11:
		return change("$push", "buffers", bson.Binary{Data: noise(rapid.SampledFrom([]int{1, 5000}).Draw(t, "buffer"))})
	case 12:
		return bsonSet("buffers.0", bson.Binary{Data: noise(5000)})
	case 13:
		return change("$pop", "buffers", rapid.SampledFrom([]int{-1, 1}).Draw(t, "end"))
	}
	return bsonSet("msg_id", o.anyMsgID(t))
}
