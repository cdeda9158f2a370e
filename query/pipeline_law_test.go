package query_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

// find does what a store does of a pipeline: it selects, sorts, skips and limits, and
// shows what the pipeline wants to see.
func find(t require.TestingT, p *query.Pipeline, docs []bson.Raw) []bson.Raw {
	var found []bson.Raw
	for _, doc := range docs {
		ok, err := p.Filter.Match(doc)
		require.NoError(t, err)
		if ok {
			found = append(found, doc)
		}
	}
	key := func(doc bson.Raw) []byte {
		key, err := p.Sort.AppendKey(nil, doc)
		require.NoError(t, err)
		return key
	}
	slices.SortStableFunc(found, func(a, b bson.Raw) int { return bytes.Compare(key(a), key(b)) })
	found = found[min(p.Skip, int64(len(found))):]
	if p.Limit > 0 {
		found = found[:min(p.Limit, int64(len(found)))]
	}
	shown := make([]bson.Raw, len(found))
	for i, doc := range found {
		var err error
		shown[i], err = p.Projection().Apply(nil, doc, nil)
		require.NoError(t, err)
	}
	return shown
}

func drawStages(t *rapid.T) []bson.Raw {
	stage := rapid.SampledFrom([]string{
		`{$match: {a: {$gt: 0}}}`, `{$match: {$expr: {$gt: ["$b", "$a"]}}}`, `{$match: {c: {$exists: true}}}`, `{$sort: {a: 1, _id: 1}}`,
		`{$sort: {b: -1, _id: -1}}`, `{$skip: 1}`, `{$skip: 2}`, `{$limit: 3}`, `{$limit: 5}`, `{$project: {a: 1, b: 1}}`, `{$unset: "b"}`,
		`{$set: {c: {$add: [1, {$cond: [{$isNumber: "$a"}, "$a", 0]}]}}}`, `{$group: {_id: "$a", n: {$sum: 1}, first: {$first: "$b"}}}`,
		`{$unwind: {path: "$b", preserveNullAndEmptyArrays: true}}`, `{$project: {a: "$b", _id: 1}}`, `{$count: "a"}`, `{$replaceWith: {a: "$a", whole: "$$ROOT"}}`,
		`{$facet: {a: [{$sort: {a: 1}}], b: [{$limit: 1}, {$project: {c: 1}}]}}`,
	})
	var stages []bson.Raw
	for _, text := range rapid.SliceOfN(stage, 0, 6).Draw(t, "stages") {
		stages = append(stages, shell(t, text))
	}
	return stages
}

// Whatever of a pipeline a store does, by its own order of doing things, the answer
// is that of the stages one after the other.
func TestAStoresPartOfAPipelineIsThePipelines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stages := drawStages(t)
		var docs []bson.Raw
		for i := range rapid.IntRange(0, 8).Draw(t, "documents") {
			value := rapid.SampledFrom([]any{-1, 0, 1, 2.5, nil, "x", bson.A{1, 2}, bson.A{}})
			doc := bson.D{{Key: "_id", Value: i}, {Key: "a", Value: rapid.IntRange(-1, 3).Draw(t, "a")}}
			if rapid.Bool().Draw(t, "has b") {
				doc = append(doc, bson.E{Key: "b", Value: value.Draw(t, "b")})
			}
			docs = append(docs, encode(doc))
		}
		p, err := query.ParsePipeline(stages, nil)
		require.NoError(t, err)
		got, failed := run(t, p, docs)

		want := docs
		var wrong error
		for _, stage := range stages {
			// A stage that skips nothing keeps the store from having any part.
			alone, err := query.ParsePipeline([]bson.Raw{shell(t, `{$set: {}}`), stage}, nil)
			require.NoError(t, err)
			if want, wrong = run(t, alone, want); wrong != nil {
				break
			}
		}
		require.Equal(t, wrong, failed)
		if failed == nil {
			require.Equal(t, texts(want), texts(got))
		}
	})
}

