package mongowire_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

// A store in memory, served to a client of MongoDB in the same process.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := db.Add(ctx, &taskdb.TaskRecord{MsgID: "fit-1", Label: "fit"}); err != nil {
		log.Fatal(err)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- mongowire.New(db, mongowire.Options{}).Serve(ctx, listener) }()

	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + listener.Addr().String()))
	if err != nil {
		log.Fatal(err)
	}
	var task struct {
		Label string `bson:"label"`
	}
	tasks := client.Database("ipython-tasks").Collection("task_records")
	if err := tasks.FindOne(ctx, bson.D{{Key: "msg_id", Value: "fit-1"}}).Decode(&task); err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.Label)

	if err := client.Disconnect(ctx); err != nil {
		log.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	// Output: fit
}
