package query_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// expressionCase is an expression and its value, of the document of the test; the
// value is empty if there is none.
type expressionCase struct{ expression, want string }

// evaluate returns {r: value} for an expression of a document.
func evaluate(t *testing.T, expression string, doc bson.Raw) (bson.Raw, error) {
	t.Helper()
	stage := shell(t, `{$project: {_id: 0, r: `+expression+`}}`)
	p, err := query.ParsePipeline([]bson.Raw{stage}, nil)
	if err != nil {
		return nil, err
	}
	before := bytes.Clone(doc)
	for got, err := range p.Run(t.Context(), asFound(doc)) {
		require.Equal(t, before, []byte(doc), "the document itself must not change")
		return got, err
	}
	panic("a projection shows every document")
}

// asFound are documents as a store finds them.
func asFound(docs ...bson.Raw) func(yield func(bson.Raw, error) bool) {
	return func(yield func(bson.Raw, error) bool) {
		for _, doc := range docs {
			if !yield(doc, nil) {
				return
			}
		}
	}
}

func checkExpressions(t *testing.T, text string, cases []expressionCase) {
	t.Helper()
	doc := shell(t, text)
	for _, c := range cases {
		want := `{}`
		if c.want != "" {
			want = `{r: ` + c.want + `}`
		}
		got, err := evaluate(t, c.expression, doc)
		require.NoError(t, err, c.expression)
		require.Equal(t, shell(t, want).String(), got.String(), c.expression)
	}
}

func TestPathsInExpressions(t *testing.T) {
	checkExpressions(t, `{_id: 1, a: 5, o: {p: {q: 1}}, list: [{x: 1}, {y: 2}, 3, {x: [4]}, [{x: 9}]], "0": "zero", n: null}`, []expressionCase{
		{`"$a"`, `5`},
		{`"$o.p.q"`, `1`},
		{`"$o.p.missing"`, ``},
		{`"$a.b"`, ``},
		{`"$n"`, `null`},
		{`"$list.x"`, `[1, [4]]`},
		{`"$list.0"`, `[]`}, // an index leads nowhere
		{`"$$ROOT.a"`, `5`},
		{`"$$CURRENT.o.p"`, `{q: 1}`},
		{`"$$REMOVE"`, ``},
		{`{x: "$a", y: "$missing", z: {w: "$$REMOVE"}}`, `{x: 5, z: {}}`},
		{`["$a", "$missing", "$n"]`, `[5, null, null]`},
		{`{$literal: "$a"}`, `"$a"`},
		{`{$literal: {$add: [1, 2]}}`, `{$add: [1, 2]}`},
		{`{$let: {vars: {x: "$a", y: 2}, in: {$add: ["$$x", "$$y"]}}}`, `7`},
		{`{$let: {vars: {x: 1}, in: {$let: {vars: {x: 2, y: "$$x"}, in: ["$$x", "$$y"]}}}}`, `[2, 1]`},
		{`{$let: {vars: {x: "$a"}, in: {$let: {vars: {x: "$o.p.q", y: "$$x"}, in: ["$$x", "$$y"]}}}}`, `[1, 5]`},
		{`{$let: {vars: {CURRENT: "$o"}, in: ["$p.q", "$$ROOT.a"]}}`, `[1, 5]`},
		{`{$let: {vars: {v: "$o"}, in: "$$v.p.q"}}`, `1`},
		{`{$let: {vars: {v: {$map: {input: [1, 2], in: {$add: ["$$this", "$a"]}}}, w: "$a"}, in: ["$$v", "$$w"]}}`, `[[6, 7], 5]`},
		{`{$getField: "a"}`, `5`},
		{`{$getField: {field: "p", input: "$o"}}`, `{q: 1}`},
		{`{$getField: {field: {$literal: "$x"}, input: {$literal: {$x: 3}}}}`, `3`},
	})
}

func TestComparisonsInExpressions(t *testing.T) {
	checkExpressions(t, `{_id: 1, a: 1, l: NumberLong(1), s: "x", arr: [1, 2], n: null}`, []expressionCase{
		{`{$eq: ["$a", "$l"]}`, `true`},
		{`{$eq: ["$a", "$arr"]}`, `false`}, // arrays are not taken apart
		{`{$eq: ["$missing", null]}`, `false`},
		{`{$lt: ["$missing", "$n"]}`, `true`},
		{`{$gt: ["$s", "$a"]}`, `true`}, // types are ordered, too
		{`{$gte: ["$arr", [1, 2]]}`, `true`},
		{`{$lte: ["$a", 0]}`, `false`},
		{`{$ne: ["$a", 2]}`, `true`},
		{`{$cmp: ["$a", 2]}`, `-1`},
		{`{$cmp: [2, "$a"]}`, `1`},
		{`{$and: ["$a", "$s", true]}`, `true`},
		{`{$and: []}`, `true`},
		{`{$and: [0, {$divide: [1, "$n"]}]}`, `false`},
		{`{$or: ["$n", "$missing", 0]}`, `false`},
		{`{$or: ["$a", {$divide: ["$a", "$s"]}]}`, `true`}, // the second is not evaluated
		{`{$not: ["$n"]}`, `true`},
		{`{$not: "$a"}`, `false`},
		{`{$in: [2, "$arr"]}`, `true`},
		{`{$in: ["$s", [/x/]]}`, `false`},
		{`{$isArray: "$arr"}`, `true`},
		{`{$isArray: ["$a"]}`, `false`},
	})
}

