package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
)

const queuesLong = `Queues shows the queues that have unfinished tasks, or are paused: how many of their
tasks

  ready      may be claimed
  waiting    wait for others, or for their time
  running    an engine has
  foreign    are pending, and were written by another hub than taskdb's

With --engines it shows the engines that have tasks, and how many.`

func (p *program) queuesCommand() *cobra.Command {
	var (
		store   storeFlags
		output  outputFlags
		engines bool
	)
	cmd := &cobra.Command{
		Use:     "queues",
		Short:   "Show what waits and runs in the queues",
		Long:    queuesLong,
		Example: "  taskdb queues\n  taskdb queues --engines",
		Args:    noArguments,
	}
	store.register(cmd)
	output.register(cmd, formTable, listForms...)
	cmd.Flags().BoolVar(&engines, "engines", false, "the engines, and not the queues")
	cmd.RunE = p.action(func(ctx context.Context, _ []string) error {
		form, err := output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		return store.askHub(ctx, p, func(c *client.Client) error {
			status, err := c.QueueStatus(ctx)
			if err != nil {
				return err
			}
			if stop := status.Drained; stop != nil {
				p.note(cmd.CommandPath(), "the hub takes no tasks since %s%s", stop.Since.Format(time.RFC3339), reasonOf(stop))
			}
			if engines {
				return printEach(p.printer(form, engineColumns), status.Engines, engineDocument)
			}
			return printEach(p.printer(form, queueColumns), status.Queues, queueDocument)
		})
	})
	return cmd
}

// reasonOf tells the reason of a stop, if there is one.
func reasonOf(stop *api.Stop) string {
	if stop.Reason == "" {
		return ""
	}
	return ": " + printable(stop.Reason)
}

// printEach prints a document of each thing in a list.
func printEach[T any](out printer, list []T, document func(T) bson.D) error {
	for _, thing := range list {
		doc, err := bson.Marshal(document(thing))
		if err == nil {
			err = out.print(bson.Raw(doc))
		}
		if err != nil {
			return err
		}
	}
	return out.finish()
}

var (
	queueColumns = []column{
		{title: "queue", cell: textOf("queue"), whole: true},
		{title: "ready", cell: textOf("ready"), whole: true},
		{title: "waiting", cell: textOf("waiting"), whole: true},
		{title: "running", cell: textOf("running"), whole: true},
		{title: "foreign", cell: textOf("foreign"), whole: true},
		{title: "paused", cell: textOf("paused.reason"), optional: true},
	}
	engineColumns = []column{
		{title: "engine", cell: textOf("engine"), whole: true},
		{title: "running", cell: textOf("running"), whole: true},
	}
)

func queueDocument(q api.QueueStatus) bson.D {
	doc := bson.D{
		{Key: "queue", Value: q.Queue}, {Key: "ready", Value: q.Ready}, {Key: "waiting", Value: q.Waiting},
		{Key: "running", Value: q.Running}, {Key: "foreign", Value: q.Foreign},
	}
	if q.Paused != nil {
		doc = append(doc, bson.E{Key: "paused", Value: bson.D{{Key: "since", Value: q.Paused.Since}, {Key: "reason", Value: q.Paused.Reason}}})
	}
	return doc
}

func engineDocument(e api.EngineStatus) bson.D {
	return bson.D{{Key: "engine", Value: e.Engine}, {Key: "running", Value: e.Running}}
}

// stops are the commands that stop the hub, or a queue, and let it go on. What they do
// holds over a restart.
func (p *program) stopCommands() []*cobra.Command {
	return []*cobra.Command{
		p.stopCommand("drain [REASON]", "Have the hub refuse new tasks", 0,
			"Drain has the hub refuse new tasks, and tell the reason, until \"taskdb resume\". Those that it has go on.",
			func(ctx context.Context, c *client.Client, args []string) error {
				return c.Drain(ctx, strings.Join(args, " "))
			}),
		p.stopCommand("resume", "Have the hub take tasks again", 0,
			"Resume has the hub take tasks again that was drained.",
			func(ctx context.Context, c *client.Client, _ []string) error { return c.Resume(ctx) }),
		p.stopCommand("pause QUEUE [REASON]", "Have the hub hand out no task of a queue", 1,
			"Pause has the hub hand out no task of a queue until \"taskdb unpause\". Those that are running go on. The queue without a name is \"\".",
			func(ctx context.Context, c *client.Client, args []string) error {
				return c.Pause(ctx, args[0], strings.Join(args[1:], " "))
			}),
		p.stopCommand("unpause QUEUE", "Have the hub hand out the tasks of a queue again", 1,
			"Unpause has the hub hand out the tasks of a queue again that was paused.",
			func(ctx context.Context, c *client.Client, args []string) error { return c.Unpause(ctx, args[0]) }),
	}
}

func (p *program) stopCommand(use, short string, least int, long string, do func(context.Context, *client.Client, []string) error) *cobra.Command {
	var store storeFlags
	most := least
	if strings.Contains(use, "[REASON]") {
		most = -1
	}
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Args: func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return usage("want: "+cmd.UseLine(), "these are %d arguments", len(args))
		}
		return nil
	}}
	store.register(cmd)
	store.alwaysWrites(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		return store.changeHub(ctx, p, func(c *client.Client) error { return do(ctx, c, args) })
	})
	return cmd
}
