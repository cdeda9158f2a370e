package query_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

const tasks = "ipython-tasks.task_records"

// outline says what a plan does, as in "submitted_1 backwards, exact, sorted by
// 1": its scans, how many ranges they have if more than one, and what it promises.
func outline(plan query.Plan) string {
	var scans []string
	for _, scan := range plan.Scans {
		name := "all"
		if scan.Index != nil {
			name = scan.Index.Name
		}
		if len(scan.Ranges) > 1 {
			name += fmt.Sprintf(" in %d ranges", len(scan.Ranges))
		}
		if scan.Reverse {
			name += " backwards"
		}
		scans = append(scans, name)
	}
	text := strings.Join(scans, " and ")
	if len(scans) == 0 {
		text = "nothing"
	}
	if plan.Exact {
		text += ", exact"
	}
	if plan.Sorted > 0 {
		text += fmt.Sprintf(", sorted by %d", plan.Sorted)
	}
	return text
}

type planTest struct {
	filter, sort string
	limit        int64
	want         string
}

func requireOutlines(t *testing.T, indexes []*query.Index, tests []planTest) {
	for _, test := range tests {
		if test.sort == "" {
			test.sort = `{}`
		}
		plan := query.NewPlan(query.MustParse(test.filter), sortOf(t, test.sort), test.limit, nil, indexes, nil)
		require.Equal(t, test.want, outline(plan), "filter %s, sort %s, limit %d", test.filter, test.sort, test.limit)
	}
}

