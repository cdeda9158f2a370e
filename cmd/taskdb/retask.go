package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/taskdb"
)

const resubmitLong = `Resubmit submits tasks again, whatever has become of them, as new ones with ids of
their own: with the header, content, buffers and metadata of the old ones, their queue,
label, priority, time limit and retries. It prints which new task repeats which.

` + choiceHelp

const resubmitExample = `  taskdb resubmit "$id"
  taskdb resubmit --failed --since 1h --yes
  taskdb chain "$id"`

func (p *program) resubmitCommand() *cobra.Command {
	var (
		store  storeFlags
		choice choiceFlags
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:     "resubmit ID...|[FILTER]",
		Short:   "Submit tasks again, as new ones",
		Long:    resubmitLong,
		Example: resubmitExample,
	}
	store.register(cmd)
	choice.register(cmd)
	output.register(cmd, formTable, listForms...)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		form, err := output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		return choice.act(ctx, p, cmd, &store, args, everyTask, func(c *client.Client, chosen api.Choice) error {
			done, err := c.Resubmit(ctx, chosen)
			if err != nil {
				return err
			}
			out := p.printer(form, []column{
				{title: "old", cell: textOf("old"), whole: true}, {title: "new", cell: textOf("new"), whole: true},
			})
			for _, pair := range done {
				doc := bsoncore.NewDocumentBuilder().AppendString("old", pair.Old).AppendString("new", pair.New).Build()
				if err := out.print(bson.Raw(doc)); err != nil {
					return err
				}
			}
			return out.finish()
		})
	})
	return cmd
}

// everyTask is the filter of all tasks.
var everyTask = bson.Raw{5, 0, 0, 0, 0}

const cancelLong = `Cancel aborts unfinished tasks, and prints how many. The engine of one that is
running is told when it next renews its lease. Of those that are named, but are finished
or do not exist, it is told; the exit code is 1 or 3 then, and the others are cancelled
all the same.

` + choiceHelp

func (p *program) cancelCommand() *cobra.Command {
	var (
		store  storeFlags
		choice choiceFlags
		reason string
	)
	cmd := &cobra.Command{
		Use:     "cancel ID...|[FILTER]",
		Short:   "Abort tasks that are not finished",
		Long:    cancelLong,
		Example: "  taskdb cancel \"$id\" --reason 'wrong input'\n  taskdb cancel --label 'fit-*' --yes",
	}
	store.register(cmd)
	choice.register(cmd)
	cmd.Flags().StringVar(&reason, "reason", "cancelled", "the `TEXT` that the tasks tell")
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		return choice.act(ctx, p, cmd, &store, args, taskdb.StateIncomplete.Filter().Source(), func(c *client.Client, chosen api.Choice) error {
			answers, err := c.Cancel(ctx, chosen, reason)
			if err != nil {
				return err
			}
			return p.tellAnswers(answers, "cancelled")
		})
	})
	return cmd
}

func (p *program) priorityCommand() *cobra.Command {
	var (
		store  storeFlags
		choice choiceFlags
	)
	cmd := &cobra.Command{
		Use:   "priority NUMBER ID...|[FILTER]",
		Short: "Give tasks that wait another priority",
		Long: `Priority gives tasks that wait to be claimed another priority, and prints how many:
the higher is claimed first. Of those that are running or finished it is told, and the
exit code is 1.

` + choiceHelp,
		Example: "  taskdb priority 10 \"$id\"\n  taskdb priority --yes -- -5 '{label: \"batch\"}'",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("want: "+cmd.UseLine(), "arguments are missing")
			}
			return nil
		},
	}
	store.register(cmd)
	choice.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		priority, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return usage("want: "+cmd.UseLine(), "%q is no whole number", args[0])
		}
		return choice.act(ctx, p, cmd, &store, args[1:], taskdb.StatePending.Filter().Source(), func(c *client.Client, chosen api.Choice) error {
			answers, err := c.ChangePriority(ctx, chosen, priority)
			if err != nil {
				return err
			}
			return p.tellAnswers(answers, "changed")
		})
	})
	return cmd
}

// tellAnswers prints of how many tasks something was done, and returns the errors of
// the others.
func (p *program) tellAnswers(answers []client.Answer, done string) error {
	n, refused := answered(answers)
	if _, err := fmt.Fprintf(p.stdout, "%d %s\n", n, done); err != nil {
		return err
	}
	return refused
}

func (p *program) chainCommand() *cobra.Command {
	var store storeFlags
	cmd := &cobra.Command{
		Use:     "chain ID",
		Short:   "Print the ids of a task's resubmissions, the oldest first",
		Long:    "Chain prints the ids of the tasks that repeat one another, of which the task is one, the oldest first.",
		Example: "  taskdb chain \"$id\"",
		Args:    oneArgument,
	}
	store.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		return store.askHub(ctx, p, func(c *client.Client) error {
			chain, err := c.Chain(ctx, args[0])
			if err != nil {
				return err
			}
			for _, msgID := range chain {
				if _, err := fmt.Fprintln(p.stdout, msgID); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return cmd
}
