package main

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

const distinctLong = `Distinct prints the distinct values that PATH has in the records that FILTER and
all of the shortcuts select: a value a line, as extended JSON, in BSON's order.
An array counts as its elements; a record without PATH adds nothing.`

const distinctExample = `  taskdb distinct engine_uuid
  taskdb distinct result_content.ename --failed`

var distinctForms = []string{formLines, formArray, formCanonical}

func (p *program) distinctCommand() *cobra.Command {
	var (
		source sourceFlags
		filter filterFlags
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:     "distinct PATH [FILTER]",
		Short:   "Print the distinct values of a path",
		Long:    distinctLong,
		Example: distinctExample,
		Args:    oneFilter(1),
	}
	source.register(cmd)
	filter.register(cmd)
	output.register(cmd, formLines, distinctForms...)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		path := args[0]
		if path == "" || strings.HasPrefix(path, "$") {
			return usage("want a key, or a path: queue, result_content.status", "wrong PATH: %q", path)
		}
		selected, err := filter.selection(filterArg(args, 1), p.now)
		if err != nil {
			return err
		}
		form, err := output.choose(p.stdout, formLines, distinctForms...)
		if err != nil {
			return err
		}
		return source.use(ctx, p, cmd, func(db *taskdb.DB) error {
			values, err := db.Distinct(ctx, path, selected.filter)
			if err != nil {
				return err
			}
			if err := p.printSorted(values, form); err != nil {
				return err
			}
			return p.pointOut(ctx, db, cmd, append(spelling.Paths(selected.asked), path))
		})
	})
	return cmd
}

func (p *program) printSorted(values []bson.RawValue, form string) error {
	slices.SortFunc(values, func(a, b bson.RawValue) int {
		return bytes.Compare(query.AppendKey(nil, a), query.AppendKey(nil, b))
	})
	out := newJSONPrinter(form, p.stdout)
	for _, v := range values {
		if err := out.print(v); err != nil {
			return err
		}
	}
	return out.finish()
}
