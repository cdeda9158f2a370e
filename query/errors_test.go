package query_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// errorCase is a query that is refused, with MongoDB's code, its words, and where
// in the query the fault is.
type errorCase struct {
	source string
	code   int
	words  string
	path   string
}

func (c errorCase) check(t *testing.T, err error) {
	require.Error(t, err, c.source)
	wrong := requireQueryError(t, err)
	require.Equal(t, c.code, wrong.Code, "%s: %s", c.source, wrong)
	require.Contains(t, wrong.Message, c.words, c.source)
	require.Equal(t, c.path, wrong.Path, c.source)
}

func TestFilterErrors(t *testing.T) {
	for _, c := range []errorCase{
		{`{a: {$gt: 1, b: 2}}`, 2, "unknown operator: b", "a.b"},
		{`{a: {$foo: 1}}`, 2, "unknown operator: $foo", "a.$foo"},
		{`{$foo: 1}`, 2, "unknown top level operator: $foo. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.", "$foo"},
		{`{$not: {a: 1}}`, 2, "If you are trying to negate an entire expression, use $nor.", "$not"},
		{`{a: {$or: [{b: 1}]}}`, 2, "unknown operator: $or", "a.$or"},
		{`{a: undefined}`, 2, "cannot compare to undefined", "a"},
		{`{a: {$gt: undefined}}`, 2, "cannot compare to undefined", "a.$gt"},
		{`{a: {$gt: /x/}}`, 2, "Can't have RegEx as arg to predicate over field 'a'.", "a.$gt"},
		{`{"a.b": {$lte: /x/}}`, 2, "Can't have RegEx as arg to predicate over field 'a.b'.", "a.b.$lte"},
		{`{a: {$ne: /x/}}`, 2, "Can't have regex as arg to $ne.", "a.$ne"},
		{`{a: {$in: 1}}`, 2, "$in needs an array", "a.$in"},
		{`{a: {$nin: {}}}`, 2, "$nin needs an array", "a.$nin"},
		{`{a: {$in: [1, {$gt: 1}]}}`, 2, "cannot nest $ under $in", "a.$in.1"},
		{`{a: {$in: [undefined]}}`, 2, "cannot be undefined", "a.$in.0"},
		{`{a: {$in: [/(/]}}`, 51091, "Regular expression is invalid", "a.$in.0"},
		{`{a: {$type: "String"}}`, 2, "Unknown type name alias: String", "a.$type"},
		{`{a: {$type: 99}}`, 2, "Invalid numerical type code: 99", "a.$type"},
		{`{a: {$type: 20}}`, 2, "Invalid numerical type code: 20", "a.$type"},
		{`{a: {$ref: "x"}}`, 2, "unknown operator: $ref", "a.$ref"},
		{`{a: {$type: 0}}`, 2, "Invalid numerical type code: 0", "a.$type"},
		{`{a: {$type: 1.5}}`, 2, "Invalid numerical type code: 1.5", "a.$type"},
		{`{a: {$type: null}}`, 14, "type must be represented as a number or a string", "a.$type"},
		{`{a: {$type: []}}`, 9, "must match at least one type", "a.$type"},
		{`{a: {$type: ["int", "x"]}}`, 2, "Unknown type name alias: x", "a.$type.1"},
		{`{a: {$size: -1}}`, 2, "Failed to parse $size. Expected a non-negative number in: $size: -1", "a.$size"},
		{`{a: {$size: 1.5}}`, 2, "Failed to parse $size. Expected an integer: $size: 1.5", "a.$size"},
		{`{a: {$size: "1"}}`, 2, "Failed to parse $size. Expected a number in: $size: \"1\"", "a.$size"},
		{`{a: {$all: 1}}`, 2, "$all needs an array", "a.$all"},
		{`{a: {$all: [{$gt: 1}]}}`, 2, "no $ expressions in $all", "a.$all.0"},
		{`{a: {$all: [{$elemMatch: {b: 1}}, 2]}}`, 2, "$all/$elemMatch has to be consistent", "a.$all.1"},
		{`{a: {$elemMatch: 1}}`, 2, "$elemMatch needs an Object", "a.$elemMatch"},
		{`{a: {$elemMatch: [1]}}`, 2, "$elemMatch needs an Object", "a.$elemMatch"},
		{`{a: {$elemMatch: {$where: "x"}}}`, 2, "$elemMatch cannot contain $where expression", "a.$elemMatch.$where"},
		{`{a: {$elemMatch: {$text: {}}}}`, 2, "$text can only be applied to the top-level document", "a.$elemMatch.$text"},
		{`{a: {$elemMatch: {$expr: 1}}}`, 2, "$expr can only be applied to the top-level document", "a.$elemMatch.$expr"},
		{`{a: {$elemMatch: {$gt: 1, b: 1}}}`, 2, "unknown operator: b", "a.$elemMatch.b"},
		{`{$and: 1}`, 2, "$and must be an array", "$and"},
		{`{$or: {}}`, 2, "$or must be an array", "$or"},
		{`{$nor: null}`, 2, "$nor must be an array", "$nor"},
		{`{$or: []}`, 2, "$and/$or/$nor must be a nonempty array", "$or"},
		{`{$and: [{a: 1}, 2]}`, 2, "$or/$and/$nor entries need to be full objects", "$and.1"},
		{`{$or: [{}, {completed: {$foo: 1}}]}`, 2, "unknown operator: $foo", "$or.1.completed.$foo"},
		{`{a: {$not: 1}}`, 2, "$not needs a regex or a document", "a.$not"},
		{`{a: {$not: {}}}`, 2, "$not cannot be empty", "a.$not"},
		{`{a: {$not: {b: 1}}}`, 2, "unknown operator: b", "a.$not.b"},
		{`{a: {$regex: 1}}`, 2, "$regex has to be a string", "a.$regex"},
		{`{a: {$regex: "x", $options: 1}}`, 2, "$options has to be a string", "a.$options"},
		{`{a: {$options: "i"}}`, 2, "$options needs a $regex", "a.$options"},
		{`{a: {$regex: "("}}`, 51091, "Regular expression is invalid", "a.$regex"},
		{`{a: {$regex: "x", $options: "g"}}`, 51108, "invalid flag in regex options: g", "a.$regex"},
		{`{a: {$options: "i", $regex: /x/m}}`, 51074, "options set in both $regex and $options", "a.$regex"},
		{`{a: {$regex: /x/m, $options: "i"}}`, 51075, "options set in both $regex and $options", "a.$regex"},
		{`{a: {$mod: 1}}`, 2, "malformed mod, needs to be an array", "a.$mod"},
		{`{a: {$mod: [1]}}`, 2, "malformed mod, not enough elements", "a.$mod"},
		{`{a: {$mod: [1, 2, 3]}}`, 2, "malformed mod, too many elements", "a.$mod"},
		{`{a: {$mod: ["x", 1]}}`, 2, "malformed mod, divisor not a number", "a.$mod"},
		{`{a: {$mod: [1, "x"]}}`, 2, "malformed mod, remainder not a number", "a.$mod"},
		{`{a: {$mod: [NaN, 1]}}`, 2, "divisor value is invalid :: caused by ::", "a.$mod"},
		{`{a: {$mod: [2, 1e300]}}`, 2, "remainder value is invalid :: caused by ::", "a.$mod"},
		{`{a: {$mod: [0.5, 1]}}`, 2, "divisor cannot be 0", "a.$mod"},
		{`{a: {$bitsAllSet: "x"}}`, 2, "$bitsAllSet takes an Array, a number, or a BinData but received: \"x\"", "a.$bitsAllSet"},
		{`{a: {$bitsAnySet: [-1]}}`, 2, "bit positions", "a.$bitsAnySet.0"},
		{`{a: {$bitsAnySet: [0, "x"]}}`, 2, "bit positions", "a.$bitsAnySet.1"},
		{`{a: {$bitsAllClear: -1}}`, 9, "Expected a non-negative number", "a.$bitsAllClear"},
		{`{a: {$bitsAnyClear: 1.5}}`, 9, "Expected an integer", "a.$bitsAnyClear"},
		{`{a: {$bitsAnyClear: 1e300}}`, 9, "Expected an integer", "a.$bitsAnyClear"},
		{`{$where: "x"}`, 2, "$where is not allowed in this context", "$where"},
		{`{$text: {$search: "x"}}`, 27, "text index required for $text query", "$text"},
		{`{$expr: {$foo: 1}}`, 168, "Unrecognized expression '$foo'", "$expr.$foo"},
		{`{$or: [{$expr: "$$x"}]}`, 17276, "Use of undefined variable: x", "$or.0.$expr"},
		{`{$expr: {$divide: [1, 0]}}`, 2, "can't $divide by zero", "$expr.$divide"},
		{`{$jsonSchema: {}}`, 224, "$jsonSchema is not allowed", "$jsonSchema"},
		{`{a: {$expr: 1}}`, 2, "$expr can only be applied to the top-level document", "a.$expr"},
		{`{a: {$near: [0, 0]}}`, 5626500, "$near", "a.$near"},
		{`{a: {$geoWithin: {}}}`, 238, "$geoWithin is not implemented", "a.$geoWithin"},
		{`{a: {$glob: 1}}`, 2, "$glob has to be a string", "a.$glob"},
		{`{a: {$not: {$glob: /x/}}}`, 2, "$glob has to be a string", "a.$not.$glob"},
		{`{a: {$glob: "x*", $regex: "y"}}`, 2, "$glob cannot stand beside $regex: join the two by $and", "a.$glob"},
		{`{a: {$glob: "x*", $options: "i"}}`, 2, "$glob cannot stand beside $options", "a.$glob"},
		{`{a: {$glob: "x*", $glob: "*y"}}`, 2, "$glob cannot stand beside $glob", "a.$glob"},
		{`{a: {$ge: /x/}}`, 2, "Can't have RegEx as arg to predicate over field 'a'.", "a.$ge"},
		{`{$and: [{a: {$elemMatch: {$le: undefined}}}]}`, 2, "cannot compare to undefined", "$and.0.a.$elemMatch.$le"},
	} {
		_, err := query.Parse(c.source)
		c.check(t, err)
	}
}

