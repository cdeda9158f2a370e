package query_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// updateTime is the time of all updates in these tests.
var updateTime = time.Date(2026, 1, 1, 0, 0, 0, 5_000_001, time.UTC)

// updateCase is an update, a document, and what becomes of it: key for key and
// byte for byte. want is empty where nothing changes.
type updateCase struct{ update, doc, want string }

func (c updateCase) check(t *testing.T, filter string, arrayFilters ...any) {
	t.Helper()
	update, err := query.ParseUpdateValue(c.update, arrayFilters...)
	require.NoError(t, err, c.update)
	doc := shell(t, c.doc)
	before := bytes.Clone(doc)
	got, modified, err := update.Apply(doc, query.MustParse(filter), updateTime)
	require.NoError(t, err, "%s of %s", c.update, c.doc)
	require.Equal(t, before, []byte(doc), "the document itself must not change")
	if c.want == "" {
		require.False(t, modified, "%s of %s gave %s", c.update, c.doc, got)
		require.Equal(t, doc, got)
		return
	}
	require.True(t, modified, "%s of %s", c.update, c.doc)
	require.Equal(t, shell(t, c.want).String(), got.String(), "%s of %s", c.update, c.doc)
	require.NoError(t, query.Validate(got))
}

func checkUpdates(t *testing.T, cases []updateCase) {
	for _, c := range cases {
		c.check(t, `{}`)
	}
}

func TestSet(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$set: {a: 2}}`, `{_id: 1, a: 1, b: 1}`, `{_id: 1, a: 2, b: 1}`},
		{`{$set: {a: "x", b: {c: []}}}`, `{_id: 1, a: 1}`, `{_id: 1, a: "x", b: {c: []}}`},
		{`{$set: {a: 1}}`, `{_id: 1, a: 1}`, ``},
		{`{$set: {a: 1.0}}`, `{_id: 1, a: 1}`, `{_id: 1, a: 1.0}`},
		{`{$set: {a: {x: 1, y: 2}}}`, `{_id: 1, a: {y: 2, x: 1}}`, `{_id: 1, a: {x: 1, y: 2}}`},
		{`{$set: {}}`, `{_id: 1}`, ``},
		{`{$set: {"a.b": 2}}`, `{_id: 1, a: {b: 1, c: 1}}`, `{_id: 1, a: {b: 2, c: 1}}`},
		{`{$set: {"a.b.c": 2}}`, `{_id: 1}`, `{_id: 1, a: {b: {c: 2}}}`},
		{`{$set: {"a.b": 1}}`, `{_id: 1, a: {}}`, `{_id: 1, a: {b: 1}}`},
		{`{$set: {"a.0": 2}}`, `{_id: 1, a: [1, 1]}`, `{_id: 1, a: [2, 1]}`},
		{`{$set: {"a.0": 2}}`, `{_id: 1, a: {}}`, `{_id: 1, a: {"0": 2}}`},
		{`{$set: {"a.0": 2}}`, `{_id: 1}`, `{_id: 1, a: {"0": 2}}`},
		{`{$set: {"a.1.b": 2}}`, `{_id: 1, a: [0, {b: 1, c: 1}, 2]}`, `{_id: 1, a: [0, {b: 2, c: 1}, 2]}`},
		{`{$set: {"a.1.0": 2}}`, `{_id: 1, a: [0, [1]]}`, `{_id: 1, a: [0, [2]]}`},
		{`{$set: {a: undefined}}`, `{_id: 1}`, `{_id: 1, a: undefined}`},
		{`{$set: {a: {$ref: "c", $id: 1}, "b.$id": 2, "b.$x": 3}}`, `{_id: 1}`, `{_id: 1, a: {$ref: "c", $id: 1}, b: {$id: 2, $x: 3}}`},
	})
}

func TestSetBeyondAnArray(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$set: {"a.1": 2}}`, `{_id: 1, a: [1]}`, `{_id: 1, a: [1, 2]}`},
		{`{$set: {"a.3": 2}}`, `{_id: 1, a: [1]}`, `{_id: 1, a: [1, null, null, 2]}`},
		{`{$set: {"a.0": 2}}`, `{_id: 1, a: []}`, `{_id: 1, a: [2]}`},
		{`{$set: {"a.2.b": 2, "a.4": 4}}`, `{_id: 1, a: [1]}`, `{_id: 1, a: [1, null, {b: 2}, null, 4]}`},
		{`{$set: {"a.1": 1, "a.10": 10, "a.9": 9}}`, `{_id: 1, a: [0]}`, `{_id: 1, a: [0, 1, null, null, null, null, null, null, null, 9, 10]}`},
	})
}

