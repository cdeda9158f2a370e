// Package demo gives a hub work, and simulated engines that do it, for somebody who
// wants to see a hub at work before he has any of his own. Nothing is computed: the
// engines wait, and make results up.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
)

const (
	engines = 4
	// backlog is how many runs are submitted at once in the beginning; then one comes
	// every pace, which is about what the engines can do.
	backlog = 6
	pace    = 4 * time.Second
	steps   = 8 // tasks of a run that do not depend on each other
)

// Run submits tasks and works on them until the context ends. What somebody drains,
// cancels or purges meanwhile stays so.
func Run(ctx context.Context, h *hub.Hub) {
	var group sync.WaitGroup
	group.Go(func() { submit(ctx, h) })
	for i := range engines {
		group.Go(func() { work(ctx, h, fmt.Sprintf("engine-%d", i+1)) })
	}
	group.Wait()
}

// submit submits one run after another.
func submit(ctx context.Context, h *hub.Hub) {
	for n := 1; ctx.Err() == nil; n++ {
		_, _ = h.Submit(ctx, run(n)...) // a hub that is drained takes none
		if n >= backlog {
			sleep(ctx, pace)
		}
	}
}

// run is the tasks of one run: some that need what the first has prepared, half of
// which are tried once only, and a last one that needs them all.
func run(n int) []hub.Task {
	id := func(name string) string { return fmt.Sprintf("run%d-%s", n, name) }
	task := func(name, queue string, retries int64, after ...string) hub.Task {
		header, _ := bson.Marshal(bson.D{{Key: "username", Value: "demo"}}) // it has nothing that could not be
		content, _ := bson.Marshal(bson.D{{Key: "run", Value: n}, {Key: "step", Value: name}})
		return hub.Task{
			MsgID: id(name), Header: header, Content: content, ClientUUID: "demo", Queue: queue, Label: name,
			After: after, Retries: retries, Priority: int64(n % 3),
		}
	}
	tasks := []hub.Task{task("prepare", "io", 1)}
	var simulated []string
	for i := range steps {
		name := fmt.Sprintf("simulate%d", i+1)
		tasks = append(tasks, task(name, "compute", int64(i%2), id("prepare")))
		simulated = append(simulated, id(name))
	}
	return append(tasks, task("collect", "io", 1, simulated...))
}

// sleep waits for a time, or until the context ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// between is a time between two.
func between(least, most time.Duration) time.Duration { return least + rand.N(most-least) }
