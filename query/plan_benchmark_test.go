package query_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// BenchmarkNewPlan plans typical questions to a collection of tasks.
func BenchmarkNewPlan(b *testing.B) {
	benchmarks := []struct {
		name, filter, sort string
		limit              int64
	}{
		{"by msg_id", `{msg_id: "5c3a1f2e-9d7b-4c55-8a7e-2f1f0b3b9a11"}`, `{}`, 0},
		{"unfinished", `{completed: null}`, `{submitted: 1, msg_id: 1}`, 0},
		{"recent of another client", `{submitted: {$gte: {$date: "2026-11-22T10:00:00Z"}}, client_uuid: {$ne: "c"}}`, `{}`, 0},
		{"newest", `{}`, `{completed: -1}`, 50},
		{"by two indexes", `{$or: [{engine_uuid: "a"}, {client_uuid: "b"}]}`, `{}`, 0},
	}
	indexes := taskdb.StandardIndexes("ipython-tasks.task_records")
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			filter, sort := query.MustParse(bench.filter), sortOf(b, bench.sort)
			b.ReportAllocs()
			for b.Loop() {
				query.NewPlan(filter, sort, bench.limit, nil, indexes, nil)
			}
		})
	}
}

// BenchmarkNewPlanOfMany plans lists as long as a program may make them.
func BenchmarkNewPlanOfMany(b *testing.B) {
	indexes := taskdb.StandardIndexes("ipython-tasks.task_records")
	ids, branches := bson.A{}, bson.A{}
	for i := range 100_000 {
		ids = append(ids, fmt.Sprintf("%032x", i*7919))
	}
	for i := range 10_000 {
		branches = append(branches, bson.D{{Key: "msg_id", Value: ids[i]}, {Key: "queue", Value: "q"}})
	}
	for name, filter := range map[string]bson.D{
		"100,000 ids":         {{Key: "msg_id", Value: bson.D{{Key: "$in", Value: ids}}}},
		"10,000 alternatives": {{Key: "$or", Value: branches}},
	} {
		b.Run(name, func(b *testing.B) {
			parsed, err := query.ParseFilter(encode(filter))
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				query.NewPlan(parsed, sortOf(b, `{}`), 0, nil, indexes, nil)
			}
		})
	}
}

func sortOf(t require.TestingT, text string) *query.Sort {
	s, err := query.ParseSort(shell(t, text))
	require.NoError(t, err)
	return s
}
