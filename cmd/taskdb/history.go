package main

import (
	"bufio"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/taskdb"
)

const historyLong = `History prints the msg_id of every task, one a line, by the time at which it was
submitted. Tasks without such a time come last.`

func (p *program) historyCommand() *cobra.Command {
	var source sourceFlags
	cmd := &cobra.Command{
		Use:     "history",
		Short:   "Print the ids of all tasks, as they were submitted",
		Long:    historyLong,
		Example: "  taskdb history | tail -1",
		Args:    noArguments,
	}
	source.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, _ []string) error {
		return source.use(ctx, p, cmd, func(db *taskdb.DB) error {
			out := bufio.NewWriter(p.stdout)
			for id, err := range db.History(ctx) {
				if err != nil {
					return errors.Join(err, out.Flush())
				}
				out.WriteString(id) // Flush tells its error
				out.WriteByte('\n')
			}
			return out.Flush()
		})
	})
	return cmd
}
