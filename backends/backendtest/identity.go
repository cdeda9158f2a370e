package backendtest

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

var identity = area{"identity", []behaviour{
	{"a task's _id is its msg_id", idOfTask},
	{"a document keeps the _id that it came with", idOfItsOwn},
	{"the _id is moved to the first place", idFirst},
	{"a document without _id and msg_id gets an ObjectID", idGenerated},
	{"an _id may be of any type and is unique by its value", idOfAnyType},
	{"equal numbers of different types are the same _id", idOfEqualNumbers},
	{"long ids that begin alike are different", idLong},
	{"an _id that is an array, a regular expression or undefined is refused", idRefused},
	{"a document with two _ids is refused", idTwice},
	{"a msg_id that is no string is not unique", msgIDOfOtherTypes},
	{"nor are the strings in an array", msgIDInArray},
}}

func idOfTask(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	addDocs(t, db, `{label: "x", msg_id: "b"}`)
	require.ElementsMatch(t, []string{"a", "b"}, ids(t, db, taskdb.Query{}))
	doc, err := db.GetRaw(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, parse(t, `{_id: "b", label: "x", msg_id: "b"}`), doc)
}

func idOfItsOwn(t *testing.T, db *taskdb.DB) {
	text := `{_id: ObjectId("6720a1b2c3d4e5f601234567"), msg_id: "a"}`
	addDocs(t, db, text)
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, parse(t, text), doc)
}

func idFirst(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{msg_id: "a", label: "x", _id: 7, queue: "mux"}`)
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, parse(t, `{_id: 7, msg_id: "a", label: "x", queue: "mux"}`), doc)
}

func idGenerated(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{label: "a"}`, `{label: "a"}`, `{msg_id: 5, label: "a"}`)
	seen := map[bson.ObjectID]bool{}
	for _, doc := range find(t, db, taskdb.Query{Projection: "{}"}) {
		first, err := doc.IndexErr(0)
		require.NoError(t, err)
		require.Equal(t, "_id", first.Key())
		seen[first.Value().ObjectID()] = true
	}
	require.Len(t, seen, 3)
}

// distinctIDs are values of every type that an _id may have, no two of them equal.
var distinctIDs = []any{
	nil, false, true, int32(0), int32(1), int64(math.MaxInt64), 1.5, math.MaxInt64 * 2.0, math.NaN(), math.Inf(-1),
	"", "1", "a", "A", "a\x00", "a\x00b", "ä",
	bson.D{}, bson.D{{Key: "a", Value: 1}}, bson.D{{Key: "b", Value: 1}},
	bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}}, bson.D{{Key: "b", Value: 1}, {Key: "a", Value: 1}},
	bson.D{{Key: "a", Value: bson.A{1, 2}}}, bson.D{{Key: "a", Value: bson.A{2, 1}}},
	bson.Binary{}, bson.Binary{Data: []byte("a")}, bson.Binary{Subtype: 4, Data: []byte("a")}, bson.Binary{Data: []byte{0}},
	bson.ObjectID{}, bson.ObjectID{11: 1}, bson.DateTime(0), bson.DateTime(-1), bson.Timestamp{}, bson.Timestamp{I: 1},
	bson.MinKey{}, bson.MaxKey{}, bson.JavaScript("a"), bson.CodeWithScope{Code: "a", Scope: bson.D{}},
	bson.DBPointer{DB: "a"},
}

func idOfAnyType(t *testing.T, db *taskdb.DB) {
	for i, id := range distinctIDs {
		require.NoError(t, db.AddRaw(t.Context(), encode(t, bson.D{{Key: "_id", Value: id}, {Key: "n", Value: i}})), "%T %v", id, id)
	}
	for _, id := range distinctIDs {
		err := db.AddRaw(t.Context(), encode(t, bson.D{{Key: "_id", Value: id}}))
		require.ErrorIs(t, err, taskdb.ErrExists, "%T %v", id, id)
	}
	require.Equal(t, len(distinctIDs), count(t, db))
}

func idOfEqualNumbers(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: 1}`, `{_id: {a: [2.0]}}`, `{_id: 0}`, `{_id: NumberLong("9007199254740993")}`)
	for _, id := range []string{`1.0`, `NumberLong(1)`, `NumberDecimal("1.00")`, `{a: [2]}`, `{a: [NumberLong(2)]}`, `-0.0`} {
		err := db.AddRaw(t.Context(), parse(t, fmt.Sprintf(`{_id: %s}`, id)))
		require.ErrorIs(t, err, taskdb.ErrExists, "%s", id)
	}
	addDocs(t, db, `{_id: 9007199254740992.0}`, `{_id: 1.0000000000000002}`)
	require.Equal(t, 6, count(t, db))
}

func idLong(t *testing.T, db *taskdb.DB) {
	long := strings.Repeat("x", 5000)
	for _, id := range []string{long, long + "a", long + "b", long[1:]} {
		record := &taskdb.TaskRecord{MsgID: id, Label: id}
		require.NoError(t, db.Add(t.Context(), record))
		require.ErrorIs(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: id}), taskdb.ErrExists)
		got, err := db.Get(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, record, got)
		require.Equal(t, []string{id}, ids(t, db, taskdb.Query{Filter: bson.M{"msg_id": id}}))
		require.Equal(t, []string{id}, ids(t, db, taskdb.Query{Filter: bson.M{"_id": id, "label": id}}))
	}
	_, err := db.Get(t.Context(), long+"c")
	require.ErrorIs(t, err, taskdb.ErrNotFound)
}

func idRefused(t *testing.T, db *taskdb.DB) {
	for _, id := range []string{`[]`, `["a"]`, `/a/`, `undefined`} {
		for _, text := range []string{`{_id: %s, msg_id: "a"}`, `{msg_id: "a", _id: %s}`} {
			err := db.AddRaw(t.Context(), parse(t, fmt.Sprintf(text, id)))
			var invalid *query.Error
			require.ErrorAs(t, err, &invalid, "%s", id)
			require.Equal(t, 53, invalid.Code)
		}
	}
	addDocs(t, db, `{_id: {a: [1], b: /a/}}`)
	require.Equal(t, 1, count(t, db))
}

func idTwice(t *testing.T, db *taskdb.DB) {
	for _, text := range []string{`{_id: 1, _id: 2}`, `{msg_id: "a", _id: 1, label: "b", _id: 1}`} {
		var invalid *query.Error
		require.ErrorAs(t, db.AddRaw(t.Context(), parse(t, text)), &invalid)
		require.Equal(t, query.CodeBadValue, invalid.Code)
	}
	require.Zero(t, count(t, db))
}

func msgIDOfOtherTypes(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{msg_id: 5}`, `{msg_id: 5}`, `{msg_id: null}`, `{msg_id: null}`, `{msg_id: {a: 1}}`, `{msg_id: {a: 1}}`, `{msg_id: "a"}`)
	require.Equal(t, 7, count(t, db))
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, parse(t, `{_id: "a", msg_id: "a"}`), doc)
}

func msgIDInArray(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{msg_id: ["a", "b"]}`, `{msg_id: ["b", 5]}`, `{_id: 1, msg_id: "a"}`, `{msg_id: "c"}`, `{_id: 2, msg_id: ["c", "a"]}`)
	require.ErrorIs(t, addBatch(t, db, []string{`{_id: 3, msg_id: "a"}`}), taskdb.ErrExists)
	require.Equal(t, 5, count(t, db))
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, parse(t, `{_id: 1, msg_id: "a"}`), doc)
	_, err = db.GetRaw(t.Context(), "b")
	require.ErrorIs(t, err, taskdb.ErrNotFound)
}