func TestOrderOfKeys(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$set: {d: 1, b: 2, c: 3}}`, `{_id: 1, b: 0, a: 0}`, `{_id: 1, b: 2, a: 0, c: 3, d: 1}`},
		{`{$set: {"10": 1, "9": 1, b: 1, B: 1}}`, `{_id: 1}`, `{_id: 1, "9": 1, "10": 1, B: 1, b: 1}`},
		{`{$set: {"z.b": 1, "z.a": 1}, $inc: {"z.aa": 1}}`, `{_id: 1, z: {q: 1}}`, `{_id: 1, z: {q: 1, a: 1, aa: 1, b: 1}}`},
		{`{$inc: {n: 1}, $set: {m: 1}, $push: {l: 1}}`, `{_id: 1}`, `{_id: 1, l: [1], m: 1, n: 1}`},
		{`{$set: {a: 2}}`, `{a: 1, _id: 1}`, `{_id: 1, a: 2}`},
		{`{$set: {a: 1}}`, `{a: 1, _id: 1}`, ``},
	})
}

func TestUnset(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$unset: {a: ""}}`, `{_id: 1, a: 1, b: 1}`, `{_id: 1, b: 1}`},
		{`{$unset: {a: 5, "b.c": null}}`, `{_id: 1, a: 1, b: {c: 1}}`, `{_id: 1, b: {}}`},
		{`{$unset: {"a.1": ""}}`, `{_id: 1, a: [1, 2, 3]}`, `{_id: 1, a: [1, null, 3]}`},
		{`{$unset: {"a.1": ""}}`, `{_id: 1, a: [1, null]}`, ``},
		{`{$unset: {b: "", "c.d": "", "a.b": "", "l.x": "", "l.9": "", $x: ""}}`, `{_id: 1, a: 1, l: [1]}`, ``},
		{`{$unset: {$x: ""}}`, `{_id: 1, $x: 1}`, `{_id: 1}`},
	})
}

func TestRename(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$rename: {a: "c"}}`, `{_id: 1, a: 1, b: 2}`, `{_id: 1, b: 2, c: 1}`},
		{`{$rename: {a: "b"}}`, `{_id: 1, a: 1, b: 2}`, `{_id: 1, b: 1}`},
		{`{$rename: {b: "a"}}`, `{_id: 1, a: 1, b: 1}`, `{_id: 1, a: 1}`},
		{`{$rename: {a: "b.c", "d.e": "f"}}`, `{_id: 1, a: [1], d: {e: 2}}`, `{_id: 1, d: {}, b: {c: [1]}, f: 2}`},
		{`{$rename: {x: "a", "d.x": "e", "q.r.s": "t"}}`, `{_id: 1, a: 1, d: {}}`, ``},
		{`{$rename: {x: "a.0"}}`, `{_id: 1, a: [1]}`, ``},
		{`{$rename: {a: "b"}, $set: {c: 1}}`, `{_id: 1, a: null}`, `{_id: 1, b: null, c: 1}`},
	})
}

func TestIncrement(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$inc: {a: 2}}`, `{_id: 1, a: 1}`, `{_id: 1, a: 3}`},
		{`{$inc: {a: 0, b: 0.0}}`, `{_id: 1, a: 1, b: 0.5}`, ``},
		{`{$inc: {a: 0.0}}`, `{_id: 1, a: 1}`, `{_id: 1, a: 1.0}`},
		{`{$inc: {a: 5, "b.c": -1.5}}`, `{_id: 1}`, `{_id: 1, a: 5, b: {c: -1.5}}`},
		{`{$inc: {a: 1}}`, `{_id: 1, a: 2147483647}`, `{_id: 1, a: NumberLong("2147483648")}`},
		{`{$inc: {a: -1}}`, `{_id: 1, a: -2147483648}`, `{_id: 1, a: NumberLong("-2147483649")}`},
		{`{$inc: {a: 1}}`, `{_id: 1, a: NumberLong(1)}`, `{_id: 1, a: NumberLong(2)}`},
		{`{$inc: {a: NumberLong(1)}}`, `{_id: 1, a: 1}`, `{_id: 1, a: NumberLong(2)}`},
		{`{$inc: {a: NumberDecimal("0.1")}}`, `{_id: 1, a: 1}`, `{_id: 1, a: NumberDecimal("1.1")}`},
		{`{$inc: {a: NumberDecimal("1")}}`, `{_id: 1, a: 0.1}`, `{_id: 1, a: NumberDecimal("1.100000000000000")}`},
		{`{$inc: {"a.1": 1, "a.3": 1}}`, `{_id: 1, a: [1, 1]}`, `{_id: 1, a: [1, 2, null, 1]}`},
	})
}

