package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/backends/backendtest"
	"github.com/taskdb/taskdb/taskdb"
)

// The totals of a collection, which has a table of its name: as they are kept, and
// as they are counted.
const (
	keptTotals    = `select records || ' records, ' || bytes || ' bytes' from collections where name = '%[1]s'`
	countedTotals = `select count(*) || ' records, ' || (coalesce(sum(length(doc)), 0)
		+ (select coalesce(sum(size), 0) from buffers where collection = (select id from collections where name = '%[1]s'))
		+ (select coalesce(sum(length(data)), 0) from tails where collection = (select id from collections where name = '%[1]s')))
		|| ' bytes' from "%[1]s"`
)

// ownerless is how many rows there are of records that are not there.
const ownerless = `with c as (select id from collections where name = '%[1]s')
	select (select count(*) from buffers where collection in c and seq not in (select seq from "%[1]s"))
	+ (select count(*) from tails where collection in c and seq not in (select seq from "%[1]s"))
	+ (select count(*) from index_keys where index_id in (select id from indexes where collection in c) and seq not in (select seq from "%[1]s"))`

func TestChanges(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?durability=off")
	open := func(*testing.T) *taskdb.DB { return db }
	backendtest.Changes(t, open, func(check *rapid.T, collection string) {
		kept := inFile(t, path, fmt.Sprintf(keptTotals, collection))
		require.Equal(check, kept, inFile(t, path, fmt.Sprintf(countedTotals, collection)))
		require.Equal(check, []string{"0"}, inFile(t, path, fmt.Sprintf(ownerless, collection)))
	})
	require.NoError(t, db.Close())
	swept(t, path)
	require.Equal(t, []string{"ok"}, inFile(t, path, "pragma integrity_check"))
	for _, table := range []string{"collections", "indexes", "index_keys", "buffers", "tails", "chunks", "uploads", "removals"} {
		require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from "+table), "all was dropped: %s", table)
	}
}

// TestWhatIsChangedBeforeItsTurnStays has records no longer selected by a deletion,
// which may have found them, one after another from the end.
func TestWhatIsChangedBeforeItsTurnStays(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t)+"?durability=off")
	all := ids(20_000)
	addMany(t, db, all)
	ended := make(chan error)
	go func() {
		_, err := db.Delete(t.Context(), taskdb.Delete{Filter: `{queue: "task", completed: {$ne: null}}`, Many: true})
		ended <- err
	}()
	var kept []string
	for i, id := range slices.Backward(all) {
		update := `{$set: {queue: "kept"}}`
		if i%2 == 0 {
			update = `{$set: {completed: null}}`
		}
		err := db.UpdateRecord(t.Context(), id, update)
		if errors.Is(err, taskdb.ErrNotFound) {
			break
		}
		require.NoError(t, err)
		kept = append(kept, id)
	}
	require.NoError(t, <-ended)
	for _, id := range kept {
		_, err := db.Get(t.Context(), id)
		require.NoError(t, err)
	}
	n, err := db.Count(t.Context(), taskdb.Query{})
	require.NoError(t, err)
	require.Len(t, kept, int(n))
}

