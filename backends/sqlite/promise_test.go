package sqlite_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// fillRemovable stores records of which most are to be removed, by a filter that looks
// at each, in more steps than one.
func fillRemovable(t *testing.T, db *taskdb.DB) {
	t.Helper()
	docs := make([]bson.Raw, removable)
	for i := range docs {
		label := "b"
		if i < staying {
			label = "a"
		}
		docs[i] = parse(t, fmt.Sprintf(`{_id: %d, msg_id: "%d", label: %q}`, i, i, label))
	}
	require.NoError(t, db.AddRaw(t.Context(), docs...))
}

var removal = taskdb.Delete{Filter: `{label: {$glob: "b*"}}`, Many: true}

const (
	removable = 30_000
	staying   = 100
)

// refuse makes the store fail where a row goes, until it is told to allow it.
func refuse(t *testing.T, path, table, rows string) (allow func()) {
	t.Helper()
	inFile(t, path, "create trigger refuse before delete on "+table+" when "+rows+" begin select raise(abort, 'refused'); end")
	return func() { inFile(t, path, "drop trigger refuse") }
}

func TestARemovalThatTheStoreInterruptsTellsWhatIsGoneAndGoesOn(t *testing.T) {
	for _, refused := range []struct{ table, rows string }{
		{"task_records", "old.seq = 29000"}, {"removals", "true"},
	} {
		path := newPath(t)
		db := openURL(t, "sqlite:"+path+"?durability=off")
		fillRemovable(t, db)
		allow := refuse(t, path, refused.table, refused.rows)
		outcome, err := db.Delete(t.Context(), removal)
		require.ErrorIs(t, err, taskdb.ErrUnderWay)
		require.ErrorContains(t, err, "refused")
		require.Equal(t, []string{strconv.Itoa(removable - int(outcome.Matched))}, inFile(t, path, "select count(*) from task_records"))
		require.Positive(t, outcome.Matched)

		allow()
		require.NoError(t, db.In("another.collection").DropCollection(t.Context()), "it looks what there is to do")
		for inFile(t, path, "select count(*) from removals")[0] != "0" {
		}
		require.Equal(t, []string{strconv.Itoa(staying)}, inFile(t, path, "select count(*) from task_records"))
	}
}

func TestARemovalThatIsClosedInBetweenTellsWhatIsGone(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?durability=off")
	fillRemovable(t, db)
	type told struct {
		taskdb.Outcome
		err error
	}
	ended := make(chan told, 1)
	go func() {
		outcome, err := db.Delete(testContext(), removal)
		ended <- told{outcome, err}
	}()
	for inFile(t, path, "select count(*) from removals")[0] == "0" {
		require.Empty(t, ended, "it came to its end before it was seen")
	}
	require.NoError(t, db.Close())
	removed := <-ended
	require.ErrorIs(t, removed.err, taskdb.ErrUnderWay)
	require.ErrorIs(t, removed.err, taskdb.ErrClosed)
	require.Equal(t, []string{strconv.Itoa(removable - int(removed.Matched))}, inFile(t, path, "select count(*) from task_records"))
	swept(t, path)
	require.Equal(t, []string{strconv.Itoa(staying)}, inFile(t, path, "select count(*) from task_records"))
}

// A later program may have promised what this one cannot read.
func TestARemovalThatCannotBeReadKeepsNothingElseWaiting(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?durability=off")
	fillRemovable(t, db)
	require.NoError(t, addUsers(db.In("a.dropped"), 0, 10))
	require.NoError(t, db.Close())
	inFile(t, path, "insert into removals (collection, filter, records) values (1, x'00', x'00')")

	db = openURL(t, "sqlite:"+path+"?durability=off")
	require.NoError(t, db.In("a.dropped").DropCollection(t.Context()))
	for inFile(t, path, "select count(*) from collections")[0] != "1" {
	}
	outcome, err := db.Delete(t.Context(), removal)
	require.NoError(t, err)
	require.EqualValues(t, removable-staying, outcome.Matched)
	require.NoError(t, db.Close())
	require.Equal(t, []string{"1"}, inFile(t, path, "select count(*) from removals"))
}