func TestMultiply(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$mul: {a: 3}}`, `{_id: 1, a: 2}`, `{_id: 1, a: 6}`},
		{`{$mul: {a: 65536}}`, `{_id: 1, a: 65536}`, `{_id: 1, a: NumberLong("4294967296")}`},
		{`{$mul: {a: 1, b: 1.0}}`, `{_id: 1, a: 7, b: -0.0}`, ``},
		{`{$mul: {a: 2, b: 2.5, c: NumberLong(3), d: NumberDecimal("1.0")}}`, `{_id: 1}`,
			`{_id: 1, a: 0, b: 0.0, c: NumberLong(0), d: NumberDecimal("0.0")}`},
		{`{$mul: {a: -1}}`, `{_id: 1, a: NumberLong("9223372036854775807")}`, `{_id: 1, a: NumberLong("-9223372036854775807")}`},
		{`{$mul: {a: NumberDecimal("1E+6000")}}`, `{_id: 1, a: NumberDecimal("1E+200")}`, `{_id: 1, a: NumberDecimal("Infinity")}`},
		{`{$mul: {a: NumberDecimal("1E-6000")}}`, `{_id: 1, a: NumberDecimal("-1E-200")}`, `{_id: 1, a: NumberDecimal("-0E-6176")}`},
		{`{$mul: {a: NumberDecimal("0")}}`, `{_id: 1, a: NumberDecimal("Infinity")}`, `{_id: 1, a: NumberDecimal("NaN")}`},
	})
}

func TestMinAndMax(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$min: {a: 1}, $max: {b: 9}}`, `{_id: 1, a: 5, b: 5}`, `{_id: 1, a: 1, b: 9}`},
		{`{$min: {a: 9}, $max: {b: 1}}`, `{_id: 1, a: 5, b: 5}`, ``},
		{`{$min: {a: 5.0}, $max: {b: NumberLong(5)}}`, `{_id: 1, a: 5, b: 5}`, ``},
		{`{$min: {a: 5}, $max: {"b.c": 5}}`, `{_id: 1}`, `{_id: 1, a: 5, b: {c: 5}}`},
		{`{$min: {a: null}, $max: {b: ISODate("1970-01-01T00:00:00Z")}}`, `{_id: 1, a: 5, b: "x"}`,
			`{_id: 1, a: null, b: ISODate("1970-01-01T00:00:00Z")}`},
	})
}

func TestCurrentDate(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$currentDate: {a: true, b: false, c: {$type: "date"}}}`, `{_id: 1, b: 1}`,
			`{_id: 1, b: ISODate("2026-01-01T00:00:00.005Z"), a: ISODate("2026-01-01T00:00:00.005Z"), c: ISODate("2026-01-01T00:00:00.005Z")}`},
		{`{$currentDate: {"a.b": {$type: "timestamp"}}}`, `{_id: 1}`, `{_id: 1, a: {b: Timestamp(1767225600, 5000002)}}`},
	})
}

func TestBitwise(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$bit: {a: {and: 6}, b: {or: 6}, c: {xor: 6}}}`, `{_id: 1, a: 12, b: 12, c: 12}`, `{_id: 1, a: 4, b: 14, c: 10}`},
		{`{$bit: {a: {or: 1, and: 1, xor: 2}}}`, `{_id: 1, a: 4}`, `{_id: 1, a: 3}`},
		{`{$bit: {a: {or: NumberLong(1)}, b: {xor: 1}}}`, `{_id: 1, a: 4, b: NumberLong(4)}`, `{_id: 1, a: NumberLong(5), b: NumberLong(5)}`},
		{`{$bit: {a: {and: NumberLong(-1)}}}`, `{_id: 1, a: -1}`, `{_id: 1, a: NumberLong(-1)}`},
		{`{$bit: {a: {or: 5}, b: {and: NumberLong(5)}}}`, `{_id: 1}`, `{_id: 1, a: 5, b: NumberLong(0)}`},
		{`{$bit: {a: {or: 4}}}`, `{_id: 1, a: 5}`, ``},
	})
}

