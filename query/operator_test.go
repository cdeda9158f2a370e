package query_test

import "testing"

func TestComparisons(t *testing.T) {
	for _, c := range []matchCase{
		{"C1 dates are no numbers", `{a: {$gte: ISODate("1970-01-01T00:00:00Z")}}`, docs{`{a: ISODate("1970-01-01T00:00:00.001Z")}`}, docs{`{a: 1}`, `{a: null}`, `{}`, `{a: Timestamp(1, 1)}`}},
		{"C1 numbers alone", `{a: {$gt: 0}}`, docs{`{a: 1}`}, docs{`{a: true}`, `{a: "1"}`, `{a: ISODate("2020-01-01T00:00:00Z")}`, `{a: {}}`}},
		{"C1 false, 0 and empty differ", `{a: false}`, docs{`{a: false}`}, docs{`{a: 0}`, `{a: ""}`, `{a: null}`, `{}`}},
		{"C1 symbols are strings", `{a: {$lt: "b"}}`, docs{`{a: "a"}`, `{a: {$symbol: "a"}}`}, docs{`{a: "b"}`, `{a: {$code: "a"}}`}},
		{"C2 $eq null", `{a: {$eq: null}}`, docs{`{}`, `{a: null}`, `{a: [1, null]}`}, docs{`{a: undefined}`, `{a: 0}`, `{a: []}`}},
		{"C2 $gte null", `{a: {$gte: null}}`, docs{`{}`, `{a: null}`}, docs{`{a: 0}`, `{a: undefined}`}},
		{"C2 $lte null", `{a: {$lte: null}}`, docs{`{}`, `{a: null}`}, docs{`{a: 0}`}},
		{"C2 $gt null", `{a: {$gt: null}}`, nil, docs{`{}`, `{a: null}`, `{a: 1}`}},
		{"C2 $lt null", `{a: {$lt: null}}`, nil, docs{`{}`, `{a: null}`, `{a: MinKey()}`}},
		{"C3 $gt MinKey", `{a: {$gt: MinKey()}}`, docs{`{a: null}`, `{a: 1}`, `{a: MaxKey()}`, `{}`}, docs{`{a: MinKey()}`}},
		{"C3 $gte MinKey", `{a: {$gte: MinKey()}}`, docs{`{a: MinKey()}`, `{a: 1}`, `{}`}, nil},
		{"C3 $lt MaxKey", `{a: {$lt: MaxKey()}}`, docs{`{a: "x"}`, `{a: MinKey()}`, `{}`}, docs{`{a: MaxKey()}`}},
		{"C3 the reverse is its own class", `{a: {$lte: MinKey()}}`, docs{`{a: MinKey()}`}, docs{`{a: null}`, `{}`}},
		{"C3 $gte MaxKey", `{a: {$gte: MaxKey()}}`, docs{`{a: MaxKey()}`}, docs{`{a: 1}`, `{}`}},
		{"C4 NaN equals NaN", `{a: NaN}`, docs{`{a: NaN}`, `{a: NumberDecimal("NaN")}`}, docs{`{a: 0}`, `{}`}},
		{"C4 $lte NaN", `{a: {$lte: NaN}}`, docs{`{a: NaN}`}, docs{`{a: -Infinity}`, `{a: 0}`}},
		{"C4 $lt NaN", `{a: {$lt: NaN}}`, nil, docs{`{a: NaN}`, `{a: 0}`}},
		{"C4 NaN is below nothing", `{a: {$lt: 5}}`, docs{`{a: -Infinity}`}, docs{`{a: NaN}`}},
		{"C4 $in NaN", `{a: {$in: [NaN, 1]}}`, docs{`{a: NumberDecimal("NaN")}`}, docs{`{a: 0}`}},
		{"C5 longs beside doubles", `{a: {$gt: 9007199254740992.0}}`, docs{`{a: NumberLong("9007199254740993")}`}, docs{`{a: NumberLong("9007199254740992")}`}},
		{"C5 not rounded", `{a: NumberLong("9007199254740993")}`, docs{`{a: NumberDecimal("9007199254740993")}`}, docs{`{a: 9007199254740992.0}`}},
		{"C5 zeros", `{a: 0}`, docs{`{a: -0.0}`, `{a: NumberDecimal("-0E+6111")}`, `{a: NumberLong(0)}`}, docs{`{a: NumberDecimal("1E-6176")}`}},
		{"C5 beyond int64", `{a: {$gt: NumberLong("9223372036854775807")}}`, docs{`{a: 9.223372036854776e18}`, `{a: Infinity}`}, docs{`{a: NumberLong("9223372036854775807")}`}},
		{"C5 0.1 is not 0.1", `{a: 0.1}`, docs{`{a: 0.1}`}, docs{`{a: NumberDecimal("0.1")}`}},
		{"C5 decimals by value", `{a: NumberDecimal("1.0")}`, docs{`{a: 1}`, `{a: NumberDecimal("10E-1")}`}, docs{`{a: NumberDecimal("1.1")}`}},
		{"C6 bytes", `{a: {$gt: "a"}}`, docs{`{a: "a\u0000"}`, `{a: "ab"}`, `{a: "b"}`}, docs{`{a: "a"}`, `{a: "Z"}`, `{a: ""}`}},
		{"C7 length first", `{a: {$lt: BinData(0, "Af8=")}}`, docs{`{a: BinData(0, "Ag==")}`}, docs{`{a: BinData(0, "Af8=")}`, `{a: BinData(0, "AAAA")}`}},
		{"C7 then the subtype", `{a: {$gt: BinData(0, "/w==")}}`, docs{`{a: BinData(4, "AA==")}`}, docs{`{a: BinData(0, "AA==")}`}},
		{"C7 equality needs the subtype", `{a: BinData(0, "AA==")}`, docs{`{a: BinData(0, "AA==")}`}, docs{`{a: BinData(4, "AA==")}`}},
		{"C8 order of keys", `{a: {x: 1, y: 2}}`, docs{`{a: {x: 1, y: 2}}`, `{a: {x: 1.0, y: NumberLong(2)}}`}, docs{`{a: {y: 2, x: 1}}`, `{a: {x: 1}}`}},
		{"C8 type before name", `{a: {$lt: {a: "x"}}}`, docs{`{a: {b: 1}}`, `{a: {}}`}, docs{`{a: {b: "x"}}`, `{a: {a: "x", b: 1}}`}},
		{"C9 whole arrays", `{a: {$gt: [1, 2]}}`, docs{`{a: [1, 3]}`, `{a: [1, 2, 0]}`, `{a: [[2]]}`}, docs{`{a: [1, 2]}`, `{a: [1]}`, `{a: 3}`}},
		{"C10 milliseconds", `{a: ISODate("2020-01-01T00:00:00.001Z")}`, docs{`{a: ISODate("2020-01-01T00:00:00.001Z")}`}, docs{`{a: ISODate("2020-01-01T00:00:00.002Z")}`}},
		{"C10 before 1970", `{a: {$lt: ISODate("1970-01-01T00:00:00Z")}}`, docs{`{a: ISODate("1969-12-31T23:59:59.999Z")}`}, docs{`{a: ISODate("1970-01-01T00:00:00Z")}`}},
		{"C10 timestamps are unsigned", `{a: {$gt: Timestamp(1, 0)}}`, docs{`{a: Timestamp(4294967295, 0)}`}, docs{`{a: Timestamp(1, 0)}`}},
		{"C10 false < true", `{a: {$gt: false}}`, docs{`{a: true}`}, docs{`{a: false}`, `{a: 1}`}},
	} {
		c.test(t)
	}
}