func TestTooLongPaths(t *testing.T) {
	long := strings.Repeat("a.", 200) + "a"
	_, err := query.Parse(bson.D{{Key: long, Value: 1}})
	errorCase{code: 5729100, words: "FieldPath is too long", path: long}.check(t, err)
	_, err = query.ParseSortValue(bson.D{{Key: long, Value: 1}})
	errorCase{code: 15, words: "FieldPath is too long", path: long}.check(t, err)
	_, err = query.ParseProjectionValue(bson.D{{Key: long, Value: 1}})
	errorCase{code: 15, words: "FieldPath is too long", path: long}.check(t, err)
	_, err = query.Parse(bson.D{{Key: long[2:], Value: 1}})
	require.NoError(t, err, "200 parts")
}

func TestMongoFilterRefusesTheSeed(t *testing.T) {
	for _, c := range []errorCase{
		{`{a: {$ge: 1}}`, 2, "unknown operator: $ge", "a.$ge"},
		{`{a: {$not: {$le: 1}}}`, 2, "unknown operator: $le", "a.$not.$le"},
		{`{a: {$elemMatch: {b: {$glob: "x"}}}}`, 2, "unknown operator: $glob", "a.$elemMatch.b.$glob"},
		{`{$or: [{a: {$ge: 1}}]}`, 2, "unknown operator: $ge", "$or.0.a.$ge"},
	} {
		_, err := query.ParseMongoFilter(shell(t, c.source))
		c.check(t, err)
	}
	_, err := query.ParseMatchStage(value(bson.D{{Key: "a", Value: bson.D{{Key: "$ge", Value: 1}}}}))
	errorCase{code: 2, words: "unknown operator: $ge", path: "a.$ge"}.check(t, err)
}