func TestPush(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$push: {a: 2}}`, `{_id: 1, a: [1]}`, `{_id: 1, a: [1, 2]}`},
		{`{$push: {a: [2, 3], "b.c": {x: 1}}}`, `{_id: 1, a: []}`, `{_id: 1, a: [[2, 3]], b: {c: [{x: 1}]}}`},
		{`{$push: {a: {$each: [2, 3]}}}`, `{_id: 1, a: [1]}`, `{_id: 1, a: [1, 2, 3]}`},
		{`{$push: {a: {$each: []}}}`, `{_id: 1, a: [1]}`, ``},
		{`{$push: {a: {$each: []}}}`, `{_id: 1}`, `{_id: 1, a: []}`},
		{`{$push: {a: {$slice: 1}}}`, `{_id: 1, a: []}`, `{_id: 1, a: [{$slice: 1}]}`},
		{`{$push: {a: {$each: [8, 9], $position: 1}}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: [1, 8, 9, 2]}`},
		{`{$push: {a: {$each: [9], $position: -1}}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: [1, 9, 2]}`},
		{`{$push: {a: {$position: -7, $each: [9]}}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: [9, 1, 2]}`},
		{`{$push: {a: {$each: [9], $position: 7.0}}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: [1, 2, 9]}`},
		{`{$push: {a: {$each: [3], $slice: 2}}}`, `{_id: 1, a: [1, 2]}`, ``},
		{`{$push: {a: {$each: [3], $slice: -2}}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: [2, 3]}`},
		{`{$push: {a: {$each: [3], $slice: 0}}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: []}`},
		{`{$push: {a: {$each: [3], $slice: NumberLong("-9223372036854775808")}}}`, `{_id: 1, a: [1]}`, `{_id: 1, a: [1, 3]}`},
		{`{$push: {a: {$each: [2, "x", null], $sort: 1}}}`, `{_id: 1, a: [3, 1]}`, `{_id: 1, a: [null, 1, 2, 3, "x"]}`},
		{`{$push: {a: {$each: [2], $sort: -1, $slice: 2}}}`, `{_id: 1, a: [3, 1]}`, `{_id: 1, a: [3, 2]}`},
		{`{$push: {a: {$each: [], $sort: {x: 1, "y.0": -1}}}}`, `{_id: 1, a: [{x: 2}, {x: 1, y: [1]}, {x: 1, y: [2, 0]}, 7]}`,
			`{_id: 1, a: [7, {x: 1, y: [2, 0]}, {x: 1, y: [1]}, {x: 2}]}`},
	})
}

func TestAddToSet(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$addToSet: {a: 2}}`, `{_id: 1, a: [1]}`, `{_id: 1, a: [1, 2]}`},
		{`{$addToSet: {a: 1.0}}`, `{_id: 1, a: [1]}`, ``},
		{`{$addToSet: {a: {$each: [3, 1, 3.0, 2, 3]}}}`, `{_id: 1, a: [2, 2]}`, `{_id: 1, a: [2, 2, 3, 1]}`},
		{`{$addToSet: {a: {$each: []}}}`, `{_id: 1}`, `{_id: 1, a: []}`},
		{`{$addToSet: {a: {x: 1, y: 2}}}`, `{_id: 1, a: [{y: 2, x: 1}]}`, `{_id: 1, a: [{y: 2, x: 1}, {x: 1, y: 2}]}`},
		{`{$addToSet: {a: [1]}}`, `{_id: 1, a: [1]}`, `{_id: 1, a: [1, [1]]}`},
		{`{$addToSet: {a: {b: 1, $each: 2}}}`, `{_id: 1, a: []}`, `{_id: 1, a: [{b: 1, $each: 2}]}`},
	})
}

