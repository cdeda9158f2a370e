package hub_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// A client submits two tasks, of which the second waits for the first. An engine
// runs them, and the client fetches what came of them.
func Example() {
	ctx := context.Background()
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	h, err := hub.Open(ctx, db, hub.Options{})
	if err != nil {
		log.Fatal(err)
	}

	_, err = h.Submit(ctx,
		hub.Task{MsgID: "fit", Queue: "cpu", Retries: 2},
		hub.Task{MsgID: "plot", Queue: "cpu", After: []string{"fit"}})
	if err != nil {
		log.Fatal(err)
	}

	for range 2 {
		claimed, err := h.Claim(ctx, hub.Claim{Engine: "engine-1", Queues: []string{"cpu"}, Wait: time.Second})
		if err != nil {
			log.Fatal(err)
		}
		if err := h.Output(ctx, claimed.Lease, hub.Output{Stdout: "working\n"}); err != nil {
			log.Fatal(err)
		}
		if _, err := h.Finish(ctx, claimed.Lease, hub.Result{Status: hub.OutcomeOK}); err != nil {
			log.Fatal(err)
		}
	}

	fetched, err := h.Fetch(ctx, hub.Fetch{MsgIDs: []string{"plot", "fit", "fot"}, Wait: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	for _, task := range fetched {
		if task.Err != nil {
			fmt.Println(task.Err)
			continue
		}
		fmt.Printf("%s: %s, by %s: %q\n", task.MsgID, task.State, task.Record.EngineUUID, task.Record.Stdout)
	}
	// Output:
	// plot: ok, by engine-1: "working\n"
	// fit: ok, by engine-1: "working\n"
	// get "fot": no such record
}

// An engine that dies does not renew its lease. The task goes back to its queue.
func ExampleHub_Tend() {
	ctx := context.Background()
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	h, err := hub.Open(ctx, db, hub.Options{Now: func() time.Time { return now }, Lease: time.Minute})
	if err != nil {
		log.Fatal(err)
	}

	if _, err := h.Submit(ctx, hub.Task{MsgID: "fit", Retries: 1}); err != nil {
		log.Fatal(err)
	}
	claimed, err := h.Claim(ctx, hub.Claim{Engine: "engine-1"})
	if err != nil {
		log.Fatal(err)
	}
	now = now.Add(2 * time.Minute)
	tended, err := h.Tend(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("back in its queue:", tended.Requeued)

	_, err = h.Finish(ctx, claimed.Lease, hub.Result{Status: hub.OutcomeOK})
	var lost *hub.LeaseError
	fmt.Println("too late:", errors.As(err, &lost), "-", lost.Attempt.Reason)
	// Output:
	// back in its queue: 1
	// too late: true - the lease of engine "engine-1" ran out
}
