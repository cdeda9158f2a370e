package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/taskdb"
)

// Why the command of a task is stopped.
var (
	errLost    = errors.New("the task is no longer this engine's")
	errStopped = errors.New("the worker was stopped")
)

// carryOut runs the command for a task, finishes the task, and says what became of it.
// If the context ends, the command is stopped.
func (w worker) carryOut(ctx context.Context, claimed *client.Claimed) string {
	run := &taskRun{worker: w, lease: claimed.Lease, outputs: map[string]*output{"stdout": newOutput(), "stderr": newOutput()}}
	running, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	defer context.AfterFunc(ctx, func() { stop(errStopped) })()
	run.stop = stop

	var keeping sync.WaitGroup
	ended := make(chan struct{})
	keeping.Go(func() { run.keepLease(running, ended) })
	keeping.Go(func() { run.sendOutput(running, ended) })
	failure := run.command(running, claimed)
	cause := context.Cause(running)
	close(ended)
	keeping.Wait()
	if cause == nil {
		cause = context.Cause(running) // its last output told it
	}
	if errors.Is(cause, errLost) {
		return cause.Error()
	}
	return run.finish(context.WithoutCancel(ctx), failure, cause)
}

// taskRun is a task that is being carried out.
type taskRun struct {
	worker  worker
	lease   api.Lease
	stop    context.CancelCauseFunc
	outputs map[string]*output // by its key of a record
}

// grace is how long a command has to end that is stopped.
const grace = 5 * time.Second

// command runs the command to its end.
func (r *taskRun) command(ctx context.Context, claimed *client.Claimed) error {
	cmd := exec.CommandContext(ctx, r.worker.command[0], r.worker.command[1:]...)
	cmd.Stdin = strings.NewReader(inputOf(claimed.Record.Content))
	cmd.Stdout, cmd.Stderr = r.outputs["stdout"], r.outputs["stderr"]
	cmd.Env = append(os.Environ(),
		"TASKDB_MSG_ID="+claimed.Record.MsgID, "TASKDB_LABEL="+claimed.Record.Label,
		"TASKDB_QUEUE="+claimed.Record.Queue, "TASKDB_ENGINE="+claimed.Lease.Engine)
	cmd.WaitDelay = grace
	return runGroup(cmd)
}

// inputOf is what the command of a task reads.
func inputOf(content bson.Raw) string {
	if code, ok := content.Lookup("code").StringValueOK(); ok {
		return code
	}
	text, err := extendedJSON(content, false)
	if err != nil {
		return ""
	}
	return string(text) + "\n"
}

// keepLease renews the lease until the command has ended. When the task is no longer
// this engine's the command is stopped.
func (r *taskRun) keepLease(ctx context.Context, ended <-chan struct{}) {
	until := r.lease.Until
	hold := r.worker.flags.lease
	every := time.NewTicker(max(hold/3, time.Millisecond))
	defer every.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			return
		case <-every.C:
		}
		renewed, err := r.worker.client.Renew(ctx, r.lease, hold)
		switch {
		case err == nil:
			until = renewed.Until
		case isLost(err) || time.Now().After(until):
			r.stop(fmt.Errorf("%w: %w", errLost, err))
			return
		}
	}
}

// isLost tells that a task is no longer the engine's.
func isLost(err error) bool {
	return errors.Is(err, client.ErrFinished) || errors.Is(err, client.ErrLease) || errors.Is(err, taskdb.ErrNotFound)
}

// outputEvery is how often output is sent, if there is any.
const outputEvery = 200 * time.Millisecond

// sendOutput sends what the command writes, as it comes, until all is sent.
func (r *taskRun) sendOutput(ctx context.Context, ended <-chan struct{}) {
	every := time.NewTicker(outputEvery)
	defer every.Stop()
	for last := false; !last; {
		select {
		case <-ended:
			last = true
		case <-every.C:
		}
		for {
			piece := api.OutputPiece{Stdout: r.outputs["stdout"].take(last), Stderr: r.outputs["stderr"].take(last)}
			if piece.Stdout == "" && piece.Stderr == "" {
				break
			}
			err := r.worker.client.Output(context.WithoutCancel(ctx), r.lease, piece)
			if isLost(err) {
				r.stop(fmt.Errorf("%w: %w", errLost, err))
				r.discardOutput()
				return
			}
			if err != nil {
				r.worker.note("%s: its output is lost: %v", r.lease.MsgID, err)
			}
			if errors.Is(err, taskdb.ErrTooLarge) { // and a shorter piece would leave a hole before it
				r.discardOutput()
				return
			}
		}
	}
}

// discardOutput has what the command writes not be sent any more.
func (r *taskRun) discardOutput() {
	for _, o := range r.outputs {
		o.discard()
	}
}

// finish finishes the task, and says what became of it.
func (r *taskRun) finish(ctx context.Context, failure, cause error) string {
	result := api.Completion{Status: "ok"}
	switch {
	case cause != nil:
		result.Status, result.EName, result.EValue = "error", "WorkerStopped", cause.Error()
	case failure != nil:
		result.Status, result.EName, result.EValue = "error", "CommandFailed", failure.Error()
		result.Traceback = r.outputs["stderr"].lastLines()
	default:
		result.Content = r.outputs["stdout"].result()
	}
	state, err := r.worker.client.Finish(ctx, r.lease, result)
	switch {
	case err != nil:
		return err.Error()
	case result.Status == "ok":
		return string(state)
	}
	return fmt.Sprintf("%s: %s: %s", state, result.EName, result.EValue)
}
