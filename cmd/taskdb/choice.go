package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/taskdb"
)

// choiceFlags say which tasks a command is about: those whose ids are its arguments,
// or those that a FILTER and the shortcuts select.
type choiceFlags struct {
	filter filterFlags
	yes    bool
}

func (f *choiceFlags) register(cmd *cobra.Command) {
	f.filter.register(cmd)
	cmd.Flags().BoolVar(&f.yes, "yes", false, "yes, all tasks that the FILTER and the shortcuts select")
}

const choiceHelp = `Which tasks is said by their ids; or by a FILTER, the shortcuts or both, and then it
tells how many there are and does nothing without --yes.`

// choice returns the choice of the arguments. Of one by ids the filter is nil.
func (f *choiceFlags) choice(p *program, args []string) (choice api.Choice, selected *selection, err error) {
	byFilter := len(args) == 0 || strings.HasPrefix(strings.TrimSpace(args[0]), "{")
	shortcuts, err := f.filter.filters(p.now)
	switch {
	case err != nil:
		return choice, nil, err
	case !byFilter && len(shortcuts) > 0:
		return choice, nil, usage("leave one of them out", "ids and shortcuts exclude each other")
	case !byFilter:
		return api.Choice{MsgIDs: args}, nil, nil
	case len(args) > 1:
		return choice, nil, usage("put quotes around the filter, or name ids", "one filter at most, not %d words", len(args))
	case len(args) == 0 && len(shortcuts) == 0:
		return choice, nil, usage("want ids, a FILTER or a shortcut; every task is '{}'", "no task was named")
	}
	chosen, err := f.filter.selection(filterArg(args, 0), p.now)
	if err != nil {
		return choice, nil, err
	}
	return choiceOf(chosen), &chosen, nil
}

// act does something with the hub to the tasks of a choice. If they were chosen by a
// filter it is done only with --yes; else it is told how many there are of those that
// a filter has within.
func (f *choiceFlags) act(
	ctx context.Context, p *program, cmd *cobra.Command, store *storeFlags, args []string, within bson.Raw,
	do func(c *client.Client, choice api.Choice) error,
) error {
	choice, selected, err := f.choice(p, args)
	if err != nil {
		return err
	}
	if selected == nil || f.yes {
		return store.changeHub(ctx, p, func(c *client.Client) error { return do(c, choice) })
	}
	return store.askHub(ctx, p, func(c *client.Client) error {
		both := bson.D{{Key: "$and", Value: bson.A{selected.filter.Source(), within}}}
		n, err := c.Count(ctx, taskdb.Query{Filter: both})
		if err != nil {
			return err
		}
		return usage("if you are sure: --yes", "tasks that this is about: %d", n)
	})
}
