package backendtest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var windows = area{"skip and limit", []behaviour{
	{"skip and limit come after filter and sort", windowOfSorted},
	{"a window without a sort has as many records", windowOfUnsorted},
	{"pages through equal sort keys hold each record once", pagesThroughTies},
	{"negative numbers are refused", negativeWindow},
}}

func windowOfSorted(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 1200)
	require.NoError(t, db.Add(t.Context(), records...))
	all := msgIDs(records)
	for _, c := range []struct{ skip, limit, first, end int64 }{
		{0, 0, 0, 1000}, {0, 1, 0, 1}, {1, 0, 1, 1000}, {10, 5, 10, 15}, {0, 1000, 0, 1000}, {0, 1001, 0, 1000},
		{998, 5, 998, 1000}, {1000, 1, 0, 0}, {5000, 0, 0, 0}, {0, math.MaxInt64, 0, 1000}, {math.MaxInt64, math.MaxInt64, 0, 0},
	} {
		q := taskdb.Query{Filter: `{msg_id: {$lt: "task-1000"}}`, Sort: "{submitted: 1}", Skip: c.skip, Limit: c.limit}
		require.Equal(t, all[c.first:c.end], ids(t, db, q), "skip %d, limit %d", c.skip, c.limit)
		n, err := db.Count(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, c.end-c.first, n, "count with skip %d, limit %d", c.skip, c.limit)
	}
}

func windowOfUnsorted(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 50)
	require.NoError(t, db.Add(t.Context(), records...))
	page := ids(t, db, taskdb.Query{Skip: 20, Limit: 20})
	require.Len(t, page, 20)
	require.Subset(t, msgIDs(records), page)
}

func pagesThroughTies(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 95)
	for _, record := range records {
		record.Submitted = at(0)
	}
	require.NoError(t, db.Add(t.Context(), records...))
	for _, sort := range []string{`{submitted: 1}`, `{submitted: -1}`, `{queue: 1, submitted: -1}`, `{no_such_key: 1}`} {
		var paged []string
		for skip := range int64(10) {
			paged = append(paged, ids(t, db, taskdb.Query{Sort: sort, Skip: skip * 10, Limit: 10})...)
		}
		require.ElementsMatch(t, msgIDs(records), paged, sort)
	}
}

func negativeWindow(t *testing.T, db *taskdb.DB) {
	for _, q := range []taskdb.Query{{Skip: -1}, {Limit: -1}, {Limit: math.MinInt64}} {
		var invalid *query.Error
		require.ErrorAs(t, firstError(t, db, q), &invalid)
		require.Equal(t, query.CodeBadValue, invalid.Code)
		_, err := db.Count(t.Context(), q)
		require.ErrorAs(t, err, &invalid)
	}
}