// TestPlansOfTaskQueries plans what people ask of a collection of tasks.
func TestPlansOfTaskQueries(t *testing.T) {
	requireOutlines(t, taskdb.StandardIndexes(tasks), []planTest{
		// One record, or a list of them.
		{`{msg_id: "x"}`, ``, 0, "msg_id_1, exact"},
		{`{_id: "x"}`, ``, 0, "_id_, exact"},
		{`{msg_id: {$in: ["x", "y", "z"]}}`, ``, 0, "msg_id_1 in 3 ranges, exact"},
		{`{msg_id: {$in: ["x", "y"]}}`, `{submitted: 1}`, 10, "msg_id_1 in 2 ranges, exact"},
		{`{msg_id: "x", completed: null}`, ``, 0, "msg_id_1"},
		{`{msg_id: {$in: ["x", "y"]}, engine_uuid: "e", client_uuid: "c"}`, `{completed: -1}`, 5, "msg_id_1 in 2 ranges"},
		{`{msg_id: null, completed: null}`, ``, 0, "unfinished"}, // null is not unique
		{`{msg_id: {$glob: "5c3a*"}}`, ``, 0, "msg_id_1 in 2 ranges, exact"},

		// What is not finished.
		{`{completed: null}`, ``, 0, "unfinished, exact"},
		{`{completed: null}`, `{submitted: 1}`, 0, "unfinished, exact, sorted by 1"},
		{`{completed: null}`, `{submitted: -1, msg_id: 1}`, 50, "unfinished backwards, exact, sorted by 1"},
		{`{completed: null, submitted: {$lt: {$date: "2026-11-22T10:00:00Z"}}}`, ``, 0, "unfinished, exact"},
		{`{completed: null, engine_uuid: "e"}`, ``, 0, "unfinished"},
		{`{completed: null, engine_uuid: null, started: null}`, `{submitted: 1}`, 1, "unfinished, sorted by 1"},
		{`{completed: null, $or: [{engine_uuid: {$ne: null}}, {started: {$ne: null}}]}`, ``, 0, "unfinished"},
		{`{completed: {$exists: false}}`, ``, 0, "completed_1"},

		// What is finished, and how.
		{`{completed: {$ne: null}}`, ``, 0, "completed_1 in 2 ranges, exact"},
		{`{completed: {$ne: null}, "result_content.status": "error"}`, ``, 0, "result_content.status_1"},

		// Times.
		{`{submitted: {$gte: {$date: "2026-11-22T10:00:00Z"}}}`, ``, 0, "submitted_1, exact"},
		{`{submitted: {$gte: {$date: "2026-11-22T10:00:00Z"}, $lt: {$date: "2026-11-22T11:00:00Z"}}}`, `{submitted: -1}`, 0,
			"submitted_1 backwards, exact, sorted by 1"},
		{`{submitted: {$gte: {$date: "2026-11-22T10:00:00Z"}}, client_uuid: {$ne: "c"}}`, ``, 0, "submitted_1"},
		{`{submitted: {$gte: {$date: "2026-11-22T10:00:00Z"}}}`, `{completed: -1}`, 50, "submitted_1, exact"},
		{`{submitted: {$lt: {$date: "2026-11-22T10:00:00Z"}}}`, `{completed: -1}`, 50, "completed_1 backwards, sorted by 1"},
		{`{submitted: {$lt: {$date: "2026-11-22T10:00:00Z"}}}`, `{completed: -1}`, 0, "submitted_1, exact"},
		{`{submitted: {$lt: {$date: "2026-11-22T10:00:00Z"}}, completed: {$gte: {$date: "2026-11-22T10:00:00Z"}}}`, ``, 0, "completed_1"},

		// Engines, clients, queues, labels.
		{`{engine_uuid: {$in: ["a", "b"]}}`, ``, 0, "engine_uuid_1 in 2 ranges, exact"},
		{`{client_uuid: "c", label: {$ne: "x"}}`, ``, 0, "client_uuid_1"},
		{`{label: {$glob: "night-*"}}`, ``, 0, "label_1 in 2 ranges, exact"},
		{`{label: {$glob: "*-run"}}`, ``, 0, "label_1 in 2 ranges"},
		{`{queue: {$ne: "control"}}`, ``, 0, "queue_1 in 2 ranges, exact"},

		// Orders.
		{`{}`, ``, 0, "all, exact"},
		{`{}`, `{completed: -1}`, 50, "completed_1 backwards, exact, sorted by 1"},
		{`{}`, `{submitted: 1}`, 0, "submitted_1, exact, sorted by 1"},
		{`{}`, `{submitted: 1, msg_id: 1}`, 0, "submitted_1, exact, sorted by 1"},
		{`{queue: {$ne: "control"}}`, `{submitted: 1}`, 0, "submitted_1, sorted by 1"},
		{`{"header.username": "u"}`, `{submitted: -1, msg_id: -1}`, 10, "submitted_1 backwards, sorted by 1"},
		{`{"header.username": "u"}`, `{size: 1}`, 10, "all"},

		// Alternatives.
		{`{$or: [{engine_uuid: "a"}, {client_uuid: "b"}]}`, ``, 0, "engine_uuid_1 and client_uuid_1, exact"},
		{`{$or: [{engine_uuid: "a"}, {engine_uuid: "b"}]}`, ``, 0, "engine_uuid_1 in 2 ranges, exact"},
		{`{$or: [{engine_uuid: "a", queue: "q"}, {engine_uuid: "a", queue: "r"}]}`, ``, 0, "engine_uuid_1"},
		{`{$or: [{engine_uuid: "a"}, {"header.username": "u"}]}`, ``, 0, "all"},
		{`{$or: [{engine_uuid: {$ne: null}}, {started: {$ne: null}}]}`, ``, 0, "all"},
		{`{$or: [{engine_uuid: "a"}, {client_uuid: "b"}], submitted: {$gte: {$date: "2026-11-22T10:00:00Z"}}}`, ``, 0,
			"engine_uuid_1 and client_uuid_1"},
		{`{$or: [{label: {$gte: "b"}}, {msg_id: "x"}], queue: {$gte: "a", $lt: "b"}}`, ``, 0, "queue_1"},
		{`{$or: [{label: {$gte: "a"}}, {queue: "b"}], engine_uuid: "e"}`, ``, 0, "engine_uuid_1"},
		{`{$or: [{$or: [{msg_id: "x"}, {label: "a"}]}, {queue: "b"}]}`, ``, 0, "msg_id_1 and label_1 and queue_1, exact"},
		{`{$or: [{completed: null, submitted: {$lt: {$date: "2026-11-22T10:00:00Z"}}}, {msg_id: "x"}]}`, ``, 0,
			"unfinished and msg_id_1, exact"},
		{`{$or: [{msg_id: {$in: []}}, {label: "a"}]}`, ``, 0, "label_1, exact"},

		// Contradictions.
		{`{msg_id: {$in: []}}`, ``, 0, "nothing, exact"},
		{`{"header.username": {$in: []}, msg_id: "x"}`, ``, 0, "nothing, exact"},
		{`{"header.username": {$all: []}}`, ``, 0, "nothing, exact"},
		{`{engine_uuid: "a", $and: [{engine_uuid: "b"}]}`, ``, 0, "nothing, exact"},
		{`{engine_uuid: "a", submitted: {$gt: {$date: "2026-11-22T10:00:00Z"}, $lte: {$date: "2026-11-22T10:00:00Z"}}}`, ``, 0,
			"nothing, exact"},
		{`{completed: null, submitted: {$lt: {$minKey: 1}}}`, `{submitted: 1}`, 5, "nothing, exact"},
		{`{$or: [{msg_id: {$in: []}}, {label: "a", $and: [{label: "b"}]}]}`, ``, 0, "nothing, exact"},
		{`{submitted: {$gt: NaN}}`, ``, 0, "nothing, exact"},
	})
}