// $group is a map from values to what was gathered of them.
func TestGroupIsAMap(t *testing.T) {
	p := parsePipeline(t, `[{$group: {_id: "$k", n: {$sum: 1}, sum: {$sum: "$v"}, all: {$push: "$v"}, min: {$min: "$v"}}}]`)
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SampledFrom([]any{1, int64(1), 1.0, "1", nil, true, bson.D{{Key: "x", Value: 1}}, bson.D{{Key: "x", Value: 1.0}}, bson.A{1}})
		type gathered struct {
			n, sum, min int
			all         []int
		}
		groups := map[string]*gathered{}
		var docs []bson.Raw
		for range rapid.IntRange(0, 20).Draw(t, "documents") {
			k, v := keys.Draw(t, "k"), rapid.IntRange(-9, 9).Draw(t, "v")
			docs = append(docs, encode(bson.D{{Key: "k", Value: k}, {Key: "v", Value: v}}))
			key := string(query.AppendKey(nil, value(k)))
			if groups[key] == nil {
				groups[key] = &gathered{min: v}
			}
			g := groups[key]
			g.n, g.sum, g.min, g.all = g.n+1, g.sum+v, min(g.min, v), append(g.all, v)
		}
		got, err := run(t, p, docs)
		require.NoError(t, err)
		require.Len(t, got, len(groups))
		for _, doc := range got {
			g := groups[string(query.AppendKey(nil, doc.Lookup("_id")))]
			require.NotNil(t, g, doc)
			want := encode(bson.D{{Key: "_id", Value: doc.Lookup("_id")}, {Key: "n", Value: g.n}, {Key: "sum", Value: g.sum}, {Key: "all", Value: g.all}, {Key: "min", Value: g.min}})
			require.Equal(t, want.String(), doc.String())
		}
	})
}

// An $expr that compares a key with a constant is what Compare says of the two.
func TestComparisonsInExpressionsAreCompares(t *testing.T) {
	holds := map[string]func(order int) bool{
		"$eq": func(order int) bool { return order == 0 }, "$ne": func(order int) bool { return order != 0 },
		"$gt": func(order int) bool { return order > 0 }, "$gte": func(order int) bool { return order >= 0 },
		"$lt": func(order int) bool { return order < 0 }, "$lte": func(order int) bool { return order <= 0 },
	}
	rapid.Check(t, func(t *rapid.T) {
		key, other := value(stored(t)), value(stored(t))
		operator := rapid.SampledFrom(slices.Sorted(maps.Keys(holds))).Draw(t, "operator")
		filter := query.MustParse(bson.D{{Key: "$expr", Value: bson.D{{Key: operator, Value: bson.A{"$a", bson.D{{Key: "$literal", Value: other}}}}}}})
		got, err := filter.Match(encode(bson.D{{Key: "a", Value: key}}))
		require.NoError(t, err)
		require.Equal(t, holds[operator](query.Compare(key, other)), got, "%s %s %s", key, operator, other)
	})
}

func FuzzPipeline(f *testing.F) {
	docs := []bson.Raw{shell(f, `{_id: 1, a: [{b: 1}, 2, [3]], c: {d: 5, e: "x"}, n: NumberLong(7)}`), shell(f, `{_id: 2}`)}
	for _, seed := range []string{
		`[{$match: {n: {$gt: 1}}}, {$sort: {n: -1}}, {$limit: 2}, {$project: {n: 1, m: {$add: ["$n", 2]}, "c.d": "$a"}}]`,
		`[{$group: {_id: "$c", s: {$sum: "$n"}, a: {$push: "$a"}, m: {$mergeObjects: "$c"}}}, {$count: "n"}]`,
		`[{$unwind: {path: "$a", includeArrayIndex: "i", preserveNullAndEmptyArrays: true}}, {$set: {"a.b": 1}}, {$unset: ["a.c", "n"]}]`,
		`[{$bucket: {groupBy: "$n", boundaries: [0, 8], default: "x", output: {n: {$avg: "$n"}}}}, {$sample: {size: 3}}]`,
		`[{$facet: {a: [{$sortByCount: "$n"}], b: [{$replaceWith: "$$ROOT"}]}}]`, `[{$replaceRoot: {newRoot: {x: "$a"}}}, {$skip: 1}]`,
	} {
		f.Add([]byte(`{p: ` + seed + `}`))
		f.Add([]byte(shell(f, `{p: `+seed+`}`)))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		source = fuzzed(source)
		if query.Validate(source) != nil {
			return
		}
		array, ok := bson.Raw(source).Lookup("p").ArrayOK()
		if !ok {
			return
		}
		values, err := array.Values()
		require.NoError(t, err)
		var stages []bson.Raw
		for _, v := range values {
			stages = append(stages, v.Value)
		}
		p, err := query.ParsePipeline(stages, nil)
		if err != nil {
			requireQueryError(t, err)
			return
		}
		for doc, err := range p.Run(t.Context(), asFound(docs...)) {
			if err != nil {
				requireQueryError(t, err)
				return
			}
			require.NoError(t, query.Validate(doc))
		}
	})
}
