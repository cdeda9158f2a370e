package mongotest_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

func TestServersMayBeStartedAtOnce(t *testing.T) {
	t.Setenv(mongotest.URLVariable, "") // these are to be our own
	var all sync.WaitGroup
	urls := make([]string, 3)
	for i := range urls {
		all.Go(func() {
			server, err := mongotest.Start(t.Context())
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
