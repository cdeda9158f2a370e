package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// grouped returns what $group makes of documents in one group, under the key r.
func grouped(t *testing.T, accumulator string, docs ...bson.Raw) (bson.Raw, error) {
	t.Helper()
	p, err := query.ParsePipeline(documents(t, `{$group: {_id: null, r: `+accumulator+`}}`, `{$project: {_id: 0}}`), nil)
	if err != nil {
		return nil, err
	}
	for got, err := range p.Run(t.Context(), asFound(docs...)) {
		return got, err
	}
	panic("there are documents, and so there is a group")
}

func checkAccumulators(t *testing.T, docs []bson.Raw, cases []expressionCase) {
	t.Helper()
	for _, c := range cases {
		got, err := grouped(t, c.expression, docs...)
		require.NoError(t, err, c.expression)
		require.Equal(t, shell(t, `{r: `+c.want+`}`).String(), got.String(), c.expression)
	}
}

func TestAccumulatorsOfSeveral(t *testing.T) {
	docs := documents(t, `{v: 3}`, `{v: null}`, `{v: 1, w: "x"}`, `{v: 3.0}`, `{}`, `{v: "a"}`, `{v: 2}`)
	checkAccumulators(t, docs, []expressionCase{
		{`{$firstN: {n: 3, input: "$v"}}`, `[3, null, 1]`},
		{`{$firstN: {n: 2, input: "$missing"}}`, `[null, null]`},
		{`{$lastN: {n: 3, input: "$v"}}`, `[null, "a", 2]`},
		{`{$lastN: {n: 100, input: "$w"}}`, `[null, null, "x", null, null, null, null]`},
		{`{$minN: {n: 2, input: "$v"}}`, `[1, 2]`}, // null counts nothing
		{`{$minN: {n: 3, input: "$v"}}`, `[1, 2, 3]`},
		{`{$minN: {n: NumberLong(9), input: "$v"}}`, `[1, 2, 3, 3.0, "a"]`},
		{`{$maxN: {n: 2.0, input: "$v"}}`, `["a", 3.0]`},
		{`{$maxN: {n: 9, input: "$v"}}`, `["a", 3.0, 3, 2, 1]`},
		{`{$minN: {n: 1, input: "$missing"}}`, `[]`},
	})
	for accumulator, code := range map[string]int{
		`{$firstN: 1}`: 5787801, `{$lastN: "$v"}`: 5787801, `{$lastN: []}`: 40237, `{$minN: 1}`: 5787900, `{$maxN: "$v"}`: 5787900,
		`{$firstN: {n: 1, input: 1, x: 1}}`: 5787901, `{$firstN: {input: 1}}`: 5787906, `{$maxN: {n: 1}}`: 5787907,
		`{$firstN: {n: 0, input: "$v"}}`: 7548606, `{$firstN: {n: -1, input: "$v"}}`: 7548606, `{$lastN: {n: 2.5, input: "$v"}}`: 7548606,
		`{$minN: {n: "1", input: "$v"}}`: 7548606, `{$minN: {n: "$v", input: "$v"}}`: 7548606,
	} {
		_, err := grouped(t, accumulator, docs...)
		require.Equal(t, code, requireQueryError(t, err).Code, accumulator)
	}
}

// How many are taken is asked of the group, not of a document.
func TestAGroupSaysHowManyAreTaken(t *testing.T) {
	docs := documents(t, `{k: 1, v: 1}`, `{k: 2, v: 2}`, `{k: 2, v: 3}`, `{k: 1, v: 4}`)
	stages := documents(t, `{$group: {_id: {n: "$k"}, r: {$firstN: {n: "$n", input: "$v"}}}}`, `{$sort: {_id: 1}}`)
	p, err := query.ParsePipeline(stages, nil)
	require.NoError(t, err)
	var got []string
	for doc, err := range p.Run(t.Context(), asFound(docs...)) {
		require.NoError(t, err)
		got = append(got, doc.Lookup("r").String())
	}
	require.Equal(t, []string{shell(t, `{r: [1]}`).Lookup("r").String(), shell(t, `{r: [2, 3]}`).Lookup("r").String()}, got)
}

