package client_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

// exampleHub starts a hub. Elsewhere "taskdb serve" does.
func exampleHub(ctx context.Context) (url string, stop func()) {
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		log.Fatal(err)
	}
	h, err := hub.Open(ctx, db, hub.Options{})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := httpapi.New(h, db, httpapi.Options{})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(handler)
	return server.URL, func() { server.Close(); db.Close() }
}

// A client submits a task, an engine runs it, and the client gets the result.
func Example() {
	ctx := context.Background()
	url, stop := exampleHub(ctx)
	defer stop()
	c, err := client.New(url, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	content, err := bson.Marshal(bson.D{{Key: "code", Value: "6*7"}})
	if err != nil {
		log.Fatal(err)
	}
	submitted, err := c.Submit(ctx, api.Task{Content: content, Queue: "cpu", Label: "answer"})
	if err != nil {
		log.Fatal(err)
	}

	claimed, err := c.Claim(ctx, api.Claim{Engine: "engine-1", Queues: []string{"cpu"}})
	if err != nil {
		log.Fatal(err)
	}
	result, err := bson.Marshal(bson.D{{Key: "answer", Value: 42}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.Finish(ctx, claimed.Lease, api.Completion{Status: "ok", Content: result}); err != nil {
		log.Fatal(err)
	}

	task, err := c.GetResult(ctx, submitted[0].MsgID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.Label, task.ResultContent)

	for record, err := range c.DBQuery(ctx, taskdb.Query{Filter: `{completed: {$ne: null}, label: {$glob: 'a*'}}`}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record.Label, "ran on", record.EngineUUID)
	}
	// Output:
	// answer {"status": "ok","answer": {"$numberInt":"42"}}
	// answer ran on engine-1
}
