package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// batch is how many records one step adds and another purges: more than the
// writer removes at once.
const batch = 700

// changeStep carries out a writer's n-th step. It is all of one change, and the
// same on every store.
func changeStep(db *taskdb.DB, writer, n int) error {
	ctx := testContext()
	round := n / 8
	record := crashTask(writer, round)
	record.ClientUUID = fmt.Sprint("client-", writer)
	record.Completed = time.Time{}
	one := bson.M{"msg_id": record.MsgID}
	batchOf := fmt.Sprintf("%s-batch", record.MsgID)
	switch n % 8 {
	case 0:
		return db.Add(ctx, record)
	case 1:
		claim := taskdb.Update{Filter: one, Update: bson.M{"$set": bson.M{"engine_uuid": batchOf}, "$inc": bson.M{"attempts": 1}}}
		_, err := db.FindAndModify(ctx, claim, taskdb.Found{})
		return err
	case 2:
		return db.AppendText(ctx, record.MsgID, "stdout", strings.Repeat(record.MsgID, 4000))
	case 3:
		next := crashTask(writer, round+1)
		return db.UpdateRecord(ctx, record.MsgID, bson.M{"$set": bson.M{
			"completed": record.Started, "buffers": bson.A{bson.Binary{Data: next.ResultBuffers[0]}},
		}})
	case 4:
		records := make([]*taskdb.TaskRecord, batch)
		for i := range records {
			records[i] = &taskdb.TaskRecord{MsgID: fmt.Sprint(batchOf, "-", i), ClientUUID: record.ClientUUID, Queue: batchOf, Completed: record.Started}
		}
		return db.Add(ctx, records...)
	case 5:
		_, err := db.Update(ctx, taskdb.Update{Filter: bson.M{"msg_id": batchOf, "client_uuid": record.ClientUUID}, Update: `{$inc: {n: 1}}`, Upsert: true})
		return err
	case 6:
		_, err := db.Purge(ctx, taskdb.Purge{Filter: bson.M{"queue": batchOf}})
		return err
	default:
		return db.UpdateRecord(ctx, record.MsgID, bson.M{"$unset": bson.M{"result_buffers": 1}, "$rename": bson.M{"buffers": "kept"}})
	}
}

// changeUntilKilled carries out the steps of all writers, and prints what was
// acknowledged.
func changeUntilKilled(args []string) error { return stepUntilKilled(args[0], changeStep) }

// recordsOf are a writer's records, but for the _ids that a store makes.
func recordsOf(t *testing.T, db *taskdb.DB, writer int) []bson.Raw {
	t.Helper()
	docs := []bson.Raw{}
	for doc, err := range db.FindRaw(t.Context(), taskdb.Query{
		Filter: bson.M{"client_uuid": fmt.Sprint("client-", writer)}, Projection: "{_id: 0}", Sort: "{msg_id: 1}",
	}) {
		require.NoError(t, err)
		docs = append(docs, doc)
	}
	return docs
}

// TestChangesThatWereAcknowledgedSurviveAKill compares each writer's records with
// those of a store in memory after the steps that were acknowledged, or after one
// more.
func TestChangesThatWereAcknowledgedSurviveAKill(t *testing.T) {
	t.Parallel()
	const kills = 20
	for range kills {
		path := newPath(t)
		process := startChild(t, "change", path)
		steps := [killedWriters]int{}
		for range 1 + rand.IntN(120) {
			require.True(t, process.lines.Scan())
			at := place(t, process.lines.Text())
			steps[at[0]] = at[1] + 1
		}
		require.NoError(t, process.Process.Kill())
		for process.lines.Scan() { // what it said before it died
			at := place(t, process.lines.Text())
			steps[at[0]] = at[1] + 1
		}
		process.kill()

		swept(t, path)
		db := openURL(t, "sqlite:"+path)
		for writer, n := range steps {
			memory := openURL(t, "dict:")
			for step := range n {
				require.NoError(t, changeStep(memory, writer, step))
			}
			got, want := recordsOf(t, db, writer), recordsOf(t, memory, writer)
			if !equalDocs(got, want) {
				require.NoError(t, changeStep(memory, writer, n))
				require.True(t, equalDocs(got, recordsOf(t, memory, writer)), "writer %d is neither after step %d nor after the next", writer, n)
			}
			require.NoError(t, memory.Close())
		}
		require.NoError(t, db.Close())
		require.Equal(t, []string{"ok"}, inFile(t, path, "pragma integrity_check"))
		require.Equal(t, inFile(t, path, "select count(*) from task_records"), inFile(t, path, "select records from collections"))
		require.NoError(t, os.Remove(path))
	}
}

func equalDocs(a, b []bson.Raw) bool {
	return slices.EqualFunc(a, b, func(a, b bson.Raw) bool { return bytes.Equal(a, b) })
}

// removeUntilKilled removes most of the records of a store, and says when the
// first is gone.
func removeUntilKilled(args []string) error {
	db, err := taskdb.Open(testContext(), "sqlite:"+args[0])
	if err != nil {
		return err
	}
	go func() {
		_, err := db.Delete(testContext(), removal)
		panic(fmt.Sprint("the deletion came to its end: ", err))
	}()
	for {
		n, err := db.Count(context.Background(), taskdb.Query{})
		if err != nil {
			return err
		}
		if n < removable {
			os.Stdout.WriteString("begun\n")
			select {}
		}
	}
}

func TestADeletionThatHasBegunIsCarriedThroughAfterAKill(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	fillRemovable(t, db)
	require.NoError(t, db.Close())

	process := startChild(t, "remove", path)
	require.True(t, process.lines.Scan())
	process.kill()
	left := []string{fmt.Sprint(staying)}
	require.NotEqual(t, left, inFile(t, path, "select count(*) from task_records"), "it was killed before the end")
	swept(t, path)
	require.Equal(t, left, inFile(t, path, "select count(*) from task_records"))
	require.Equal(t, left, inFile(t, path, "select count(*) from task_records where label = 'a'"))
}
