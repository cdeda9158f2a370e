package backendtest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var explaining = area{"explain", []behaviour{
	{"a filter that one index covers examines what it returns", explainCovered},
	{"a sort with a limit is read off an index", explainSorted},
	{"a sort without an index is made in memory", explainSortInMemory},
	{"the branches of an $or have an index each", explainDisjunction},
	{"a filter that contradicts itself examines nothing", explainContradiction},
	{"a filter that no index fits examines every record", explainFullScan},
	{"what an index does not decide the filter does, and it is said", explainExact},
	{"an index that is dropped is used no more", explainDropped},
	{"a partial index is used where it has every record asked for", explainPartial},
	{"skip and limit count in what is returned", explainWindow},
	{"nothing is examined where nothing is stored", explainEmpty},
	{"a wrong query fails as it does in Find", explainWrong},
}}

func explain(t tester, db *taskdb.DB, q taskdb.Query) *taskdb.Explanation {
	t.Helper()
	explanation, err := db.Explain(t.Context(), q)
	require.NoError(t, err)
	return explanation
}

// scanned returns the names of the indexes that were walked, "" for all records.
func scanned(e *taskdb.Explanation) (names []string) {
	for _, scan := range e.Scans {
		names = append(names, scan.Index)
	}
	return names
}

// explained is how many tasks there are to explain queries about.
const explained = 1000

// addExplained stores tasks of 16 engines and 8 clients, of which each hundredth
// is unfinished and each fiftieth failed.
func addExplained(t tester, db *taskdb.DB) []bson.Raw {
	t.Helper()
	records := numbered(t, explained)
	for i, record := range records {
		record.Header = encode(t, bson.D{{Key: "username", Value: fmt.Sprint("user-", i%20)}, {Key: "n", Value: i}})
		record.ClientUUID = fmt.Sprint("client-", i%8)
		if i%100 == 0 {
			continue
		}
		record.EngineUUID = fmt.Sprint("engine-", i%16)
		record.Started, record.Completed = at(i+1), at(i+2)
		status := "ok"
		if i%50 == 1 {
			status = "error"
		}
		record.ResultContent = encode(t, bson.D{{Key: "status", Value: status}})
	}
	require.NoError(t, db.Add(t.Context(), records...))
	return find(t, db, taskdb.Query{Projection: "{}"})
}

// requireNarrow tests that no more was read than what was returned, and one a
// range.
func requireNarrow(t tester, e *taskdb.Explanation, want int) {
	t.Helper()
	ranges := int64(0)
	for _, scan := range e.Scans {
		require.NotEmpty(t, scan.Index)
		require.NotEmpty(t, scan.KeyPattern)
		require.Positive(t, scan.Ranges)
		ranges += int64(scan.Ranges)
	}
	require.EqualValues(t, want, e.Returned)
	require.GreaterOrEqual(t, e.RecordsExamined, e.Returned)
	require.LessOrEqual(t, e.RecordsExamined, e.Returned+ranges)
	require.LessOrEqual(t, e.KeysExamined, e.Returned+ranges)
}

func explainCovered(t *testing.T, db *taskdb.DB) {
	docs := addExplained(t, db)
	createIndex(t, db, taskdb.Index{Keys: "header.n"})
	createIndex(t, db, taskdb.Index{Keys: "header.username,-submitted"})
	ids := bson.A{"no such task"}
	for i := range 100 {
		ids = append(ids, fmt.Sprintf("task-%04d", i*9))
	}
	for name, c := range map[string]struct{ filter, sort any }{
		"one task":               {`{msg_id: "task-0500"}`, nil},
		"by _id":                 {`{_id: "task-0500"}`, nil},
		"no such task":           {`{msg_id: "task-5000"}`, nil},
		"a hundred ids":          {bson.M{"msg_id": bson.M{"$in": ids}}, nil},
		"ids from one on":        {`{msg_id: {$gte: "task-0990"}}`, nil},
		"ids by their beginning": {`{msg_id: /^task-01/}`, nil},
		"unfinished":             {`{completed: null}`, nil},
		"unfinished, by time":    {`{completed: null}`, `{submitted: 1}`},
		"a stretch of time":      {bson.M{"submitted": bson.M{"$gte": at(100), "$lt": at(200)}}, nil},
		"lately":                 {bson.M{"submitted": bson.M{"$gt": at(950)}}, `{submitted: -1}`},
		"one engine":             {`{engine_uuid: "engine-3"}`, nil},
		"two engines":            {`{engine_uuid: {$in: ["engine-3", "engine-7"]}}`, nil},
		"one client":             {`{client_uuid: "client-3"}`, nil},
		"failed":                 {`{"result_content.status": "error"}`, nil},
		"a queue of none":        {`{queue: "mux"}`, nil},
		"a nested number":        {`{"header.n": {$gt: 10, $lte: 30.5}}`, nil},
		"a user":                 {`{"header.username": "user-7"}`, nil},
		"a user, latest first":   {`{"header.username": "user-7"}`, `{submitted: -1}`},
		"a user, earliest first": {`{"header.username": "user-7"}`, `{submitted: 1}`},
		"a user, lately":         {bson.M{"header.username": "user-7", "submitted": bson.M{"$gt": at(500)}}, `{submitted: -1}`},
		"two users, lately":      {bson.M{"header.username": bson.M{"$in": bson.A{"user-7", "user-8"}}, "submitted": bson.M{"$gt": at(500)}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := explain(t, db, taskdb.Query{Filter: c.filter, Sort: c.sort})
			requireNarrow(t, e, len(matching(t, docs, c.filter)))
			require.True(t, e.Exact)
			require.False(t, e.SortedInMemory)
		})
	}
}

