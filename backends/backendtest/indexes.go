package backendtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var indexing = area{"indexes", []behaviour{
	{"a collection of tasks has the standard indexes, another one on _id", standardIndexes},
	{"a collection that was never written to has none", unwrittenHasNone},
	{"an index's keys may be written in many forms", createIndexForms},
	{"an index that is there already is left as it is", createIndexAgain},
	{"an index that is in another's way is refused", createIndexConflict},
	{"keys and filters that no index can have are refused", createWrongIndex},
	{"a filter that may fail of a document, or take long, is none of an index", createFallibleIndex},
	{"index names are any text", indexNames},
	{"an index of a filled collection has all its documents", createOnFilled},
	{"arrays make an index multikey", multikeyNoted},
	{"values of any length are told apart", longKeys},
	{"parallel arrays are refused", parallelArrays},
	{"an index is dropped by its name", dropIndex},
	{"standard indexes stay", dropStandardIndex},
}}

// indexes returns the collection's indexes.
func indexes(t tester, db *taskdb.DB) []taskdb.IndexInfo {
	t.Helper()
	infos, err := db.Indexes(t.Context())
	require.NoError(t, err)
	return infos
}

// declared returns the names of the indexes that are not standard, in order.
func declared(t tester, db *taskdb.DB) []string {
	t.Helper()
	names := []string{}
	for _, info := range indexes(t, db) {
		if !info.Standard {
			names = append(names, info.Name)
		}
	}
	slices.Sort(names)
	return names
}

func createIndex(t tester, db *taskdb.DB, index taskdb.Index) {
	t.Helper()
	_, err := db.CreateIndex(t.Context(), index)
	require.NoError(t, err)
}

func standardIndexes(t *testing.T, db *taskdb.DB) {
	standard := func(name, keys string) taskdb.IndexInfo {
		return taskdb.IndexInfo{Name: name, Keys: parse(t, keys), Standard: true}
	}
	unique := func(info taskdb.IndexInfo) taskdb.IndexInfo {
		info.Unique = true
		return info
	}
	unfinished := standard("unfinished", `{submitted: 1}`)
	unfinished.Partial = parse(t, `{completed: null}`)

	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	require.ElementsMatch(t, []taskdb.IndexInfo{
		unique(standard("_id_", `{_id: 1}`)),
		unique(standard("msg_id_1", `{msg_id: 1}`)),
		standard("submitted_1", `{submitted: 1}`),
		standard("started_1", `{started: 1}`),
		standard("completed_1", `{completed: 1}`),
		standard("client_uuid_1", `{client_uuid: 1}`),
		standard("engine_uuid_1", `{engine_uuid: 1}`),
		standard("queue_1", `{queue: 1}`),
		standard("label_1", `{label: 1}`),
		standard("result_content.status_1", `{"result_content.status": 1}`),
		unfinished,
	}, indexes(t, db))

	other := db.In("other.things")
	addDocs(t, other, `{_id: 1}`)
	require.Equal(t, []taskdb.IndexInfo{unique(standard("_id_", `{_id: 1}`))}, indexes(t, other))
}

func unwrittenHasNone(t *testing.T, db *taskdb.DB) {
	require.Empty(t, indexes(t, db))
	require.ErrorIs(t, db.DropIndex(t.Context(), "label_1_queue_1"), taskdb.ErrNotFound)
	require.Empty(t, collectionNamesOf(t, db))
	createIndex(t, db, taskdb.Index{Keys: "priority"})
	require.Equal(t, []string{"priority_1"}, declared(t, db))
	require.Equal(t, []string{db.Collection()}, collectionNamesOf(t, db))
}

func createIndexForms(t *testing.T, db *taskdb.DB) {
	for i, keys := range []any{
		"header.username,-submitted",
		" header.username , -submitted ",
		`{"header.username": 1, submitted: -1}`,
		bson.D{{Key: "header.username", Value: 1}, {Key: "submitted", Value: -1}},
		bson.D{{Key: "header.username", Value: 1.0}, {Key: "submitted", Value: int64(-1)}},
		parse(t, `{"header.username": 1, submitted: -1}`),
	} {
		c := db.In(fmt.Sprintf("forms.c%d", i))
		name, err := c.CreateIndex(t.Context(), taskdb.Index{Keys: keys, Partial: `{priority: {$gt: 5}}`})
		require.NoError(t, err, "%v", keys)
		require.Equal(t, "header.username_1_submitted_-1", name)
		require.Equal(t, taskdb.IndexInfo{
			Name:    name,
			Keys:    parse(t, `{"header.username": 1, submitted: -1}`),
			Partial: parse(t, `{priority: {$gt: 5}}`),
		}, indexes(t, c)[1], "%v", keys)
	}
	name, err := db.CreateIndex(t.Context(), taskdb.Index{Name: "by user", Keys: "header.username", Unique: true})
	require.NoError(t, err)
	require.Equal(t, "by user", name)
	require.Contains(t, indexes(t, db), taskdb.IndexInfo{Name: "by user", Keys: parse(t, `{"header.username": 1}`), Unique: true})
}

