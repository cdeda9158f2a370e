package backendtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var adding = area{"add", []behaviour{
	{"a record that was added is there", addedIsThere},
	{"many records are added in one call", addedInOneCall},
	{"no records are no error", addNothing},
	{"a record of an existing msg_id is refused and the stored one untouched", addExisting},
	{"a batch with a duplicate is refused whole", addBatchWithDuplicate},
	{"what a refused batch held can be added afterwards", addAfterRefusedBatch},
	{"a batch with a document that cannot be stored is refused whole", addBatchWithBroken},
	{"a nil record is an error", addNil},
	{"broken BSON is refused", addBroken},
	{"a record of more than 16 MiB is refused", addTooLarge},
	{"records without msg_id are stored", addWithoutMsgID},
}}

func addedIsThere(t *testing.T, db *taskdb.DB) {
	record := finishedTask(t, "a")
	require.NoError(t, db.Add(t.Context(), record))
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, record, got)
	require.Equal(t, []string{"a"}, ids(t, db, taskdb.Query{}))
}

func addedInOneCall(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 2500)
	require.NoError(t, db.Add(t.Context(), records...))
	require.Equal(t, 2500, count(t, db))
	require.ElementsMatch(t, msgIDs(records), ids(t, db, taskdb.Query{}))
}

func addNothing(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context()))
	require.NoError(t, db.AddRaw(t.Context()))
	require.Zero(t, count(t, db))
}

func addExisting(t *testing.T, db *taskdb.DB) {
	first := finishedTask(t, "a")
	require.NoError(t, db.Add(t.Context(), first))

	err := db.Add(t.Context(), pendingTask(t, "a"))
	require.ErrorIs(t, err, taskdb.ErrExists)
	var duplicate *taskdb.DuplicateKeyError
	require.ErrorAs(t, err, &duplicate)
	require.Equal(t, taskdb.DefaultCollection, duplicate.Collection)

	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, first, got)
	require.Equal(t, 1, count(t, db))
}

// refusedBatches are batches that cannot be added where {_id: "x", msg_id: "a"} is
// stored, with the key that is in the way.
var refusedBatches = map[string]struct {
	docs []string
	key  string
}{
	"the stored _id comes first": {
		[]string{`{_id: "x", msg_id: "n1"}`, `{_id: "y", msg_id: "n2"}`}, `{_id: "x"}`},
	"the stored _id comes in the middle": {
		[]string{`{_id: "y", msg_id: "n1"}`, `{_id: "x", msg_id: "n2"}`, `{_id: "z", msg_id: "n3"}`}, `{_id: "x"}`},
	"the stored msg_id comes last": {
		[]string{`{_id: "y", msg_id: "n1"}`, `{_id: "z", msg_id: "n2"}`, `{_id: 5, msg_id: "a"}`}, `{msg_id: "a"}`},
	"an _id comes twice in the batch": {
		[]string{`{_id: 5, msg_id: "n1"}`, `{_id: "y", msg_id: "n2"}`, `{_id: 5.0, msg_id: "n3"}`}, `{_id: 5.0}`},
	"a msg_id comes twice in the batch": {
		[]string{`{_id: "y", msg_id: "n1"}`, `{_id: "z", msg_id: "n2"}`, `{_id: 5, msg_id: "n1"}`}, `{msg_id: "n1"}`},
}

func addBatchWithDuplicate(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "x", msg_id: "a", label: "first"}`)
	for name, batch := range refusedBatches {
		t.Run(name, func(t *testing.T) {
			err := addBatch(t, db, batch.docs)
			var duplicate *taskdb.DuplicateKeyError
			require.ErrorAs(t, err, &duplicate)
			require.ErrorIs(t, err, taskdb.ErrExists)
			key := parse(t, batch.key)
			require.Equal(t, key, duplicate.KeyValue)
			element, err := key.IndexErr(0)
			require.NoError(t, err)
			require.Equal(t, encode(t, bson.D{{Key: element.Key(), Value: int32(1)}}), duplicate.KeyPattern)

			require.Equal(t, []bson.Raw{parse(t, `{_id: "x", msg_id: "a", label: "first"}`)}, find(t, db, taskdb.Query{Projection: "{}"}))
			for _, msgID := range []string{"n1", "n2", "n3"} {
				_, err := db.Get(t.Context(), msgID)
				require.ErrorIs(t, err, taskdb.ErrNotFound)
			}
		})
	}
}

func addAfterRefusedBatch(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{_id: "x", msg_id: "a"}`)
	require.ErrorIs(t, addBatch(t, db, []string{`{_id: 1, msg_id: "b"}`, `{_id: 2, msg_id: "c"}`, `{_id: "x"}`}), taskdb.ErrExists)
	require.NoError(t, addBatch(t, db, []string{`{_id: 1, msg_id: "c"}`, `{_id: 2, msg_id: "b"}`}))
	doc, err := db.GetRaw(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, parse(t, `{_id: 2, msg_id: "b"}`), doc)
	require.Equal(t, 3, count(t, db))
}

func addBatch(t *testing.T, db *taskdb.DB, texts []string) error {
	docs := make([]bson.Raw, len(texts))
	for i, text := range texts {
		docs[i] = parse(t, text)
	}
	return db.AddRaw(t.Context(), docs...)
}

func addBatchWithBroken(t *testing.T, db *taskdb.DB) {
	require.Error(t, db.AddRaw(t.Context(), parse(t, `{msg_id: "a"}`), bson.Raw{5, 0, 0, 0, 1}))
	require.Error(t, db.Add(t.Context(), pendingTask(t, "a"), &taskdb.TaskRecord{MsgID: "b", Stdout: "\xff"}))
	require.Zero(t, count(t, db))
}

func addNil(t *testing.T, db *taskdb.DB) {
	require.ErrorContains(t, db.Add(t.Context(), pendingTask(t, "a"), nil), "record 2 of 2")
	require.Zero(t, count(t, db))
}

func addBroken(t *testing.T, db *taskdb.DB) {
	whole := parse(t, `{msg_id: "a", label: "b", n: [1, {m: true}]}`)
	for length := range whole {
		var invalid *query.Error
		require.ErrorAs(t, db.AddRaw(t.Context(), whole[:length]), &invalid, "the first %d bytes", length)
		require.Equal(t, query.CodeInvalidBSON, invalid.Code)
	}
	require.Zero(t, count(t, db))
}

func addTooLarge(t *testing.T, db *taskdb.DB) {
	large := &taskdb.TaskRecord{MsgID: "a", Stdout: strings.Repeat("x", taskdb.MaxRecordSize)}
	require.ErrorIs(t, db.Add(t.Context(), large), taskdb.ErrTooLarge)
	require.Zero(t, count(t, db))
}

func addWithoutMsgID(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{Label: "a"}, &taskdb.TaskRecord{Label: "b"}))
	addDocs(t, db, `{label: "c"}`, `{label: "d", msg_id: null}`, `{label: "e", msg_id: 5}`, `{label: "f", msg_id: 5}`)
	labels, err := db.Distinct(t.Context(), "label", nil)
	require.NoError(t, err)
	require.Len(t, labels, 6)
}