func explainSorted(t *testing.T, db *taskdb.DB) {
	addExplained(t, db)
	createIndex(t, db, taskdb.Index{Keys: "header.username,-submitted"})
	for _, c := range []struct {
		sort, index string
		reverse     bool
	}{
		{`{completed: -1}`, "completed_1", true},
		{`{submitted: 1}`, "submitted_1", false},
		{`{msg_id: -1}`, "msg_id_1", true},
		{`{"header.username": 1, submitted: -1}`, "header.username_1_submitted_-1", false},
		{`{"header.username": -1, submitted: 1}`, "header.username_1_submitted_-1", true},
	} {
		e := explain(t, db, taskdb.Query{Sort: c.sort, Limit: 50})
		require.Equal(t, []string{c.index}, scanned(e), c.sort)
		require.Equal(t, c.reverse, e.Scans[0].Reverse, c.sort)
		require.False(t, e.SortedInMemory, c.sort)
		require.EqualValues(t, 50, e.RecordsExamined, c.sort)
		require.EqualValues(t, 50, e.KeysExamined, c.sort)
		require.EqualValues(t, 50, e.Returned, c.sort)
	}
}

func explainSortInMemory(t *testing.T, db *taskdb.DB) {
	addExplained(t, db)
	for _, sort := range []string{`{"header.n": -1}`, `{stdout: 1, completed: 1}`} {
		e := explain(t, db, taskdb.Query{Sort: sort, Limit: 5})
		require.True(t, e.SortedInMemory, sort)
		require.EqualValues(t, 5, e.Returned, sort)
		require.EqualValues(t, explained, e.RecordsExamined, sort)
	}
}

func explainDisjunction(t *testing.T, db *taskdb.DB) {
	docs := addExplained(t, db)
	for name, c := range map[string]struct {
		filter  string
		indexes []string
	}{
		"two indexes":   {`{$or: [{engine_uuid: "engine-3"}, {client_uuid: "client-5"}]}`, []string{"engine_uuid_1", "client_uuid_1"}},
		"one index":     {`{$or: [{engine_uuid: "engine-3"}, {engine_uuid: "engine-5"}]}`, []string{"engine_uuid_1"}},
		"three indexes": {`{$or: [{msg_id: "task-0001"}, {label: "x"}, {"result_content.status": "error"}]}`, []string{"msg_id_1", "label_1", "result_content.status_1"}},
		"none for one":  {`{$or: [{engine_uuid: "engine-3"}, {stdout: "x"}]}`, []string{""}},
	} {
		q := taskdb.Query{Filter: c.filter}
		e := explain(t, db, q)
		require.ElementsMatch(t, c.indexes, scanned(e), name)
		require.EqualValues(t, len(matching(t, docs, c.filter)), e.Returned, name)
		if len(c.indexes[0]) > 0 {
			require.Less(t, e.RecordsExamined, int64(explained/4), name)
			require.True(t, e.Exact, name)
		}
	}
}

func explainContradiction(t *testing.T, db *taskdb.DB) {
	addExplained(t, db)
	for _, filter := range []string{
		`{msg_id: {$in: []}}`,
		`{$and: [{msg_id: "task-0001"}, {msg_id: "task-0002"}]}`,
		`{submitted: {$gt: ISODate("2026-11-23T00:00:00Z"), $lt: ISODate("2026-11-22T00:00:00Z")}}`,
		`{$and: [{completed: null}, {completed: {$ne: null}}]}`,
		`{engine_uuid: {$in: ["engine-1", "engine-2"], $nin: ["engine-1", "engine-2"]}}`,
		`{submitted: {$gt: NaN}}`,
		`{msg_id: {$not: {$lte: MaxKey()}}}`,
	} {
		require.Equal(t, &taskdb.Explanation{Exact: true}, explain(t, db, taskdb.Query{Filter: filter}), filter)
	}
}

