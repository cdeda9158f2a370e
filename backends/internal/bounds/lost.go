package bounds

import (
	"fmt"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// LostAtOnce is how many tasks are made lost in one step.
const LostAtOnce = 100

// Interval is how often to look for lost tasks.
func Interval(lostAfter time.Duration) time.Duration {
	return max(min(lostAfter/4, time.Minute), time.Millisecond)
}

// Lost returns what becomes of the record of a task that nobody has touched for so
// long.
func Lost(doc bson.Raw, lostAfter time.Duration, now time.Time) (bson.Raw, error) {
	update, err := query.ParseUpdateValue(bson.D{{Key: "$set", Value: bson.D{
		{Key: "completed", Value: now},
		{Key: "result_content", Value: bson.D{
			{Key: "status", Value: "aborted"},
			{Key: "ename", Value: "TaskLost"},
			{Key: "evalue", Value: fmt.Sprintf("nobody touched the task for %v (lost_after)", lostAfter)},
		}},
	}}})
	if err != nil {
		return nil, err
	}
	lost, _, err := update.WithMaxSize(math.MaxInt32).Apply(doc, nil, now)
	if err != nil {
		return nil, err
	}
	return lost, taskdb.CheckSize(lost, 0, query.CodeUpdateTooLarge)
}
