package taskdb_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// TestDuplicateKeyErrorIsInMongoDBsWords holds that keys of all kinds are written as a
// server of MongoDB does.
func TestDuplicateKeyErrorIsInMongoDBsWords(t *testing.T) {
	for want, value := range map[string]any{
		`"a1"`:                                 "a1",
		`1`:                                    int32(1),
		`-5`:                                   int64(-5),
		`1.0`:                                  1.0,
		`0.5`:                                  0.5,
		`true`:                                 true,
		`null`:                                 nil,
		`{}`:                                   bson.D{},
		`[ 1, 2 ]`:                             bson.A{int32(1), int32(2)},
		`{ b: 1 }`:                             bson.D{{Key: "b", Value: int32(1)}},
		`ObjectId('64b000000000000000000000')`: bson.ObjectID{0x64, 0xb0},
		`new Date(1000)`:                       time.UnixMilli(1000),
		`BinData(0, 6162)`:                     bson.Binary{Data: []byte("ab")},
	} {
		key, err := bson.Marshal(bson.D{{Key: "a", Value: value}})
		require.NoError(t, err)
		failed := &taskdb.DuplicateKeyError{Collection: "d.c", Index: "a_1", KeyValue: key}
		require.EqualError(t, failed, "E11000 duplicate key error collection: d.c index: a_1 dup key: { a: "+want+" }")
		failed.Index = ""
		require.EqualError(t, failed, "E11000 duplicate key error collection: d.c dup key: { a: "+want+" }")
		require.ErrorIs(t, failed, taskdb.ErrExists)
	}
}
