package server_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	mongooptions "go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/server"
	"github.com/taskdb/taskdb/taskdb"
)

// BenchmarkGet has one client get one record of IPython after another, at each door,
// from a server in the same process: so its processor time is that of both. Beside
// them stands what HTTP alone takes: a request that nothing is done for.
func BenchmarkGet(b *testing.B) {
	db, err := taskdb.Open(b.Context(), "dict:")
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	msgIDs := addRecords(b, db)
	o := options(b)
	o.Mongo, o.TendEvery = o.HTTP, time.Second
	s, err := server.Open(b.Context(), db, o)
	require.NoError(b, err)
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	defer func() {
		stop()
		require.NoError(b, <-ended)
	}()

	hub, err := client.New(s.URL(), client.Options{})
	require.NoError(b, err)
	defer hub.Close()
	driver, err := mongo.Connect(mongooptions.Client().ApplyURI(s.MongoURL()))
	require.NoError(b, err)
	defer func() { require.NoError(b, driver.Disconnect(context.WithoutCancel(b.Context()))) }()
	tasks := driver.Database("ipython-tasks").Collection("task_records")

	for _, door := range []struct {
		name string
		get  func(msgID string) error
	}{
		{"HTTP", func(msgID string) error {
			_, err := hub.Fetch(b.Context(), client.Fetch{MsgIDs: []string{msgID}})
			return err
		}},
		{"wire", func(msgID string) error {
			return tasks.FindOne(b.Context(), bson.D{{Key: "msg_id", Value: msgID}}).Decode(new(taskdb.TaskRecord))
		}},
		{"nothing", func(string) error {
			response, err := http.Get(s.URL() + "healthz")
			if err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			return err
		}},
	} {
		b.Run(door.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				require.NoError(b, door.get(msgIDs[i%len(msgIDs)]))
			}
		})
	}
}

// addRecords adds records of a cluster of IPython, and returns their msg_ids.
func addRecords(b *testing.B, db *taskdb.DB) (msgIDs []string) {
	file, err := os.Open("../importers/ipython/testdata/records.jsonl")
	require.NoError(b, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var doc bson.Raw
		require.NoError(b, bson.UnmarshalExtJSON(lines.Bytes(), false, &doc))
		require.NoError(b, db.AddRaw(b.Context(), doc))
		msgIDs = append(msgIDs, doc.Lookup("msg_id").StringValue())
	}
	require.NoError(b, lines.Err())
	return msgIDs
}