// TestPlansByDeclaredIndexes adds one index to the standard ones.
func TestPlansByDeclaredIndexes(t *testing.T) {
	tests := map[string][]planTest{
		`{client_uuid: 1, submitted: -1}`: {
			{`{client_uuid: "c"}`, `{submitted: -1}`, 10, "client_uuid_1_submitted_-1, exact, sorted by 1"},
			{`{client_uuid: "c"}`, `{submitted: 1}`, 10, "client_uuid_1_submitted_-1 backwards, exact, sorted by 1"},
			{`{client_uuid: "c"}`, `{client_uuid: -1, submitted: -1}`, 0, "client_uuid_1_submitted_-1, exact, sorted by 2"},
			{`{client_uuid: "c", submitted: {$gte: {$date: "2026-11-22T10:00:00Z"}}}`, ``, 0, "client_uuid_1_submitted_-1, exact"},
			{`{client_uuid: {$in: ["c", "d"]}}`, `{client_uuid: 1, submitted: -1}`, 0,
				"client_uuid_1_submitted_-1 in 2 ranges, exact, sorted by 2"},
			{`{client_uuid: {$in: ["c", "d"]}}`, `{submitted: -1}`, 0, "client_uuid_1 in 2 ranges, exact"},
			{`{client_uuid: {$gte: "c"}, submitted: {$type: "date"}}`, ``, 0, "client_uuid_1"},
			{`{}`, `{client_uuid: -1, submitted: 1}`, 0, "client_uuid_1_submitted_-1 backwards, exact, sorted by 2"},
			{`{}`, `{client_uuid: 1, submitted: 1}`, 0, "client_uuid_1, exact, sorted by 1"},
			{`{msg_id: "x", client_uuid: "c", submitted: null}`, ``, 0, "msg_id_1"},
		},
		`{engine_uuid: 1, queue: 1, submitted: 1}`: {
			{`{engine_uuid: "e", queue: "q", submitted: {$gte: {$date: "2026-11-22T10:00:00Z"}}}`, `{submitted: 1}`, 0,
				"engine_uuid_1_queue_1_submitted_1, exact, sorted by 1"},
			{`{engine_uuid: {$in: ["e", "f"]}, queue: {$in: ["q", "r"]}}`, ``, 0, "engine_uuid_1_queue_1_submitted_1 in 4 ranges, exact"},
			{`{engine_uuid: "e", submitted: {$gte: {$date: "2026-11-22T10:00:00Z"}}}`, ``, 0, "engine_uuid_1"},
			{`{engine_uuid: "e", queue: {$gt: "q"}}`, `{queue: 1, submitted: 1}`, 0,
				"engine_uuid_1_queue_1_submitted_1, exact, sorted by 2"},
			{`{queue: "q", submitted: {$gt: null}}`, ``, 0, "nothing, exact"},
		},
		`{"header.username": 1}`: {
			{`{"header.username": "u", engine_uuid: {$ne: "e"}}`, ``, 0, "header.username_1"},
			{`{header: {username: "u"}}`, ``, 0, "all"},
			{`{"header.username": {$not: {$gt: "u"}}}`, ``, 0, "header.username_1 in 2 ranges, exact"},
			{`{"header.username": {$in: ["u", null]}}`, ``, 0, "header.username_1 in 2 ranges, exact"},
			{`{"header.username": {$in: ["u", [1]]}}`, ``, 0, "header.username_1 in 3 ranges"},
			{`{"header.username": {$elemMatch: {$eq: "u"}}}`, ``, 0, "header.username_1"},
			{`{"header.username": {$type: "string"}}`, ``, 0, "header.username_1"},
			{`{"header.username": {$size: 1}}`, ``, 0, "all"},
			{`{$nor: [{"header.username": "u"}]}`, ``, 0, "all"},
		},
	}
	for keys, questions := range tests {
		requireOutlines(t, append(taskdb.StandardIndexes(tasks), indexOf(t, keys)), questions)
	}
}

