package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func TestUpdateParseErrors(t *testing.T) {
	for _, c := range []errorCase{
		{`{$foo: {a: 1}}`, 9, "Unknown modifier: $foo. Expected a valid update modifier or pipeline-style update specified as an array", "$foo"},
		{`{$foo: {}}`, 9, "Unknown modifier: $foo", "$foo"},
		{`{$set: {a: 1}, b: 2}`, 9, "Unknown modifier: b", "b"},
		{`{$set: 1}`, 9, "Modifiers operate on fields but we found type int instead. For example: {$mod: {<field>: ...}} not {$set: 1}", "$set"},
		{`{$unset: []}`, 9, "we found type array instead", "$unset"},
		{`{$set: {"": 1}}`, 56, "An empty update path is not valid.", "$set."},
		{`{$set: {"a..b": 1}}`, 56, "The update path 'a..b' contains an empty field name, which is not allowed.", "$set.a..b"},
		{`{$set: {"a.": 1}}`, 56, "'a.' contains an empty field name", "$set.a."},
		{`{$set: {a: 1}, $inc: {a: 1}}`, 40, "Updating the path 'a' would create a conflict at 'a'", "$inc.a"},
		{`{$set: {a: 1, "a.b": 1}}`, 40, "Updating the path 'a.b' would create a conflict at 'a'", "$set.a.b"},
		{`{$set: {"a.b.c": 1}, $unset: {"a.b": 1}}`, 40, "Updating the path 'a.b' would create a conflict at 'a.b'", "$unset.a.b"},
		{`{$set: {"a.$[]": 1, "a.0": 1}}`, 40, "Updating the path 'a.0' would create a conflict at 'a'", "$set.a.0"},
		{`{$set: {"a.$": 1, "a.$[]": 1}}`, 40, "Updating the path 'a.$[]' would create a conflict at 'a'", "$set.a.$[]"},
		{`{$set: {"a.$.b.$": 1}}`, 2, "Too many positional (i.e. '$') elements found in path 'a.$.b.$'", "$set.a.$.b.$"},
		{`{$set: {$: 1}}`, 2, "Cannot have positional (i.e. '$') element in the first position in path '$'", "$set.$"},
		{`{$set: {"$.a": 1}}`, 2, "in the first position in path '$.a'", "$set.$.a"},
		{`{$set: {"$[].a": 1}}`, 2, "Cannot have array filter identifier (i.e. '$[<id>]') element in the first position in path '$[].a'", "$set.$[].a"},
		{`{$set: {"a.$[x]": 1}}`, 2, "No array filter found for identifier 'x' in path 'a.$[x]'", "$set.a.$[x]"},
		{`{$inc: {a: "1"}}`, 14, `Cannot increment with non-numeric argument: {a: "1"}`, "$inc.a"},
		{`{$mul: {a: null}}`, 14, "Cannot multiply with non-numeric argument: {a: null}", "$mul.a"},
		{`{$rename: {a: 1}}`, 2, "The 'to' field for $rename must be a string: {a: 1}", "$rename.a"},
		{`{$rename: {a: "a"}}`, 2, "The source and target field for $rename must differ", "$rename.a"},
		{`{$rename: {a: "a.b"}}`, 2, "The source and target field for $rename must not be on the same path", "$rename.a"},
		{`{$rename: {"a.b": "a"}}`, 2, "must not be on the same path", "$rename.a.b"},
		{`{$rename: {"a.$": "b"}}`, 2, "The source field for $rename may not be dynamic: a.$", "$rename.a.$"},
		{`{$rename: {a: "b.$[]"}}`, 2, "The destination field for $rename may not be dynamic: b.$[]", "$rename.a"},
		{`{$rename: {a: ""}}`, 56, "An empty update path is not valid.", "$rename.a"},
		{`{$rename: {a: "b\u0000"}}`, 9867600, "cannot contain an embedded null byte", "$rename.a"},
		{`{$rename: {a: "b", b: "c"}}`, 40, "Updating the path 'b' would create a conflict at 'b'", "$rename.b"},
		{`{$rename: {a: "b"}, $set: {"a.x": 1}}`, 40, "Updating the path 'a.x' would create a conflict at 'a'", "$set.a.x"},
		{`{$push: {a: {$each: 1}}}`, 2, "The argument to $each in $push must be an array but it was of type: int", "$push.a.$each"},
		{`{$push: {a: {$each: [], $foo: 1}}}`, 2, "Unrecognized clause in $push: $foo", "$push.a"},
		{`{$push: {a: {b: 1, $each: []}}}`, 2, "Unrecognized clause in $push: b", "$push.a"},
		{`{$push: {a: {$each: [], $slice: "1"}}}`, 2, "The value for $slice must be an integer value but was given type: string", "$push.a.$slice"},
		{`{$push: {a: {$each: [], $slice: 1.5}}}`, 2, "The value for $slice must be an integer value", "$push.a.$slice"},
		{`{$push: {a: {$each: [], $position: Infinity}}}`, 2, "The value for $position must be an integer value", "$push.a.$position"},
		{`{$push: {a: {$each: [], $sort: 2}}}`, 2, "The $sort element value must be either 1 or -1", "$push.a.$sort"},
		{`{$push: {a: {$each: [], $sort: "x"}}}`, 2, "The $sort is invalid: use 1/-1 to sort the whole element", "$push.a.$sort"},
		{`{$push: {a: {$each: [], $sort: {}}}}`, 2, "The $sort pattern is empty", "$push.a.$sort"},
		{`{$push: {a: {$each: [], $sort: {x: 0}}}}`, 2, "must be either 1 or -1", "$push.a.$sort.x"},
		{`{$push: {a: {$each: [], $sort: {"": 1}}}}`, 2, "The $sort field cannot be empty", "$push.a.$sort."},
		{`{$push: {a: {$each: [], $sort: {"x.": 1}}}}`, 2, "The $sort field is a dotted field but has an empty part: x.", "$push.a.$sort.x."},
		{`{$addToSet: {a: {$each: 1}}}`, 14, "The argument to $each in $addToSet must be an array but it was of type: int", "$addToSet.a.$each"},
		{`{$addToSet: {a: {$each: [], b: 1}}}`, 2, "Found unexpected fields after $each in $addToSet", "$addToSet.a"},
		{`{$pop: {a: 2}}`, 9, "$pop expects 1 or -1, found: 2", "$pop.a"},
		{`{$pop: {a: 1.5}}`, 9, "Expected an integer: {a: 1.5}", "$pop.a"},
		{`{$pop: {a: "1"}}`, 9, `Expected a number in: {a: "1"}`, "$pop.a"},
		{`{$pullAll: {a: 1}}`, 2, "$pullAll requires an array argument but was given a int", "$pullAll.a"},
		{`{$pull: {a: {$gt: 1, b: 2}}}`, 2, "unknown operator: b", "$pull.a.b"},
		{`{$pull: {a: {$foo: 1}}}`, 2, "unknown operator: $foo", "$pull.a.$foo"},
		{`{$pull: {a: {$not: {$gt: 1}}}}`, 2, "unknown top level operator: $not", "$pull.a.$not"},
		{`{$pull: {a: {b: {$ge: 1}}}}`, 2, "unknown operator: $ge", "$pull.a.b.$ge"},
		{`{$pull: {a: {$text: {}}}}`, 2, "$text is not allowed in this context", "$pull.a.$text"},
		{`{$pull: {a: {$expr: true}}}`, 224, "$expr is not allowed in this context", "$pull.a.$expr"},
		{`{$pull: {a: /(/}}`, 51091, "Regular expression is invalid", "$pull.a"},
		{`{$bit: {a: 1}}`, 2, "The $bit modifier is not compatible with a int", "$bit.a"},
		{`{$bit: {a: {}}}`, 2, "You must pass in at least one bitwise operation", "$bit.a"},
		{`{$bit: {a: {nand: 1}}}`, 2, "only supports 'and', 'or', and 'xor', not 'nand' which is an unknown operator: {nand: 1}", "$bit.a"},
		{`{$bit: {a: {or: 1.0}}}`, 2, "must be an Integer(32/64 bit); a 'double' is not supported here: {or: 1.0}", "$bit.a.or"},
		{`{$currentDate: {a: 1}}`, 2, "int is not valid type for $currentDate", "$currentDate.a"},
		{`{$currentDate: {a: {}}}`, 2, "The '$type' string field is required to be 'date' or 'timestamp'", "$currentDate.a"},
		{`{$currentDate: {a: {$type: "Date"}}}`, 2, "The '$type' string field is required", "$currentDate.a"},
		{`{$currentDate: {a: {x: "date"}}}`, 2, "Unrecognized $currentDate option: x", "$currentDate.a"},
	} {
		_, err := query.ParseUpdateValue(c.source)
		c.check(t, err)
	}
}

