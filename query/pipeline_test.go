package query_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// list reads an array of documents.
func list(t require.TestingT, text string) []bson.Raw {
	values, err := shell(t, `{list: `+text+`}`).Lookup("list").Array().Values()
	require.NoError(t, err)
	docs := make([]bson.Raw, len(values))
	for i, v := range values {
		docs[i] = v.Document()
	}
	return docs
}

func parsePipeline(t require.TestingT, text string) *query.Pipeline {
	p, err := query.ParsePipeline(list(t, text), nil)
	require.NoError(t, err, text)
	return p
}

// run does with documents all that a pipeline says, what a store would do as well.
func run(t require.TestingT, p *query.Pipeline, docs []bson.Raw) ([]bson.Raw, error) {
	var found []bson.Raw
	for doc, err := range p.Run(context.Background(), asFound(find(t, p, docs)...)) {
		if err != nil {
			return nil, err
		}
		found = append(found, doc)
	}
	return found, nil
}

// texts prints documents, to be compared.
func texts(docs []bson.Raw) []string {
	printed := make([]string, len(docs))
	for i, doc := range docs {
		printed[i] = doc.String()
	}
	return printed
}

const people = `[
	{_id: 1, name: "a", dept: "x", pay: 3, tags: ["p", "q"], at: {y: 2020}},
	{_id: 2, name: "b", dept: "y", pay: 5.5, tags: [], at: {y: 2021}},
	{_id: 3, name: "c", dept: "x", pay: NumberLong(4), tags: "one", at: [{y: 1}, 2]},
	{_id: 4, name: "d", pay: null}]`