// TestPlansByPartialIndexes tells when a filter lies within another.
func TestPlansByPartialIndexes(t *testing.T) {
	tests := []struct{ partial, filter, want string }{
		{`{b: {$gt: 3}}`, `{a: 1}`, "all"},
		{`{b: {$gt: 3}}`, `{a: 1, b: 5}`, "a_1"},
		{`{b: {$gt: 3}}`, `{a: 1, b: {$gt: 3}}`, "a_1, exact"},
		{`{b: {$gt: 3}}`, `{b: {$gte: 4, $lt: 9}}`, "a_1"},
		{`{b: {$gt: 3}}`, `{a: 1, b: {$gte: 3}}`, "all"},
		{`{b: {$gt: 3}}`, `{a: 1, b: {$in: [4, 5]}}`, "a_1"},
		{`{b: {$gt: 3}}`, `{a: 1, b: {$in: [2, 5]}}`, "all"},
		{`{b: {$gt: 3}}`, `{a: 1, b: {$gt: "4"}}`, "all"},
		{`{b: {$ne: 3}}`, `{a: 1, b: 4}`, "all"}, // b may be [3, 4]
		{`{b: {$ne: 3}}`, `{a: 1, b: {$nin: [3, 4]}}`, "a_1"},
		{`{b: {$ne: 3}}`, `{a: 1, b: {$ne: 3}}`, "a_1, exact"},
		{`{b: null}`, `{a: 1, b: null}`, "a_1, exact"},
		{`{b: null}`, `{a: 1, b: {$exists: false}}`, "all"},
		{`{b: {$exists: true}}`, `{a: 1, b: {$exists: true}}`, "a_1, exact"},
		{`{b: {$exists: true}}`, `{a: 1, b: "x"}`, "a_1"},
		{`{b: {$exists: true}}`, `{a: 1, b: {$type: "date"}}`, "a_1"},
		{`{b: {$exists: true}}`, `{a: 1, b: null}`, "all"},
		{`{b: {$exists: true}}`, `{a: 1, b: {$gt: {$minKey: 1}}}`, "all"},
		{`{b: 1, c: {$lt: 5}}`, `{a: 1, b: 1}`, "all"},
		{`{b: 1, c: {$lt: 5}}`, `{a: 1, c: 2, b: 1}`, "a_1"},
		{`{b: 1, c: {$lt: 5}}`, `{a: 1, c: {$lt: 5}, b: 1}`, "a_1, exact"},
		{`{$or: [{b: 1}, {c: 1}]}`, `{a: 1, b: 1}`, "all"},
		{`{}`, `{a: 1}`, "a_1, exact"},
	}
	for _, test := range tests {
		x := indexOf(t, `{a: 1}`)
		x.Partial = query.MustParse(test.partial)
		plan := query.NewPlan(query.MustParse(test.filter), sortOf(t, `{}`), 0, nil, []*query.Index{x}, nil)
		require.Equal(t, test.want, outline(plan), "partial %s, filter %s", test.partial, test.filter)
	}
}

