package query_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/query"
)

// What is wrong with an expression is wrong without a document; what depends on the
// document is told when it comes.
func TestExpressionErrors(t *testing.T) {
	doc := shell(t, `{_id: 1, i: 1, s: "x", neg: -1, a: [1], o: {}, zero: 0, d: ISODate("2020-01-01"), n: null}`)
	for _, c := range []struct {
		expression string
		code       int
	}{
		{`{$add: {$foo: 1}}`, 168},
		{`[{x: {$foo: 1}}]`, 168},
		{`{$add: [{$add: 1, $abs: 2}]}`, 15983},
		{`[{a: 1, $abs: 2}]`, 15983},
		{`[{"a.b": 1}]`, 16412},
		{`[{"": 1}]`, 40352},
		{`"$"`, 16872},
		{`"$a..b"`, 15998},
		{`"$a."`, 40353},
		{`"$a.$b"`, 16410},
		{`"$a\u0000b"`, 16411},
		{`{$let: {vars: {v: "$a"}, in: "$$v.b\u0000"}}`, 16411},
		{`"$$x"`, 17276},
		{`"$$"`, 9},
		{`"$$-x"`, 9},
		{`"$$a-b"`, 9},
		{`"$$CLUSTER_TIME"`, 51144},
		{`{$eq: [1]}`, 16020},
		{`{$abs: [1, 2]}`, 16020},
		{`{$slice: [[1]]}`, 28667},
		{`{$round: [1, 2, 3]}`, 28667},
		{`{$let: 1}`, 16874},
		{`{$let: {vars: {}, in: 1, x: 1}}`, 16875},
		{`{$let: {in: 1}}`, 16876},
		{`{$let: {vars: {}}}`, 16877},
		{`{$let: {vars: 1, in: 1}}`, 14},
		{`{$let: {vars: {ROOT: 1}, in: 1}}`, 9},
		{`{$let: {vars: {x: "$$y", y: 1}, in: 1}}`, 17276},

		{`{$add: ["$i", "$s"]}`, 14},
		{`{$add: ["$d", "$d"]}`, 16612},
		{`{$subtract: ["$s", "$i"]}`, 14},
		{`{$subtract: ["$i", "$d"]}`, 14},
		{`{$multiply: ["$s"]}`, 14},
		{`{$divide: ["$i", "$zero"]}`, 2},
		{`{$divide: ["$i", "$s"]}`, 14},
		{`{$mod: ["$i", "$zero"]}`, 16610},
		{`{$mod: ["$i", "$s"]}`, 16611},
		{`{$abs: "$s"}`, 28765},
		{`{$abs: NumberLong("-9223372036854775808")}`, 28680},
		{`{$round: "$s"}`, 51081},
		{`{$round: ["$i", 1.5]}`, 51082},
		{`{$round: ["$i", 101]}`, 51083},
		{`{$sqrt: "$neg"}`, 28714},
		{`{$ln: "$zero"}`, 28766},
		{`{$log10: "$neg"}`, 28761},
		{`{$log: ["$i", 1]}`, 28759},
		{`{$pow: ["$zero", "$neg"]}`, 28764},
		{`{$sqrt: NumberDecimal("2")}`, 238},
		{`{$bitAnd: ["$i", 1.5]}`, 14},

		{`{$cond: [1, 2]}`, 16020},
		{`{$cond: {if: 1, then: 2}}`, 17082},
		{`{$cond: {if: 1, then: 2, else: 3, x: 1}}`, 17083},
		{`{$ifNull: [1]}`, 1257300},
		{`{$switch: 1}`, 40060},
		{`{$switch: {branches: 1}}`, 40061},
		{`{$switch: {branches: [1]}}`, 40062},
		{`{$switch: {branches: [{case: 1, then: 1, x: 1}]}}`, 40063},
		{`{$switch: {branches: [{then: 1}]}}`, 40064},
		{`{$switch: {branches: [{case: 1}]}}`, 40065},
		{`{$switch: {branches: [{case: "$zero", then: 1}]}}`, 40066},
		{`{$switch: {branches: [{case: false, then: "$i"}]}}`, 40069},
		{`{$switch: {x: 1}}`, 40067},
		{`{$switch: {branches: []}}`, 40068},

		{`{$concat: ["$i"]}`, 16702},
		{`{$toUpper: "$a"}`, 16007},
		{`{$substrBytes: ["é", 1, 1]}`, 28656},
		{`{$substrBytes: ["é", 0, 1]}`, 28657},
		{`{$substrBytes: ["x", "$neg", 1]}`, 50752},
		{`{$substrCP: ["x", "$s", 1]}`, 34450},
		{`{$substrCP: ["x", 0, "$neg"]}`, 34454},
		{`{$strLenCP: "$n"}`, 34471},
		{`{$strLenBytes: "$i"}`, 34473},
		{`{$split: ["$i", "x"]}`, 40085},
		{`{$split: ["x", ""]}`, 40087},
		{`{$indexOfCP: ["$i", "x"]}`, 40093},
		{`{$indexOfCP: ["x", "x", "$neg"]}`, 40097},
		{`{$trim: "x"}`, 50696},
		{`{$trim: {chars: "x"}}`, 50695},
		{`{$trim: {input: "$i"}}`, 50699},
		{`{$replaceOne: {input: "$i", find: "x", replacement: "y"}}`, 10503904},
		{`{$replaceAll: {input: "$n", find: 1, replacement: "y"}}`, 10503901},
		{`{$replaceAll: {input: "x", find: "$n", replacement: "$i"}}`, 10503902},
		{`{$split: ["x", "$i"]}`, 10503900},
		{`{$indexOfArray: ["$a", 1, "$s"]}`, 9711600},
		{`{$indexOfArray: ["$a", 1, "$neg"]}`, 9711601},
		{`{$toInt: [1, 2]}`, 50723},
		{`{$mod: ["$i", NumberDecimal("0")]}`, 5733415},
		{`{$regexMatch: {input: "$s"}}`, 31023},
		{`{$regexMatch: {input: "$i", regex: "x"}}`, 51104},
		{`{$regexMatch: {input: "$s", regex: "("}}`, 51111},
		{`{$regexMatch: {input: "$s", regex: /x/i, options: "i"}}`, 51107},

		{`{$size: "$n"}`, 17124},
		{`{$arrayElemAt: ["$i", 0]}`, 28689},
		{`{$arrayElemAt: ["$a", "$s"]}`, 28690},
		{`{$arrayElemAt: ["$a", 1.5]}`, 28691},
		{`{$in: ["$i", "$s"]}`, 40081},
		{`{$filter: 1}`, 28646},
		{`{$filter: {input: "$a"}}`, 28650},
		{`{$filter: {input: "$i", cond: 1}}`, 28651},
		{`{$filter: {input: "$a", cond: 1, limit: "$zero"}}`, 327392},
		{`{$map: {in: 1}}`, 16880},
		{`{$map: {input: "$i", in: 1}}`, 16883},
		{`{$reduce: {input: "$a", in: 1}}`, 40078},
		{`{$reduce: {input: "$i", initialValue: 1, in: 1}}`, 40080},
		{`{$concatArrays: ["$i"]}`, 28664},
		{`{$slice: ["$i", 1]}`, 28724},
		{`{$slice: ["$a", 1, "$neg"]}`, 28729},
		{`{$range: [0, 1, "$zero"]}`, 34449},
		{`{$range: ["$s", 1]}`, 34443},
		{`{$reverseArray: "$i"}`, 34435},
		{`{$setUnion: ["$i"]}`, 17043},
		{`{$setEquals: [["$i"]]}`, 17045},
		{`{$setEquals: ["$a", null]}`, 5887502},
		{`{$setEquals: ["$a", "$n"]}`, 17044},
		{`{$setIsSubset: ["$n", "$a"]}`, 17046},
		{`{$allElementsTrue: "$i"}`, 17040},
		{`{$mergeObjects: ["$i"]}`, 40400},
		{`{$objectToArray: "$i"}`, 40390},
		{`{$arrayToObject: "$i"}`, 40386},
		{`{$arrayToObject: "$a"}`, 40398},
		{`{$arrayToObject: [[["a"]]]}`, 40397},
		{`{$arrayToObject: [[{k: 1, v: 1}]]}`, 40394},

		{`{$year: "$s"}`, 16006},
		{`{$year: {timezone: "UTC"}}`, 40539},
		{`{$year: {date: "$d", x: 1}}`, 40535},
		{`{$year: {date: "$d", timezone: "Nowhere"}}`, 40485},
		{`{$year: {date: "$d", timezone: "$i"}}`, 40517},
		{`{$dateToString: {format: "%Y"}}`, 18628},
		{`{$dateToString: {date: "$d", format: "%"}}`, 18535},
		{`{$dateToString: {date: "$d", format: "%q"}}`, 18536},
		{`{$dateTrunc: {date: "$d"}}`, 5439010},
		{`{$dateTrunc: {date: "$d", unit: "eon"}}`, 9},
		{`{$dateTrunc: {date: "$s", unit: "day"}}`, 5166307},
		{`{$dateTrunc: {date: "$d", unit: "day", binSize: "$zero"}}`, 5439018},
		{`{$dateDiff: {startDate: "$s", endDate: "$d", unit: "day"}}`, 5166307},
		{`{$dateAdd: {startDate: "$d", unit: "day"}}`, 5166402},
		{`{$dateAdd: {startDate: "$d", unit: "day", amount: 1.5}}`, 5166405},
		{`{$dateFromString: {dateString: "x"}}`, 241},
		{`{$dateFromParts: {month: 1}}`, 40516},
		{`{$dateFromParts: {year: 10000}}`, 40523},

		{`{$toInt: "x"}`, 241},
		{`{$toInt: 1e10}`, 241},
		{`{$toInt: "$d"}`, 241},
		{`{$toInt: NaN}`, 241},
		{`{$toDate: "$i"}`, 241},
		{`{$toObjectId: "x"}`, 241},
		{`{$convert: {input: 1}}`, 9},
		{`{$convert: {input: 1, to: "foo"}}`, 2},
		{`{$getField: {field: "$i", input: {}}}`, 3041704},
		{`{$setField: {field: "x", input: "$i", value: 1}}`, 4161105},
		{`{$setField: {field: {$concat: ["a", "b"]}, input: {}, value: 1}}`, 4161106},
		{`{$unsetField: {field: {a: 1}, input: {}}}`, 4161106},
		{`{$setField: {field: ["x"], input: {}, value: 1}}`, 4161106},
		{`{$unsetField: {field: null, input: {}}}`, 4161107},
		{`{$setField: {field: {}, input: {}, value: 1}}`, 4161107},
		{`{$setField: {field: {$literal: 1}, input: {}, value: 1}}`, 4161107},
		{`{$setField: {field: "$s", input: {}, value: 1}}`, 4161108},
		{`{$unsetField: {field: "x", input: {}, value: 1}}`, 4161101},
		{`{$setField: {field: "x", input: {}}}`, 4161103},
		{`{$setField: 1}`, 4161100},
		{`{$bsonSize: "$i"}`, 31393},
		{`{$add: [{$toHashedIndexKey: 1}]}`, 238},
		{`{$add: [{$top: {sortBy: {a: 1}, output: 1}}]}`, 168},
	} {
		got, err := evaluate(t, c.expression, doc)
		require.Error(t, err, "%s gave %s", c.expression, got)
		require.Equal(t, c.code, requireQueryError(t, err).Code, "%s: %v", c.expression, err)
	}
}

