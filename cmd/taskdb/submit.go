package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

const submitLong = `Submit has the hub take tasks in, all of them or none, and prints their ids, one a
line.

A CONTENT says what is to be done, and is a task: a document, or any other text, which
is short for {code: TEXT}. Without one they are read from standard input, a JSON
document a line. What a content means is for who claims the task; see "taskdb work".

The flags hold for every task. A task comes after those of --after when they are ok; if
one of them fails, it is aborted.`

const submitExample = `  taskdb submit '{code: "6*7"}' --queue cpu
  taskdb submit --label fit-1 --priority 5 --retries 2 'fit(1)'
  taskdb submit --after "$id" --time-limit 10m 'plot()'
  taskdb submit --queue cpu < contents.jsonl`

// submitFlags say what more there is to the tasks.
type submitFlags struct {
	id, queue, label, client, notBefore string
	priority, retries                   int64
	after, buffers                      []string
	timeLimit                           time.Duration
}

func (p *program) submitCommand() *cobra.Command {
	var (
		store  storeFlags
		submit submitFlags
	)
	cmd := &cobra.Command{
		Use:     "submit [CONTENT...]",
		Short:   "Submit tasks to be run",
		Long:    submitLong,
		Example: submitExample,
	}
	store.register(cmd)
	store.alwaysWrites(cmd)
	submit.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		tasks, err := submit.tasks(ctx, p, args)
		if err != nil {
			return err
		}
		return store.write(ctx, p, func(db *taskdb.DB) error {
			return store.withHub(ctx, db, func(c *client.Client) error { return p.submit(ctx, cmd, c, tasks) })
		})
	})
	return cmd
}

func (f *submitFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.queue, "queue", "", "have them wait in the queue of this `NAME` (default the queue without a name)")
	flags.StringVar(&f.label, "label", "", "a `NAME` for people")
	flags.Int64Var(&f.priority, "priority", 0, "the higher is claimed first")
	flags.StringArrayVar(&f.after, "after", nil, "only when the task with this `ID` is ok (repeat it for several)")
	flags.StringVar(&f.notBefore, "not-before", "", "only from this `TIME` on: 30m, 2h, 7d from now, or 2026-11-22T10:00Z")
	flags.DurationVar(&f.timeLimit, "time-limit", 0, "how long an attempt may take (default no limit)")
	flags.Int64Var(&f.retries, "retries", 0, "how often to try again after a failure")
	flags.StringArrayVar(&f.buffers, "buffer", nil, "with what this `FILE` has as a buffer (repeat it for several)")
	flags.StringVar(&f.client, "client", "", "the `UUID` of who asks")
	flags.StringVar(&f.id, "id", "", "the `ID` that the task is to have; submitted again it is there already")
}

// tasks returns the tasks that the arguments, or else standard input, ask for.
func (f *submitFlags) tasks(ctx context.Context, p *program, args []string) ([]api.Task, error) {
	common, err := f.common(p.now)
	if err != nil {
		return nil, err
	}
	contents, err := p.contents(ctx, args)
	if err != nil {
		return nil, err
	}
	if f.id != "" && len(contents) != 1 {
		return nil, usage("submit them one by one", "--id is for one task, and these are %d", len(contents))
	}
	tasks := make([]api.Task, len(contents))
	for i, content := range contents {
		tasks[i] = common
		tasks[i].Content = api.Exact(content)
	}
	return tasks, nil
}

// common is what all tasks have in common.
func (f *submitFlags) common(now time.Time) (task api.Task, err error) {
	switch {
	case f.retries < 0:
		return task, usage("want 0 or more", "wrong --retries: %d", f.retries)
	case f.timeLimit < 0:
		return task, usage("want more than 0s", "wrong --time-limit: %s", f.timeLimit)
	}
	task = api.Task{
		MsgID: f.id, Queue: f.queue, Label: f.label, ClientUUID: f.client,
		Priority: f.priority, Retries: f.retries, After: f.after,
	}
	if f.timeLimit != 0 {
		task.TimeLimit = api.Duration(f.timeLimit.String())
	}
	if task.NotBefore, err = parseNotBefore(f.notBefore, now); err != nil {
		return task, err
	}
	for _, path := range f.buffers {
		buffer, err := os.ReadFile(path)
		if err != nil {
			return task, err
		}
		task.Buffers = append(task.Buffers, buffer)
	}
	return task, nil
}

// parseNotBefore reads the operand of --not-before: how long from now, or a date.
func parseNotBefore(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := timeAgo(text, text, now); err == nil {
		return now.Add(now.Sub(ago)), nil
	}
	date, err := parseDate(text, now)
	if err != nil {
		err.message = "wrong --not-before: " + err.message
		return time.Time{}, err
	}
	return date, nil
}

// contents returns the contents of tasks: the arguments or, if there are none, what
// standard input has.
func (p *program) contents(ctx context.Context, args []string) (contents []bson.Raw, err error) {
	for _, arg := range args {
		content, err := contentOf(arg)
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	if len(args) > 0 {
		return contents, nil
	}
	reader, err := p.readInput(ctx, false)
	if err != nil {
		return nil, err
	}
	contents, err = allOf(reader.Records(ctx))
	if err == nil && len(contents) == 0 {
		err = usage("want: taskdb submit CONTENT, or contents on standard input", "there is no task to submit")
	}
	return contents, err
}

func contentOf(arg string) (bson.Raw, error) {
	if !strings.HasPrefix(strings.TrimSpace(arg), "{") {
		return bson.Marshal(bson.D{{Key: "code", Value: arg}})
	}
	content, err := query.Document(arg)
	if err != nil {
		return nil, wrongText("content", arg, err)
	}
	return content, nil
}

// maxSubmission is how many tasks the API takes at a time.
const maxSubmission = 10_000

func (p *program) submit(ctx context.Context, cmd *cobra.Command, c *client.Client, tasks []api.Task) error {
	if len(tasks) > maxSubmission {
		return usage("submit them in parts", "at most %d tasks are submitted at a time, and these are %d", maxSubmission, len(tasks))
	}
	submitted, err := c.Submit(ctx, tasks...)
	if err != nil {
		return err
	}
	for _, task := range submitted {
		if task.Existed {
			p.note(cmd.CommandPath(), "%s was submitted before", printable(task.MsgID))
		}
		if _, err := io.WriteString(p.stdout, task.MsgID+"\n"); err != nil {
			return fmt.Errorf("write an id: %w", err)
		}
	}
	return nil
}