func createIndexAgain(t *testing.T, db *taskdb.DB) {
	index := taskdb.Index{Keys: "priority,-submitted", Unique: true, Partial: `{completed: null}`}
	createIndex(t, db, index)
	before := indexes(t, db)
	index.Keys, index.Partial = `{priority: 1.0, submitted: -1}`, bson.D{{Key: "completed", Value: nil}}
	createIndex(t, db, index)
	createIndex(t, db, taskdb.Index{Keys: "submitted"}) // a standard one
	require.Equal(t, before, indexes(t, db))
}

func createIndexConflict(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Name: "p", Keys: "priority"})
	before := indexes(t, db)
	for name, index := range map[string]taskdb.Index{
		"the name, other keys":           {Name: "p", Keys: "prio"},
		"the name, another direction":    {Name: "p", Keys: "-priority"},
		"the name, more keys":            {Name: "p", Keys: "priority,label"},
		"the name, but unique":           {Name: "p", Keys: "priority", Unique: true},
		"the name, but partial":          {Name: "p", Keys: "priority", Partial: `{completed: null}`},
		"the keys, another name":         {Name: "q", Keys: "priority"},
		"the keys, no name":              {Keys: "priority"},
		"the keys, another name, unique": {Name: "q", Keys: "priority", Unique: true},
		"the name of a standard index":   {Name: "_id_", Keys: "prio"},
		"the keys of a standard index":   {Name: "q", Keys: "submitted"},
		"a standard index, but unique":   {Keys: "submitted", Unique: true},
	} {
		_, err := db.CreateIndex(t.Context(), index)
		require.ErrorIs(t, err, taskdb.ErrIndexConflict, name)
		require.Equal(t, before, indexes(t, db), name)
	}
	createIndex(t, db, taskdb.Index{Keys: "-priority"})
	createIndex(t, db, taskdb.Index{Name: "some", Keys: "priority", Partial: `{completed: null}`})
	require.Equal(t, []string{"p", "priority_-1", "some"}, declared(t, db))
}

func createWrongIndex(t *testing.T, db *taskdb.DB) {
	var many bson.D
	for i := range 33 {
		many = append(many, bson.E{Key: fmt.Sprint("k", i), Value: 1})
	}
	for name, index := range map[string]taskdb.Index{
		"no keys":                   {},
		"no keys in a document":     {Keys: "{}"},
		"no path":                   {Keys: ""},
		"no path after a comma":     {Keys: "a,"},
		"no path behind a minus":    {Keys: "a,-"},
		"an empty part of a path":   {Keys: "a..b"},
		"a dollar":                  {Keys: "$a"},
		"a direction of zero":       {Keys: `{a: 0}`},
		"a direction of two":        {Keys: `{a: 2}`},
		"a text index":              {Keys: `{a: "text"}`},
		"a number for keys":         {Keys: 5},
		"too many keys":             {Keys: many},
		"broken text":               {Keys: "{a: "},
		"a filter that is wrong":    {Keys: "a", Partial: `{b: {$foo: 1}}`},
		"a filter that is none":     {Keys: "a", Partial: `[]`},
		"broken BSON for a filter":  {Keys: "a", Partial: bson.Raw{1, 2, 3}},
		"broken BSON for the keys":  {Keys: bson.Raw{1, 2, 3}},
		"$meta, which is of a sort": {Keys: `{a: {$meta: "textScore"}}`},
	} {
		_, err := db.CreateIndex(t.Context(), index)
		var wrong *query.Error
		require.ErrorAs(t, err, &wrong, name)
	}
	require.Empty(t, collectionNamesOf(t, db))
}

