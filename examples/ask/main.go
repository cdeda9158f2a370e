// Command ask stores two tasks in memory and asks which is not finished.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/taskdb"
)

func main() {
	ctx := context.Background()
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	err = db.Add(ctx,
		&taskdb.TaskRecord{MsgID: "fit-1", Label: "fit", Submitted: noon, Completed: noon.Add(time.Minute)},
		&taskdb.TaskRecord{MsgID: "fit-2", Label: "fit", Submitted: noon.Add(time.Second)},
	)
	if err != nil {
		log.Fatal(err)
	}

	outstanding := taskdb.Query{
		Filter: `{completed: null, label: {$glob: 'f*'}}`,
		Sort:   `{submitted: 1}`,
	}
	for task, err := range db.Find(ctx, outstanding) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(task.MsgID, "was submitted at", task.Submitted)
	}
}