func TestArrayFilterErrors(t *testing.T) {
	for _, c := range []struct {
		errorCase
		filters []any
	}{
		{errorCase{`{$set: {"a.$[x]": 1}}`, 9, "The array filter for identifier 'y' was not used in the update", "arrayFilters.1"}, []any{`{x: 1}`, `{y: 1}`}},
		{errorCase{`{$set: {"a.$[x]": 1}}`, 9, "Found multiple array filters with the same top-level field name x", "arrayFilters.1"}, []any{`{x: 1}`, `{"x.b": 1}`}},
		{errorCase{`{$set: {"a.$[x]": 1}}`, 9, "Expected a single top-level field name, found 'x' and 'y'", "arrayFilters.0.y"}, []any{`{x: 1, y: 1}`}},
		{errorCase{`{$set: {"a.$[x]": 1}}`, 9, "found 'x' and 'y'", "arrayFilters.0.$or.1.y"}, []any{`{$or: [{x: 1}, {y: 1}]}`}},
		{errorCase{`{$set: {"a.$[X]": 1}}`, 2, "must be an alphanumeric string beginning with a lowercase letter, found 'X'", "arrayFilters.0.X"}, []any{`{X: 1}`}},
		{errorCase{`{$set: {a: 1}}`, 9, "Cannot use an expression without a top-level field name in arrayFilters", "arrayFilters.0"}, []any{`{}`}},
		{errorCase{`{$set: {a: 1}}`, 9, "Cannot use an expression without a top-level field name", "arrayFilters.0"}, []any{`{$comment: "c"}`}},
		{errorCase{`{$set: {"a.$[x]": 1}}`, 2, "Error parsing array filter :: caused by :: unknown operator: $foo", "arrayFilters.0.x.$foo"}, []any{`{x: {$foo: 1}}`}},
		{errorCase{`{$set: {"a.$[x]": 1}}`, 2, "$text is not allowed in this context", "arrayFilters.0.$text"}, []any{`{$text: {$search: "a"}}`}},
		{errorCase{`{$set: {"a.$[x]": 1}}`, 22, "length does not match", "arrayFilters.0"}, []any{[]byte("xxxxx")}},
		{errorCase{`{a: 1}`, 9, "arrayFilters may not be specified for replacement-style updates", "arrayFilters"}, []any{`{x: 1}`}},
	} {
		_, err := query.ParseUpdateValue(c.source, c.filters...)
		c.check(t, err)
	}
}