// createFallibleIndex: where a filter fails, nobody knows whether a document that goes
// has left keys in the index.
func createFallibleIndex(t *testing.T, db *taskdb.DB) {
	for _, filter := range []string{
		`{$expr: {$gt: ["$n", 1]}}`, `{a: /x/}`, `{a: {$regex: "^x"}}`, `{a: {$not: /x/}}`, `{a: {$in: [1, /x/, /y/]}}`, `{a: {$elemMatch: {$regex: "x"}}}`,
		`{b: 1, $or: [{c: 1}, {d: {$elemMatch: {a: {$nin: [/x/]}}}}]}`, `{a: {$all: [/x/]}}`,
	} {
		_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "n", Partial: filter})
		requireCode(t, query.CodeCannotCreateIndex, err, filter)
	}
	_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "n", Partial: bson.M{"a": strings.Repeat("x", 5<<10)}})
	requireCode(t, query.CodeCannotCreateIndex, err, "partial")
	_, err = db.CreateIndex(t.Context(), taskdb.Index{Keys: "n", Partial: bson.M{strings.Repeat("0.", 40) + "0": 1}})
	requireCode(t, query.CodeCannotCreateIndex, err, "a path that leads everywhere")
	require.Empty(t, collectionNamesOf(t, db))
}

func indexNames(t *testing.T, db *taskdb.DB) {
	names := []string{
		" ", "$**", "%s?", "A", "UPPER", "[x]", "a", "a.b", "it's", "sqlite_x", "upper", "x; drop table y; --", `"quoted"`, "ключ", "日本語",
		"z" + strings.Repeat("long", 60),
	}
	slices.Sort(names)
	for i, name := range names {
		created, err := db.CreateIndex(t.Context(), taskdb.Index{Name: name, Keys: fmt.Sprint("k", i)})
		require.NoError(t, err, "%q", name)
		require.Equal(t, name, created)
	}
	require.Equal(t, names, declared(t, db))
	addDocs(t, db, `{_id: "a", k0: 1, k5: 2}`, `{_id: "b", k0: 2, k5: 1}`)
	require.Equal(t, []string{"b"}, ids(t, db, taskdb.Query{Filter: `{k5: 1}`}))
	for _, name := range names {
		require.NoError(t, db.DropIndex(t.Context(), name), "%q", name)
	}
	require.Empty(t, declared(t, db))
}

func createOnFilled(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 1500)
	for i, record := range records {
		record.Header = encode(t, bson.D{{Key: "username", Value: fmt.Sprint("user-", i%7)}, {Key: "n", Value: i}})
	}
	require.NoError(t, db.Add(t.Context(), records[:1400]...))
	createIndex(t, db, taskdb.Index{Keys: "header.username,-header.n"})
	createIndex(t, db, taskdb.Index{Name: "late", Keys: "header.n", Unique: true, Partial: `{submitted: {$gte: ISODate("2026-11-23T10:00:00Z")}}`})
	require.NoError(t, db.Add(t.Context(), records[1400:]...))

	for index, q := range map[string]taskdb.Query{
		"header.username_1_header.n_-1": {Filter: `{"header.username": "user-3"}`},
		"late":                          {Filter: `{"header.n": {$gte: 1395}, submitted: {$gte: ISODate("2026-11-23T10:00:00Z")}}`},
	} {
		var want []string
		for _, doc := range matching(t, encodeAll(t, records), q.Filter) {
			want = append(want, doc.Lookup("msg_id").StringValue())
		}
		require.ElementsMatch(t, want, ids(t, db, q), index)
		require.Equal(t, []string{index}, scanned(explain(t, db, q)))
	}
}

// encodeAll returns the documents that records are stored as.
func encodeAll(t tester, records []*taskdb.TaskRecord) []bson.Raw {
	t.Helper()
	docs := make([]bson.Raw, len(records))
	for i, record := range records {
		doc, err := record.MarshalBSON()
		require.NoError(t, err)
		docs[i] = doc
	}
	return docs
}

func multikeyNoted(t *testing.T, db *taskdb.DB) {
	multikey := func() (names []string) {
		for _, info := range indexes(t, db) {
			if info.Multikey {
				names = append(names, info.Name)
			}
		}
		return names
	}
	createIndex(t, db, taskdb.Index{Keys: "tags"})
	addDocs(t, db, `{_id: "a", tags: "x", label: "x", steps: [{n: 1}, {n: 2}]}`)
	require.Empty(t, multikey())
	addDocs(t, db, `{_id: "b", tags: ["x", "y"], label: "x"}`)
	require.Equal(t, []string{"tags_1"}, multikey())
	createIndex(t, db, taskdb.Index{Keys: "steps.n"})
	require.ElementsMatch(t, []string{"tags_1", "steps.n_1"}, multikey())

	require.Equal(t, []string{"b"}, ids(t, db, taskdb.Query{Filter: `{tags: "y"}`}))
	require.Equal(t, []string{"b"}, ids(t, db, taskdb.Query{Filter: `{tags: {$all: ["x", "y"]}}`}))
	require.ElementsMatch(t, []string{"a", "b"}, ids(t, db, taskdb.Query{Filter: `{tags: {$in: ["x", "y"]}}`}))
	require.Equal(t, []string{"a"}, ids(t, db, taskdb.Query{Filter: `{"steps.n": {$gt: 1, $lt: 2}}`})[:1], "two elements may satisfy the two")
}