func TestConditionsInExpressions(t *testing.T) {
	checkExpressions(t, `{_id: 1, qty: 250, n: null, s: "x"}`, []expressionCase{
		{`{$cond: [{$gte: ["$qty", 250]}, 30, 20]}`, `30`},
		{`{$cond: {if: {$gte: ["$qty", 251]}, then: 30, else: "$s"}}`, `"x"`},
		{`{$cond: ["$s", "$missing", 1]}`, ``},
		{`{$cond: [true, 1, {$divide: ["$qty", "$s"]}]}`, `1`},
		{`{$ifNull: ["$n", "$missing", "none"]}`, `"none"`},
		{`{$ifNull: ["$missing", "$n"]}`, `null`},
		{`{$ifNull: ["$qty", "$s"]}`, `250`},
		{`{$switch: {branches: [{case: {$lt: ["$qty", 1]}, then: "few"}, {case: "$s", then: "many"}], default: "some"}}`, `"many"`},
		{`{$switch: {branches: [{case: "$n", then: 1}], default: "$qty"}}`, `250`},
	})
}

func TestExpressionsInFilters(t *testing.T) {
	doc := shell(t, `{_id: 1, spent: 5, budget: 4, tags: ["a"]}`)
	for filter, want := range map[string]bool{
		`{$expr: {$gt: ["$spent", "$budget"]}}`:                        true,
		`{$expr: "$missing"}`:                                          false,
		`{$expr: []}`:                                                  true,
		`{spent: 5, $expr: {$lt: ["$spent", "$budget"]}}`:              false,
		`{$or: [{spent: 0}, {$expr: {$in: ["a", "$tags"]}}]}`:          true,
		`{$nor: [{$expr: {$gt: ["$spent", "$budget"]}}]}`:              false,
		`{$and: [{$expr: true}, {$expr: {$eq: ["$$ROOT.spent", 5]}}]}`: true,
		`{$expr: {$lt: [ISODate("2020-01-01"), "$$NOW"]}}`:             true,
	} {
		got, err := query.MustParse(filter).Match(doc)
		require.NoError(t, err, filter)
		require.Equal(t, want, got, filter)
	}
}

func TestAFilterFailsWhereItsExpressionDoes(t *testing.T) {
	f := query.MustParse(`{$expr: {$divide: [1, "$n"]}}`)
	_, err := f.Match(shell(t, `{n: 0}`))
	require.Equal(t, query.CodeBadValue, requireQueryError(t, err).Code)
	ok, err := f.Match(shell(t, `{n: 2}`))
	require.NoError(t, err)
	require.True(t, ok)
}

func TestWhatExpressionsNeed(t *testing.T) {
	for filter, keys := range map[string]string{
		`{$expr: {$gt: ["$a.x", "$b"]}}`:                                         "ab",
		`{$expr: "$$ROOT.a"}`:                                                    "a",
		`{$expr: {$let: {vars: {a: "$b"}, in: "$$a.c"}}}`:                        "b",
		`{$or: [{a: 1}, {$expr: {$map: {input: "$b", in: "$$this.c"}}}]}`:        "ab",
		`{$expr: {$eq: [{$bsonSize: "$$ROOT"}, 5]}}`:                             "abc",
		`{$expr: {$let: {vars: {CURRENT: "$c"}, in: {$eq: ["$a", "$b"]}}}}`:      "c",
		`{$expr: {$getField: "a"}}`:                                              "abc",
		`{$expr: {$eq: [1, {$literal: "$a"}]}}`:                                  "",
		`{$expr: {$reduce: {input: "$a", initialValue: "$c", in: "$$value"}}}`:   "ac",
		`{$expr: {$dateTrunc: {date: "$b", unit: "day", timezone: "$$ROOT.c"}}}`: "bc",
	} {
		f := query.MustParse(filter)
		needed := ""
		for _, key := range []string{"a", "b", "c"} {
			if f.Needs(key) {
				needed += key
			}
		}
		require.Equal(t, keys, needed, filter)
	}
}
