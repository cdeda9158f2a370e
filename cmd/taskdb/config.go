package main

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/internal/settings"
)

const configLong = `Config shows the settings that are in force where no flag says otherwise, and where
each is from: a variable of the environment, or the file of settings, or the default.

A setting is a flag. The environment has it as TASKDB_ and its name, the file as a key;
one that a single command has stands in the file in the table of that command, and has
the name of the command before its own in the environment:

  store = "sqlite:/var/lib/taskdb/tasks.db"    TASKDB_STORE

  [serve]
  http = "127.0.0.1:4417"                      TASKDB_SERVE_HTTP

The password in a URL is not shown.`

func (p *program) configCommand(config *configFlag) *cobra.Command {
	var (
		which  whichStore
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Show the settings that are in force, and where they are from",
		Long:    configLong,
		Example: "  taskdb config\n  TASKDB_SERVE_HTTP=127.0.0.1:8080 taskdb config -o json",
		Args:    noArguments,
	}
	which.register(cmd)
	output.register(cmd, formTable, listForms...)
	cmd.RunE = p.action(func(context.Context, []string) error {
		form, err := output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		sources, err := config.sources(cmd.Root())
		if err != nil {
			return err
		}
		at, err := which.locate()
		if err != nil {
			return err
		}
		inForce, err := settingsInForce(cmd, sources)
		if err != nil {
			return err
		}
		out := p.printer(form, settingColumns)
		for _, flag := range inForce {
			value, from := shownSetting(flag), settings.OriginOf(flag)
			if flag.Name == "store" {
				value, from = at.String(), which.strongest()
			}
			doc := bsoncore.NewDocumentBuilder().
				AppendString("setting", settings.Key(flag)).
				AppendString("value", value).
				AppendString("from", from.Place)
			if err := out.print(bson.Raw(doc.Build())); err != nil {
				return err
			}
		}
		return out.finish()
	})
	return cmd
}

var settingColumns = []column{
	{title: "setting", cell: textOf("setting"), whole: true},
	{title: "value", cell: textOf("value")},
	{title: "from", cell: textOf("from"), whole: true},
}

// settingsInForce returns a flag for each setting, with the value that it has for the
// commands that have it: first those that several share, then by key. Those of cmd
// may also stand in its own line.
func settingsInForce(cmd *cobra.Command, sources settings.Sources) ([]*pflag.Flag, error) {
	byKey := map[string]*pflag.Flag{}
	for _, each := range commandsOf(cmd.Root()) {
		if err := wrongSetting(sources.Apply(each.Flags())); err != nil {
			return nil, err
		}
		each.Flags().VisitAll(func(flag *pflag.Flag) {
			if key := settings.Key(flag); key != "" && (byKey[key] == nil || each == cmd) {
				byKey[key] = flag
			}
		})
	}
	return slices.SortedFunc(maps.Values(byKey), func(one, other *pflag.Flag) int {
		a, b := settings.Key(one), settings.Key(other)
		return cmp.Or(cmp.Compare(strings.Count(a, "."), strings.Count(b, ".")), cmp.Compare(a, b))
	}), nil
}

// shownSetting returns the value of a setting, without the password of a URL.
func shownSetting(flag *pflag.Flag) string {
	value := flag.Value.String()
	if u, err := url.Parse(value); err == nil && u.User != nil {
		return u.Redacted()
	}
	return value
}
