package mongotest_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/internal/mongotest"
)

func TestAServerAnswersUntilItIsStopped(t *testing.T) {
	server, err := mongotest.Start(t.Context())
	require.NoError(t, err)
	client, err := mongo.Connect(options.Client().ApplyURI(server.URL))
	require.NoError(t, err)
	require.NoError(t, client.Ping(t.Context(), nil))
	require.NoError(t, client.Disconnect(t.Context()))
	require.NoError(t, server.Stop())
}

func TestAServerThatWasKilledHasItsDataAndPortAgain(t *testing.T) {
	server, err := mongotest.StartOwn(t.Context())
	require.NoError(t, err)
	url := server.URL
	client, err := mongo.Connect(options.Client().ApplyURI(url))
	require.NoError(t, err)
	_, err = client.Database("a").Collection("b").InsertOne(t.Context(), bson.D{{Key: "_id", Value: 1}})
	require.NoError(t, err)
	require.NoError(t, server.Kill())
	require.NoError(t, server.Restart(t.Context()))
	require.Equal(t, url, server.URL)
	n, err := client.Database("a").Collection("b").CountDocuments(t.Context(), bson.D{})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.NoError(t, client.Disconnect(t.Context()))
	require.NoError(t, server.Stop())
}

func TestServersMayBeStartedAtOnce(t *testing.T) {
	var all sync.WaitGroup
	urls := make([]string, 3)
	for i := range urls {
		all.Go(func() {
			server, err := mongotest.StartOwn(t.Context())
			if assert.NoError(t, err) {
				urls[i] = server.URL
				assert.NoError(t, server.Stop())
			}
		})
	}
	all.Wait()
	for i, url := range urls {
		require.NotContains(t, urls[:i], url)
	}
}