func TestLists(t *testing.T) {
	for _, c := range []matchCase{
		{"$in: any", `{a: {$in: [1, "x", 1, true]}}`, docs{`{a: 1.0}`, `{a: ["y", "x"]}`}, docs{`{a: 2}`, `{}`}},
		{"$in: null is missing too", `{a: {$in: [1, null]}}`, docs{`{}`, `{a: null}`}, docs{`{a: undefined}`, `{a: []}`}},
		{"$in: an array", `{a: {$in: [[], [1]]}}`, docs{`{a: []}`, `{a: [1]}`, `{a: [[1]]}`}, docs{`{a: 1}`}},
		{"$in: regular expressions", `{a: {$in: [/^x/, 5]}}`, docs{`{a: "xy"}`, `{a: 5}`, `{a: /^x/}`}, docs{`{a: "y"}`, `{a: /x/}`}},
		{"$in: nothing", `{a: {$in: []}}`, nil, docs{`{}`, `{a: []}`, `{a: null}`}},
		{"$in: a DBRef", `{a: {$in: [{$ref: "x", $id: 1}]}}`, docs{`{a: {$ref: "x", $id: 1}}`}, docs{`{}`}},
		{"$nin: negates", `{a: {$nin: [1, null]}}`, docs{`{a: 2}`, `{a: []}`}, docs{`{}`, `{a: null}`, `{a: [2, 1]}`}},
		{"$nin: []", `{a: {$nin: []}}`, docs{`{}`, `{a: 1}`}, nil},
		{"$all: each one", `{a: {$all: ["x", "y"]}}`, docs{`{a: ["y", "z", "x"]}`}, docs{`{a: ["x"]}`, `{a: "x"}`}},
		{"$all: of a scalar", `{a: {$all: ["x"]}}`, docs{`{a: "x"}`, `{a: ["x"]}`}, docs{`{}`}},
		{"$all: an array", `{a: {$all: [[1, 2]]}}`, docs{`{a: [1, 2]}`, `{a: [[1, 2]]}`}, docs{`{a: [2, 1]}`}},
		{"$all: nothing", `{a: {$all: []}}`, nil, docs{`{}`, `{a: []}`}},
		{"$all: null", `{a: {$all: [null]}}`, docs{`{}`, `{a: null}`, `{a: [null]}`}, docs{`{a: 1}`}},
		{"$all: regular expressions", `{a: {$all: [/^x/, /y$/]}}`, docs{`{a: ["xa", "by"]}`, `{a: "xy"}`}, docs{`{a: "x"}`}},
		{"$all: $elemMatch", `{a: {$all: [{$elemMatch: {b: 1}}, {$elemMatch: {b: 2}}]}}`, docs{`{a: [{b: 2}, {b: 1}]}`}, docs{`{a: [{b: 1}]}`, `{a: {b: 1}}`}},
		{"$size", `{a: {$size: 2}}`, docs{`{a: [1, [2, 3]]}`}, docs{`{a: [[1, 2]]}`, `{a: []}`, `{a: {"0": 1, "1": 2}}`, `{}`}},
		{"$size: of any number type", `{a: {$size: NumberDecimal("1.0")}}`, docs{`{a: [1]}`}, docs{`{a: 1}`}},
		{"$elemMatch: one element", `{a: {$elemMatch: {$gt: 5, $lt: 10}}}`, docs{`{a: [3, 7]}`}, docs{`{a: [3, 12]}`, `{a: 7}`, `{}`}},
		{"$elemMatch: not unwound", `{a: {$elemMatch: {$eq: 1}}}`, docs{`{a: [1]}`}, docs{`{a: [[1]]}`}},
		{"$elemMatch: nested", `{a: {$elemMatch: {$elemMatch: {$eq: 1}}}}`, docs{`{a: [[1]]}`}, docs{`{a: [1]}`}},
		{"$elemMatch: a filter", `{a: {$elemMatch: {b: 1, c: 2}}}`, docs{`{a: [{b: 1, c: 2}]}`}, docs{`{a: [{b: 1}, {c: 2}]}`, `{a: {b: 1, c: 2}}`}},
		{"$elemMatch: arrays are documents", `{a: {$elemMatch: {b: null}}}`, docs{`{a: [[]]}`, `{a: [{}]}`}, docs{`{a: [1]}`, `{a: []}`}},
		{"$elemMatch: by their indexes", `{a: {$elemMatch: {"0": 5}}}`, docs{`{a: [[5]]}`}, docs{`{a: [5]}`}},
		{"$elemMatch: {}", `{a: {$elemMatch: {}}}`, docs{`{a: [{}]}`, `{a: [[]]}`, `{a: [{b: 1}]}`}, docs{`{a: [1]}`, `{a: {}}`}},
		{"$elemMatch: $or", `{a: {$elemMatch: {$or: [{b: 1}, {c: 1}]}}}`, docs{`{a: [{c: 1}]}`}, docs{`{a: [{d: 1}]}`}},
		{"$elemMatch: $not", `{a: {$elemMatch: {$not: {$gt: 1}}}}`, docs{`{a: [1, 5]}`, `{a: ["x"]}`}, docs{`{a: [5]}`, `{a: []}`}},
		{"$elemMatch: $nin", `{a: {$elemMatch: {$nin: [1]}}}`, docs{`{a: [1, 2]}`}, docs{`{a: [1]}`, `{}`}},
		{"$elemMatch: below an array", `{"a.b": {$elemMatch: {$eq: 1}}}`, docs{`{a: [{b: [1]}]}`}, docs{`{a: [{b: 1}]}`}},
	} {
		c.test(t)
	}
}

