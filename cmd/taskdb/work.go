package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

const workLong = `Work is an engine: it claims tasks, one after another, and runs the COMMAND for each.

The command reads the task's content from its standard input: the text that it has
under code or, of one without code, all of it as JSON. What it writes is the task's
output as it comes. When it ends with the exit code 0 the task is ok, and what it wrote
to its standard output is the result: a JSON object as it is, other JSON under result,
else under text. With another exit code the task has failed, and the end of what it
wrote to standard error is the traceback. The environment has TASKDB_MSG_ID,
TASKDB_LABEL, TASKDB_QUEUE and TASKDB_ENGINE.

A task that is cancelled, takes longer than its limit, or whose lease is lost has its
command stopped, with all that it has started.

An interrupt, or the signal TERM, has it claim no more, and end when what runs has. A
second one stops what runs: those tasks fail with WorkerStopped, and so go back to
their queues if they have retries left.`

const workExample = `  taskdb work -- python3
  taskdb work --queue cpu --engines 4 -- ./fit --verbose
  taskdb work --until-idle -- sh`

// workFlags say which tasks to claim, and how.
type workFlags struct {
	queues    []string
	engines   int
	engine    string
	filter    string
	lease     time.Duration
	untilIdle bool
}

func (p *program) workCommand() *cobra.Command {
	var (
		store storeFlags
		work  workFlags
	)
	cmd := &cobra.Command{
		Use:     "work [flags] -- COMMAND [ARG...]",
		Short:   "Claim tasks and run a command for each",
		Long:    workLong,
		Example: workExample,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("want: "+cmd.UseLine(), "there is no command to run")
			}
			return nil
		},
	}
	store.register(cmd)
	store.alwaysWrites(cmd)
	work.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		if err := work.check(args[0], p.now); err != nil {
			return err
		}
		return store.change(ctx, p, func(db *taskdb.DB) error {
			return p.work(ctx, &store, db, worker{p: p, flags: work, command: args})
		})
	})
	return cmd
}

func (f *workFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.queues, "queue", nil, "tasks of the queue of this `NAME` (repeat it for several; default the queue without a name)")
	flags.IntVar(&f.engines, "engines", 1, "run so many tasks at a time")
	flags.StringVar(&f.engine, "engine", "", "the `NAME` of the engine, with a number if there are several (default the machine's and the process's)")
	flags.StringVar(&f.filter, "filter", "", "only tasks that this `FILTER` selects")
	flags.DurationVar(&f.lease, "lease", 30*time.Second, "how long a task is kept from others if this process dies")
	flags.BoolVar(&f.untilIdle, "until-idle", false, "end when there is no task to claim")
}

// check refuses what cannot be: a command that is not there would fail every task.
func (f *workFlags) check(command string, now time.Time) error {
	switch _, err := exec.LookPath(command); {
	case f.engines < 1:
		return usage("want 1 or more", "wrong --engines: %d", f.engines)
	case f.lease <= 0:
		return usage("want more than 0s", "wrong --lease: %s", f.lease)
	case err != nil:
		return usage("name a program, or its path", "there is no command to run: %v", err)
	}
	_, err := parseFilter(f.filter, now)
	return err
}

// work runs the engines until they end. In a store that no hub has, a hub in this
// process leads the tasks.
func (p *program) work(ctx context.Context, store *storeFlags, db *taskdb.DB, w worker) error {
	carriedOn, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	stopped := onSecondSignal(giveUp)
	defer stopped()
	if _, isBehind := clientOf(db); isBehind {
		return store.withHub(ctx, db, func(c *client.Client) error { return w.work(ctx, carriedOn, c) })
	}
	h, err := hub.Open(ctx, db, hub.Options{})
	if err != nil {
		return err
	}
	c, err := localClient(h, db)
	if err != nil {
		return err
	}
	var tending sync.WaitGroup
	tendCtx, stop := context.WithCancel(carriedOn)
	tending.Go(func() { p.tend(tendCtx, h) })
	err = w.work(ctx, carriedOn, c)
	stop()
	tending.Wait()
	return err
}

