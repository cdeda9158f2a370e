package mongo_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// onServer returns the server's collection of a store's default one.
func (o ownStore) onServer() *driver.Collection {
	var collection *driver.Collection
	taskdb.NewDB(o).As(&collection)
	return collection
}

func openBoth(t *testing.T) (ownStore, *taskdb.DB) {
	own := openOwn(t)
	db := taskdb.NewDB(own)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return own, db
}

func TestTheDefaultCollectionIsIPythons(t *testing.T) {
	own, db := openBoth(t)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Label: "x", Buffers: [][]byte{{1, 2}}}))
	want, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	got, err := own.onServer().FindOne(t.Context(), bson.D{}).Raw()
	require.NoError(t, err)
	require.Equal(t, want, got, "the record is stored as it is")

	_, err = own.onServer().InsertOne(t.Context(), bson.D{{Key: "msg_id", Value: "b"}, {Key: "label", Value: "of another"}})
	require.NoError(t, err)
	record, err := db.Get(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, "of another", record.Label)
}

func TestWhatLiesBelowIsTheDriver(t *testing.T) {
	own, db := openBoth(t)
	var collection *driver.Collection
	require.True(t, db.In("a.b").As(&collection))
	require.Equal(t, own.prefix+"a", collection.Database().Name())
	require.Equal(t, "b", collection.Name())
	var client *driver.Client
	require.True(t, db.As(&client))
	require.NoError(t, client.Ping(t.Context(), nil))
	require.False(t, db.As(new(int)))
	require.False(t, db.In("no name").As(&collection))
}

// ipythonIndexes are those that IPython's hub makes when it starts.
var ipythonIndexes = []driver.IndexModel{
	{Keys: bson.D{{Key: "msg_id", Value: 1}}, Options: options.Index().SetUnique(true)},
	{Keys: bson.D{{Key: "submitted", Value: 1}}},
}

func TestIPythonsIndexesStayAndDo(t *testing.T) {
	own, db := openBoth(t)
	_, err := own.onServer().Indexes().CreateMany(t.Context(), ipythonIndexes)
	require.NoError(t, err)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}))
	require.ErrorIs(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}), taskdb.ErrExists)

	onServer, err := own.onServer().Indexes().ListSpecifications(t.Context())
	require.NoError(t, err)
	var names []string
	for _, x := range onServer {
		names = append(names, x.Name)
	}
	require.Subset(t, names, []string{"_id_", "msg_id_1", "submitted_1", "completed_1", "result_content.status_1"})
	require.NotContains(t, names, "taskdb_msg_id")

	indexes, err := db.Indexes(t.Context())
	require.NoError(t, err)
	require.Equal(t, "msg_id_1", indexes[1].Name)
	require.True(t, indexes[1].Standard && indexes[1].Unique)
	require.ErrorIs(t, db.DropIndex(t.Context(), "msg_id_1"), taskdb.ErrIndexConflict)
}

func TestAnIPythonHubCanStartOnTaskdbsCollection(t *testing.T) {
	own, db := openBoth(t)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}))
	for _, index := range ipythonIndexes {
		_, err := own.onServer().Indexes().CreateOne(t.Context(), index)
		require.NoError(t, err)
	}
}

func TestOfARefusedBatchNothingIsLeft(t *testing.T) {
	own, db := openBoth(t)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "stored", Label: "first"}))
	err := db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}, &taskdb.TaskRecord{MsgID: "b"}, &taskdb.TaskRecord{MsgID: "stored"}, &taskdb.TaskRecord{MsgID: "c"})
	require.ErrorIs(t, err, taskdb.ErrExists)
	var duplicate *taskdb.DuplicateKeyError
	require.ErrorAs(t, err, &duplicate)
	require.Equal(t, taskdb.DefaultCollection, duplicate.Collection)
	n, err := own.onServer().CountDocuments(t.Context(), bson.D{})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	record, err := db.Get(t.Context(), "stored")
	require.NoError(t, err)
	require.Equal(t, "first", record.Label)
}