func TestUpdateErrors(t *testing.T) {
	for _, c := range []struct {
		errorCase
		doc string
	}{
		{errorCase{`{$set: {_id: 2}}`, 66, "Performing an update on the path '_id' would modify the immutable field '_id'", "$set._id"}, `{_id: 1}`},
		{errorCase{`{$unset: {_id: ""}}`, 66, "would modify the immutable field '_id'", "$unset._id"}, `{_id: 1}`},
		{errorCase{`{$rename: {_id: "a"}}`, 66, "would modify the immutable field '_id'", "$rename._id"}, `{_id: 1}`},
		{errorCase{`{$rename: {a: "_id"}}`, 66, "would modify the immutable field '_id'", "$rename.a"}, `{_id: 1, a: 2}`},
		{errorCase{`{$set: {"_id.b": 2}}`, 66, "on the path '_id.b' would modify the immutable field '_id'", "$set._id.b"}, `{_id: {a: 1}}`},
		{errorCase{`{$set: {"_id.a": 1.0}}`, 66, "on the path '_id.a' would modify the immutable field '_id'", "$set._id.a"}, `{_id: {a: 1}}`},
		{errorCase{`{_id: 2, a: 1}`, 66, "After applying the update, the (immutable) field '_id' was found to have been altered to {_id: 2}", "_id"}, `{_id: 1}`},
		{errorCase{`{a: 1, $set: {b: 1}}`, 52, "The dollar ($) prefixed field '$set' in '$set' is not allowed", "$set"}, `{_id: 1}`},
		{errorCase{`{$set: {$a: 1}}`, 52, "The dollar ($) prefixed field '$a' in '$a' is not allowed", "$set.$a"}, `{_id: 1}`},
		{errorCase{`{$inc: {"$a.b": 1}}`, 52, "The dollar ($) prefixed field '$a' in '$a.b' is not allowed", "$inc.$a.b"}, `{_id: 1, $a: {b: 1}}`},
		{errorCase{`{$rename: {a: "$b"}}`, 52, "The dollar ($) prefixed field '$b'", "$rename.a"}, `{_id: 1, a: 1}`},
		{errorCase{`{$set: {"a.b": 1}}`, 28, "Cannot create field 'b' in element {a: 1}", "$set.a.b"}, `{_id: 1, a: 1}`},
		{errorCase{`{$set: {"a.b.c.d": 1}}`, 28, "Cannot create field 'b' in element {a: null}", "$set.a.b.c.d"}, `{_id: 1, a: null}`},
		{errorCase{`{$inc: {"a.b": 1}}`, 28, "Cannot create field 'b' in element {a: [1]}", "$inc.a.b"}, `{_id: 1, a: [1]}`},
		{errorCase{`{$set: {"a.01": 1}}`, 28, "Cannot create field '01' in element {a: [1,2]}", "$set.a.01"}, `{_id: 1, a: [1, 2]}`},
		{errorCase{`{$set: {"a.0.b": 1}}`, 28, "Cannot create field 'b' in element {0: 1}", "$set.a.0.b"}, `{_id: 1, a: [1]}`},
		{errorCase{`{$pop: {"a.b": 1}}`, 28, "Cannot use the part (b) of (a.b) to traverse the element ({a: 1})", "$pop.a.b"}, `{_id: 1, a: 1}`},
		{errorCase{`{$pull: {"a.b.c": 1}}`, 28, "Cannot use the part (b) of (a.b.c) to traverse the element ({a: [{\"b\":1}]})", "$pull.a.b.c"}, `{_id: 1, a: [{b: 1}]}`},
		{errorCase{`{$rename: {"a.b": "c"}}`, 28, "Cannot use the part (b) of (a.b) to traverse the element ({a: 1})", "$rename.a.b"}, `{_id: 1, a: 1}`},
		{errorCase{`{$rename: {a: "b.c"}}`, 28, "Cannot create field 'c' in element {b: 1}", "$rename.a"}, `{_id: 1, a: 1, b: 1}`},
		{errorCase{`{$rename: {"a.0": "b"}}`, 2, "The source field cannot be an array element, 'a.0' in doc with {_id: 1} has an array field called 'a'", "$rename.a.0"}, `{_id: 1, a: [1]}`},
		{errorCase{`{$rename: {a: "b.0"}}`, 2, "The destination field cannot be an array element, 'b.0' in doc with {_id: 1} has an array field called 'b'", "$rename.a"}, `{_id: 1, a: 1, b: [1]}`},
		{errorCase{`{$rename: {a: "b.9"}}`, 2, "The destination field cannot be an array element", "$rename.a"}, `{_id: 1, a: 1, b: []}`},
		{errorCase{`{$inc: {"a.b": 1}}`, 14, "Cannot apply $inc to a value of non-numeric type. {_id: 1} has the field 'b' of non-numeric type string", "$inc.a.b"}, `{_id: 1, a: {b: "x"}}`},
		{errorCase{`{$mul: {a: 1}}`, 14, "Cannot apply $mul to a value of non-numeric type. no id has the field 'a' of non-numeric type null", "$mul.a"}, `{a: null}`},
		{errorCase{`{$inc: {a: 1}}`, 2, "Failed to apply $inc operations to current value ((long)9223372036854775807) for document {_id: 1}", "$inc.a"}, `{_id: 1, a: NumberLong("9223372036854775807")}`},
		{errorCase{`{$inc: {a: NumberLong("-9223372036854775808")}}`, 2, "Failed to apply $inc", "$inc.a"}, `{_id: 1, a: NumberLong("-1")}`},
		{errorCase{`{$mul: {a: -1}}`, 2, "Failed to apply $mul operations to current value", "$mul.a"}, `{_id: 1, a: NumberLong("-9223372036854775808")}`},
		{errorCase{`{$mul: {a: NumberLong("4294967296")}}`, 2, "Failed to apply $mul", "$mul.a"}, `{_id: 1, a: NumberLong("4294967296")}`},
		{errorCase{`{$push: {"a.b": 1}}`, 2, "The field 'a.b' must be an array but is of type int in document {_id: 1}", "$push.a.b"}, `{_id: 1, a: {b: 1}}`},
		{errorCase{`{$addToSet: {a: 1}}`, 2, "Cannot apply $addToSet to non-array field. Field named 'a' has non-array type null", "$addToSet.a"}, `{_id: 1, a: null}`},
		{errorCase{`{$pull: {a: 1}}`, 2, "Cannot apply $pull to a non-array value", "$pull.a"}, `{_id: 1, a: 1}`},
		{errorCase{`{$pullAll: {a: [1]}}`, 2, "Cannot apply $pullAll to a non-array value", "$pullAll.a"}, `{_id: 1, a: 1}`},
		{errorCase{`{$pop: {"a.b": 1}}`, 14, "Path 'a.b' contains an element of non-array type 'object'", "$pop.a.b"}, `{_id: 1, a: {b: {}}}`},
		{errorCase{`{$bit: {a: {or: 1}}}`, 2, "Cannot apply $bit to a value of non-integral type. {_id: 1} has the field a of non-integer type double", "$bit.a"}, `{_id: 1, a: 1.0}`},
		{errorCase{`{$set: {"a.$": 1}}`, 2, "The positional operator did not find the match needed from the query.", "$set.a.$"}, `{_id: 1, a: [1]}`},
		{errorCase{`{$set: {"a.b.$.c": 1}}`, 2, "The positional operator did not find the match needed from the query.", "$set.a.b.$.c"}, `{_id: 1, a: 1}`},
		{errorCase{`{$set: {"a.$[]": 1}}`, 2, "The path 'a' must exist in the document in order to apply array updates.", "$set.a.$[]"}, `{_id: 1}`},
		{errorCase{`{$set: {"a.b.$[].c": 1}}`, 2, "The path 'a.b' must exist in the document in order to apply array updates.", "$set.a.b.$[].c"}, `{_id: 1, a: 1}`},
		{errorCase{`{$unset: {"a.b.$[].c": 1}}`, 2, "The path 'a.b' must exist in the document in order to apply array updates.", "$unset.a.b.$[].c"}, `{_id: 1, a: {}}`},
		{errorCase{`{$set: {"a.$[]": 1}}`, 2, "Cannot apply array updates to non-array element {a: {}}", "$set.a.$[]"}, `{_id: 1, a: {}}`},
		{errorCase{`{$set: {"a.$[].b": 1}}`, 28, "Cannot create field 'b' in element {1: 5}", "$set.a.$[].b"}, `{_id: 1, a: [{}, 5]}`},
		{errorCase{`{$set: {"a.1500002": 1}}`, 34, "can't backfill more than 1500000 elements", "$set.a.1500002"}, `{_id: 1, a: [1]}`},
	} {
		update, err := query.ParseUpdateValue(c.source)
		require.NoError(t, err, c.source)
		_, _, err = update.Apply(shell(t, c.doc), query.MustParse(`{}`), updateTime)
		c.check(t, err)
	}
}

