package sqlite_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/taskdb"
)

// columnValues are what the columns of tasks may and, if odd, may not hold.
func columnValues(path string, odd bool) *rapid.Generator[any] {
	fitting := rapid.SampledFrom([]any{"a", "b", "a\x00", "", bson.Symbol("b")})
	if slices.Contains([]string{"submitted", "started", "completed"}, path) {
		fitting = rapid.SampledFrom([]any{bson.DateTime(0), bson.DateTime(-1), bson.DateTime(1), bson.DateTime(1 << 40)})
	}
	if !odd {
		return rapid.OneOf(fitting, fitting, rapid.Just(any(nil)))
	}
	other := rapid.SampledFrom([]any{
		nil, int32(1), "a", bson.DateTime(0), bson.A{}, bson.A{"a", "b"}, bson.A{bson.DateTime(0), nil}, bson.D{{Key: "a", Value: "b"}},
		bson.Undefined{}, bson.Regex{Pattern: "a"}, bson.MinKey{}, true,
	})
	return rapid.OneOf(fitting, fitting, fitting, rapid.Just(any(nil)), other)
}

var columnPaths = []string{
	"msg_id", "submitted", "started", "completed", "client_uuid", "engine_uuid", "queue", "label", "result_content.status",
}

// drawRecord draws a record with values for some of the columns.
func drawRecord(t *rapid.T, id int, odd bool) bson.D {
	doc := bson.D{{Key: "_id", Value: id}}
	for _, path := range columnPaths {
		v := columnValues(path, odd).Draw(t, path)
		switch {
		case rapid.IntRange(0, 3).Draw(t, path+" is missing") == 0:
		case path != "result_content.status":
			doc = append(doc, bson.E{Key: path, Value: v})
		case odd && rapid.IntRange(0, 5).Draw(t, "content is a list") == 0:
			doc = append(doc, bson.E{Key: "result_content", Value: bson.A{bson.D{{Key: "status", Value: v}}, "a"}})
		default:
			doc = append(doc, bson.E{Key: "result_content", Value: bson.D{{Key: "status", Value: v}}})
		}
	}
	return doc
}

// drawCondition draws a condition on a column.
func drawCondition(t *rapid.T) bson.E {
	path := rapid.SampledFrom(columnPaths).Draw(t, "path")
	v := columnValues(path, true)
	operator := rapid.SampledFrom([]string{"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$type"}).Draw(t, "operator")
	var operand any
	switch operator {
	case "$in", "$nin":
		operand = bson.A(rapid.SliceOfN(rapid.Map(v, withoutUndefined), 0, 3).Draw(t, "operands"))
	case "$exists":
		operand = rapid.Bool().Draw(t, "exists")
	case "$type":
		operand = rapid.SampledFrom([]string{"string", "date", "null", "array", "int"}).Draw(t, "type")
	default:
		operand = rapid.Map(v, withoutRegex).Draw(t, "operand")
	}
	return bson.E{Key: path, Value: bson.D{{Key: operator, Value: operand}}}
}

// withoutUndefined replaces what no operator takes.
func withoutUndefined(v any) any {
	if _, is := v.(bson.Undefined); is {
		return nil
	}
	return v
}

// withoutRegex replaces what no comparison takes, too.
func withoutRegex(v any) any {
	if _, is := v.(bson.Regex); is {
		return "a"
	}
	return withoutUndefined(v)
}

// drawConditions draws conditions on columns, of which all must hold, or any of
// some.
func drawConditions(t *rapid.T) bson.A {
	var list bson.A
	for range rapid.IntRange(1, 3).Draw(t, "conditions") {
		list = append(list, bson.D{drawCondition(t)})
	}
	if rapid.Bool().Draw(t, "or") {
		list = append(list, bson.D{{Key: "$or", Value: bson.A{
			bson.D{drawCondition(t)}, bson.D{drawCondition(t), drawCondition(t)},
		}}})
	}
	return list
}