func TestTypesAndExistence(t *testing.T) {
	for _, c := range []matchCase{
		{"$exists: a null is there", `{a: {$exists: true}}`, docs{`{a: null}`, `{a: undefined}`, `{a: []}`}, docs{`{}`, `{b: 1}`}},
		{"$exists: an index out of range", `{"a.5": {$exists: true}}`, docs{`{a: [0, 0, 0, 0, 0, null]}`}, docs{`{a: [1]}`}},
		{"$exists: 0 is false", `{a: {$exists: -0.0}}`, docs{`{}`}, docs{`{a: 1}`}},
		{"$exists: null is false", `{a: {$exists: null}}`, docs{`{}`}, docs{`{a: 1}`}},
		{"$exists: decimal 0 is false", `{a: {$exists: NumberDecimal("0E+10")}}`, docs{`{}`}, docs{`{a: 1}`}},
		{"$exists: the rest is true", `{$and: [{a: {$exists: ""}}, {a: {$exists: []}}, {a: {$exists: {}}}, {a: {$exists: "false"}}, {a: {$exists: -1}}, {a: {$exists: NaN}}]}`, docs{`{a: 1}`}, docs{`{}`}},
		{"$type: by name", `{a: {$type: "string"}}`, docs{`{a: "x"}`, `{a: [1, "x"]}`}, docs{`{a: 1}`, `{a: {$symbol: "x"}}`, `{}`}},
		{"$type: by code", `{a: {$type: 16}}`, docs{`{a: NumberInt(1)}`}, docs{`{a: NumberLong(1)}`, `{a: 1.5}`}},
		{"$type: array", `{a: {$type: "array"}}`, docs{`{a: []}`, `{a: [1]}`, `{a: [[]]}`}, docs{`{a: 1}`}},
		{"$type: number", `{a: {$type: "number"}}`, docs{`{a: NumberInt(1)}`, `{a: NumberLong(1)}`, `{a: 1.5}`, `{a: NumberDecimal("NaN")}`}, docs{`{a: "1"}`}},
		{"$type: null is not missing", `{a: {$type: "null"}}`, docs{`{a: null}`}, docs{`{}`, `{a: undefined}`}},
		{"$type: a list", `{a: {$type: ["minKey", 127, 7]}}`, docs{`{a: MinKey()}`, `{a: MaxKey()}`, `{a: ObjectId("000000000000000000000000")}`}, docs{`{a: 1}`}},
		{"$type: -1", `{a: {$type: -1}}`, docs{`{a: MinKey()}`}, docs{`{a: MaxKey()}`}},
	} {
		c.test(t)
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []matchCase{
		{"implicit", `{a: /^x/}`, docs{`{a: "xy"}`, `{a: {$symbol: "x"}}`, `{a: ["y", "x"]}`, `{a: /^x/}`}, docs{`{a: "yx"}`, `{a: 1}`, `{a: /^x/i}`, `{}`}},
		{"$eq is literal", `{a: {$eq: /^x/}}`, docs{`{a: /^x/}`, `{a: [/^x/]}`}, docs{`{a: "x"}`}},
		{"$regex and $options in any order", `{a: {$options: "i", $regex: "^X"}}`, docs{`{a: "xy"}`}, docs{`{a: "yx"}`}},
		{"of several $regex the last counts", `{a: {$regex: "^x", $options: "i", $regex: "^y"}}`, docs{`{a: "Yx"}`}, docs{`{a: "xy"}`}},
		{"$regex of a value", `{a: {$regex: /^x/i}}`, docs{`{a: "XY"}`}, docs{`{a: "yx"}`}},
		{"option m", `{a: {$regex: "^x", $options: "m"}}`, docs{`{a: "y\nx"}`}, docs{`{a: "yx"}`}},
		{"option s", `{a: {$regex: "a.b", $options: "s"}}`, docs{`{a: "a\nb"}`}, docs{`{a: "ab"}`}},
		{"option x", `{a: {$regex: "a b # ab", $options: "x"}}`, docs{`{a: "ab"}`}, docs{`{a: "a b"}`}},
		{"option u", `{a: {$regex: "^é$", $options: "u"}}`, docs{`{a: "é"}`}, docs{`{a: "e"}`}},
		{"ASCII classes", `{a: /^\w$/}`, docs{`{a: "e"}`}, docs{`{a: "é"}`}},
		{"a lookahead", `{a: /^(?!x)/}`, docs{`{a: "y"}`, `{a: ""}`}, docs{`{a: "x"}`}},
		{"a back reference", `{a: /^(.)\1$/}`, docs{`{a: "xx"}`}, docs{`{a: "xy"}`}},
		{"beside another operator", `{a: {$regex: "^x", $ne: "xy"}}`, docs{`{a: "xz"}`}, docs{`{a: "xy"}`, `{a: "z"}`}},
	} {
		c.test(t)
	}
}

func TestArithmetic(t *testing.T) {
	for _, c := range []matchCase{
		{"$mod", `{a: {$mod: [3, 1]}}`, docs{`{a: 4}`, `{a: [0, 7]}`, `{a: NumberDecimal("4")}`}, docs{`{a: 3}`, `{a: "4"}`, `{}`, `{a: NaN}`, `{a: Infinity}`}},
		{"$mod: signs as in C", `{a: {$mod: [3, -1]}}`, docs{`{a: -1}`, `{a: -4}`}, docs{`{a: 2}`}},
		{"$mod: cut to integers", `{a: {$mod: [2.9, 1.1]}}`, docs{`{a: 3.9}`}, docs{`{a: 4}`}},
		{"$mod: by -1", `{a: {$mod: [-1, 0]}}`, docs{`{a: NumberLong("-9223372036854775808")}`}, docs{`{a: 1e300}`}},
		{"$mod: a big decimal is skipped", `{a: {$mod: [1, 0]}}`, docs{`{a: NumberDecimal("1E+18")}`}, docs{`{a: NumberDecimal("1E+6000")}`}},
		{"$bitsAllSet", `{a: {$bitsAllSet: 5}}`, docs{`{a: 7}`, `{a: 5.0}`, `{a: NumberDecimal("13")}`, `{a: [0, 5]}`, `{a: -1}`}, docs{`{a: 4}`, `{a: 5.5}`, `{a: "5"}`, `{a: NaN}`}},
		{"$bitsAnySet", `{a: {$bitsAnySet: [0, 2]}}`, docs{`{a: 4}`, `{a: 1}`}, docs{`{a: 2}`, `{a: 0}`}},
		{"$bitsAllClear", `{a: {$bitsAllClear: BinData(0, "BQ==")}}`, docs{`{a: 2}`, `{a: BinData(0, "")}`}, docs{`{a: 3}`, `{}`}},
		{"$bitsAnyClear", `{a: {$bitsAnyClear: 5}}`, docs{`{a: 4}`}, docs{`{a: 5}`}},
		{"$bits: the sign goes on", `{a: {$bitsAllSet: [63, 64, 1000]}}`, docs{`{a: -1}`, `{a: NumberInt(-1)}`}, docs{`{a: 1}`, `{a: BinData(0, "/////////////w==")}`}},
		{"$bits: binary goes on with zeros", `{a: {$bitsAllClear: [200]}}`, docs{`{a: BinData(0, "/w==")}`, `{a: 1}`}, docs{`{a: -1}`}},
		{"$bits: no bits", `{$and: [{a: {$bitsAllSet: 0}}, {a: {$bitsAllClear: []}}]}`, docs{`{a: 1}`}, docs{`{a: "x"}`, `{}`}},
		{"$bits: any of no bits", `{a: {$bitsAnySet: 0}}`, nil, docs{`{a: 1}`}},
		{"$bits: beyond int64", `{a: {$bitsAllClear: 1}}`, docs{`{a: NumberLong("-9223372036854775808")}`}, docs{`{a: 9223372036854775808.0}`, `{a: 1e19}`}},
	} {
		c.test(t)
	}
}
