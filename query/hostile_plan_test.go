package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// oneOfMany is {$in: [0, 1, …]}.
func oneOfMany(n int) bson.D {
	list := bson.A{}
	for i := range n {
		list = append(list, i)
	}
	return bson.D{{Key: "$in", Value: list}}
}

func parseFilter(t require.TestingT, doc bson.D) *query.Filter {
	parsed, err := query.ParseFilter(encode(doc))
	require.NoError(t, err)
	return parsed
}

// TestProductsOfListsAreBounded multiplies the ranges of an index's paths, up to
// where what is left is cheaper asked of each document.
func TestProductsOfListsAreBounded(t *testing.T) {
	tests := []struct{ a, b, ranges int }{
		{400, 400, 160_000}, {1000, 1000, 1000}, {300_000, 2, 300_000}, {2, 300_000, 2}, {1, 200_000, 200_000},
	}
	x := indexOf(t, `{a: 1, b: -1, c: 1}`)
	for _, test := range tests {
		filter := parseFilter(t, bson.D{
			{Key: "a", Value: oneOfMany(test.a)}, {Key: "b", Value: oneOfMany(test.b)}, {Key: "c", Value: 7},
		})
		plan := query.NewPlan(filter, sortOf(t, `{a: 1, b: -1, c: 1}`), 0, nil, []*query.Index{x}, nil)
		requireScans(t, plan)
		require.Len(t, plan.Scans[0].Ranges, test.ranges)
		require.Equal(t, 3, plan.Sorted, "what is walked more of is in order all the same")
		require.Equal(t, test.ranges == test.a*test.b, plan.Exact)
	}
}

// TestPathsBehindAProductAreNotFixed sorts by what follows a path that seems fixed
// but is not, since the ranges before it are too many.
func TestPathsBehindAProductAreNotFixed(t *testing.T) {
	x := indexOf(t, `{a: 1, b: 1, c: 1, d: 1}`)
	filter := parseFilter(t, bson.D{{Key: "a", Value: oneOfMany(1000)}, {Key: "b", Value: oneOfMany(1000)}, {Key: "c", Value: 7}})
	plan := query.NewPlan(filter, sortOf(t, `{a: 1, b: 1, d: 1}`), 0, nil, []*query.Index{x}, nil)
	require.Equal(t, 2, plan.Sorted)
	filter = parseFilter(t, bson.D{{Key: "a", Value: oneOfMany(100)}, {Key: "b", Value: oneOfMany(100)}, {Key: "c", Value: 7}})
	plan = query.NewPlan(filter, sortOf(t, `{a: 1, b: 1, d: 1}`), 0, nil, []*query.Index{x}, nil)
	require.Equal(t, 3, plan.Sorted)
}

// TestPlansCostWhatFiltersAreLong plans filters that are ten times as long for no
// more than ten times as much.
func TestPlansCostWhatFiltersAreLong(t *testing.T) {
	indexes := taskdb.StandardIndexes(tasks)
	either := func(n int, branch func(i int) bson.D) bson.D {
		branches := bson.A{}
		for i := range n {
			branches = append(branches, branch(i))
		}
		return bson.D{{Key: "$or", Value: branches}}
	}
	filters := map[string]func(n int) bson.D{
		"ids": func(n int) bson.D { return bson.D{{Key: "msg_id", Value: oneOfMany(n)}} },
		"alternatives": func(n int) bson.D {
			return either(n, func(i int) bson.D {
				return bson.D{{Key: "msg_id", Value: fmt.Sprint(i)}, {Key: "queue", Value: "q"}}
			})
		},
		"alternatives in alternatives": func(n int) bson.D {
			return either(n/10, func(i int) bson.D {
				return either(10, func(j int) bson.D {
					return bson.D{{Key: "label", Value: fmt.Sprint(10*i + j)}, {Key: "queue", Value: "q"}}
				})
			})
		},
		"alternatives of which the last has no index": func(n int) bson.D {
			return either(n, func(i int) bson.D {
				if i == n-1 {
					return bson.D{{Key: "size", Value: 1}}
				}
				return bson.D{{Key: "label", Value: fmt.Sprint(i)}, {Key: "queue", Value: "q"}}
			})
		},
		"conditions on one path": func(n int) bson.D {
			doc := bson.D{}
			for i := range n {
				doc = append(doc, bson.E{Key: "label", Value: bson.D{{Key: "$gt", Value: fmt.Sprint(i)}}})
			}
			return doc
		},
		"exceptions": func(n int) bson.D {
			return bson.D{{Key: "label", Value: bson.D{{Key: "$nin", Value: oneOfMany(n)[0].Value}}}}
		},
	}
	for name, filter := range filters {
		t.Run(name, func(t *testing.T) {
			cost := func(n int) float64 {
				parsed := parseFilter(t, filter(n))
				return testing.AllocsPerRun(1, func() {
					requireScans(t, query.NewPlan(parsed, sortOf(t, `{}`), 0, nil, indexes, nil))
				})
			}
			require.Less(t, cost(10_000), 11*cost(1000))
		})
	}
}