// TestNothingIsLeftOfWhatWasRemoved removes records, and values of records, in
// every way, however their buffers were stored.
func TestNothingIsLeftOfWhatWasRemoved(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?durability=off")
	for _, index := range []taskdb.Index{{Keys: "buffers"}, {Keys: "result_buffers.0,queue"}, {Keys: "kept", Partial: `{queue: "task"}`}} {
		_, err := db.CreateIndex(t.Context(), index)
		require.NoError(t, err)
	}
	change := func(update any) func(id string) error {
		return func(id string) error {
			if err := db.UpdateRecord(t.Context(), id, update); err != nil {
				return err
			}
			return db.UpdateRecord(t.Context(), id, `{$unset: {buffers: 1, result_buffers: 1, kept: 1, stdout: 1}}`)
		}
	}
	for name, remove := range map[string]func(id string) error{
		"dropped":   func(id string) error { return db.DropRecord(t.Context(), id) },
		"unset":     change(`{$set: {n: 1}}`),
		"replaced":  func(id string) error { return db.UpdateRecord(t.Context(), id, bson.M{"msg_id": id}) },
		"renamed":   change(`{$rename: {buffers: "kept"}}`),
		"pulled":    change(`{$pop: {buffers: 1, result_buffers: -1}}`),
		"set":       change(`{$set: {buffers: [], result_buffers: null}}`),
		"changed":   change(`{$set: {"buffers.0": "text"}}`),
		"finished":  change(`{$currentDate: {completed: true}}`),
		"exchanged": change(`{$rename: {buffers: "stdout"}}`),
	} {
		for n, size := range []int{100, 6_000, 300_000, 3 << 20} {
			record := task(fmt.Sprint(name, "-", n))
			record.Completed = time.Time{}
			record.Buffers = [][]byte{bytes.Repeat([]byte("b"), size), []byte("b")}
			record.ResultBuffers = [][]byte{bytes.Repeat([]byte("r"), size)}
			require.NoError(t, db.Add(t.Context(), record))
			require.NoError(t, db.PutBuffer(t.Context(), record.MsgID, "buffers", bytes.NewReader(record.ResultBuffers[0])))
			require.NoError(t, db.AppendText(t.Context(), record.MsgID, "stdout", string(record.Buffers[0])))
			require.NoError(t, remove(record.MsgID), record.MsgID)
		}
	}
	require.NoError(t, db.Close())
	swept(t, path)
	for _, table := range []string{"buffers", "tails", "chunks", "uploads"} {
		require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from "+table), table)
	}
	require.Equal(t, inFile(t, path, "select sum(length(doc)) from task_records"), inFile(t, path, "select bytes from collections"))

	db = openURL(t, "sqlite:"+path)
	_, err := db.Purge(t.Context(), taskdb.Purge{All: true, Force: true})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	swept(t, path)
	require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from index_keys"))
	require.Equal(t, []string{"0 0"}, inFile(t, path, "select records || ' ' || bytes from collections"))
}

// TestNothingIsLeftOfManyThatWereRemoved removes records that follow each other and
// such as lie between others, some of which have something apart.
func TestNothingIsLeftOfManyThatWereRemoved(t *testing.T) {
	const n = 300
	for _, options := range []string{"", "&lost_after=1h", fmt.Sprint("&cull=0&max_records=", n-10)} {
		path := newPath(t)
		db := openURL(t, "sqlite:"+path+"?durability=off"+options)
		for i := range n {
			record := task(fmt.Sprintf("task-%03d", i))
			record.Queue = []string{"first", "odd", "even"}[min(i/100, 1)*(2-i%2)]
			if i%10 == 0 {
				record.Buffers = [][]byte{bytes.Repeat([]byte("b"), 6_000)}
			}
			require.NoError(t, db.Add(t.Context(), record))
			if i%30 == 0 {
				require.NoError(t, db.AppendText(t.Context(), record.MsgID, "stdout", string(bytes.Repeat([]byte("s"), 20_000))))
			}
		}
		for _, queue := range []string{"first", "odd"} {
			_, err := db.Delete(t.Context(), taskdb.Delete{Filter: bson.M{"queue": queue}, Many: true})
			require.NoError(t, err)
		}
		require.Equal(t, 100, len(found(t, db, `{}`)), options)
		require.Equal(t, 100, len(found(t, db, `{queue: "even"}`)), options)
		removeAll := taskdb.Purge{Filter: `{queue: {$ne: "none"}}`, Force: true}
		_, err := db.Purge(t.Context(), removeAll)
		require.NoError(t, err)
		require.NoError(t, db.Close())
		swept(t, path)
		for _, table := range []string{"task_records", "buffers", "tails", "chunks", "uploads", "touches"} {
			require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from "+table), "%s: %s", options, table)
		}
		require.Equal(t, []string{"0 0"}, inFile(t, path, "select records || ' ' || bytes from collections"), options)
	}
}
