package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEndsOfArrays(t *testing.T) {
	checkExpressions(t, `{_id: 1, a: [3, null, 1, "x", 3.0], empty: [], two: NumberLong(2)}`, []expressionCase{
		{`{$firstN: {n: 2, input: "$a"}}`, `[3, null]`},
		{`{$firstN: {n: 9, input: "$a"}}`, `[3, null, 1, "x", 3.0]`},
		{`{$lastN: {n: "$two", input: "$a"}}`, `["x", 3.0]`},
		{`{$minN: {n: 2, input: "$a"}}`, `[1, 3]`},
		{`{$maxN: {n: 2.0, input: "$a"}}`, `["x", 3]`},
		{`{$minN: {n: 2, input: "$empty"}}`, `[]`},
		{`{$firstN: {n: 1, input: [[1, 2], 3]}}`, `[[1, 2]]`},
	})
	checkExpressionErrors(t, `{_id: 1, a: [1], i: 1, n: null}`, map[string]int{
		`{$firstN: 1}`: 5787801, `{$minN: [1]}`: 5787900, `{$firstN: {n: 1}}`: 5787907, `{$lastN: {input: "$a"}}`: 5787906,
		`{$lastN: {n: 1, input: "$a", x: 1}}`: 5787901, `{$firstN: {n: "x", input: "$a"}}`: 5787902, `{$firstN: {n: "$n", input: "$a"}}`: 5787902,
		`{$firstN: {n: 1.5, input: "$a"}}`: 5787903, `{$minN: {n: 0, input: "$a"}}`: 5787908, `{$maxN: {n: -1, input: "$a"}}`: 5787908,
		`{$firstN: {n: 1, input: "$i"}}`: 5788200, `{$minN: {n: 1, input: "$n"}}`: 5788200, `{$minN: {n: 1, input: "$missing"}}`: 5788200,
	})
}

func TestZip(t *testing.T) {
	checkExpressions(t, `{_id: 1, a: [1, 2, 3], b: ["x", "y"], n: null, empty: []}`, []expressionCase{
		{`{$zip: {inputs: ["$a", "$b"]}}`, `[[1, "x"], [2, "y"]]`},
		{`{$zip: {inputs: ["$a"]}}`, `[[1], [2], [3]]`},
		{`{$zip: {inputs: ["$a", "$b"], useLongestLength: true}}`, `[[1, "x"], [2, "y"], [3, null]]`},
		{`{$zip: {inputs: ["$b", "$a"], useLongestLength: true, defaults: [{$add: [1, 1]}, "-"]}}`, `[["x", 1], ["y", 2], [2, 3]]`},
		{`{$zip: {inputs: ["$a", "$empty"]}}`, `[]`},
		{`{$zip: {inputs: ["$a", "$n"]}}`, `null`},
		{`{$zip: {inputs: ["$missing", "$a"]}}`, `null`},
		{`{$zip: {inputs: [[1, [2]], [{$literal: "$x"}, null]]}}`, `[[1, "$x"], [[2], null]]`},
		{`{$zip: {inputs: ["$a", "$b"], defaults: []}}`, `[[1, "x"], [2, "y"]]`},
		{`{$zip: {inputs: [[1, 2], [3]], useLongestLength: true, defaults: [1, "$missing"]}}`, `[[1, 3], [2]]`},
	})
	checkExpressionErrors(t, `{_id: 1, a: [1], i: 1}`, map[string]int{
		`{$zip: 1}`: 34460, `{$zip: {inputs: "$a"}}`: 34461, `{$zip: {inputs: ["$a"], defaults: 1}}`: 34462,
		`{$zip: {inputs: ["$a"], useLongestLength: 1}}`: 34463, `{$zip: {inputs: ["$a"], x: 1}}`: 34464, `{$zip: {}}`: 34465, `{$zip: {inputs: []}}`: 34465,
		`{$zip: {inputs: ["$a"], defaults: [1]}}`: 34466, `{$zip: {inputs: ["$a"], defaults: [1, 2], useLongestLength: true}}`: 34467,
		`{$zip: {inputs: ["$i"]}}`: 34468, `{$zip: {inputs: ["$a", "$i"]}}`: 34468,
	})
}

