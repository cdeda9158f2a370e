package sqlite_test

import (
	"context"
	"iter"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

func addMany(t *testing.T, db *taskdb.DB, ids []string) {
	t.Helper()
	var records []*taskdb.TaskRecord
	for _, id := range ids {
		records = append(records, task(id))
	}
	require.NoError(t, db.Add(t.Context(), records...))
}

func TestAnOpenIteratorHoldsNothing(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	addMany(t, db, ids(5000))
	next, stop := iter.Pull2(db.FindRaw(t.Context(), taskdb.Query{Sort: "{submitted: 1}"}))
	defer stop()
	_, err, _ := next()
	require.NoError(t, err)

	addMany(t, db, []string{"new"})
	// A reader in a transaction would keep the log from being emptied: busy is 1.
	require.Equal(t, []string{"0"}, inFile(t, path, "pragma wal_checkpoint(truncate)"))
	info, err := os.Stat(path + "-wal")
	require.NoError(t, err)
	require.Zero(t, info.Size())

	read := 1
	for {
		doc, err, ok := next()
		if !ok {
			break
		}
		require.NoError(t, err)
		require.NotEqual(t, "new", doc.Lookup("msg_id").StringValue(), "what is added later is not found")
		read++
	}
	require.Equal(t, 5000, read)
}

// Among equal keys, in both directions and over many batches, no record is left
// out or comes twice.
func TestBatchesJoinWithoutGaps(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t)+"?durability=off")
	all := ids(4500)
	addMany(t, db, all)
	add(t, db, `{_id: "x"}`, `{_id: "y", submitted: ISODate("1960-01-01T00:00:00Z")}`)
	for _, sort := range []string{"{submitted: 1}", "{submitted: -1}", "{queue: 1}", "{queue: -1}", "{_id: 1}", "{_id: -1}"} {
		seen := map[string]bool{}
		for doc, err := range db.FindRaw(t.Context(), taskdb.Query{Sort: sort, Keys: []string{"queue"}, Projection: nil}) {
			require.NoError(t, err)
			id, _ := doc.Lookup("msg_id").StringValueOK()
			require.False(t, id != "" && seen[id], "%s comes twice", id)
			seen[id] = true
		}
		require.Len(t, seen, 4501, sort)
	}
	limited := 0
	for _, err := range db.FindRaw(t.Context(), taskdb.Query{Filter: `{queue: "task", engine_uuid: {$ne: "other"}}`, Limit: 2345, Skip: 7}) {
		require.NoError(t, err)
		limited++
	}
	require.Equal(t, 2345, limited)
}

func TestAnEndedContextEndsAWalkAndSparesTheStore(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t))
	addMany(t, db, ids(3000))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var failed error
	for _, err := range db.FindRaw(ctx, taskdb.Query{}) {
		cancel()
		failed = err
	}
	require.ErrorIs(t, failed, context.Canceled)
	n, err := db.Count(t.Context(), taskdb.Query{})
	require.NoError(t, err)
	require.EqualValues(t, 3000, n)
}

func TestAnAddThatWasCancelledDidNothing(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t))
	for _, id := range ids(200) {
		err := addAndCancel(t, db, id)
		if _, missing := db.Get(t.Context(), id); missing != nil {
			require.ErrorIs(t, missing, taskdb.ErrNotFound)
			require.ErrorIs(t, err, context.Canceled)
		} else {
			require.NoError(t, err)
		}
	}
}

// addAndCancel adds a task, and cancels that at about the same time.
func addAndCancel(t *testing.T, db *taskdb.DB, id string) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(0, cancel)
	return db.Add(ctx, task(id))
}

func TestNewDocumentsOfManyCallersAreEachStoredOrNot(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t))
	results := make(chan error)
	const callers = 64
	for i := range callers {
		go func() { // every second one has an id that is taken
			doc, err := bson.Marshal(bson.D{{Key: "msg_id", Value: ids(callers)[i/2]}, {Key: "by", Value: i}})
			if err == nil {
				err = db.AddRaw(context.Background(), doc)
			}
			results <- err
		}()
	}
	refused := 0
	for range callers {
		if err := <-results; err != nil {
			require.ErrorIs(t, err, taskdb.ErrExists)
			refused++
		}
	}
	require.Equal(t, callers/2, refused)
	require.Len(t, found(t, db, nil), callers/2)
}
