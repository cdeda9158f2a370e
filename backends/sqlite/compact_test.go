package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

func TestCompactGivesBackWhatRemovedRecordsTook(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?durability=off")
	for n := range 2000 {
		require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: fmt.Sprint(n), Stdout: fmt.Sprintf("%01000d", n)}))
	}
	purged, err := db.Purge(t.Context(), taskdb.Purge{Filter: `{msg_id: {$ne: "7"}}`, Force: true})
	require.NoError(t, err)
	require.Equal(t, taskdb.Purged{Records: 1999, Unfinished: 1999}, purged)

	done, err := db.Compact(t.Context())
	require.NoError(t, err)
	require.Less(t, done.After, done.Before/2)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, done.After, info.Size())
	record, err := db.Get(t.Context(), "7")
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("%01000d", 7), record.Stdout)
	require.NoError(t, db.Add(t.Context(), task("after")))
}

func TestCompactThatCannotBegin(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	require.NoError(t, db.Add(t.Context(), task("a")))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := db.Compact(ended)
	require.ErrorIs(t, err, context.Canceled)
	reading := openURL(t, "sqlite:"+path+"?mode=ro")
	_, err = reading.Compact(t.Context())
	require.ErrorIs(t, err, taskdb.ErrReadOnly)
	_, err = openURL(t, "dict:").Compact(t.Context())
	require.ErrorIs(t, err, taskdb.ErrUnsupported)
}
