package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/taskdb"
)

const dropLong = `Drop removes the records of tasks for good, by their msg_id, whatever their state,
and prints how many it removed. Ids that no task has are named on standard error;
the exit code is 3 then, and the others are removed all the same.

To remove what a filter selects: taskdb purge.`

const dropExample = `  taskdb drop 1f6f2cd9-c67037fb2e6d095d8dad4938_27085_1
  taskdb drop fit-1 fit-2`

func (p *program) dropCommand() *cobra.Command {
	var store storeFlags
	cmd := &cobra.Command{
		Use:        "drop ID...",
		Short:      "Remove the records of tasks by their ids",
		Long:       dropLong,
		Example:    dropExample,
		Args:       someIDs,
		SuggestFor: []string{"delete", "remove", "rm"},
	}
	store.register(cmd)
	store.alwaysWrites(cmd)
	cmd.RunE = p.action(func(ctx context.Context, ids []string) error {
		return store.change(ctx, p, func(db *taskdb.DB) error {
			dropped, err := drop(ctx, db, ids)
			_, writeErr := fmt.Fprintf(p.stdout, "%d dropped\n", dropped)
			return errors.Join(err, writeErr)
		})
	})
	return cmd
}

// drop removes the records with the given ids. Those that are missing are an error
// in the end, any other error ends it.
func drop(ctx context.Context, db *taskdb.DB, ids []string) (dropped int, err error) {
	var missing []error
	for _, id := range ids {
		switch err := db.DropRecord(ctx, id); {
		case errors.Is(err, taskdb.ErrNotFound):
			missing = append(missing, err)
		case err != nil:
			return dropped, err
		default:
			dropped++
		}
	}
	return dropped, errors.Join(missing...)
}