func TestStages(t *testing.T) {
	for _, c := range []struct{ pipeline, want string }{
		{`[]`, people},
		{`[{$match: {dept: "x", pay: {$gt: 3}}}, {$project: {name: 1}}]`, `[{_id: 3, name: "c"}]`},
		{`[{$sort: {pay: -1}}, {$limit: 2}, {$project: {_id: 1}}]`, `[{_id: 2}, {_id: 3}]`},
		{`[{$sort: {pay: -1}}, {$skip: 1}, {$limit: 2}, {$skip: 1}, {$project: {_id: 1}}]`, `[{_id: 1}]`},
		{`[{$skip: 3}, {$limit: 1}, {$skip: 1}]`, `[]`},
		{`[{$unset: ["tags", "at.y", "name"]}, {$limit: 3}]`,
			`[{_id: 1, dept: "x", pay: 3, at: {}}, {_id: 2, dept: "y", pay: 5.5, at: {}}, {_id: 3, dept: "x", pay: NumberLong(4), at: [{}, 2]}]`},
		{`[{$limit: 1}, {$unset: "at"}, {$unset: "tags"}]`, `[{_id: 1, name: "a", dept: "x", pay: 3}]`},
		{`[{$match: {_id: 3}}, {$project: {_id: 0, at: 1, twice: {$multiply: ["$pay", 2]}, "deep.er": "$name", lit: {$literal: 1}}}]`,
			`[{at: [{y: 1}, 2], twice: NumberLong(8), deep: {er: "c"}, lit: 1}]`},
		{`[{$match: {_id: 3}}, {$project: {at: {y: 1, z: "$name"}}}]`, `[{_id: 3, at: [{y: 1, z: "c"}]}]`},
		{`[{$match: {_id: 4}}, {$project: {name: 1, none: "$nowhere", pay: {$ifNull: ["$pay", 0]}}}]`, `[{_id: 4, name: "d", pay: 0}]`},
		{`[{$match: {_id: 3}}, {$set: {"at.z": "$name", pay: {$add: ["$pay", 1]}, tags: "$$REMOVE", new: {a: {b: "$dept"}}}}]`,
			`[{_id: 3, name: "c", dept: "x", pay: NumberLong(5), at: [{y: 1, z: "c"}, {z: "c"}], new: {a: {b: "x"}}}]`},
		{`[{$match: {_id: 4}}, {$addFields: {name: {first: 1}, n: 5, list: ["$name", "$none"]}}]`,
			`[{_id: 4, name: {first: 1}, pay: null, n: 5, list: ["d", null]}]`},
		{`[{$match: {_id: 1}}, {$replaceRoot: {newRoot: "$at"}}]`, `[{y: 2020}]`},
		{`[{$match: {_id: 1}}, {$replaceWith: {$mergeObjects: [{q: 1}, {n: "$name"}]}}]`, `[{q: 1, n: "a"}]`},
		{`[{$count: "n"}]`, `[{n: 4}]`},
		{`[{$match: {dept: "z"}}, {$count: "n"}]`, `[]`},
		{`[{$group: {_id: "$dept", sum: {$sum: "$pay"}, avg: {$avg: "$pay"}, n: {$count: {}}, all: {$push: "$name"}}}, {$sort: {_id: 1}}]`,
			`[{_id: null, sum: 0, avg: null, n: 1, all: ["d"]}, {_id: "x", sum: NumberLong(7), avg: 3.5, n: 2, all: ["a", "c"]}, {_id: "y", sum: 5.5, avg: 5.5, n: 1, all: ["b"]}]`},
		{`[{$group: {_id: null, min: {$min: "$pay"}, max: {$max: "$pay"}, first: {$first: "$dept"}, last: {$last: "$dept"}, set: {$addToSet: "$dept"}}}]`,
			`[{_id: null, min: 3, max: 5.5, first: "x", last: null, set: ["x", "y"]}]`},
		{`[{$group: {_id: {d: "$dept", rich: {$gte: ["$pay", 4]}}, n: {$sum: 1}}}, {$sort: {n: -1, _id: 1}}, {$limit: 1}]`, `[{_id: {d: "x", rich: false}, n: 1}]`},
		{`[{$group: {_id: null, m: {$mergeObjects: "$at"}}}]`, ``},
		{`[{$match: {_id: {$lt: 3}}}, {$group: {_id: 1, m: {$mergeObjects: "$at"}, d: {$stdDevPop: "$_id"}, s: {$stdDevSamp: "$name"}}}]`,
			`[{_id: 1, m: {y: 2021}, d: 0.5, s: null}]`},
		{`[{$match: {_id: 9}}, {$group: {_id: null, n: {$sum: 1}}}]`, `[]`},
		{`[{$unwind: "$tags"}, {$project: {tags: 1}}]`, `[{_id: 1, tags: "p"}, {_id: 1, tags: "q"}, {_id: 3, tags: "one"}]`},
		{`[{$unwind: {path: "$tags", preserveNullAndEmptyArrays: true, includeArrayIndex: "i"}}, {$project: {tags: 1, i: 1}}]`,
			`[{_id: 1, tags: "p", i: NumberLong(0)}, {_id: 1, tags: "q", i: NumberLong(1)}, {_id: 2, i: null}, {_id: 3, tags: "one", i: null}, {_id: 4, i: null}]`},
		{`[{$match: {_id: 1}}, {$set: {"at.l": [1, 2]}}, {$unwind: {path: "$at.l", includeArrayIndex: "at.n"}}, {$project: {at: 1}}]`,
			`[{_id: 1, at: {y: 2020, l: 1, n: NumberLong(0)}}, {_id: 1, at: {y: 2020, l: 2, n: NumberLong(1)}}]`},
		{`[{$sortByCount: "$dept"}, {$limit: 1}]`, `[{_id: "x", count: 2}]`},
		{`[{$match: {pay: {$ne: null}}}, {$bucket: {groupBy: "$pay", boundaries: [0, 4, 10]}}]`, `[{_id: 0, count: 1}, {_id: 4, count: 2}]`},
		{`[{$bucket: {groupBy: "$pay", boundaries: [0, 4], default: "other", output: {names: {$push: "$name"}}}}]`,
			`[{_id: 0, names: ["a"]}, {_id: "other", names: ["b", "c", "d"]}]`},
		{`[{$facet: {n: [{$count: "n"}], top: [{$sort: {pay: -1}}, {$limit: 1}, {$project: {pay: 1}}], none: [{$match: {_id: 9}}]}}]`,
			`[{n: [{n: 4}], top: [{_id: 2, pay: 5.5}], none: []}]`},
		{`[{$sample: {size: 10}}, {$sort: {_id: 1}}]`, people},
		{`[{$sample: {size: 2}}, {$count: "n"}]`, `[{n: 2}]`},
		{`[{$sort: {_id: -1}}, {$match: {dept: "x"}}, {$group: {_id: 0, names: {$push: "$name"}}}]`, `[{_id: 0, names: ["c", "a"]}]`},
		{`[{$group: {_id: "$dept", n: {$sum: 1}}}, {$match: {$expr: {$gt: ["$n", 1]}}}]`, `[{_id: "x", n: 2}]`},
	} {
		got, err := run(t, parsePipeline(t, c.pipeline), list(t, people))
		if c.want == "" {
			require.Equal(t, 5911200, requireQueryError(t, err).Code, c.pipeline)
			continue
		}
		require.NoError(t, err, c.pipeline)
		require.Equal(t, texts(list(t, c.want)), texts(got), c.pipeline)
	}
}

