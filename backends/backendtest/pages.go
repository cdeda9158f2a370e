package backendtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var paging = area{"pages", []behaviour{
	{"pages one after another are the whole answer, in order", pagesAreWhole},
	{"so are the pages of any query", pagesOfAnyQuery},
	{"the last page has no token", lastPage},
	{"what is added between two pages neither hides nor doubles a record", addBetweenPages},
	{"a token belongs to one collection, filter and sort", tokenBound},
	{"a token that was changed is refused", tokenChanged},
	{"a page without a limit is refused", pageWithoutLimit},
	{"pages show what is asked for", pageShows},
	{"skip leaves out records of the first page only", pageSkips},
	{"a wrong query fails as it does in Find", pageWrong},
	{"a cursor goes on where it was left, as pages do", cursorResumes},
}}

func cursorResumes(t *testing.T, db *taskdb.DB) {
	docs := mixedTimes(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	q := taskdb.Query{Projection: `{}`, Sort: `{submitted: 1}`}
	whole := inPageOrder(t, find(t, db, q), bson.D{{Key: "submitted", Value: 1}})
	var got []bson.Raw
	for token := ""; ; {
		cursor, err := db.Cursor(q, token)
		require.NoError(t, err)
		read := 0
		for doc, err := range cursor.Docs(t.Context()) {
			require.NoError(t, err)
			got = append(got, doc)
			if read++; read == 7 {
				break
			}
		}
		if token = cursor.Next(); token == "" {
			break
		}
	}
	require.Equal(t, whole, got)

	limited := taskdb.Query{Sort: `{submitted: 1}`, Limit: 7}
	cursor, err := db.Cursor(limited, "")
	require.NoError(t, err)
	for _, err := range cursor.Docs(t.Context()) {
		require.NoError(t, err)
	}
	page, err := db.Page(t.Context(), limited, "")
	require.NoError(t, err)
	require.Equal(t, page.Next, cursor.Next(), "a cursor and a page have the same tokens")
}

// allPages returns what the pages of a query have, one after another.
func allPages(t tester, db *taskdb.DB, q taskdb.Query) []bson.Raw {
	t.Helper()
	var docs []bson.Raw
	for token := ""; ; {
		page, err := db.Page(t.Context(), q, token)
		require.NoError(t, err)
		docs = append(docs, page.Docs...)
		if page.Next == "" {
			return docs
		}
		require.Len(t, page.Docs, int(q.Limit), "a page before the last one is full")
		require.NotEqual(t, token, page.Next)
		token = page.Next
	}
}

// inPageOrder returns documents in the order of a sort, then of the _id.
func inPageOrder(t tester, docs []bson.Raw, sort bson.D) []bson.Raw {
	t.Helper()
	if !slices.ContainsFunc(sort, func(e bson.E) bool { return e.Key == "_id" }) {
		sort = append(slices.Clone(sort), bson.E{Key: "_id", Value: 1})
	}
	by, err := query.ParseSortValue(sort)
	require.NoError(t, err)
	keys := map[string]bson.Raw{}
	for _, doc := range docs {
		key, err := by.AppendKey(nil, doc)
		require.NoError(t, err)
		keys[string(key)] = doc
	}
	ordered := make([]bson.Raw, 0, len(docs))
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		ordered = append(ordered, keys[key])
	}
	return ordered
}

// mixedTimes are documents whose keys are of many types, and often equal.
func mixedTimes(t tester) []bson.Raw {
	var docs []bson.Raw
	for i, submitted := range []string{
		``, `submitted: null,`, `submitted: 5,`, `submitted: 5.0,`, `submitted: -1,`, `submitted: "text",`, `submitted: "",`, `submitted: true,`,
		`submitted: ISODate("2026-11-22T10:00:00Z"),`, `submitted: ISODate("1969-11-22T10:00:00Z"),`, `submitted: {a: 1},`,
		`submitted: [],`, `submitted: [ISODate("2026-11-22T10:00:00Z"), 7],`, `submitted: ["text", null],`, `submitted: MinKey(),`, `submitted: MaxKey(),`,
	} {
		for j, label := range []string{``, `label: "a",`, `label: "b",`, `label: ["a", "c"],`} {
			if j > 0 && len(label) > 11 && len(submitted) > 11 && submitted[11] == '[' {
				continue // a sort by parallel arrays is an error
			}
			docs = append(docs, parse(t, fmt.Sprintf(`{%s %s _id: %d, msg_id: "task-%d-%d"}`, submitted, label, i*7+j, i, j)))
		}
	}
	return docs
}

