package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/taskdb"
)

const resultLong = `Result waits until tasks are finished, and shows what came of them, in the order in
which they are asked for: state, content of the result, and what they wrote. All of the
record shows "taskdb get".

The exit code is 0 if all of them are ok, 1 if one is not, or not finished when the
--timeout is over, and 3 if there is no such task.`

const resultExample = `  taskdb result "$id"
  taskdb result --timeout 0s ID1 ID2
  taskdb result --stdout "$id"`

func (p *program) resultCommand() *cobra.Command {
	var (
		store   storeFlags
		output  outputFlags
		timeout time.Duration
		stdout  bool
	)
	cmd := &cobra.Command{
		Use:     "result ID...",
		Aliases: []string{"wait"},
		Short:   "Wait for tasks, and show what came of them",
		Long:    resultLong,
		Example: resultExample,
		Args:    someIDs,
	}
	store.register(cmd)
	output.register(cmd, formTable, listForms...)
	cmd.Flags().DurationVar(&timeout, "timeout", -1, "wait no longer than this; 0s is not at all (default as long as it takes)")
	cmd.Flags().Lookup("timeout").DefValue = "0s" // the help says it in words
	cmd.Flags().BoolVar(&stdout, "stdout", false, "show what they wrote to their standard output, and nothing else")
	cmd.RunE = p.action(func(ctx context.Context, ids []string) error {
		form, err := output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		show := p.printer(form, resultColumns)
		if stdout {
			show = &stdoutPrinter{p.stdout}
		}
		return store.askHub(ctx, p, func(c *client.Client) error {
			tasks, err := c.Fetch(ctx, client.Fetch{
				MsgIDs: ids, Wait: timeout,
				Keys: []string{"label", "submitted", "stdout", "stderr", "result_content"},
			})
			if err != nil {
				return err
			}
			return showResults(tasks, show)
		})
	})
	return cmd
}

var resultColumns = []column{
	{title: "msg_id", cell: textOf("msg_id"), whole: true},
	{title: "state", cell: textOf("state"), whole: true},
	{title: "label", cell: textOf("label"), optional: true},
	{title: "result", cell: textOf("result_content"), optional: true},
	{title: "stdout", cell: textOf("stdout"), optional: true},
	{title: "stderr", cell: textOf("stderr"), optional: true},
}

// stdoutPrinter writes what tasks wrote.
type stdoutPrinter struct{ out io.Writer }

func (p *stdoutPrinter) print(v any) error {
	text, _ := v.(bson.Raw).Lookup("stdout").StringValueOK()
	_, err := io.WriteString(p.out, text)
	return err
}

func (p *stdoutPrinter) finish() error { return nil }

// showResults shows the tasks that there are, and returns an error for each that is
// not ok.
func showResults(tasks []client.Task, out printer) error {
	var errs []error
	for _, task := range tasks {
		errs = append(errs, notOK(task))
		if task.Record == nil {
			continue
		}
		if err := out.print(resultDocument(task)); err != nil {
			return err
		}
	}
	return errors.Join(append(errs, out.finish())...)
}

// notOK is why a task has no good result, or nil.
func notOK(task client.Task) error {
	switch {
	case task.Err != nil:
		return task.Err
	case task.State == taskdb.StatePending, task.State == taskdb.StateRunning:
		return fmt.Errorf("task %q is not finished: %s", task.MsgID, task.State)
	}
	return task.Failure()
}

// resultDocument is what is shown of a task.
func resultDocument(task client.Task) bson.Raw {
	r := task.Record
	doc := bsoncore.NewDocumentBuilder().AppendString("msg_id", task.MsgID).AppendString("state", string(task.State))
	if r.Label != "" {
		doc.AppendString("label", r.Label)
	}
	if len(r.ResultContent) > 0 {
		doc.AppendDocument("result_content", bsoncore.Document(r.ResultContent))
	}
	for _, stream := range []struct{ key, text string }{{"stdout", r.Stdout}, {"stderr", r.Stderr}} {
		if stream.text != "" {
			doc.AppendString(stream.key, stream.text)
		}
	}
	return bson.Raw(doc.Build())
}