// What a store does of a pipeline, what it must read for that, and whether it is only
// to count.
func TestWhatAStoreDoesOfAPipeline(t *testing.T) {
	for _, c := range []struct {
		pipeline, filter, sort string
		skip, limit            int64
		projection             string
		counts                 bool
	}{
		{`[]`, `{}`, `{}`, 0, 0, `{}`, false},
		{`[{$match: {a: 1}}, {$match: {b: 2}}]`, `{$and: [{a: 1}, {b: 2}]}`, `{}`, 0, 0, `{}`, false},
		{`[{$sort: {a: 1}}, {$match: {b: 2}}, {$skip: 5}, {$limit: 10}, {$skip: 3}]`, `{b: 2}`, `{a: 1}`, 8, 7, `{}`, false},
		{`[{$limit: 10}, {$limit: 3}, {$limit: 5}]`, `{}`, `{}`, 0, 3, `{}`, false},
		{`[{$limit: 10}, {$match: {a: 1}}, {$count: "n"}]`, `{}`, `{}`, 0, 10, `{a: 1, _id: 0}`, false},
		{`[{$sort: {a: 1}}, {$sort: {b: 1}}, {$project: {c: 1}}]`, `{}`, `{a: 1}`, 0, 0, `{_id: 1, b: 1, c: 1}`, false},
		{`[{$match: {a: 1}}, {$count: "n"}]`, `{a: 1}`, `{}`, 0, 0, `{_id: 1}`, true},
		{`[{$match: {a: 1}}, {$skip: 1}, {$limit: 5}, {$group: {_id: 1, n: {$sum: 1}}}]`, `{a: 1}`, `{}`, 1, 5, `{_id: 1}`, true},
		{`[{$group: {_id: null, n: {$count: {}}}}, {$project: {_id: 0}}]`, `{}`, `{}`, 0, 0, `{_id: 1}`, true},
		{`[{$group: {_id: "$a", n: {$sum: 1}}}]`, `{}`, `{}`, 0, 0, `{a: 1, _id: 0}`, false},
		{`[{$group: {_id: null, n: {$sum: 2}}}]`, `{}`, `{}`, 0, 0, `{_id: 1}`, false},
		{`[{$group: {_id: "$a.b", s: {$sum: "$c"}}}]`, `{}`, `{}`, 0, 0, `{a: 1, c: 1, _id: 0}`, false},
		{`[{$set: {x: "$a"}}, {$project: {_id: 0, x: 1, y: "$b.c"}}]`, `{}`, `{}`, 0, 0, `{a: 1, b: 1, x: 1, _id: 0}`, false},
		{`[{$set: {x: "$a"}}]`, `{}`, `{}`, 0, 0, `{}`, false},
		{`[{$unwind: "$l"}, {$group: {_id: "$l.k"}}]`, `{}`, `{}`, 0, 0, `{l: 1, _id: 0}`, false},
		{`[{$replaceWith: {a: "$$ROOT"}}, {$count: "n"}]`, `{}`, `{}`, 0, 0, `{}`, false},
		{`[{$facet: {x: [{$group: {_id: "$a"}}], y: [{$count: "n"}]}}]`, `{}`, `{}`, 0, 0, `{a: 1, _id: 0}`, false},
		{`[{$limit: 1}, {$match: {$or: [{"": 1}, {"$ref": 2}]}}, {$count: "n"}]`, `{}`, `{}`, 0, 1, `{}`, false},
		{`[{$facet: {x: [{$limit: 1}]}}]`, `{}`, `{}`, 0, 0, `{}`, false},
		{`[{$skip: 9223372036854775807}, {$skip: 1}, {$count: "n"}]`, `{}`, `{}`, 9223372036854775807, 0, `{_id: 1}`, false},
	} {
		p := parsePipeline(t, c.pipeline)
		require.Equal(t, shell(t, c.filter).String(), p.Filter.Source().String(), c.pipeline)
		require.Equal(t, shell(t, c.sort).String(), p.Sort.Source().String(), c.pipeline)
		require.Equal(t, [2]int64{c.skip, c.limit}, [2]int64{p.Skip, p.Limit}, c.pipeline)
		require.Equal(t, shell(t, c.projection).String(), p.Projection().Source().String(), c.pipeline)
		require.Equal(t, c.counts, p.OnlyCounts(), c.pipeline)
	}
}