func pagesAreWhole(t *testing.T, db *taskdb.DB) {
	docs := mixedTimes(t)
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	for i := range docs {
		docs[i] = stored(t, db, docs[i])
	}
	createIndex(t, db, taskdb.Index{Keys: "-submitted,label"})
	for _, sort := range []bson.D{
		{}, {{Key: "submitted", Value: 1}}, {{Key: "submitted", Value: -1}}, {{Key: "label", Value: 1}}, {{Key: "no_such_key", Value: 1}},
		{{Key: "submitted", Value: -1}, {Key: "label", Value: 1}}, {{Key: "label", Value: -1}, {Key: "submitted", Value: -1}},
		{{Key: "msg_id", Value: -1}}, {{Key: "_id", Value: -1}}, {{Key: "label", Value: 1}, {Key: "_id", Value: -1}},
	} {
		for _, filter := range []string{`{}`, `{submitted: {$ne: 5}}`, `{submitted: {$gte: ISODate("1960-01-01T00:00:00Z")}}`, `{label: "a"}`} {
			want := inPageOrder(t, matching(t, docs, filter), sort)
			for _, size := range []int{1, 2, 3, 7, len(docs) - 1, len(docs), len(docs) + 1} {
				q := taskdb.Query{Filter: filter, Sort: sort, Limit: int64(size), Projection: "{}"}
				require.Equal(t, want, allPages(t, db, q), "%s by %v, %d a page", filter, sort, size)
			}
		}
	}
}

// stored returns a document as the store has it.
func stored(t tester, db *taskdb.DB, doc bson.Raw) bson.Raw {
	t.Helper()
	found := find(t, db, taskdb.Query{Filter: bson.D{{Key: "_id", Value: doc.Lookup("_id")}}, Projection: "{}"})
	require.Len(t, found, 1)
	return found[0]
}

func pagesOfAnyQuery(t *testing.T, db *taskdb.DB) {
	onAnyDocuments(t, db, func(t *rapid.T, db *taskdb.DB, docs []bson.Raw) {
		for _, keys := range rapid.SliceOfN(rapid.SampledFrom([]string{"label", "-submitted", "x,-label", "-x.a"}), 0, 2).Draw(t, "indexes") {
			_, _ = db.CreateIndex(t.Context(), taskdb.Index{Keys: keys}) // there may be parallel arrays
		}
		filter := anyFilter.Draw(t, "filter")
		sort := bson.D{{Key: anyPath.Draw(t, "path"), Value: anyDirection.Draw(t, "direction")}}
		q := taskdb.Query{Filter: filter, Sort: sort, Limit: rapid.Int64Range(1, 5).Draw(t, "size"), Projection: "{}"}
		require.Equal(t, inPageOrder(t, matching(t, docs, filter), sort), append([]bson.Raw{}, allPages(t, db, q)...))
	})
}

func lastPage(t *testing.T, db *taskdb.DB) {
	page, err := db.Page(t.Context(), taskdb.Query{Limit: 5}, "")
	require.NoError(t, err)
	require.Equal(t, taskdb.Page{}, page)

	require.NoError(t, db.Add(t.Context(), numbered(t, 6)...))
	for _, c := range []struct {
		limit int64
		pages []int
	}{{1, []int{1, 1, 1, 1, 1, 1}}, {2, []int{2, 2, 2}}, {4, []int{4, 2}}, {5, []int{5, 1}}, {6, []int{6}}, {7, []int{6}}, {math.MaxInt64, []int{6}}} {
		var sizes []int
		for token, more := "", true; more; more = token != "" {
			page, err := db.Page(t.Context(), taskdb.Query{Limit: c.limit, Sort: "{submitted: 1}"}, token)
			require.NoError(t, err)
			sizes, token = append(sizes, len(page.Docs)), page.Next
		}
		require.Equal(t, c.pages, sizes, "limit %d", c.limit)
	}
}

func addBetweenPages(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 60)
	for i, record := range records {
		record.Submitted = at(i / 20)
	}
	require.NoError(t, db.Add(t.Context(), records...))
	for n, sort := range []string{`{submitted: 1}`, `{submitted: -1}`, `{queue: 1}`, `{label: 1, submitted: -1}`, `{msg_id: -1}`} {
		seen := map[string]int{}
		q := taskdb.Query{Filter: `{queue: "task"}`, Sort: sort, Limit: 7, Keys: []string{"msg_id"}}
		for token, more, step := "", true, 0; more; step++ {
			page, err := db.Page(t.Context(), q, token)
			require.NoError(t, err)
			for _, doc := range page.Docs {
				seen[doc.Lookup("msg_id").StringValue()]++
			}
			for minute := range 4 { // before, among and behind what is there
				added := pendingTask(t, fmt.Sprintf("task-0030-%d-%d-%d", n, step, minute))
				added.Submitted = at(minute - 1)
				if step < 20 {
					require.NoError(t, db.Add(t.Context(), added))
				}
			}
			token, more = page.Next, page.Next != ""
		}
		for _, record := range records {
			require.Equal(t, 1, seen[record.MsgID], "%s: %s", sort, record.MsgID)
		}
		for id, times := range seen {
			require.Equal(t, 1, times, "%s: %s", sort, id)
		}
	}
}