func TestPull(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$pull: {a: 2}}`, `{_id: 1, a: [1, 2, 3, 2.0]}`, `{_id: 1, a: [1, 3]}`},
		{`{$pull: {a: 5, b: 5, "c.d": 5, "e.3": 5}}`, `{_id: 1, a: [1], e: [1]}`, ``},
		{`{$pull: {a: {$gte: 2}}}`, `{_id: 1, a: [1, 2, [3], [1], "x"]}`, `{_id: 1, a: [1, [1], "x"]}`},
		{`{$pull: {a: {$in: [1, /^x/]}}}`, `{_id: 1, a: [1, "xy", "y", [1]]}`, `{_id: 1, a: ["y"]}`},
		{`{$pull: {a: {$nin: [1]}}}`, `{_id: 1, a: [1, 2, "x"]}`, `{_id: 1, a: [1]}`},
		{`{$pull: {a: /^x/}}`, `{_id: 1, a: ["x", "y", /^x/, ["x"]]}`, `{_id: 1, a: ["y"]}`},
		{`{$pull: {a: [1]}}`, `{_id: 1, a: [1, [1], [[1]]]}`, `{_id: 1, a: [1, [[1]]]}`},
		{`{$pull: {a: null}}`, `{_id: 1, a: [null, 1, {}]}`, `{_id: 1, a: [1, {}]}`},
		{`{$pull: {a: {b: 1}}}`, `{_id: 1, a: [{b: 1, c: 1}, {b: 2}, {b: [1]}, 1, [{b: 1}]]}`, `{_id: 1, a: [{b: 2}, 1, [{b: 1}]]}`},
		{`{$pull: {a: {b: {$gt: 1}, c: 1}}}`, `{_id: 1, a: [{b: 2, c: 1}, {b: 2}]}`, `{_id: 1, a: [{b: 2}]}`},
		{`{$pull: {a: {$or: [{b: 1}, {c: 1}]}}}`, `{_id: 1, a: [{b: 1}, {c: 1}, {d: 1}]}`, `{_id: 1, a: [{d: 1}]}`},
		{`{$pull: {a: {$elemMatch: {$gt: 1}}}}`, `{_id: 1, a: [[1], [2], 3]}`, `{_id: 1, a: [[1], 3]}`},
		{`{$pull: {a: {}}}`, `{_id: 1, a: [1, {}, {b: 1}]}`, `{_id: 1, a: [1]}`},
		{`{$pullAll: {a: [1, "x", {b: 1}]}}`, `{_id: 1, a: [1.0, 2, "x", {b: 1, c: 1}, {b: 1}, 1]}`, `{_id: 1, a: [2, {b: 1, c: 1}]}`},
		{`{$pullAll: {a: [], b: [1]}}`, `{_id: 1, a: [1]}`, ``},
	})
}

func TestPop(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$pop: {a: 1, b: -1}}`, `{_id: 1, a: [1, 2], b: [1, 2]}`, `{_id: 1, a: [1], b: [2]}`},
		{`{$pop: {a: NumberLong(1), b: NumberDecimal("-1.0")}}`, `{_id: 1, a: [1], b: [1]}`, `{_id: 1, a: [], b: []}`},
		{`{$pop: {a: 1, b: 1, "c.d": 1}}`, `{_id: 1, a: []}`, ``},
	})
}

func TestSetOnInsertOfWhatIsThere(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$setOnInsert: {a: 2, b: 3, "c.d": 4}}`, `{_id: 1, a: 1, c: 1}`, ``},
		{`{$setOnInsert: {a: 2}, $set: {b: 1}}`, `{_id: 1, a: 1}`, `{_id: 1, a: 1, b: 1}`},
	})
}

func TestReplace(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{b: 2}`, `{_id: 1, a: 1}`, `{_id: 1, b: 2}`},
		{`{}`, `{_id: 1, a: 1}`, `{_id: 1}`},
		{`{b: 2, _id: 1}`, `{_id: 1, a: 1}`, `{_id: 1, b: 2}`},
		{`{_id: 1.0}`, `{_id: 1, a: 1}`, `{_id: 1.0}`},
		{`{a: 1}`, `{_id: 1, a: 1}`, `{_id: 1, a: 1}`}, // counts as a change, as in MongoDB
		{`{_id: 1, a: 1}`, `{_id: 1, a: 1}`, ``},
		{`{a: 1}`, `{a: 1}`, ``},
		{`{"a.b": {"$c": 1}, "": 2}`, `{_id: 1}`, `{_id: 1, "a.b": {"$c": 1}, "": 2}`},
		{`{a: Timestamp(0, 0), b: {c: Timestamp(0, 0)}}`, `{_id: 1}`, `{_id: 1, a: Timestamp(1767225600, 5000002), b: {c: Timestamp(0, 0)}}`},
	})
}

