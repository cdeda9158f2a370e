package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/taskdb"
)

const countLong = `Count prints how many records FILTER and all of the shortcuts select, without a
FILTER all: the bare number. FILTER is written as for find.`

const countExample = `  taskdb count '{}'
  taskdb count --since 1h
  taskdb count '{queue: "task", stderr: {$ne: ""}}'`

func (p *program) countCommand() *cobra.Command {
	var (
		source sourceFlags
		filter filterFlags
	)
	cmd := &cobra.Command{
		Use:     "count [FILTER]",
		Short:   "Print how many records a filter selects",
		Long:    countLong,
		Example: countExample,
		Args:    oneFilter(0),
	}
	source.register(cmd)
	filter.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		selected, err := filter.selection(filterArg(args, 0), p.now)
		if err != nil {
			return err
		}
		return source.use(ctx, p, cmd, func(db *taskdb.DB) error {
			n, err := db.Count(ctx, taskdb.Query{Filter: selected.filter})
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintln(p.stdout, n); err != nil {
				return err
			}
			return p.pointOut(ctx, db, cmd, spelling.Paths(selected.asked))
		})
	})
	return cmd
}