// A few bytes can ask for a value larger than any memory.
func TestExpressionsThatGrowEndInAnError(t *testing.T) {
	doc := shell(t, fmt.Sprintf(`{_id: 1, a: ["%0100000d"]}`, 0))
	for _, expression := range []string{
		`{$reduce: {input: {$range: [0, 60]}, initialValue: "$a", in: {$concatArrays: ["$$value", "$$value"]}}}`,
		`{$reduce: {input: {$range: [0, 60]}, initialValue: "$a", in: ["$$value", "$$value"]}}`,
		`{$reduce: {input: {$range: [0, 60]}, initialValue: "$a", in: {a: "$$value", b: "$$value"}}}`,
		`{$map: {input: {$range: [0, 100000]}, in: {$range: [0, 100000]}}}`,
		`{$range: [0, 2000000000]}`,
		`{$reduce: {input: {$range: [0, 60]}, initialValue: "aa", in: {$replaceAll: {input: "$$value", find: "a", replacement: "$$value"}}}}`,
	} {
		_, err := evaluate(t, expression, doc)
		require.Error(t, err, expression)
		require.Equal(t, query.CodeExceededMemory, requireQueryError(t, err).Code, "%s: %v", expression, err)
	}
}

func FuzzExpression(f *testing.F) {
	doc := `{_id: 1, a: [{b: 1}, 2, [3]], c: {d: 5, e: "x"}, n: NumberLong(7), t: ISODate("2020-02-29T12:00:00Z"), m: NumberDecimal("1.5")}`
	for _, seed := range []string{
		`{$add: ["$n", "$m", 1.5]}`, `{$dateTrunc: {date: "$t", unit: "week", binSize: 3}}`, `{$map: {input: "$a", in: ["$$this.b", "$c"]}}`,
		`{$dateToString: {date: "$t", format: "%Y-%m-%d %z", timezone: "Europe/Berlin"}}`, `{$switch: {branches: [{case: "$n", then: "$a.b"}]}}`,
		`{$let: {vars: {x: "$c", CURRENT: "$a"}, in: {$setUnion: ["$b", ["$$x.d"]]}}}`, `{$reduce: {input: "$a", initialValue: "", in: "$$value"}}`,
		`{$dateDiff: {startDate: "$t", endDate: "$$NOW", unit: "quarter"}}`, `{$convert: {input: "$c.e", to: "int", onError: "$m"}}`,
		`{$arrayToObject: {$objectToArray: "$c"}}`, `{$substrBytes: ["$c.e", 0, 1]}`, `{$round: ["$m", -1]}`, `{$pow: [2, "$n"]}`,
		`{$regexFindAll: {input: "$c.e", regex: "(x)|y*"}}`, `{$zip: {inputs: ["$a", [1]], useLongestLength: true, defaults: ["$n", "$q"]}}`,
		`{$minN: {n: "$n", input: "$a"}}`, `{$percentile: {input: "$a", p: [0.5, 1], method: "approximate"}}`, `{$sortArray: {input: "$a", sortBy: {"b.c": -1}}}`,
		`{$dateFromString: {dateString: "2020 W5 %", format: "%G W%V %%", onError: "$m"}}`, `{$atan2: ["$n", {$sin: "$c.d"}]}`,
	} {
		f.Add([]byte(`{$expr: `+seed+`}`), []byte(doc))
		f.Add([]byte(shell(f, `{$expr: `+seed+`}`)), []byte(shell(f, doc)))
	}
	f.Fuzz(func(t *testing.T, source, doc []byte) {
		filter, err := query.ParseFilter(fuzzed(source))
		if err != nil {
			requireQueryError(t, err)
			return
		}
		_, _ = filter.Match(fuzzed(doc))
	})
}