// TestPlansWhereThereAreArrays has the cases in which the arrays that an index has
// held keep a planner from what it would do otherwise.
func TestPlansWhereThereAreArrays(t *testing.T) {
	tests := []struct{ index, filter, sort, single, multikey string }{
		{`{a: 1}`, `{a: 1}`, ``, "a_1, exact", "a_1, exact"},
		{`{a: 1}`, `{a: {$gt: 1, $lt: 5}}`, ``, "a_1, exact", "a_1"},
		{`{a: 1}`, `{a: {$gt: 1, $eq: 5}}`, ``, "a_1, exact", "a_1"},
		{`{a: 1}`, `{a: {$elemMatch: {$gt: 1, $lt: 5}}}`, ``, "a_1", "a_1"},
		{`{a: 1}`, `{a: {$elemMatch: {$elemMatch: {$gt: 1}}}}`, ``, "all", "all"},
		{`{a: 1}`, `{a: {$all: [1, 2]}}`, ``, "nothing, exact", "a_1"},
		{`{a: 1}`, `{a: {$ne: 1}}`, ``, "a_1 in 2 ranges, exact", "all"},
		{`{a: 1}`, `{a: null}`, ``, "a_1, exact", "a_1"},
		{`{a: 1}`, `{a: {$exists: false}}`, ``, "a_1", "a_1"},
		{`{a: 1}`, `{a: {$lt: {$maxKey: 1}}}`, ``, "a_1 in 2 ranges, exact", "all"},
		{`{a: 1}`, `{a: {$type: "array"}}`, ``, "a_1", "all"},
		{`{a: 1}`, `{}`, `{a: 1}`, "a_1, exact, sorted by 1", "all, exact"},
		{`{a: 1, b: 1}`, `{a: 1, b: 2}`, ``, "a_1_b_1, exact", "a_1_b_1, exact"},
		{`{"a.b": 1, "a.c": 1}`, `{"a.b": 1, "a.c": 2}`, ``, "a.b_1_a.c_1, exact", "a.b_1_a.c_1"},
		{`{"a.b": 1, "a.c": 1, d: 1}`, `{"a.b": 1, d: 2}`, ``, "a.b_1_a.c_1_d_1", "a.b_1_a.c_1_d_1"},
		{`{"a.0": 1}`, `{"a.0": 1}`, ``, "a.0_1, exact", "all"},
		{`{"a.0.b": 1}`, `{"a.0.b": null}`, ``, "a.0.b_1, exact", "all"},
	}
	for _, test := range tests {
		x := indexOf(t, test.index)
		requireOutlines(t, []*query.Index{x}, []planTest{{test.filter, test.sort, 0, test.single}})
		x.Multikey = true
		requireOutlines(t, []*query.Index{x}, []planTest{{test.filter, test.sort, 0, test.multikey}})
	}
}

