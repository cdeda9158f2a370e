package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

func getError(t *testing.T, db *taskdb.DB, msgID string) error {
	t.Helper()
	_, err := db.Get(t.Context(), msgID)
	return err
}

func statsOf(t *testing.T, db *taskdb.DB) taskdb.Stats {
	t.Helper()
	stats, err := db.Stats(t.Context())
	require.NoError(t, err)
	return stats
}

func TestWhatHasExpiredStaysSo(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?max_records=1&cull=0")
	require.NoError(t, db.Add(t.Context(), task("a")))
	require.NoError(t, db.Add(t.Context(), task("b")))
	before := getError(t, db, "a")
	require.NoError(t, db.Close())

	for _, options := range []string{"", "?mode=ro"} {
		db = openURL(t, "sqlite:"+path+options)
		require.ErrorIs(t, getError(t, db, "a"), taskdb.ErrExpired)
		require.Equal(t, before.Error(), getError(t, db, "a").Error())
		require.EqualValues(t, 1, statsOf(t, db).Culled)
		require.NoError(t, db.Close())
	}
}

// Of what made room the last 100,000 are remembered.
func TestTheOldestExpiredAreForgotten(t *testing.T) {
	path := newPath(t)
	url := "sqlite:" + path + "?max_records=1&cull=0"
	db := openURL(t, url)
	require.NoError(t, db.Add(t.Context(), task("a")))
	require.NoError(t, db.Add(t.Context(), task("b")))
	require.NoError(t, db.Add(t.Context(), task("c")))
	require.NoError(t, db.Close())
	inFile(t, path, "update collections set culled = 100000") // as if so many had gone

	db = openURL(t, url)
	require.NoError(t, db.Add(t.Context(), task("d")))
	require.ErrorIs(t, getError(t, db, "a"), taskdb.ErrNotFound)
	require.NotErrorIs(t, getError(t, db, "a"), taskdb.ErrExpired)
	require.ErrorIs(t, getError(t, db, "b"), taskdb.ErrExpired)
	require.ErrorIs(t, getError(t, db, "c"), taskdb.ErrExpired)
}

func TestADroppedCollectionForgetsWhatHasExpired(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?durability=off&max_records=1&cull=0&lost_after=1h")
	for _, id := range ids(2500) {
		require.NoError(t, db.Add(t.Context(), task(id)))
	}
	require.NoError(t, db.DropRecord(t.Context(), ids(2500)[2499]))
	add(t, db, `{msg_id: "unfinished"}`)
	require.NoError(t, db.DropCollection(t.Context()))
	require.NoError(t, db.Close())
	swept(t, path)
	require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from expired"))
}

// More than fewFinished, so that they are found by the time of their submission.
func TestTheOldestOfVeryManyGoFirst(t *testing.T) {
	const records = 10_500
	db := openURL(t, fmt.Sprintf("sqlite:%s?durability=off&max_records=%d&cull=0.01", newPath(t), records))
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	docs := make([]bson.Raw, records) // the last is the oldest
	for n := range docs {
		doc := bson.D{{Key: "msg_id", Value: fmt.Sprintf("task-%05d", n)}, {Key: "submitted", Value: start.Add(-time.Duration(n) * time.Second)}}
		if n != 10_450 {
			doc = append(doc, bson.E{Key: "completed", Value: start})
		}
		var err error
		docs[n], err = bson.Marshal(doc)
		require.NoError(t, err)
	}
	require.NoError(t, db.AddRaw(t.Context(), docs...))
	require.NoError(t, db.Add(t.Context(), task("one more")))
	require.EqualValues(t, 105, statsOf(t, db).Culled)
	require.ErrorIs(t, getError(t, db, "task-10394"), taskdb.ErrExpired)
	require.NoError(t, getError(t, db, "task-10393"))
	require.NoError(t, getError(t, db, "task-10450"), "it is not finished")
}

func TestAStoreComesWithinLowerBoundsBitByBit(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	var records []*taskdb.TaskRecord
	for _, id := range ids(2500) {
		records = append(records, task(id))
	}
	require.NoError(t, db.Add(t.Context(), records...))
	require.NoError(t, db.Close())
	db = openURL(t, "sqlite:"+path+"?max_records=100")
	require.EqualValues(t, 2500, statsOf(t, db).Records)
	for _, want := range []int64{1501, 502, 100} {
		require.NoError(t, db.Add(t.Context(), task(fmt.Sprint("for ", want))))
		require.EqualValues(t, want, statsOf(t, db).Records)
	}
}

func TestWhenATaskWasTouchedOutlivesTheProcess(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?lost_after=1h")
	unfinished := task("a")
	unfinished.Completed = time.Time{}
	require.NoError(t, db.Add(t.Context(), unfinished, task("b")))
	require.NoError(t, db.Close())
	require.Equal(t, []string{"1"}, inFile(t, path, "select count(*) from touches"))
	inFile(t, path, "update touches set at = at - 2 * 3600 * 1000")

	db = openURL(t, "sqlite:"+path) // nobody notes what is touched now
	require.NoError(t, db.Close())
	db = openURL(t, "sqlite:"+path+"?lost_after=1h") // so it counts from here
	require.NoError(t, db.Close())
	require.Equal(t, []string{"1"}, inFile(t, path, "select count(*) from touches where at > (unixepoch() - 60) * 1000"))
	inFile(t, path, "update touches set at = at - 2 * 3600 * 1000")

	db = openURL(t, "sqlite:"+path+"?lost_after=4s")
	for statsOf(t, db).Lost == 0 {
	}
	require.NoError(t, db.Close())
	require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from touches"))
	require.Equal(t, []string{`"a"`}, found(t, openURL(t, "sqlite:"+path), taskdb.StateAborted.Filter()))
}

func TestATaskThatCannotChangeKeepsNoOtherFromBeingLost(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t)+"?lost_after=200ms")
	_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "result_content.ename", Unique: true, Partial: `{queue: "a"}`})
	require.NoError(t, err)
	add(t, db, `{_id: 1, msg_id: "1", queue: "a", result_content: {ename: "TaskLost"}, completed: true}`,
		`{_id: 2, msg_id: "2", queue: "a", result_content: {ename: "x"}}`, `{_id: 3, msg_id: "3", queue: "b"}`)
	for statsOf(t, db).Lost == 0 {
	}
	require.Equal(t, []string{`{"$numberInt":"3"}`}, found(t, db, taskdb.StateAborted.Filter()))
	require.Equal(t, []string{`{"$numberInt":"2"}`}, found(t, db, taskdb.StateIncomplete.Filter()))
}

func TestStatsTellTheSizeOfTheFile(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	large := task("a")
	large.Buffers = [][]byte{make([]byte, 900_000)}
	require.NoError(t, db.Add(t.Context(), large))
	full := statsOf(t, db)
	require.Greater(t, full.FileBytes, int64(900_000))
	require.NoError(t, db.DropRecord(t.Context(), "a"))
	freed := statsOf(t, db)
	require.Equal(t, full.FileBytes, freed.FileBytes)
	require.Greater(t, freed.FreeBytes, full.FreeBytes+890_000)
}