func TestDeepFiltersArePlanned(t *testing.T) {
	doc := bson.D{{Key: "label", Value: "x"}}
	for range 90 {
		doc = bson.D{{Key: "$or", Value: bson.A{doc, bson.D{{Key: "queue", Value: "q"}, {Key: "size", Value: 1}}}}}
	}
	plan := query.NewPlan(parseFilter(t, doc), sortOf(t, `{}`), 0, nil, taskdb.StandardIndexes(tasks), nil)
	require.Equal(t, "label_1 and queue_1", outline(plan))
}

// TestLongValuesArePlanned tells texts apart that an index does not.
func TestLongValuesArePlanned(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, pattern := range []string{`{a: 1}`, `{a: -1}`, `{b: 1, a: 1}`, `{a: 1, b: 1}`} {
		x := indexOf(t, pattern)
		x.Unordered = true // as the store notes of keys that are cut
		for op, value := range map[string]any{
			"$eq": long, "$gt": long + "a", "$gte": long, "$lt": long + "b", "$lte": long, "$in": bson.A{"short", long}, "$regex": "^" + long,
		} {
			filter := parseFilter(t, bson.D{{Key: "a", Value: bson.D{{Key: op, Value: value}}}, {Key: "b", Value: 1}})
			plan := query.NewPlan(filter, sortOf(t, `{a: 1}`), 0, nil, []*query.Index{x}, nil)
			requireScans(t, plan)
			require.False(t, plan.Exact, op)
			require.Zero(t, plan.Sorted)
			for _, text := range []string{"short", long, long + "a", long + "b", "y"} {
				doc := encode(bson.D{{Key: "a", Value: text}, {Key: "b", Value: 1}})
				keys, err := x.Keys(doc)
				require.NoError(t, err)
				selected, err := filter.Match(doc)
				require.NoError(t, err)
				found := false
				for _, r := range plan.Scans[0].Ranges {
					found = found || within(keys.List[0], r)
				}
				require.True(t, found || !selected, "%s of a text of %d bytes by %s", op, len(text), pattern)
			}
		}
	}
}

func TestKeysOfDeepDocuments(t *testing.T) {
	var deep any = 1
	path := ""
	for range query.MaxDepth - 1 {
		deep = bson.D{{Key: "a", Value: bson.A{deep}}}
		path += ".a"
	}
	doc := encode(bson.D{{Key: "a", Value: 1}, {Key: "deep", Value: deep}})
	x, err := query.NewIndex("", encode(bson.D{{Key: "deep" + path, Value: 1}}))
	require.NoError(t, err)
	keys, err := x.Keys(doc)
	require.NoError(t, err)
	require.Len(t, keys.List, 1)
	require.True(t, keys.Multikey)
}
