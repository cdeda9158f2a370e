package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// counts is a census that knows how many entries an index has for what is asked.
func counts(byIndex map[string]int64) query.Census {
	return func(scan query.Scan, limit int64) int64 {
		if scan.Index == nil {
			return limit
		}
		if n, ok := byIndex[scan.Index.Name]; ok {
			return min(n, limit)
		}
		return limit
	}
}

func TestACensusDecidesBetweenIndexes(t *testing.T) {
	const hour = `{$gte: {$date: "2026-11-22T10:00:00Z"}}`
	for _, test := range []struct {
		name, filter, sort string
		limit              int64
		counts             map[string]int64
		want               string // the index
	}{
		{"a short time of a common state", `{completed: ` + hour + `, 'result_content.status': 'ok'}`, `{}`, 0,
			map[string]int64{"completed_1": 100, "result_content.status_1": 900_000}, "completed_1"},
		{"a long time of a rare state", `{completed: ` + hour + `, 'result_content.status': 'error'}`, `{}`, 0,
			map[string]int64{"completed_1": 500_000, "result_content.status_1": 300}, "result_content.status_1"},
		{"all are many: the judgement of forms", `{completed: ` + hour + `, 'result_content.status': 'ok'}`, `{}`, 0,
			nil, "result_content.status_1"},
		{"what is few is not compared", `{completed: ` + hour + `, 'result_content.status': 'error'}`, `{}`, 0,
			map[string]int64{"completed_1": 1, "result_content.status_1": 60}, "result_content.status_1"},
		{"the newest of a common state", `{'result_content.status': 'ok'}`, `{submitted: -1}`, 50,
			map[string]int64{"result_content.status_1": 900_000}, "submitted_1"},
		{"a page of the newest of a common state", `{'result_content.status': 'ok'}`, `{submitted: -1, _id: 1}`, 50,
			map[string]int64{"result_content.status_1": 900_000}, "submitted_1"},
		{"the newest of a rare state", `{'result_content.status': 'error'}`, `{submitted: -1}`, 50,
			map[string]int64{"result_content.status_1": 500}, "result_content.status_1"},
		{"the newest of a few", `{engine_uuid: "e"}`, `{submitted: -1}`, 10,
			map[string]int64{"engine_uuid_1": 200, "submitted_1": 1_500}, "submitted_1"},
		{"what is long ago, in order", `{completed: {$lt: {$date: "2026-11-22T10:00:00Z"}}}`, `{submitted: -1}`, 10,
			map[string]int64{"completed_1": 100, "submitted_1": 1_000_000}, "completed_1"},
		{"all of a common state, sorted", `{'result_content.status': 'ok'}`, `{submitted: -1}`, 0,
			map[string]int64{"result_content.status_1": 900_000}, "result_content.status_1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := query.NewPlan(query.MustParse(test.filter), sortOf(t, test.sort), test.limit, nil,
				taskdb.StandardIndexes(taskdb.DefaultCollection), counts(test.counts))
			require.Len(t, plan.Scans, 1)
			require.Equal(t, test.want, plan.Scans[0].Index.Name)
		})
	}
}

func TestACensusDecidesAboutAnOr(t *testing.T) {
	filter := query.MustParse(`{completed: {$gte: {$date: "2026-11-22T10:00:00Z"}}, $or: [{engine_uuid: "a"}, {label: "b"}]}`)
	indexes := taskdb.StandardIndexes(taskdb.DefaultCollection)
	plan := query.NewPlan(filter, sortOf(t, `{}`), 0, nil, indexes, counts(map[string]int64{"completed_1": 500_000, "engine_uuid_1": 400, "label_1": 90}))
	require.Len(t, plan.Scans, 2)
	plan = query.NewPlan(filter, sortOf(t, `{}`), 0, nil, indexes, counts(map[string]int64{"completed_1": 200, "engine_uuid_1": 400, "label_1": 90}))
	require.Len(t, plan.Scans, 1)
}