func TestQuantilesOfArrays(t *testing.T) {
	checkExpressions(t, `{_id: 1, a: [30, "x", 10, null, NumberDecimal("20"), NaN], i: 5, n: null, empty: [], inf: [Infinity, 1, -Infinity]}`, []expressionCase{
		{`{$median: {input: "$a", method: "approximate"}}`, `20.0`},
		{`{$median: {input: [4, 1, 3, 2], method: "approximate"}}`, `2.0`}, // no mean of two
		{`{$median: {input: "$i", method: "approximate"}}`, `5.0`},
		{`{$median: {input: "$n", method: "approximate"}}`, `null`},
		{`{$median: {input: "$empty", method: "approximate"}}`, `null`},
		{`{$percentile: {input: [10, 20, 30, 40, 50], p: [0.95, 0.25, 0.5, 0, 1], method: "approximate"}}`, `[50.0, 20.0, 30.0, 10.0, 50.0]`},
		{`{$percentile: {input: "$missing", p: [0.5, 0.9], method: "approximate"}}`, `[null, null]`},
		{`{$percentile: {input: "$inf", p: [0, 0.5, 1], method: "approximate"}}`, `[-Infinity, 1.0, Infinity]`},
		{`{$percentile: {input: {$range: [0, 10000]}, p: [0.5], method: "approximate"}}`, `[4999.0]`},
		{`{$percentile: {input: "$i", p: {$concatArrays: [[0.5], [1]]}, method: "approximate"}}`, `[5.0, 5.0]`},
	})
	checkExpressionErrors(t, `{_id: 1, a: [1]}`, map[string]int{
		`{$median: 1}`: 7436201, `{$percentile: [1]}`: 7436200, `{$median: {method: "approximate"}}`: 40414, `{$median: {input: 1}}`: 40414,
		`{$median: {input: 1, p: [0.5], method: "approximate"}}`: 40415, `{$median: {input: 1, method: 5}}`: 14, `{$median: {input: 1, method: "exact"}}`: 2,
		`{$percentile: {input: 1, method: "approximate"}}`: 40414, `{$percentile: {input: 1, p: "$a", method: "approximate"}}`: 7750300,
		`{$percentile: {input: 1, p: [], method: "approximate"}}`: 7750301, `{$percentile: {input: 1, p: 0.5, method: "approximate"}}`: 7750301,
		`{$percentile: {input: 1, p: ["x"], method: "approximate"}}`: 7750302, `{$percentile: {input: 1, p: [1.1], method: "approximate"}}`: 7750303,
	})
}

// checkExpressionErrors checks the codes of expressions that fail.
func checkExpressionErrors(t *testing.T, text string, codes map[string]int) {
	t.Helper()
	doc := shell(t, text)
	for expression, code := range codes {
		got, err := evaluate(t, expression, doc)
		require.Error(t, err, "%s gave %s", expression, got)
		require.Equal(t, code, requireQueryError(t, err).Code, "%s: %v", expression, err)
	}
}

func TestSortedArrays(t *testing.T) {
	checkExpressions(t, `{_id: 1, a: [3, "x", null, 1], o: [{k: {v: 2}, n: 1}, {k: {v: 1}, n: 2}, {n: 3}]}`, []expressionCase{
		{`{$sortArray: {input: "$a", sortBy: 1}}`, `[null, 1, 3, "x"]`},
		{`{$sortArray: {input: "$a", sortBy: -1.0}}`, `["x", 3, 1, null]`},
		{`{$sortArray: {input: "$o", sortBy: {"k.v": 1}}}`, `[{n: 3}, {k: {v: 1}, n: 2}, {k: {v: 2}, n: 1}]`},
		{`{$sortArray: {input: "$missing", sortBy: 1}}`, `null`},
		{`{$sortArray: {input: [2, 1], sortBy: 1}}`, `[1, 2]`},
	})
	checkExpressionErrors(t, `{_id: 1, i: 1, a: [1]}`, map[string]int{
		`{$sortArray: 1}`: 2942500, `{$sortArray: {input: "$a", sortBy: 1, x: 1}}`: 2942501, `{$sortArray: {sortBy: 1}}`: 2942502,
		`{$sortArray: {input: "$a"}}`: 2942503, `{$sortArray: {input: "$i", sortBy: 1}}`: 2942504, `{$sortArray: {input: "$a", sortBy: {a: 2}}}`: 2942505,
		`{$sortArray: {input: "$a", sortBy: {}}}`: 2942505, `{$sortArray: {input: "$a", sortBy: 1.5}}`: 2942506, `{$sortArray: {input: "$a", sortBy: 0}}`: 2942506,
		`{$sortArray: {input: "$a", sortBy: "$i"}}`: 2942507, `{$sortArray: {input: "$a", sortBy: null}}`: 2942507,
	})
}