func TestEqualID(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$set: {_id: 1, a: 2}}`, `{_id: 1, a: 1}`, `{_id: 1, a: 2}`},
		{`{$set: {_id: 1.0}}`, `{_id: 1}`, `{_id: 1.0}`},
		{`{$set: {"_id.a": 1}, $unset: {"_id.b": 1}}`, `{_id: {a: 1}}`, ``},
		{`{$max: {_id: 0}}`, `{_id: 1}`, ``},
	})
}

func TestPositional(t *testing.T) {
	for _, c := range []struct {
		filter string
		updateCase
	}{
		{`{a: 2}`, updateCase{`{$set: {"a.$": 9}}`, `{_id: 1, a: [1, 2, 2]}`, `{_id: 1, a: [1, 9, 2]}`}},
		{`{a: {$gt: 1}}`, updateCase{`{$inc: {"a.$": 1, n: 1}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: [1, 3], n: 1}`}},
		{`{"a.b": 2}`, updateCase{`{$set: {"a.$.c": 9, "a.$.a": 8}}`, `{_id: 1, a: [{b: 1}, {b: 2}]}`, `{_id: 1, a: [{b: 1}, {b: 2, a: 8, c: 9}]}`}},
		{`{a: {$elemMatch: {b: 2, c: 3}}}`, updateCase{`{$unset: {"a.$": ""}}`, `{_id: 1, a: [{b: 2}, {b: 2, c: 3}]}`, `{_id: 1, a: [{b: 2}, null]}`}},
		{`{a: 2}`, updateCase{`{$set: {"b.$": 9}}`, `{_id: 1, a: [1, 2], b: {}}`, `{_id: 1, a: [1, 2], b: {"1": 9}}`}},
		{`{a: 2}`, updateCase{`{$set: {"a.$": 9, "a.0": 7}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: [7, 9]}`}},
		{`{"a.b": 2}`, updateCase{`{$set: {"a.$.x": 1, "a.1.y": 2}}`, `{_id: 1, a: [1, {b: 2}]}`, `{_id: 1, a: [1, {b: 2, x: 1, y: 2}]}`}},
		{`{a: 2}`, updateCase{`{$set: {"c.$.d": 9}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: [1, 2], c: {"1": {d: 9}}}`}},
	} {
		c.check(t, c.filter)
	}
}

func TestAllElements(t *testing.T) {
	checkUpdates(t, []updateCase{
		{`{$inc: {"a.$[]": 1}}`, `{_id: 1, a: [1, 2]}`, `{_id: 1, a: [2, 3]}`},
		{`{$set: {"a.$[].b": 1}}`, `{_id: 1, a: [{}, {b: 2, c: 2}]}`, `{_id: 1, a: [{b: 1}, {b: 1, c: 2}]}`},
		{`{$set: {"a.$[].$[]": 0}}`, `{_id: 1, a: [[1], [], [2, 3]]}`, `{_id: 1, a: [[0], [], [0, 0]]}`},
		{`{$set: {"a.$[]": 0}}`, `{_id: 1, a: []}`, ``},
		{`{$unset: {"a.$[]": 0}}`, `{_id: 1, a: [1, {}]}`, `{_id: 1, a: [null, null]}`},
		{`{$push: {"a.$[].b": 1}}`, `{_id: 1, a: [{}, {b: [0]}]}`, `{_id: 1, a: [{b: [1]}, {b: [0, 1]}]}`},
	})
}

func TestArrayFilters(t *testing.T) {
	for _, c := range []struct {
		filters []any
		updateCase
	}{
		{[]any{`{x: {$gte: 2}}`}, updateCase{`{$set: {"a.$[x]": 0}}`, `{_id: 1, a: [1, 2, 3]}`, `{_id: 1, a: [1, 0, 0]}`}},
		{[]any{`{x: 9}`}, updateCase{`{$set: {"a.$[x]": 0}}`, `{_id: 1, a: [1, 2, 3]}`, ``}},
		{[]any{`{x: 2}`}, updateCase{`{$set: {"a.$[x]": 0}}`, `{_id: 1, a: [[1, 2], 3]}`, `{_id: 1, a: [0, 3]}`}},
		{[]any{`{"x.b": 2, "x.c": {$exists: false}}`}, updateCase{`{$inc: {"a.$[x].b": 1}}`, `{_id: 1, a: [{b: 2}, {b: 2, c: 1}, 2]}`, `{_id: 1, a: [{b: 3}, {b: 2, c: 1}, 2]}`}},
		{[]any{`{$or: [{x: 1}, {$and: [{"x.b": 2}]}], $comment: "c"}`}, updateCase{`{$set: {"a.$[x]": 0}}`, `{_id: 1, a: [1, {b: 2}, 2]}`, `{_id: 1, a: [0, 0, 2]}`}},
		{[]any{`{x: {$gt: 1}}`, `{y: {$lt: 9}}`}, updateCase{`{$set: {"a.$[x].b": 1, "a.$[y].c": 2}}`, `{_id: 1, a: []}`, ``}},
		{[]any{`{"x.k": 1}`, `{"y.k": {$gt: 0}}`}, updateCase{`{$set: {"a.$[x].b": 1, "a.$[y].a": 2, "a.$[].n.z": 3}}`,
			`{_id: 1, a: [{k: 1}, {k: 2}, {k: 0}]}`, `{_id: 1, a: [{k: 1, a: 2, b: 1, n: {z: 3}}, {k: 2, a: 2, n: {z: 3}}, {k: 0, n: {z: 3}}]}`}},
		{[]any{`{"x.b": 4}`, `{y: {$gte: 5}}`}, updateCase{`{$set: {"a.$[x].b.$[y]": 0}}`, `{_id: 1, a: [{b: [1, 6]}, {b: [4, 5]}]}`, `{_id: 1, a: [{b: [1, 6]}, {b: [4, 0]}]}`}},
	} {
		c.check(t, `{}`, c.filters...)
	}
}

func TestUpdateOfOddDocuments(t *testing.T) {
	twice := bson.Raw(encode(bson.D{{Key: "_id", Value: 1}, {Key: "a", Value: 1}, {Key: "a", Value: 2}}))
	update, err := query.ParseUpdateValue(`{$set: {a: 3}}`)
	require.NoError(t, err)
	got, _, err := update.Apply(twice, nil, updateTime)
	require.NoError(t, err)
	require.Equal(t, encode(bson.D{{Key: "_id", Value: 1}, {Key: "a", Value: 3}, {Key: "a", Value: 2}}).String(), got.String(),
		"of a key that is there twice the first changes")
}

func TestUpdateKeepsCopies(t *testing.T) {
	source, filter := shell(t, `{$set: {"a.$[x]": "new"}}`), shell(t, `{x: 1}`)
	update, err := query.ParseUpdate(source, []bson.Raw{filter})
	require.NoError(t, err)
	clear(source)
	clear(filter)
	require.Equal(t, shell(t, `{$set: {"a.$[x]": "new"}}`), update.Source())
	require.Equal(t, []bson.Raw{shell(t, `{x: 1}`)}, update.ArrayFilters())
	require.Equal(t, `{"$set":{"a.$[x]":"new"}}`, update.String())
	got, _, err := update.Apply(shell(t, `{_id: 1, a: [1]}`), nil, updateTime)
	require.NoError(t, err)
	clear(got)
	again, _, err := update.Apply(shell(t, `{_id: 1, a: [1]}`), nil, updateTime)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{_id: 1, a: ["new"]}`), again)
}

func TestParseUpdateValue(t *testing.T) {
	update, err := query.ParseUpdateValue(bson.D{{Key: "$set", Value: bson.D{{Key: "a", Value: 1}}}})
	require.NoError(t, err)
	same, err := query.ParseUpdateValue(update)
	require.NoError(t, err)
	require.Same(t, update, same)
	require.False(t, update.IsReplacement())
	for _, wrong := range []any{bson.A{5}, `[{$set: {a: 1}}`, 5} {
		_, err = query.ParseUpdateValue(wrong)
		require.Equal(t, 9, requireQueryError(t, err).Code, "%v", wrong)
	}
	_, err = query.ParseUpdateValue(`{$set: {"a.$[x]": 1}}`, 5)
	require.Equal(t, 9, requireQueryError(t, err).Code)
	replacement, err := query.ParseUpdateValue(`{a: 1}`)
	require.NoError(t, err)
	require.True(t, replacement.IsReplacement())
}
