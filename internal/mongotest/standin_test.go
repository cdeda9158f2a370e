package mongotest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/internal/mongotest"
)

func TestAStandInAnswersWhatItWasToldTo(t *testing.T) {
	var asked []bson.Raw
	server, err := mongotest.NewStandIn(func(command bson.Raw) any {
		asked = append(asked, command)
		return bson.D{{Key: "n", Value: 2}}
	})
	require.NoError(t, err)
	client, err := mongo.Connect(options.Client().ApplyURI(server.URL))
	require.NoError(t, err)
	result, err := client.Database("a").Collection("b").InsertMany(t.Context(), bson.A{bson.D{{Key: "_id", Value: 1}}, bson.D{{Key: "_id", Value: 2}}})
	require.NoError(t, err)
	require.Len(t, result.InsertedIDs, 2)
	require.Len(t, asked, 1)
	require.Equal(t, "insert", mongotest.NameOf(asked[0]))
	require.Equal(t, `[{"_id": {"$numberInt":"1"}},{"_id": {"$numberInt":"2"}}]`, asked[0].Lookup("documents").String())
	require.NoError(t, client.Disconnect(t.Context()))
	require.NoError(t, server.Close())
}
