package backendtest

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// at returns a time some minutes after the one at which the suite's tasks begin.
func at(minutes int) time.Time {
	return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

// pendingTask is a task that a client has asked for and no engine has taken.
func pendingTask(t tester, id string) *taskdb.TaskRecord {
	return &taskdb.TaskRecord{
		MsgID:      id,
		Header:     encode(t, bson.D{{Key: "msg_id", Value: id}, {Key: "username", Value: "ann"}, {Key: "date", Value: at(0)}}),
		Metadata:   encode(t, bson.D{{Key: "retries", Value: int32(0)}}),
		Content:    encode(t, bson.D{}),
		Buffers:    [][]byte{[]byte("function of " + id), {}, {0, 1, 2, 255}},
		Submitted:  at(0),
		ClientUUID: "client-1",
		Queue:      "task",
	}
}

// finishedTask is a task that has a value for every field.
func finishedTask(t tester, id string) *taskdb.TaskRecord {
	record := pendingTask(t, id)
	record.EngineUUID = "engine-1"
	record.Started = at(1)
	record.Completed = at(2)
	record.Received = at(3)
	record.Resubmitted = id + "-again"
	record.ResultHeader = encode(t, bson.D{{Key: "date", Value: at(2)}})
	record.ResultMetadata = encode(t, bson.D{{Key: "status", Value: "ok"}, {Key: "engine", Value: "engine-1"}})
	record.ResultContent = encode(t, bson.D{{Key: "status", Value: "ok"}})
	record.ResultBuffers = [][]byte{[]byte("result of " + id)}
	record.ExecuteInput = "6 * 7"
	record.ExecuteResult = encode(t, bson.D{{Key: "data", Value: bson.D{{Key: "text/plain", Value: "42"}}}})
	record.Error = encode(t, bson.D{{Key: "ename", Value: "ZeroDivisionError"}})
	record.Stdout, record.Stderr = "so far\n", "so bad\n"
	record.Label = "sweep"
	record.Pyin = "1 + 1"
	record.Pyout = encode(t, bson.D{{Key: "execution_count", Value: int32(1)}})
	record.Pyerr = encode(t, bson.D{{Key: "ename", Value: "E"}})
	record.Extra = encode(t, bson.D{{Key: "display_data", Value: bson.A{"plot"}}, {Key: "hub", Value: bson.D{{Key: "revision", Value: int64(3)}}}})
	return record
}

// numbered returns n pending tasks: task-0000, task-0001, …, one submitted each
// minute.
func numbered(t tester, n int) []*taskdb.TaskRecord {
	records := make([]*taskdb.TaskRecord, n)
	for i := range records {
		records[i] = pendingTask(t, fmt.Sprintf("task-%04d", i))
		records[i].Submitted = at(i)
	}
	return records
}

// msgIDs returns the msg_ids of records, in order.
func msgIDs(records []*taskdb.TaskRecord) []string {
	ids := make([]string, len(records))
	for i, record := range records {
		ids[i] = record.MsgID
	}
	return ids
}