func TestSortErrors(t *testing.T) {
	for _, c := range []errorCase{
		{`{a: "x"}`, 15974, "Illegal key in $sort specification: a: \"x\"", "a"},
		{`{a: true}`, 15974, "Illegal key in $sort", "a"},
		{`{a: null}`, 15974, "Illegal key in $sort", "a"},
		{`{a: 0}`, 15975, "must be 1 (for ascending) or -1 (for descending)", "a"},
		{`{a: 2}`, 15975, "must be 1", "a"},
		{`{a: 0.5}`, 15975, "must be 1", "a"},
		{`{a: NaN}`, 15975, "must be 1", "a"},
		{`{a: Infinity}`, 15975, "must be 1", "a"},
		{`{a: NumberDecimal("0.5")}`, 15975, "must be 1", "a"},
		{`{"": 1}`, 40352, "FieldPath cannot be constructed with empty string", ""},
		{`{"a.": 1}`, 40353, "FieldPath must not end with a '.'.", "a."},
		{`{".a": 1}`, 15998, "FieldPath field names may not be empty strings.", ".a"},
		{`{"a..b": 1}`, 15998, "may not be empty strings", "a..b"},
		{`{$a: 1}`, 16410, "FieldPath field names may not start with '$'.", "$a"},
		{`{"a.$b": 1}`, 16410, "may not start with '$'", "a.$b"},
		{`{"a.": 1, b: 5}`, 15975, "must be 1", "b"},
		{`{a: {$meta: "textScore"}}`, 40218, "query requires textScore metadata", "a"},
		{`{a: {b: 1}}`, 17312, "$meta is the only expression supported", "a"},
	} {
		_, err := query.ParseSortValue(c.source)
		c.check(t, err)
	}
	many := bson.D{}
	for i := range 33 {
		many = append(many, bson.E{Key: "a" + strings.Repeat("x", i), Value: 1})
	}
	_, err := query.ParseSortValue(many)
	errorCase{code: 13103, words: "too many compound keys"}.check(t, err)
	_, err = query.ParseSortValue(map[string]int{"a": 1, "b": 1})
	errorCase{code: 2, words: "use bson.D, not a map"}.check(t, err)
	_, err = query.ParseSortStage(value(bson.D{}))
	errorCase{code: 15976, words: "at least one sort key", path: "$sort"}.check(t, err)
	_, err = query.ParseSortStage(value(1))
	errorCase{code: 15973, words: "must be an object", path: "$sort"}.check(t, err)
}

