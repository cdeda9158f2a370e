package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
)

const (
	lease = 5 * time.Second
	// One task in so many fails, and one in so many is left by an engine that dies.
	failures = 15
	deaths   = 40
)

// work is the life of an engine: it takes one task after another.
func work(ctx context.Context, h *hub.Hub, engine string) {
	for ctx.Err() == nil {
		claimed, err := h.Claim(ctx, hub.Claim{Engine: engine, Queues: []string{"compute", "io"}, Lease: lease, Wait: time.Minute})
		if err != nil {
			sleep(ctx, time.Second)
			continue
		}
		if rand.N(deaths) == 0 {
			sleep(ctx, 2*lease) // it is dead; another takes its place
			continue
		}
		do(ctx, h, claimed.Lease)
	}
}

// do does a task, with some output meanwhile. Errors say that the task is not the
// engine's any more: somebody cancelled it.
func do(ctx context.Context, h *hub.Hub, lease hub.Lease) {
	began := time.Now()
	pieces := 2 + rand.N(4)
	for i := range pieces {
		sleep(ctx, between(100*time.Millisecond, 500*time.Millisecond))
		said := fmt.Sprintf("%3d%% done, residual %.2e\n", 100*(i+1)/pieces, rand.ExpFloat64()/float64(i+1))
		if h.Output(ctx, lease, hub.Output{Stdout: said}) != nil {
			return
		}
	}
	_, _ = h.Finish(ctx, lease, result(began))
}

// result is what came of a task that began at a time.
func result(began time.Time) hub.Result {
	if rand.N(failures) == 0 {
		return hub.Result{
			Status: hub.OutcomeError, Started: began,
			EName: "ConvergenceError", EValue: "no convergence in 500 iterations",
			Traceback: []string{
				"Traceback (most recent call last):",
				`  File "simulate.py", line 118, in step`,
				"    raise ConvergenceError(f\"no convergence in {limit} iterations\")",
				"ConvergenceError: no convergence in 500 iterations",
			},
		}
	}
	content, _ := bson.Marshal(bson.D{{Key: "energy", Value: -rand.ExpFloat64()}, {Key: "iterations", Value: 50 + rand.N(400)}}) // it has nothing that could not be
	field := make([]byte, 2048)
	for i := range field {
		field[i] = byte(rand.N(256))
	}
	return hub.Result{Status: hub.OutcomeOK, Started: began, Content: content, Buffers: [][]byte{field}}
}