// tend tends a hub until the context ends.
func (p *program) tend(ctx context.Context, h *hub.Hub) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for ctx.Err() == nil {
		if _, err := h.Tend(ctx); err != nil && ctx.Err() == nil {
			p.note("taskdb work", "%v", err)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
		}
	}
}

// onSecondSignal calls do when the process gets a second signal to end. The first
// ends the context of the program.
func onSecondSignal(do func()) (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for range 2 {
			select {
			case <-signals:
			case <-done:
				return
			}
		}
		do()
	})
	return func() {
		signal.Stop(signals)
		close(done)
		watching.Wait()
	}
}

// worker claims tasks and runs a command for each.
type worker struct {
	p       *program
	flags   workFlags
	command []string
	client  *client.Client

	telling *sync.Mutex // one line at a time
}

// work runs the engines: they claim until ctx ends, and what runs then goes on until
// carriedOn does.
func (w worker) work(ctx, carriedOn context.Context, c *client.Client) error {
	w.client, w.telling = c, new(sync.Mutex)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, w.flags.engines)
	var engines sync.WaitGroup
	for i := range errs {
		engines.Go(func() {
			errs[i] = w.engine(ctx, carriedOn, w.nameOf(i))
			if errs[i] != nil {
				stop() // the others fail alike
			}
		})
	}
	engines.Wait()
	return errors.Join(errs...)
}

// nameOf is the name of the i-th engine.
func (w worker) nameOf(i int) string {
	name := w.flags.engine
	if name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "engine"
		}
		name = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	if w.flags.engines > 1 {
		name += fmt.Sprintf("-%d", i+1)
	}
	return name
}

const (
	claimWait = "30s" // how long a claim waits for a task
	// pauseBetween is how long an engine waits before it asks a hub again that cannot
	// be reached, or does not let it wait.
	pauseBetween = 2 * time.Second
)

// engine claims and runs tasks, one after another.
func (w worker) engine(ctx, carriedOn context.Context, name string) error {
	claim := api.Claim{
		Engine: name, Queues: w.flags.queues, Filter: api.Expression{Text: w.flags.filter},
		Lease: api.Duration(w.flags.lease.String()), Wait: claimWait,
	}
	if w.flags.untilIdle {
		claim.Wait = ""
	}
	for ctx.Err() == nil {
		began := time.Now()
		claimed, err := w.client.Claim(ctx, claim)
		switch {
		case err == nil:
			ended := w.tellIfStopped(ctx, claimed)
			became := w.carryOut(carriedOn, claimed)
			ended()
			w.tell(claimed, became)
		case ctx.Err() != nil:
		case errors.Is(err, client.ErrNoTask):
			if w.flags.untilIdle {
				return nil
			}
			if time.Since(began) < pauseBetween { // a hub that stops waits no more
				pause(ctx)
			}
		case errors.Is(err, taskdb.ErrUnreachable), errors.Is(err, client.ErrBusy):
			w.note("%v", err)
			pause(ctx)
		default:
			return err
		}
	}
	return nil
}

// pause waits before a hub is asked again.
func pause(ctx context.Context) {
	select {
	case <-time.After(pauseBetween):
	case <-ctx.Done():
	}
}

// tellIfStopped says that a task is waited for if the worker is to end before the task
// has.
func (w worker) tellIfStopped(ctx context.Context, claimed *client.Claimed) (ended func()) {
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		w.note("%s is running, and ends first; a second interrupt stops it", printable(claimed.Lease.MsgID))
	})
	return func() {
		if !stop() {
			<-told
		}
	}
}

// tell says what became of a task.
func (w worker) tell(claimed *client.Claimed, became string) {
	w.telling.Lock()
	defer w.telling.Unlock()
	fmt.Fprintf(w.p.stdout, "%s: %s\n", printable(claimed.Lease.MsgID), became)
}

func (w worker) note(format string, args ...any) {
	w.telling.Lock()
	defer w.telling.Unlock()
	w.p.note("taskdb work", format, args...)
}