func TestRankings(t *testing.T) {
	docs := documents(t, `{_id: 1, s: 5, p: "a"}`, `{_id: 2, s: 7, p: "b"}`, `{_id: 3, s: 5, p: "c"}`, `{_id: 4, p: "d"}`, `{_id: 5, s: [1, 9]}`)
	checkAccumulators(t, docs, []expressionCase{
		{`{$top: {sortBy: {s: 1}, output: "$_id"}}`, `4`},
		{`{$top: {sortBy: {s: -1}, output: ["$p", "$s"]}}`, `[null, [1, 9]]`}, // by its largest element
		{`{$bottom: {sortBy: {s: 1}, output: "$_id"}}`, `2`},
		{`{$bottom: {sortBy: {s: -1}, output: "$p"}}`, `"d"`},
		{`{$top: {sortBy: {s: -1}, output: "$p"}}`, `null`},
		{`{$topN: {n: 3, sortBy: {s: 1}, output: "$_id"}}`, `[4, 5, 1]`}, // of equals the first stays
		{`{$topN: {n: 9, sortBy: {s: 1}, output: "$_id"}}`, `[4, 5, 1, 3, 2]`},
		{`{$bottomN: {n: 2, sortBy: {s: 1}, output: "$_id"}}`, `[1, 2]`}, // of equals the first stays
		{`{$bottomN: {n: 9, sortBy: {s: -1, p: -1}, output: "$_id"}}`, `[5, 2, 3, 1, 4]`},
	})
	for accumulator, code := range map[string]int{
		`{$top: 1}`: 5788001, `{$top: {n: 1, sortBy: {s: 1}, output: 1}}`: 5788002, `{$topN: {sortBy: {s: 1}, output: 1}}`: 5788003,
		`{$bottom: {sortBy: {s: 1}}}`: 5788004, `{$bottom: {output: 1}}`: 5788005, `{$top: {sortBy: 1, output: 1}}`: 10065,
		`{$top: {sortBy: {s: 2}, output: 1}}`: 15975, `{$top: {sortBy: {s: "x"}, output: 1}}`: 15974,
		`{$topN: {n: 0, sortBy: {s: 1}, output: 1}}`: 7548606, `{$top: {sortBy: {s: 1}, output: {$foo: 1}}}`: 168,
	} {
		_, err := grouped(t, accumulator, docs...)
		require.Equal(t, code, requireQueryError(t, err).Code, accumulator)
	}
}

func TestRankingsByPaths(t *testing.T) {
	docs := documents(t, `{_id: 1, a: [{b: 3}, {b: 8}]}`, `{_id: 2, a: {b: 5}}`, `{_id: 3, a: {b: 1}}`)
	checkAccumulators(t, docs, []expressionCase{
		{`{$topN: {n: 3, sortBy: {"a.b": 1}, output: "$_id"}}`, `[3, 1, 2]`},
		{`{$topN: {n: 3, sortBy: {"a.b": -1}, output: "$_id"}}`, `[1, 2, 3]`},
	})
	_, err := grouped(t, `{$top: {sortBy: {a: 1, b: 1}, output: 1}}`, documents(t, `{a: [1, 2], b: [1, 2]}`)...)
	require.Equal(t, query.CodeBadValue, requireQueryError(t, err).Code)
}

func TestAccumulatorsOfArrays(t *testing.T) {
	docs := documents(t, `{v: [3, 1]}`, `{}`, `{v: []}`, `{v: [1, [2], null]}`)
	checkAccumulators(t, docs, []expressionCase{
		{`{$concatArrays: "$v"}`, `[3, 1, 1, [2], null]`},
		{`{$setUnion: "$v"}`, `[3, 1, [2], null]`},
		{`{$concatArrays: "$missing"}`, `[]`},
		{`{$setUnion: "$missing"}`, `[]`},
		{`{$concatArrays: {$literal: [1, 2]}}`, `[1, 2, 1, 2, 1, 2, 1, 2]`},
	})
	for _, doc := range []string{`{v: null}`, `{v: 1}`, `{v: {a: 1}}`} {
		for _, accumulator := range []string{`{$concatArrays: "$v"}`, `{$setUnion: "$v"}`} {
			_, err := grouped(t, accumulator, shell(t, doc))
			require.Equal(t, query.CodeTypeMismatch, requireQueryError(t, err).Code, accumulator)
		}
	}
}

func TestQuantilesOfGroups(t *testing.T) {
	docs := documents(t, `{v: 30}`, `{v: 10}`, `{v: NumberDecimal("20")}`, `{v: "x"}`, `{}`, `{v: null}`, `{v: NaN}`, `{v: [5]}`)
	checkAccumulators(t, docs, []expressionCase{
		{`{$median: {input: "$v", method: "approximate"}}`, `20.0`},
		{`{$percentile: {input: "$v", p: [0, 0.5, 0.95, 1, 0.1], method: "approximate"}}`, `[10.0, 20.0, 30.0, 30.0, 10.0]`},
		{`{$median: {input: "$missing", method: "approximate"}}`, `null`},
		{`{$percentile: {input: "$missing", p: [0.5, 1], method: "approximate"}}`, `[null, null]`},
		{`{$percentile: {input: {$cond: ["$v", Infinity, -Infinity]}, p: [0, 0.25, 0.9], method: "approximate"}}`, `[-Infinity, -Infinity, Infinity]`},
	})
	for accumulator, code := range map[string]int{
		`{$percentile: 1}`: 7429703, `{$median: 1}`: 7436100, `{$median: [1]}`: 40237, `{$median: {input: 1}}`: query.CodeMissingField,
		`{$median: {input: 1, method: "approximate", p: [0.5]}}`: query.CodeUnknownField, `{$median: {input: 1, method: "discrete"}}`: query.CodeBadValue,
		`{$percentile: {input: "$v", p: ["$v"], method: "approximate"}}`: 7750300,
	} {
		_, err := grouped(t, accumulator, docs...)
		require.Equal(t, code, requireQueryError(t, err).Code, accumulator)
	}
}

