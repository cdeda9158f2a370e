package mongowire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func TestACursorGivesAHundredThousandDocuments(t *testing.T) {
	onEach(t, func(t *testing.T, s served) {
		c := s.connect(t).Database("many").Collection("docs")
		docs := make([]any, 100_000)
		for i := range docs {
			docs[i] = bson.D{{Key: "_id", Value: i}, {Key: "half", Value: i / 2}}
		}
		_, err := c.InsertMany(t.Context(), docs)
		require.NoError(t, err)
		cursor, err := c.Find(t.Context(), bson.D{}, options.Find().SetSort(bson.D{{Key: "_id", Value: -1}}))
		require.NoError(t, err)
		want := len(docs)
		for cursor.Next(t.Context()) {
			want--
			require.EqualValues(t, want, cursor.Current.Lookup("_id").Int32())
		}
		require.NoError(t, cursor.Err())
		require.Zero(t, want)
	})
}

func TestADuplicateIsRefusedWithItsKey(t *testing.T) {
	onEach(t, func(t *testing.T, s served) {
		c := s.connect(t).Database("a").Collection("b")
		_, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "x"}})
		require.NoError(t, err)
		_, err = c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "x"}})
		require.True(t, mongo.IsDuplicateKeyError(err), "%v", err)
	})
}

// documentsComeBack stores documents and reads them in several batches.
func documentsComeBack(t *testing.T, c *mongo.Collection) {
	t.Helper()
	docs := make([]any, 250)
	for i := range docs {
		docs[i] = bson.D{{Key: "_id", Value: int32(i)}, {Key: "text", Value: strings.Repeat("text ", 100)}}
	}
	_, err := c.InsertMany(t.Context(), docs)
	require.NoError(t, err)
	cursor, err := c.Find(t.Context(), bson.D{}, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
	require.NoError(t, err)
	var found []bson.D
	require.NoError(t, cursor.All(t.Context(), &found))
	require.Len(t, found, len(docs))
	for i, doc := range found {
		require.Equal(t, docs[i], doc)
	}
}
