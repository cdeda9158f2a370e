package dict_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

func TestAStoreIsBoundedByDefault(t *testing.T) {
	db, err := taskdb.Open(t.Context(), "dict:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	stats, err := db.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, taskdb.Bounds{Bytes: 1 << 30, Cull: 0.1}, stats.Bounds)
	stats, err = openBounded(t, "max_bytes=0").Stats(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats.Bounds.Bytes)
}

func TestAWrongOptionIsRefused(t *testing.T) {
	for options, want := range map[string]string{
		"max_record=5":              `unknown option "max_record", want one of: cull, lost_after, max_bytes, max_records`,
		"max_records=many":          `option max_records is "many", want a number of records, 0 for any`,
		"max_records=1&max_bytes=x": `option max_bytes is "x", want a size`,
		"cull=0.1&cull=0.2":         "option cull is given 2 times",
		"cull=%zz":                  `options "cull=%zz"`,
	} {
		_, err := taskdb.Open(t.Context(), "dict:?"+options)
		require.ErrorContains(t, err, want)
	}
}

// Of what made room the last 100,000 are remembered.
func TestTheOldestExpiredAreForgotten(t *testing.T) {
	db := openBounded(t, "max_records=1&cull=0")
	add := func(msgID string) {
		doc, err := bson.Marshal(bson.D{{Key: "_id", Value: msgID}, {Key: "msg_id", Value: msgID}, {Key: "completed", Value: true}})
		require.NoError(t, err)
		require.NoError(t, db.AddRaw(t.Context(), doc))
	}
	expired := func(msgID string) bool {
		_, err := db.Get(t.Context(), msgID)
		require.ErrorIs(t, err, taskdb.ErrNotFound)
		return errors.Is(err, taskdb.ErrExpired)
	}
	const remembered = 100_000
	for n := range remembered {
		add(fmt.Sprint(n))
	}
	add("last") // all others have expired
	require.True(t, expired("0"))
	add("0")
	require.True(t, expired("last"))
	add("more")
	require.True(t, expired("0"), "it has expired again since")
	require.False(t, expired("1"))
	require.True(t, expired("99999"))
}