// TestConflictsOfElements has paths that only turn out to be the same one in a
// document.
func TestConflictsOfElements(t *testing.T) {
	doc := shell(t, `{_id: 1, a: [{b: 1}, {b: 2}]}`)
	for _, c := range []struct {
		errorCase
		filter  string
		filters []any
	}{
		{errorCase{`{$set: {"a.$": 1, "a.0": 2}}`, 40, "Update created a conflict at 'a.0'", "$set.a.0"}, `{"a.b": 1}`, nil},
		{errorCase{`{$set: {"a.$": 1, "a.0.b": 2}}`, 40, "Update created a conflict at 'a.0'", "$set.a.0.b"}, `{"a.b": 1}`, nil},
		{errorCase{`{$set: {"a.$[x].b": 1, "a.$[y].b": 2}}`, 40, "Update created a conflict at 'a.0.b'", "$set.a.$[x].b"}, `{}`, []any{`{"x.b": 1}`, `{"y.b": {$gt: 0}}`}},
		{errorCase{`{$set: {"a.$[x].b.$[]": 1, "a.$[].b.c": 2}}`, 40, "Update created a conflict at 'a.0.b'", "$set.a.$[].b.c"}, `{}`, []any{`{"x.b": 1}`}},
	} {
		update, err := query.ParseUpdateValue(c.source, c.filters...)
		require.NoError(t, err, c.source)
		_, _, err = update.Apply(doc, query.MustParse(c.filter), updateTime)
		c.check(t, err)
	}
	update, err := query.ParseUpdateValue(`{$set: {"a.$": 1, "a.0": 2}}`)
	require.NoError(t, err)
	_, modified, err := update.Apply(doc, query.MustParse(`{"a.b": 2}`), updateTime)
	require.NoError(t, err)
	require.True(t, modified, "another element is no conflict")
}

