package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// FarUpserts tests upserts beside more documents than a store looks at while others
// wait, where no index helps. (MongoDB lets two insert the same.)
func FarUpserts(t *testing.T, open Opener) {
	t.Run("of many that upsert the same one inserts", func(t *testing.T) { upsertFar(t, open(t)) })
	t.Run("what is changed to suit an upsert is found", func(t *testing.T) { upsertFarChanged(t, open(t)) })
}

func upsertFar(t *testing.T, db *taskdb.DB) {
	const writers, keys = 4, 5
	things := db.In("test.things")
	addFar(t, things)
	goroutines(writers, func(int) {
		for key := range keys {
			_, err := things.Update(t.Context(), taskdb.Update{Filter: bson.M{"key": key}, Update: `{$inc: {x: 1}}`, Upsert: true, Many: key%2 == 0})
			if err != nil {
				t.Errorf("upsert: %v", err)
			}
		}
	})
	require.Equal(t, farDocs+keys, count(t, things))
	require.Len(t, find(t, things, taskdb.Query{Filter: bson.M{"x": writers}}), keys)
}

// upsertFarChanged has documents get a key, each in its turn, and then adds another one.
// What an upsert with that key inserts comes before that: later it finds the first.
func upsertFarChanged(t *testing.T, db *taskdb.DB) {
	const keys = 20
	things := db.In("test.things")
	addFar(t, things)
	for key := range keys {
		goroutines(2, func(writer int) {
			var err error
			if writer == 0 {
				_, err = things.Update(t.Context(), taskdb.Update{Filter: bson.M{"key": key}, Update: `{$set: {x: 1}}`, Upsert: true, Many: key%2 == 0})
			} else if _, err = things.Update(t.Context(), taskdb.Update{Filter: bson.M{"_id": key}, Update: bson.M{"$set": bson.M{"key": key}}}); err == nil {
				err = things.AddRaw(t.Context(), encode(t, bson.D{{Key: "after", Value: key}}))
			}
			if err != nil {
				t.Errorf("update: %v", err)
			}
		})
		upserted := find(t, things, taskdb.Query{Filter: bson.M{"$or": bson.A{bson.M{"key": key}, bson.M{"after": key}}}, Skip: 1})
		_, err := upserted[len(upserted)-1].LookupErr("after")
		require.NoError(t, err, "%s", upserted)
	}
}