func explainFullScan(t *testing.T, db *taskdb.DB) {
	addExplained(t, db)
	for filter, returned := range map[string]int64{
		`{}`:                        explained,
		`{stdout: "x"}`:             0,
		`{"header.n": {$gte: 990}}`: 10,
		`{$nor: [{"header.n": 5}]}`: explained - 1,
		`{msg_id: {$exists: true}}`: explained,
	} {
		e := explain(t, db, taskdb.Query{Filter: filter})
		require.Equal(t, []string{""}, scanned(e), filter)
		require.EqualValues(t, explained, e.RecordsExamined, filter)
		require.Zero(t, e.KeysExamined, filter)
		require.Equal(t, returned, e.Returned, filter)
		require.Equal(t, filter == "{}", e.Exact, filter)
	}
}

func explainExact(t *testing.T, db *taskdb.DB) {
	docs := addExplained(t, db)
	for filter, exact := range map[string]bool{
		`{engine_uuid: "engine-3"}`:                            true,
		`{engine_uuid: "engine-3", stdout: ""}`:                false,
		`{engine_uuid: "engine-3", client_uuid: "client-3"}`:   false,
		`{msg_id: /^task-00/}`:                                 true,
		`{msg_id: /^task-00.*1$/}`:                             false,
		`{msg_id: {$in: ["task-0001", "task-0002"]}}`:          true,
		`{engine_uuid: {$elemMatch: {$gt: "a"}}, label: null}`: false,
	} {
		e := explain(t, db, taskdb.Query{Filter: filter})
		require.Equal(t, exact, e.Exact, filter)
		require.NotContains(t, scanned(e), "", filter)
		require.EqualValues(t, len(matching(t, docs, filter)), e.Returned, filter)
	}
}

func explainDropped(t *testing.T, db *taskdb.DB) {
	addExplained(t, db)
	q := taskdb.Query{Filter: `{"header.n": 5}`}
	createIndex(t, db, taskdb.Index{Name: "by n", Keys: "header.n"})
	require.Equal(t, []string{"by n"}, scanned(explain(t, db, q)))
	require.NoError(t, db.DropIndex(t.Context(), "by n"))
	require.Equal(t, []string{""}, scanned(explain(t, db, q)))
}

func explainPartial(t *testing.T, db *taskdb.DB) {
	docs := addExplained(t, db)
	createIndex(t, db, taskdb.Index{Name: "some", Keys: "header.n", Partial: `{"header.n": {$gte: 500}}`})
	for filter, index := range map[string]string{
		`{"header.n": {$gt: 600, $lt: 610}}`: "some",
		`{"header.n": 500}`:                  "some",
		`{"header.n": 499}`:                  "",
		`{"header.n": {$gt: 499}}`:           "",
		`{"header.n": {$in: [400, 600]}}`:    "",
		`{"header.n": {$ne: 600}}`:           "",
	} {
		e := explain(t, db, taskdb.Query{Filter: filter})
		require.Equal(t, []string{index}, scanned(e), filter)
		require.EqualValues(t, len(matching(t, docs, filter)), e.Returned, filter)
	}
}

func explainWindow(t *testing.T, db *taskdb.DB) {
	addExplained(t, db)
	e := explain(t, db, taskdb.Query{Filter: `{engine_uuid: "engine-3"}`, Skip: 10, Limit: 5})
	require.EqualValues(t, 5, e.Returned)
	require.EqualValues(t, 15, e.RecordsExamined)
	e = explain(t, db, taskdb.Query{Skip: explained - 3})
	require.EqualValues(t, 3, e.Returned)
}

func explainEmpty(t *testing.T, db *taskdb.DB) {
	for range 2 { // never written to, and with nothing left
		for _, q := range []taskdb.Query{{}, {Filter: `{msg_id: "a"}`, Sort: "{submitted: 1}"}, {Sort: "{label: 1}"}} {
			e := explain(t, db, q)
			require.Zero(t, e.Returned)
			require.Zero(t, e.RecordsExamined)
			require.Zero(t, e.KeysExamined)
		}
		createIndex(t, db, taskdb.Index{Keys: "priority"})
	}
}

func explainWrong(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	for _, q := range []taskdb.Query{
		{Filter: `{a: {$foo: 1}}`}, {Filter: "{"}, {Sort: "{a: 0}"}, {Projection: "{a: 1, b: 0}"}, {Skip: -1}, {Limit: -1},
	} {
		_, err := db.Explain(t.Context(), q)
		var wrong, inFind *query.Error
		require.ErrorAs(t, err, &wrong)
		require.ErrorAs(t, firstError(t, db, q), &inFind)
		require.Equal(t, inFind.Error(), wrong.Error())
	}
}