// What is found by the columns' indexes is what a scan of all records finds, also
// where records have values that columns do not hold; and counting and removing
// agree.
func TestOddRecordsAreFoundByEveryIndex(t *testing.T) {
	store := openURL(t, "sqlite:"+newPath(t)+"?durability=off")
	rapid.Check(t, func(t *rapid.T) {
		db := store.In("odd.task_records")
		require.NoError(t, db.DropCollection(testContext()))
		odd := rapid.Bool().Draw(t, "odd")
		for id := range rapid.IntRange(1, 12).Draw(t, "records") {
			doc, err := bson.Marshal(drawRecord(t, id, odd))
			require.NoError(t, err)
			if err := db.AddRaw(testContext(), doc); err != nil {
				require.ErrorIs(t, err, taskdb.ErrExists)
			}
		}
		filter := bson.D{{Key: "$and", Value: drawConditions(t)}}
		scanned := bson.D{{Key: "$nor", Value: bson.A{bson.D{{Key: "$nor", Value: bson.A{filter}}}}}}
		all, wanted := selected(t, db, nil), selected(t, db, scanned)
		require.Equal(t, wanted, selected(t, db, filter), "%v", filter)
		n, err := db.Count(testContext(), taskdb.Query{Filter: filter})
		require.NoError(t, err)
		require.Len(t, wanted, int(n))
		n, err = db.Count(testContext(), taskdb.Query{Filter: filter, Limit: 1})
		require.NoError(t, err)
		require.EqualValues(t, min(len(wanted), 1), n)
		outcome, err := db.Delete(testContext(), taskdb.Delete{Filter: filter, Many: true})
		require.NoError(t, err)
		require.Len(t, wanted, int(outcome.Matched), "%v", filter)
		isGone := func(id string) bool { return slices.Contains(wanted, id) }
		require.Equal(t, slices.DeleteFunc(all, isGone), selected(t, db, nil), "%v", filter)
	})
}

func selected(t *rapid.T, db *taskdb.DB, filter any) []string {
	ids := []string{}
	for doc, err := range db.FindRaw(testContext(), taskdb.Query{Filter: filter, Projection: "{_id: 1}"}) {
		require.NoError(t, err)
		ids = append(ids, doc.Lookup("_id").String())
	}
	slices.Sort(ids)
	return ids
}

func TestAnIDIsUniqueWhereverItIsKept(t *testing.T) {
	for name, test := range map[string]struct{ first, second, key string }{
		"the msg_id of one is the _id of another": {`{_id: "a", msg_id: "a"}`, `{_id: "a", msg_id: "b"}`, `{_id: "a"}`},
		"the other way round":                     {`{_id: "a", msg_id: "b"}`, `{_id: "a", msg_id: "a"}`, `{_id: "a"}`},
		"without a msg_id":                        {`{_id: "a", msg_id: "a"}`, `{_id: "a"}`, `{_id: "a"}`},
		"with a msg_id of another type":           {`{_id: "a", msg_id: 5}`, `{_id: "a", msg_id: "a"}`, `{_id: "a"}`},
		"only the msg_id is the same":             {`{_id: 1, msg_id: "a"}`, `{_id: "a", msg_id: "a"}`, `{msg_id: "a"}`},
		"both are the same":                       {`{_id: "a", msg_id: "a"}`, `{_id: "a", msg_id: "a"}`, `{_id: "a"}`},
		"equal numbers":                           {`{_id: 1, msg_id: "a"}`, `{_id: 1.0, msg_id: "b"}`, `{_id: 1.0}`},
	} {
		t.Run(name, func(t *testing.T) {
			db := openURL(t, "sqlite:"+newPath(t))
			add(t, db, test.first)
			var duplicate *taskdb.DuplicateKeyError
			require.ErrorAs(t, db.AddRaw(t.Context(), parse(t, test.second)), &duplicate)
			require.Equal(t, parse(t, test.key), duplicate.KeyValue)
			add(t, db, `{_id: "c", msg_id: "a2"}`, `{_id: "d", msg_id: "d"}`)
			require.Len(t, found(t, db, `{_id: {$in: ["a", "c", "d", 1]}}`), 3)
			require.Equal(t, []string{`"c"`, `"d"`}, found(t, db, `{_id: {$gt: "b"}}`))
		})
	}
}