func TestCountingIsRunning(t *testing.T) {
	for _, text := range []string{
		`[{$count: "n"}]`, `[{$group: {_id: "all", n: {$sum: 1}, m: {$count: {}}}}]`, `[{$count: "n"}, {$set: {n: {$add: ["$n", 1]}}}]`,
		`[{$group: {_id: null, n: {$sum: 1}}}, {$project: {_id: 0}}]`,
	} {
		p := parsePipeline(t, text)
		require.True(t, p.OnlyCounts(), text)
		for n := range 4 {
			docs := list(t, people)[:n]
			ran, err := run(t, p, docs)
			require.NoError(t, err)
			var counted []bson.Raw
			for doc, err := range p.RunCounted(t.Context(), int64(n)) {
				require.NoError(t, err)
				counted = append(counted, doc)
			}
			require.Equal(t, texts(ran), texts(counted), text)
		}
	}
}

func TestPipelineErrors(t *testing.T) {
	for _, c := range []errorCase{
		{`[{$foo: 1}]`, 40324, "Unrecognized pipeline stage name: '$foo'", "0.$foo"},
		{`[{$limit: 1}, {}]`, 40323, "exactly one field", "1"},
		{`[{$limit: 1, $skip: 1}]`, 40323, "exactly one field", "0"},
		{`[{$lookup: {}}]`, 238, "$lookup is not implemented", "0.$lookup"},
		{`[{$out: "x"}]`, 238, "$out is not implemented", "0.$out"},
		{`[{$match: 1}]`, 15959, "must be an expression in an object", "0.$match"},
		{`[{$match: {a: {$foo: 1}}}]`, 2, "unknown operator: $foo", "0.$match.a.$foo"},
		{`[{$match: {$expr: {$foo: 1}}}]`, 168, "Unrecognized expression", "0.$match.$expr.$foo"},
		{`[{$sort: {}}]`, 15976, "at least one sort key", "0.$sort"},
		{`[{$sort: {a: 2}}]`, 15975, "must be 1", "0.$sort.a"},
		{`[{$limit: 0}]`, 15958, "must be positive", "0.$limit"},
		{`[{$limit: "1"}]`, 5107201, "Expected a number", "0.$limit"},
		{`[{$skip: -1}]`, 5107200, "non-negative", "0.$skip"},
		{`[{$skip: 1.5}]`, 5107200, "integer", "0.$skip"},
		{`[{$project: 1}]`, 15969, "must be an object", "0.$project"},
		{`[{$project: {}}]`, 51272, "at least one field", "0.$project"},
		{`[{$project: {a: 1, b: 0}}]`, 31254, "Cannot do exclusion", "0.$project.b"},
		{`[{$project: {a: 0, b: "$c"}}]`, 31310, "exclusion projection", "0.$project.b"},
		{`[{$project: {a: {$foo: 1}}}]`, 31325, "Unrecognized expression", "0.$project.a.$foo"},
		{`[{$project: {a: 1, "a.b": 1}}]`, 31249, "Path collision", "0.$project.a.b"},
		{`[{$addFields: 1}]`, 40272, "must be an object", "0.$addFields"},
		{`[{$set: {a: {$foo: 1}}}]`, 168, "Unrecognized expression", "0.$set.a.$foo"},
		{`[{$set: {a: {}}}]`, 40180, "empty object", "0.$set.a"},
		{`[{$set: {a: 1, "a.b": 1}}]`, 31249, "Path collision", "0.$set.a.b"},
		{`[{$set: {"a.b": 1, a: 1}}]`, 31250, "Path collision", "0.$set.a"},
		{`[{$unset: 1}]`, 31002, "string or an array", "0.$unset"},
		{`[{$unset: []}]`, 31119, "at least one field", "0.$unset"},
		{`[{$unset: ["a", 1]}]`, 31120, "only string values", "0.$unset.1"},
		{`[{$unset: ["a\u0000"]}]`, 16411, "field names may not contain", "0.$unset"},
		{`[{$group: {_id: "$a\u0000b"}}]`, 16411, "field names may not contain", "0.$group._id"},
		{`[{$replaceRoot: 1}]`, 40229, "expected an object", "0.$replaceRoot"},
		{`[{$replaceRoot: {}}]`, 40414, "missing", "0.$replaceRoot"},
		{`[{$replaceRoot: {x: 1}}]`, 40415, "unknown field", "0.$replaceRoot.x"},
		{`[{$count: 1}]`, 40156, "non-empty string", "0.$count"},
		{`[{$count: ""}]`, 40157, "non-empty string", "0.$count"},
		{`[{$count: "$a"}]`, 40158, "$-prefixed", "0.$count"},
		{`[{$count: "a.b"}]`, 40160, "cannot contain '.'", "0.$count"},
		{`[{$group: 1}]`, 15947, "in an object", "0.$group"},
		{`[{$group: {n: {$sum: 1}}}]`, 15955, "must include an _id", "0.$group"},
		{`[{$group: {_id: 1, n: 1}}]`, 40234, "must be an accumulator object", "0.$group.n"},
		{`[{$group: {_id: 1, "a.b": {$sum: 1}}}]`, 40235, "cannot contain '.'", "0.$group.a.b"},
		{`[{$group: {_id: 1, n: {$sum: 1, $avg: 1}}}]`, 40238, "must specify one accumulator", "0.$group.n"},
		{`[{$group: {_id: 1, n: {$foo: 1}}}]`, 15952, "unknown group operator '$foo'", "0.$group.n"},
		{`[{$group: {_id: 1, n: {$accumulator: 1}}}]`, 238, "$accumulator is not implemented", "0.$group.n"},
		{`[{$group: {_id: 1, n: {$sum: [1, 2]}}}]`, 40237, "unary operator", "0.$group.n"},
		{`[{$group: {_id: 1, n: {$count: 1}}}]`, 14, "takes no arguments", "0.$group.n"},
		{`[{$unwind: 1}]`, 15981, "expected either a string or an object", "0.$unwind"},
		{`[{$unwind: "a"}]`, 28818, "prefixed with a '$'", "0.$unwind"},
		{`[{$unwind: {}}]`, 28812, "no path", "0.$unwind"},
		{`[{$unwind: {path: "$a", x: 1}}]`, 28811, "unrecognized option", "0.$unwind.x"},
		{`[{$unwind: {path: "$a", includeArrayIndex: "$i"}}]`, 28822, "should not be prefixed", "0.$unwind.includeArrayIndex"},
		{`[{$sortByCount: "a"}]`, 40148, "$-prefixed path", "0.$sortByCount"},
		{`[{$bucket: {groupBy: "$a"}}]`, 40198, "requires 'groupBy' and 'boundaries'", "0.$bucket"},
		{`[{$bucket: {groupBy: "$a", boundaries: [1]}}]`, 40192, "at least 2 values", "0.$bucket.boundaries"},
		{`[{$bucket: {groupBy: "$a", boundaries: [2, 1]}}]`, 40194, "must be sorted", "0.$bucket.boundaries"},
		{`[{$bucket: {groupBy: "$a", boundaries: [1, "x"]}}]`, 40193, "same type", "0.$bucket.boundaries"},
		{`[{$bucket: {groupBy: "$a", boundaries: [1, 3], default: 2}}]`, 40199, "less than the lowest", "0.$bucket.default"},
		{`[{$sample: {}}]`, 28749, "must specify a size", "0.$sample"},
		{`[{$sample: {size: -1}}]`, 28747, "positive integer", "0.$sample"},
		{`[{$facet: {}}]`, 40169, "non-empty object", "0.$facet"},
		{`[{$facet: {a: 1}}]`, 40170, "must be arrays", "0.$facet.a"},
		{`[{$facet: {a: [{$facet: {b: []}}]}}]`, 40600, "not allowed to be used within a $facet", "0.$facet.a.0.$facet"},
	} {
		_, err := query.ParsePipeline(list(t, c.source), nil)
		c.check(t, err)
	}
	_, err := query.ParsePipeline([]bson.Raw{{1}}, nil)
	require.Equal(t, 22, requireQueryError(t, err).Code)
}