func TestPaddingOfArrays(t *testing.T) {
	update, err := query.ParseUpdateValue(`{$set: {"a.1500000": 1}}`)
	require.NoError(t, err)
	doc, modified, err := update.Apply(shell(t, `{_id: 1, a: []}`), nil, updateTime)
	require.NoError(t, err)
	require.True(t, modified)
	last, err := doc.LookupErr("a", "1500000")
	require.NoError(t, err)
	require.Equal(t, int32(1), last.Int32())
}

func TestPathsThatAreTooLong(t *testing.T) {
	for parts, ok := range map[int]bool{query.MaxDepth: true, query.MaxDepth + 1: false, 1 << 20: false} {
		path := strings.Repeat("a.", parts-1) + "a"
		update, err := query.ParseUpdateValue(bson.D{{Key: "$set", Value: bson.D{{Key: path, Value: 1}}}})
		if !ok {
			require.Equal(t, 15, requireQueryError(t, err).Code)
			continue
		}
		require.NoError(t, err)
		doc, _, err := update.Apply(shell(t, `{_id: 1}`), nil, updateTime)
		require.NoError(t, err)
		require.NoError(t, query.Validate(doc))
	}
}

// TestUpdatesThatNestTooDeep puts values where they are too deep.
func TestUpdatesThatNestTooDeep(t *testing.T) {
	deep := nested(150, "a", value(1))
	path := strings.Repeat("b.", 60) + "b"
	for name, c := range map[string]struct{ update, doc any }{
		"$set":    {bson.D{{Key: "$set", Value: bson.D{{Key: path, Value: deep}}}}, `{_id: 1}`},
		"$push":   {bson.D{{Key: "$push", Value: bson.D{{Key: path, Value: deep}}}}, `{_id: 1}`},
		"$rename": {bson.D{{Key: "$rename", Value: bson.D{{Key: "a", Value: path}}}}, bson.D{{Key: "_id", Value: 1}, {Key: "a", Value: deep}}},
	} {
		update, err := query.ParseUpdateValue(c.update)
		require.NoError(t, err, name)
		doc, err := query.Document(c.doc)
		require.NoError(t, err)
		_, _, err = update.Apply(doc, nil, updateTime)
		require.Equal(t, 15, requireQueryError(t, err).Code, name)
	}
}