func TestOfManyThatAddTheSameTaskOneSucceeds(t *testing.T) {
	t.Parallel()
	_, db := openBoth(t)
	const writers, tasks = 8, 25
	var added [tasks]atomic.Int32
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for i := range tasks {
				i := (i + 3*writer) % tasks
				err := db.Add(t.Context(), &taskdb.TaskRecord{MsgID: fmt.Sprint("task-", i)})
				if err == nil {
					added[i].Add(1)
					continue
				}
				assert.ErrorIs(t, err, taskdb.ErrExists)
			}
		})
	}
	all.Wait()
	for i := range added {
		require.EqualValues(t, 1, added[i].Load(), "task-%d", i)
	}
}

func TestPagesHoldEachRecordOnceWhileOthersAreAdded(t *testing.T) {
	t.Parallel()
	_, db := openBoth(t)
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i := range 12 {
		require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: fmt.Sprint("task-", i), Submitted: noon.Add(time.Duration(i/4) * time.Minute)}))
	}
	for _, sort := range []string{`{submitted: 1}`, `{submitted: -1}`, `{label: 1}`, `{label: -1, submitted: -1}`} {
		seen := map[string]int{}
		q := taskdb.Query{Sort: sort, Limit: 5, Keys: []string{"msg_id"}}
		for token, more := "", true; more; more = token != "" {
			page, err := db.Page(t.Context(), q, token)
			require.NoError(t, err)
			for _, doc := range page.Docs {
				seen[doc.Lookup("msg_id").StringValue()]++
			}
			if len(seen) < 10 {
				for minute := range 4 {
					added := &taskdb.TaskRecord{MsgID: fmt.Sprint("task-5-", sort, len(seen), minute), Submitted: noon.Add(time.Duration(minute-1) * time.Minute)}
					require.NoError(t, db.Add(t.Context(), added))
				}
			}
			token = page.Next
		}
		for i := range 12 {
			require.Equal(t, 1, seen[fmt.Sprint("task-", i)], sort)
		}
		for id, n := range seen {
			require.Equal(t, 1, n, "%s: %s", sort, id)
		}
	}
}

func TestAnErrorOfTheServerKeepsItsCodeAndWords(t *testing.T) {
	_, db := openBoth(t)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Label: "x"}))
	err := db.UpdateRecord(t.Context(), "a", `{$inc: {label: 1}}`)
	var refused *query.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, query.CodeTypeMismatch, refused.Code)
	require.Contains(t, refused.Message, "Cannot apply $inc to a value of non-numeric type")
	var cause driver.WriteException
	require.ErrorAs(t, err, &cause)
}

func TestAServerThatIsNotReachableIsSaidToBe(t *testing.T) {
	_, err := taskdb.Open(t.Context(), "mongodb://hub:secret@127.0.0.1:1/?serverSelectionTimeoutMS=100&tlsCertificateKeyFilePassword=hidden")
	require.ErrorIs(t, err, taskdb.ErrUnreachable)
	require.ErrorContains(t, err, "mongodb://hub:xxxxx@127.0.0.1:1/")
	require.ErrorContains(t, err, "connection refused")
	for _, word := range []string{"secret", "hidden"} {
		require.NotContains(t, err.Error(), word)
	}
}

func TestAPasswordIsInNoErrorOfAMalformedURL(t *testing.T) {
	for _, url := range []string{
		"mongodb://hub:sec/ret@127.0.0.1:1/", "mongodb://hub:sec%ret@127.0.0.1:1/", "mongodb://hub:sec@ret@127.0.0.1:1/?w=-1", "mongodb://hub:sec ret@127.0.0.1:port/",
		"mongodb+srv://hub:secret@127.0.0.1:27017/", "mongodb://hub:secret@127.0.0.1:1/?tls=maybe", "mongodb://hub:secret@127.0.0.1:1/?authMechanism=none",
	} {
		_, err := taskdb.Open(t.Context(), url)
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "sec", url)
		require.NotContains(t, err.Error(), "ret@", url)
	}
}

