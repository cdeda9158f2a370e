package taskdb_test

import (
	"fmt"
	"log"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// A hub makes a record of a request, and sees in a stored record what came of it.
func ExampleTaskRecord() {
	header, err := bson.Marshal(bson.D{{Key: "msg_id", Value: "a1"}, {Key: "username", Value: "ann"}})
	if err != nil {
		log.Fatal(err)
	}
	request := &taskdb.TaskRecord{
		MsgID:     "a1",
		Header:    header,
		Submitted: time.Date(2026, 11, 22, 0, 51, 18, 0, time.UTC),
		Label:     "sweep",
	}
	stored, err := request.MarshalBSON()
	if err != nil {
		log.Fatal(err)
	}

	var record taskdb.TaskRecord
	if err := record.UnmarshalBSON(stored); err != nil {
		log.Fatal(err)
	}
	fmt.Println(record.MsgID, record.Label, record.Header.Lookup("username").StringValue())
	fmt.Println("finished:", !record.Completed.IsZero())
	// Output:
	// a1 sweep ann
	// finished: false
}