// TestPlansGoOnAfterAKey checks that pages do not walk what was shown before.
func TestPlansGoOnAfterAKey(t *testing.T) {
	at := bson.DateTime(1_000_000)
	last := encode(bson.D{{Key: "client_uuid", Value: "c"}, {Key: "submitted", Value: at}, {Key: "_id", Value: "x"}})
	tests := map[string]struct{ index, filter, sort, before, behind string }{
		"upwards":                {`{submitted: 1}`, `{}`, `{submitted: 1, _id: 1}`, `{submitted: 999999}`, `{submitted: 1000000}`},
		"downwards":              {`{submitted: 1}`, `{}`, `{submitted: -1, _id: 1}`, `{submitted: 1000001}`, `{submitted: 1000000}`},
		"by an index downwards":  {`{submitted: -1}`, `{}`, `{submitted: -1, _id: 1}`, `{submitted: 1000001}`, `{submitted: 1000000}`},
		"behind what is fixed":   {`{client_uuid: 1, submitted: 1}`, `{client_uuid: "c"}`, `{submitted: 1}`, `{client_uuid: "c", submitted: 1}`, `{client_uuid: "c", submitted: 1000001}`},
		"fixed and sorted by":    {`{client_uuid: 1, submitted: -1}`, `{client_uuid: "c"}`, `{client_uuid: 1, submitted: -1}`, `{client_uuid: "c", submitted: 1000001}`, `{client_uuid: "c", submitted: 999999}`},
		"up to all of the paths": {`{submitted: 1, _id: 1}`, `{submitted: 1000000}`, `{submitted: 1, _id: 1}`, `{submitted: 1000000, _id: "w"}`, `{submitted: 1000000, _id: "y"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			x, sort := indexOf(t, test.index), sortOf(t, test.sort)
			after, err := sort.AppendKey(nil, last)
			require.NoError(t, err)
			filter := query.MustParse(strings.ReplaceAll(test.filter, "1000000", `{$date: {$numberLong: "1000000"}}`))
			plan := query.NewPlan(filter, sort, 0, after, []*query.Index{x}, nil)
			require.Len(t, plan.Scans, 1)
			require.Equal(t, x, plan.Scans[0].Index)
			found := func(doc string) bool {
				keys, err := x.Keys(withDate(t, doc))
				require.NoError(t, err)
				return within(keys.List[0], plan.Scans[0].Ranges[0])
			}
			require.False(t, found(test.before))
			require.True(t, found(test.behind))
		})
	}
}

// withDate reads a document whose submitted is given in milliseconds.
func withDate(t *testing.T, text string) bson.Raw {
	var doc bson.D
	require.NoError(t, bson.Unmarshal(shell(t, text), &doc))
	for i, e := range doc {
		if n, ok := e.Value.(int32); ok {
			doc[i].Value = bson.DateTime(n)
		}
	}
	return encode(doc)
}

// TestRangesStayWithinTheirClass: $lt and its kin stay within a class (C1) and
// leave NaN out (C4), in an index as elsewhere.
func TestRangesStayWithinTheirClass(t *testing.T) {
	x := indexOf(t, `{a: 1}`)
	values := []any{bson.MinKey{}, nil, math.NaN(), -1.0, int32(0), 5.5, "", "b", bson.D{}, false, bson.DateTime(0), bson.MaxKey{}}
	for _, filter := range []string{
		`{a: {$lt: 0}}`, `{a: {$lte: 0}}`, `{a: {$gt: 0}}`, `{a: {$gte: 0}}`, `{a: {$gte: NaN}}`, `{a: {$lt: "a"}}`, `{a: {$gte: ""}}`,
		`{a: {$lte: null}}`, `{a: {$gt: null}}`, `{a: {$lt: {$maxKey: 1}}}`, `{a: {$gte: {$minKey: 1}}}`, `{a: {$lte: {$minKey: 1}}}`,
		`{a: {$gt: false}}`, `{a: {$gt: {}}}`, `{a: {$not: {$lt: 0}}}`, `{a: {$ne: null}}`,
	} {
		parsed := query.MustParse(filter)
		plan := query.NewPlan(parsed, sortOf(t, `{}`), 0, nil, []*query.Index{x}, nil)
		for _, v := range values {
			doc := encode(bson.D{{Key: "a", Value: v}})
			want, err := parsed.Match(doc)
			require.NoError(t, err)
			keys, err := x.Keys(doc)
			require.NoError(t, err)
			found := false
			for _, scan := range plan.Scans {
				for _, r := range scan.Ranges {
					found = found || within(keys.List[0], r)
				}
				found = found || scan.Index == nil
			}
			require.True(t, plan.Exact || outline(plan) == "all", filter)
			require.Equal(t, want || !plan.Exact, found, "%s: %v", filter, v)
		}
	}
}
