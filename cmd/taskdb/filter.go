package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// filterFlags are the shortcuts that narrow a filter. All of them and the FILTER
// must hold.
type filterFlags struct {
	incomplete, running, finished, failed bool
	since                                 string
	engines, clients                      []string
	label                                 string
}

func (f *filterFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.incomplete, "incomplete", false, "only tasks without a result: {completed: null}")
	flags.BoolVar(&f.running, "running", false, "only tasks that an engine has and has not finished")
	flags.BoolVar(&f.finished, "finished", false, "only tasks that have a result")
	flags.BoolVar(&f.failed, "failed", false, "only tasks that finished with an error")
	flags.StringVar(&f.since, "since", "", "only tasks submitted since `TIME`: 30m, 2h, 7d ago, or 2026-11-22T10:00Z")
	flags.StringArrayVar(&f.engines, "engine", nil, "only tasks of the engine with this `UUID` (repeat it for several)")
	flags.StringArrayVar(&f.clients, "client", nil, "only tasks of the client with this `UUID` (repeat it for several)")
	flags.StringVar(&f.label, "label", "", "only tasks whose label matches `GLOB`: * any text, ? any letter, [abc]")
}

// selection is a checked filter.
type selection struct {
	filter *query.Filter
	asked  bson.Raw // the FILTER alone, without what shortcuts add
}

// selection makes one filter of the FILTER, which may be empty, and the shortcuts.
func (f *filterFlags) selection(text string, now time.Time) (selection, error) {
	asked, err := parseFilter(text, now)
	if err != nil {
		return selection{}, err
	}
	shortcuts, err := f.filters(now)
	if err != nil {
		return selection{}, err
	}
	if len(shortcuts) == 0 {
		return selection{asked, asked.Source()}, nil
	}
	all, err := query.Parse(bson.D{{Key: "$and", Value: append(shortcuts, asked.Source())}})
	return selection{all, asked.Source()}, err
}

func parseFilter(text string, now time.Time) (*query.Filter, error) {
	if text == "" {
		text = "{}"
	}
	doc, err := query.Document(text)
	if err != nil {
		return nil, wrongText("filter", text, err)
	}
	if doc, err = datesIn("filter", doc, now); err != nil {
		return nil, err
	}
	filter, err := query.ParseFilter(doc)
	if err != nil {
		return nil, wrongText("filter", text, err)
	}
	return filter, nil
}

// filters returns the filters that the shortcuts stand for.
func (f *filterFlags) filters(now time.Time) (bson.A, error) {
	if (f.finished || f.failed) && (f.incomplete || f.running) {
		return nil, usage("ask for one of them", "no task is finished or failed and also incomplete or running")
	}
	var filters bson.A
	for _, wanted := range []struct {
		flag  bool
		state taskdb.State
	}{
		{f.incomplete, taskdb.StateIncomplete},
		{f.running, taskdb.StateRunning},
		{f.finished, taskdb.StateFinished},
		{f.failed, taskdb.StateFailed},
	} {
		if wanted.flag {
			filters = append(filters, wanted.state.Filter().Source())
		}
	}
	if f.since != "" {
		since, err := parseSince(f.since, now)
		if err != nil {
			return nil, err
		}
		filters = append(filters, condition("submitted", "$gte", since))
	}
	if len(f.engines) > 0 {
		filters = append(filters, condition("engine_uuid", "$in", f.engines))
	}
	if len(f.clients) > 0 {
		filters = append(filters, condition("client_uuid", "$in", f.clients))
	}
	if f.label != "" {
		filters = append(filters, condition("label", "$glob", f.label))
	}
	return filters, nil
}

func condition(key, operator string, operand any) bson.D {
	return bson.D{{Key: key, Value: bson.D{{Key: operator, Value: operand}}}}
}

// oneFilter checks that the arguments after the first few are at most one filter.
// A filter without quotes reaches the program in pieces.
func oneFilter(before int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > before+1 {
			words := strings.Fields(cmd.Use)[1 : 1+before]
			return usage("put quotes around the filter: "+strings.Join(append([]string{cmd.CommandPath()}, words...), " ")+" '{completed: null}'",
				"one filter at most, not %d words", len(args)-before)
		}
		if len(args) < before {
			return usage("want: "+cmd.UseLine(), "arguments are missing")
		}
		return nil
	}
}

// filterArg returns the filter after the first few arguments, or "".
func filterArg(args []string, before int) string {
	if len(args) > before {
		return args[before]
	}
	return ""
}