func TestPipelinesThatDoNotSuitADocument(t *testing.T) {
	for pipeline, code := range map[string]int{
		`[{$replaceWith: "$name"}]`:                                   40228,
		`[{$bucket: {groupBy: "$_id", boundaries: [5, 6]}}]`:          40066,
		`[{$group: {_id: {$strLenCP: "$_id"}}}]`:                      34471,
		`[{$limit: 9}, {$match: {$expr: {$size: "$name"}}}]`:          17124,
		`[{$facet: {a: [{$set: {x: {$size: "$name"}}}]}}]`:            17124,
		`[{$set: {x: [1]}}, {$set: {y: [1]}}, {$sort: {x: 1, y: 1}}]`: 2,
	} {
		_, err := run(t, parsePipeline(t, pipeline), list(t, people))
		require.Equal(t, code, requireQueryError(t, err).Code, pipeline)
	}
}

func TestPipelinesEndWithTheFirstError(t *testing.T) {
	broken := errors.New("the store is broken")
	docs := func(yield func(bson.Raw, error) bool) {
		if yield(shell(t, `{_id: 1}`), nil) {
			require.False(t, yield(nil, broken), "nobody asks on")
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, text := range []string{
		`[]`, `[{$limit: 5}, {$match: {_id: 1}}]`, `[{$set: {a: 1}}]`, `[{$group: {_id: "$_id"}}]`, `[{$limit: 9}, {$sort: {_id: 1}}]`,
		`[{$unwind: "$_id"}]`, `[{$count: "n"}]`, `[{$facet: {a: [{$limit: 5}]}}]`, `[{$sample: {size: 5}}]`, `[{$limit: 5}, {$skip: 0}, {$limit: 3}]`,
	} {
		p := parsePipeline(t, text)
		require.Equal(t, broken, lastError(p.Run(t.Context(), docs)), text)
		require.ErrorIs(t, lastError(p.Run(cancelled, asFound(shell(t, `{_id: 1}`)))), context.Canceled, text)
	}
}

func lastError(docs func(yield func(bson.Raw, error) bool)) (last error) {
	for _, err := range docs {
		last = err
	}
	return last
}

// Stages hold no more than 100 MiB.
func TestPipelinesAreBounded(t *testing.T) {
	big := shell(t, fmt.Sprintf(`{_id: 1, b: "%01048576d"}`, 0))
	docs := func(yield func(bson.Raw, error) bool) {
		for range 200 {
			if !yield(big, nil) {
				return
			}
		}
	}
	for _, text := range []string{
		`[{$limit: 1000}, {$sort: {_id: 1}}]`, `[{$group: {_id: 1, all: {$push: "$b"}}}]`, `[{$sample: {size: 1000}}]`, `[{$facet: {a: [{$count: "n"}]}}]`,
	} {
		err := lastError(parsePipeline(t, text).Run(t.Context(), docs))
		require.Error(t, err, text)
		require.Equal(t, query.CodeMemoryLimit, requireQueryError(t, err).Code, text)
	}
	for _, text := range []string{`[{$limit: 1000}, {$sort: {_id: 1}}, {$limit: 5}]`, `[{$group: {_id: "$b", n: {$sum: 1}}}]`, `[{$group: {_id: 1, m: {$max: "$b"}}}]`} {
		require.NoError(t, lastError(parsePipeline(t, text).Run(t.Context(), docs)), text)
	}
}