// TestUpdatesThatMakeTooMuch has updates that would make gigabytes of a small
// document.
func TestUpdatesThatMakeTooMuch(t *testing.T) {
	text := strings.Repeat("x", 1<<20)
	padded := bson.D{}
	for i := range 100 {
		padded = append(padded, bson.E{Key: fmt.Sprintf("p%d.1500000", i), Value: 1})
	}
	numbers := longArray("a", 10000, appendNumber)
	for name, c := range map[string]struct {
		update bson.D
		doc    bson.Raw
	}{
		"a large value in all elements": {bson.D{{Key: "$set", Value: bson.D{{Key: "a.$[]", Value: text}}}}, numbers},
		"padding in many arrays":        {bson.D{{Key: "$set", Value: padded}}, arrays("p", 100)},
		"padding in one array": {bson.D{{Key: "$set", Value: bson.D{
			{Key: "a.1500000", Value: 1}, {Key: "a.3000000", Value: 1}, {Key: "a.4500000", Value: 1}, {Key: "a.6000000", Value: 1},
		}}}, numbers},
		"elements": {bson.D{{Key: "$push", Value: bson.D{{Key: "a", Value: bson.D{{Key: "$each", Value: repeated(text, 15)}}}}}},
			encode(bson.D{{Key: "a", Value: bson.A{text, text}}})},
	} {
		t.Run(name, func(t *testing.T) {
			update, err := query.ParseUpdateValue(c.update)
			require.NoError(t, err)
			_, _, err = update.Apply(c.doc, nil, updateTime)
			wrong := requireQueryError(t, err)
			require.Equal(t, 17419, wrong.Code)
			require.Equal(t, "Resulting document after update is larger than 16777216", wrong.Message)
		})
	}
	large, err := query.ParseUpdateValue(bson.D{{Key: "a", Value: strings.Repeat("x", 16<<20)}})
	require.NoError(t, err)
	_, _, err = large.Apply(shell(t, `{_id: 1}`), nil, updateTime)
	require.Equal(t, 17419, requireQueryError(t, err).Code)
	_, err = large.Upsert(nil, updateTime)
	require.Equal(t, 17420, requireQueryError(t, err).Code)
}

// arrays is a document of n empty arrays.
func arrays(prefix string, n int) bson.Raw {
	doc := bson.D{}
	for i := range n {
		doc = append(doc, bson.E{Key: fmt.Sprintf("%s%d", prefix, i), Value: bson.A{}})
	}
	return encode(doc)
}

func repeated(v any, n int) bson.A {
	list := make(bson.A, n)
	for i := range list {
		list[i] = v
	}
	return list
}

func TestMessagesAreShort(t *testing.T) {
	update, err := query.ParseUpdateValue(`{$set: {"a.b": 1}}`)
	require.NoError(t, err)
	_, _, err = update.Apply(longArray("a", 100000, appendNumber), nil, updateTime)
	require.ErrorContains(t, err, "Cannot create field 'b' in element {a: array of 1088895 bytes}")
}