// large returns the record of a task that is larger than MongoDB takes, with buffers
// of 16 MiB, of one byte and of 1 MiB.
func large(id string) *taskdb.TaskRecord {
	data := func(b byte, size int) []byte { return bytes.Repeat([]byte{b}, size) }
	return &taskdb.TaskRecord{MsgID: id, Label: "x", Buffers: [][]byte{data(1, 16<<20), {2}, data(3, 1<<20)}}
}

func TestALargeRecordLeavesNoKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	own, db := openBoth(t)
	record := large("a")
	require.NoError(t, db.Add(t.Context(), record))
	whole, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	want, err := record.MarshalBSON()
	require.NoError(t, err)
	require.Equal(t, sha256.Sum256(want[4:]), sha256.Sum256(whole[4+len("\x02_id\x00\x02\x00\x00\x00a\x00"):]))

	stored, err := own.onServer().FindOne(t.Context(), bson.D{}).Raw()
	require.NoError(t, err)
	elements, err := stored.Elements()
	require.NoError(t, err)
	var keys, wantKeys []string
	for _, e := range elements {
		keys = append(keys, e.Key())
	}
	elements, err = whole.Elements()
	require.NoError(t, err)
	for _, e := range elements {
		wantKeys = append(wantKeys, e.Key())
	}
	require.Equal(t, wantKeys, keys)
	for _, filter := range []string{`{buffers: {$size: 3}}`, `{buffers: {$type: "binData"}}`, `{buffers: {$ne: null}}`, `{"buffers.1": BinData(0, "Ag==")}`} {
		n, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
		require.NoError(t, err)
		require.EqualValues(t, 1, n, filter)
	}
	names, err := db.Collections(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{taskdb.DefaultCollection}, names, "the bucket is not shown")
}

func TestALargeResultIsSet(t *testing.T) {
	t.Parallel()
	_, db := openBoth(t)
	record := large("a")
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a", Label: "x", Buffers: [][]byte{{7}}}))
	buffers := bson.A{}
	for _, data := range record.Buffers {
		buffers = append(buffers, bson.Binary{Data: data})
	}
	require.NoError(t, db.UpdateRecord(t.Context(), "a", bson.D{
		{Key: "$set", Value: bson.D{{Key: "result_buffers", Value: buffers}, {Key: "label", Value: "y"}}},
		{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}},
	}))
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "y", got.Label)
	require.True(t, len(got.ResultBuffers) == 3 && bytes.Equal(got.ResultBuffers[0], record.Buffers[0]) && bytes.Equal(got.ResultBuffers[2], record.Buffers[2]))

	err = db.UpdateRecord(t.Context(), "a", bson.D{{Key: "$set", Value: bson.D{{Key: "stdout", Value: strings.Repeat("x", 17<<20)}}}})
	require.ErrorIs(t, err, taskdb.ErrTooLarge)
}

func TestTheMarkOfABufferKeptApartIsRefused(t *testing.T) {
	own, db := openBoth(t)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}))
	require.NoError(t, db.PutBuffer(t.Context(), "a", "buffers", bytes.NewReader(make([]byte, 1<<20+1))))
	stored, err := own.onServer().FindOne(t.Context(), bson.D{}).Raw()
	require.NoError(t, err)
	array, err := stored.Lookup("buffers").Array().Values()
	require.NoError(t, err)
	_, data := array[0].Binary()
	var refused *query.Error
	require.ErrorAs(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "b", Buffers: [][]byte{data}}), &refused)
	require.ErrorAs(t, db.UpdateRecord(t.Context(), "a", bson.M{"$set": bson.M{"label": bson.Binary{Data: data}}}), &refused)
	require.ErrorAs(t, db.AppendList(t.Context(), "a", "log", bson.Binary{Data: data}), &refused)
	require.Equal(t, query.CodeBadValue, refused.Code)
}