// longKeys: what an index keeps of a value may be shorter than the value.
func longKeys(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "path", Unique: true})
	long := strings.Repeat("x", 5000)
	values := map[string]string{"a": long, "b": long + "a", "c": long + "b", "d": long[:1000], "e": long[:1024], "f": "x"}
	for id, value := range values {
		addDocs(t, db, fmt.Sprintf(`{_id: %q, msg_id: %q, label: %q, path: %q}`, id, value, value, value))
	}
	for id, value := range values {
		for _, key := range []string{"path", "label", "msg_id"} {
			require.Equal(t, []string{id}, ids(t, db, taskdb.Query{Filter: bson.M{key: value}}), key)
			require.Equal(t, []string{"f", "d", "e", "a", "b", "c"}, ids(t, db, taskdb.Query{Sort: bson.M{key: 1}}), key)
			above := taskdb.Query{Filter: bson.M{key: bson.M{"$gt": long, "$lte": long + "b"}}}
			require.ElementsMatch(t, []string{"b", "c"}, ids(t, db, above), key)
			require.Len(t, ids(t, db, taskdb.Query{Filter: bson.M{key: bson.M{"$ne": value}}}), 5, key)
		}
		err := db.AddRaw(t.Context(), encode(t, bson.D{{Key: "_id", Value: "again"}, {Key: "path", Value: value}}))
		var duplicate *taskdb.DuplicateKeyError
		require.ErrorAs(t, err, &duplicate)
		require.Equal(t, encode(t, bson.D{{Key: "path", Value: value}}), duplicate.KeyValue)
	}
}

func parallelArrays(t *testing.T, db *taskdb.DB) {
	const parallel = `{_id: "parallel", msg_id: "parallel", a: [1, 2], b: [3, 4]}`
	refused := func(err error) {
		t.Helper()
		var wrong *query.Error
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, query.CodeParallelArrays, wrong.Code)
	}
	createIndex(t, db, taskdb.Index{Keys: "a,b"})
	refused(addBatch(t, db, []string{`{_id: "before"}`, parallel}))
	require.Zero(t, count(t, db))
	addDocs(t, db, `{_id: "one", a: [1, 2], b: 3}`, `{_id: "other", a: 1, b: [3, 4]}`)

	filled := db.In("parallel.arrays")
	addDocs(t, filled, `{_id: "before"}`, parallel)
	_, err := filled.CreateIndex(t.Context(), taskdb.Index{Keys: "a,b"})
	refused(err)
	require.Empty(t, declared(t, filled))
	createIndex(t, filled, taskdb.Index{Keys: "a.x,a.y"}) // paths may share an array
	addDocs(t, filled, `{_id: "shared", a: [{x: 1, y: 2}, {x: 3}]}`)
	require.Equal(t, []string{"shared"}, ids(t, filled, taskdb.Query{Filter: `{"a.x": 3, "a.y": 2}`}))
}

func dropIndex(t *testing.T, db *taskdb.DB) {
	createIndex(t, db, taskdb.Index{Keys: "serial", Unique: true})
	createIndex(t, db, taskdb.Index{Keys: "-serial"})
	addDocs(t, db, `{_id: "a", serial: 5}`)
	require.NoError(t, db.DropIndex(t.Context(), "serial_1"))
	require.Equal(t, []string{"serial_-1"}, declared(t, db))
	for _, name := range []string{"serial_1", "", "Serial_-1", "no such index"} {
		require.ErrorIs(t, db.DropIndex(t.Context(), name), taskdb.ErrNotFound, "%q", name)
	}

	addDocs(t, db, `{_id: "b", serial: 5}`) // nothing forbids it any more
	require.NoError(t, db.DropIndex(t.Context(), "serial_-1"))
	require.ElementsMatch(t, []string{"a", "b"}, ids(t, db, taskdb.Query{Filter: `{serial: 5}`}))
	createIndex(t, db, taskdb.Index{Name: "serial_1", Keys: "serial,_id"}) // the name is free
	require.ElementsMatch(t, []string{"a", "b"}, ids(t, db, taskdb.Query{Filter: `{serial: 5}`}))
}

func dropStandardIndex(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	before := indexes(t, db)
	for _, info := range before {
		require.ErrorIs(t, db.DropIndex(t.Context(), info.Name), taskdb.ErrIndexConflict, info.Name)
	}
	require.Equal(t, before, indexes(t, db))
}