func tokenBound(t *testing.T, db *taskdb.DB) {
	other := db.In("other.task_records")
	for _, c := range []*taskdb.DB{db, other} {
		require.NoError(t, c.Add(t.Context(), numbered(t, 10)...))
	}
	q := taskdb.Query{Filter: `{queue: "task"}`, Sort: `{submitted: 1}`, Limit: 3}
	first, err := db.Page(t.Context(), q, "")
	require.NoError(t, err)

	changed := func(change func(q *taskdb.Query)) taskdb.Query {
		q := q
		change(&q)
		return q
	}
	for name, same := range map[string]taskdb.Query{
		"another limit":              changed(func(q *taskdb.Query) { q.Limit = 100 }),
		"other keys":                 changed(func(q *taskdb.Query) { q.Keys = []string{"label"} }),
		"the filter written as BSON": changed(func(q *taskdb.Query) { q.Filter = bson.D{{Key: "queue", Value: "task"}} }),
	} {
		page, err := db.Page(t.Context(), same, first.Next)
		require.NoError(t, err, name)
		require.Equal(t, "task-0003", page.Docs[0].Lookup("msg_id").StringValue(), name)
	}
	for name, different := range map[string]taskdb.Query{
		"another filter":    changed(func(q *taskdb.Query) { q.Filter = `{queue: "mux"}` }),
		"no filter":         changed(func(q *taskdb.Query) { q.Filter = nil }),
		"another sort":      changed(func(q *taskdb.Query) { q.Sort = `{msg_id: 1}` }),
		"another direction": changed(func(q *taskdb.Query) { q.Sort = `{submitted: -1}` }),
		"a longer sort":     changed(func(q *taskdb.Query) { q.Sort = `{submitted: 1, msg_id: 1}` }),
		"no sort":           changed(func(q *taskdb.Query) { q.Sort = nil }),
	} {
		_, err := db.Page(t.Context(), different, first.Next)
		require.ErrorIs(t, err, taskdb.ErrToken, name)
	}
	_, err = other.Page(t.Context(), q, first.Next)
	require.ErrorIs(t, err, taskdb.ErrToken)
}

func tokenChanged(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 10)...))
	q := taskdb.Query{Sort: `{submitted: -1}`, Limit: 3}
	first, err := db.Page(t.Context(), q, "")
	require.NoError(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(first.Next)
	require.NoError(t, err)

	tokens := []string{" ", "x", "====", "AAAA", "null", "ключ", first.Next + "A", " " + first.Next, string(raw)}
	for i := 1; i < len(first.Next); i++ {
		tokens = append(tokens, first.Next[:i], first.Next[i:])
	}
	for i := range raw {
		garbled := bytes.Clone(raw)
		garbled[i] ^= 1
		tokens = append(tokens, base64.RawURLEncoding.EncodeToString(garbled))
	}
	for _, token := range tokens {
		_, err := db.Page(t.Context(), q, token)
		require.ErrorIs(t, err, taskdb.ErrToken, "%q", token)
	}
}

func pageWithoutLimit(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	_, err := db.Page(t.Context(), taskdb.Query{}, "")
	var wrong *query.Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, query.CodeBadValue, wrong.Code)
	require.Equal(t, "limit", wrong.Path)
}

func pageShows(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 3)...))
	for want, q := range map[string]taskdb.Query{
		`{msg_id: "task-0001", queue: "task"}`: {Keys: []string{"queue"}},
		`{_id: "task-0001"}`:                   {Projection: "{_id: 1}"},
		`{header: {username: "ann"}}`:          {Projection: `{_id: 0, "header.username": 1}`},
	} {
		q.Sort, q.Limit = `{submitted: 1}`, 1
		first, err := db.Page(t.Context(), q, "")
		require.NoError(t, err)
		second, err := db.Page(t.Context(), q, first.Next)
		require.NoError(t, err)
		require.Equal(t, []bson.Raw{parse(t, want)}, second.Docs)
	}
}

func pageSkips(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 10)...))
	for size := range int64(9) {
		q := taskdb.Query{Sort: `{submitted: 1}`, Skip: 2, Limit: size + 1, Projection: "{}"}
		require.Equal(t, find(t, db, taskdb.Query{Sort: q.Sort, Skip: 2, Projection: "{}"}), allPages(t, db, q))
	}
}

func pageWrong(t *testing.T, db *taskdb.DB) {
	for _, q := range []taskdb.Query{
		{Filter: `{a: {$foo: 1}}`, Limit: 1}, {Sort: "{a: 0}", Limit: 1}, {Projection: "{a: 1, b: 0}", Limit: 1}, {Skip: -1, Limit: 1}, {Limit: -1},
	} {
		_, err := db.Page(t.Context(), q, "")
		var wrong, inFind *query.Error
		require.ErrorAs(t, err, &wrong)
		require.ErrorAs(t, firstError(t, db, q), &inFind)
		require.Equal(t, inFind.Error(), wrong.Error())
	}
}