func TestProjectionErrors(t *testing.T) {
	for _, c := range []errorCase{
		{`{a: 1, b: 0}`, 31254, "Cannot do exclusion on field b in inclusion projection", "b"},
		{`{a: 0, b: 1}`, 31253, "Cannot do inclusion on field b in exclusion projection", "b"},
		{`{a: 1, "a.b": 1}`, 31249, "Path collision at a.b remaining portion b", "a.b"},
		{`{"a.b": 1, a: 1}`, 31250, "Path collision at a", "a"},
		{`{a: {}}`, 51270, "An empty sub-projection is not a valid value.", "a"},
		{`{a: {$slice: "x"}}`, 28667, "Expression $slice takes at least 2 arguments", "a.$slice"},
		{`{a: {$slice: [1]}}`, 28667, "Expression $slice takes at least 2 arguments", "a.$slice"},
		{`{a: {$slice: [1, 0]}}`, 28724, "limit must be positive", "a.$slice"},
		{`{a: {$slice: ["x", 1]}}`, 28724, "First argument to $slice must be an array", "a.$slice"},
		{`{a: {$elemMatch: 1}}`, 31274, "object required", "a.$elemMatch"},
		{`{"a.b": {$elemMatch: {c: 1}}}`, 31275, "Cannot use $elemMatch projection on a nested field", "a.b.$elemMatch"},
		{`{a: {$elemMatch: {$foo: 1}}}`, 2, "unknown operator: $foo", "a.$elemMatch.$foo"},
		{`{"a.$": 1, "b.$": 1}`, 31276, "Cannot specify more than one positional projection", "b.$"},
		{`{"a.$.b": 1}`, 31394, "illegal to specify positional operator in the middle of a path", "a.$.b"},
		{`{a: {$elemMatch: {b: 1}}, "c.$": 1}`, 31256, "Cannot specify positional operator and $elemMatch", "c.$"},
		{`{"c.$": 1, a: {$elemMatch: {b: 1}}}`, 31255, "Cannot specify positional operator and $elemMatch", "a.$elemMatch"},
		{`{a: {$foo: "x"}}`, 31325, "Unrecognized expression '$foo'", "a.$foo"},
		{`{a: {$add: {$foo: "x"}}}`, 168, "Unrecognized expression '$foo'", "a.$add.$foo"},
		{`{a: {$toHashedIndexKey: "$b"}}`, 238, "$toHashedIndexKey is not implemented", "a.$toHashedIndexKey"},
		{`{a: "$$b"}`, 17276, "undefined variable", "a"},
		{`{"": 1}`, 40352, "empty string", ""},
		{`{"a.": 1}`, 40353, "must not end", "a."},
		{`{"a..b": 1}`, 15998, "may not be empty", "a..b"},
		{`{$a: 1}`, 16410, "may not start with '$'", "$a"},
	} {
		_, err := query.ParseProjectionValue(c.source)
		c.check(t, err)
	}
}

func TestPositionWithoutAnArrayInTheFilter(t *testing.T) {
	p, err := query.ParseProjectionValue(`{"a.$": 1}`)
	require.NoError(t, err)
	_, err = p.Apply(nil, shell(t, `{a: [1]}`), query.MustParse(`{}`))
	errorCase{code: 51246, words: "positional operator '.$' couldn't find a matching element in the array"}.check(t, err)
}

func TestDistinctErrors(t *testing.T) {
	_, err := query.NewDistinct("a\x00b")
	errorCase{code: 31032, words: "embedded null byte"}.check(t, err)
}

func TestWhatIsNoDocument(t *testing.T) {
	for _, source := range []any{1, "[1", "x", []int{1}, func() {}, make(chan int)} {
		_, err := query.Parse(source)
		require.Equal(t, 9, requireQueryError(t, err).Code, "%T", source)
	}
	_, err := query.Parse([]byte("x"))
	require.Equal(t, 22, requireQueryError(t, err).Code)
	require.Panics(t, func() { query.MustParse(`{$foo: 1}`) })
}

func TestErrorText(t *testing.T) {
	_, err := query.Parse(`{a: {$foo: 1}}`)
	require.EqualError(t, err, "unknown operator: $foo (code 2 BadValue, at a.$foo)")
	require.Equal(t, "BadValue", requireQueryError(t, err).CodeName())
	_, err = query.Parse(`{a: /(/}`)
	require.Equal(t, "Location51091", requireQueryError(t, err).CodeName())
	require.Error(t, requireQueryError(t, err).Unwrap())
	require.EqualError(t, &query.Error{Code: 2, Message: "m"}, "m (code 2 BadValue)")
}