// Of many numbers the digest knows those at the ends, and about where the others are.
func TestQuantilesOfManyNumbers(t *testing.T) {
	for _, n := range []int{1000, 20_000, 100_000} {
		docs := make([]bson.Raw, n)
		for i := range docs {
			docs[i] = encode(bson.D{{Key: "v", Value: i * 7919 % n}})
		}
		got, err := grouped(t, `{$percentile: {input: "$v", p: [0, 0.0001, 0.25, 0.5, 0.99, 1], method: "approximate"}}`, docs...)
		require.NoError(t, err)
		values, err := got.Lookup("r").Array().Values()
		require.NoError(t, err)
		for i, p := range []float64{0, 0.0001, 0.25, 0.5, 0.99, 1} {
			want := max(0, p*float64(n)-1)
			require.InDelta(t, want, values[i].Double(), 0.001*float64(n)+1, fmt.Sprint(n, p))
		}
	}
}

// Whatever the order, the best of many are the same as by sorting all.
func TestTheBestOfManyAreTheFirstOfAllSorted(t *testing.T) {
	var docs []bson.Raw
	for i := range 500 {
		docs = append(docs, encode(bson.D{{Key: "v", Value: i * 7919 % 101}, {Key: "i", Value: i}}))
	}
	for _, n := range []int{1, 7, 100, 1000} {
		for _, direction := range []int{1, -1} {
			top, err := grouped(t, fmt.Sprintf(`{$topN: {n: %d, sortBy: {v: %d, i: 1}, output: "$i"}}`, n, direction), docs...)
			require.NoError(t, err)
			first, err := runPipelineOn(t, docs, fmt.Sprintf(`{$sort: {v: %d, i: 1}}`, direction), `{$group: {_id: null, r: {$push: "$i"}}}`,
				fmt.Sprintf(`{$project: {_id: 0, r: {$slice: ["$r", %d]}}}`, n))
			require.NoError(t, err)
			require.Equal(t, first[0].String(), top.String())
		}
	}
}

func runPipelineOn(t *testing.T, docs []bson.Raw, stages ...string) (got []bson.Raw, err error) {
	p, err := query.ParsePipeline(documents(t, append([]string{`{$limit: 1000000}`}, stages...)...), nil)
	require.NoError(t, err)
	for doc, err := range p.Run(t.Context(), asFound(docs...)) {
		if err != nil {
			return nil, err
		}
		got = append(got, doc)
	}
	return got, nil
}

func TestSelectionsAreBounded(t *testing.T) {
	big := shell(t, `{b: "`+strings.Repeat("x", 1<<20)+`"}`)
	docs := make([]bson.Raw, 200)
	for i := range docs {
		docs[i] = big
	}
	for _, accumulator := range []string{`{$firstN: {n: 1000, input: "$b"}}`, `{$lastN: {n: 1000, input: "$b"}}`, `{$maxN: {n: 1000, input: "$b"}}`,
		`{$topN: {n: 1000, sortBy: {b: 1}, output: 1}}`, `{$concatArrays: {$map: {input: ["$b"], in: "$$this"}}}`} {
		_, err := grouped(t, accumulator, docs...)
		require.Equal(t, query.CodeMemoryLimit, requireQueryError(t, err).Code, accumulator)
	}
	_, err := grouped(t, `{$lastN: {n: 5, input: "$b"}}`, docs...)
	require.NoError(t, err)
}

// MongoDB carries out $group by another engine, whose errors have other codes.
func TestErrorsOfGroups(t *testing.T) {
	doc := shell(t, `{v: 1, s: "x", zero: 0, n: null}`)
	for accumulator, code := range map[string]int{
		`{$sum: {$divide: ["$v", "$zero"]}}`: 4848401, `{$first: {$mod: ["$v", "$zero"]}}`: 4848403, `{$avg: {$toInt: "$s"}}`: query.CodeConversionFailure,
		`{$mergeObjects: "$s"}`: 5911200, `{$sum: ["$v"]}`: 40237, `{$sum: []}`: 40237, `{$count: []}`: 40237, `{$add: [1, 2]}`: 40237,
		`{$count: "x"}`: query.CodeTypeMismatch, `{$add: 1}`: 15952, `{$: 1}`: 15952, `{$$ROOT: 1}`: 15952, `{bad: 1}`: 40234, `{"": 1}`: 40234, `{}`: 40234,
		`{$sum: 1, $avg: 1}`: 40238, `{$sum: "$"}`: 16872, `{$first: {$add: [1, 2], $multiply: [3, 4]}}`: 15983,
	} {
		_, err := grouped(t, accumulator, doc)
		require.Error(t, err, accumulator)
		require.Equal(t, code, requireQueryError(t, err).Code, accumulator)
	}
	_, err := runPipeline(t, t.Context(), doc, `{$group: {_id: {$mod: ["$v", "$zero"]}}}`)
	require.Equal(t, 4848403, requireQueryError(t, err).Code)
}
