package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

const getLong = `Get shows the records of tasks by their msg_id, in the order in which they are
asked for. Ids that no task has are named on standard error; the exit code is 3
then, and the others are shown all the same.

Buffers are shown if they are asked for: --keys buffers,result_buffers.`

const getExample = `  taskdb get 1f6f2cd9-c67037fb2e6d095d8dad4938_27085_1
  taskdb get --keys result_buffers --output canonical ID1 ID2`

func (p *program) getCommand() *cobra.Command {
	var (
		source sourceFlags
		keys   keysFlags
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:     "get ID...",
		Short:   "Show tasks by their ids",
		Long:    getLong,
		Example: getExample,
		Args:    someIDs,
	}
	source.register(cmd)
	keys.register(cmd)
	output.register(cmd, formArray, findForms...)
	cmd.RunE = p.action(func(ctx context.Context, ids []string) error {
		var q taskdb.Query
		if err := keys.apply(&q); err != nil {
			return err
		}
		form, err := output.choose(p.stdout, formArray, findForms...)
		if err != nil {
			return err
		}
		return source.use(ctx, p, cmd, func(db *taskdb.DB) error {
			missing, err := p.get(ctx, db, q, ids, form)
			if err == nil {
				err = p.pointOut(ctx, db, cmd, q.Keys)
			}
			return errors.Join(err, errors.Join(missing...))
		})
	})
	return cmd
}

func someIDs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("want: "+cmd.UseLine(), "no id was given")
	}
	return nil
}

// get writes the records with the given ids, and returns an error for each id that
// no record has.
func (p *program) get(ctx context.Context, db *taskdb.DB, q taskdb.Query, ids []string, form string) (missing []error, err error) {
	out := p.recordPrinter(form, &q)
	for _, id := range ids {
		q.Filter = bson.D{{Key: "msg_id", Value: id}}
		found, err := printAll(ctx, db, q, out)
		if err != nil {
			return missing, err
		}
		if found == 0 {
			missing = append(missing, absent(ctx, db, id))
		}
	}
	return missing, out.finish()
}

// absent is the error of a record that was not found: the store may know why.
func absent(ctx context.Context, db *taskdb.DB, id string) error {
	if _, err := db.GetRaw(ctx, id); err != nil {
		return err
	}
	return fmt.Errorf("get %q: %w", id, taskdb.ErrNotFound) // it was added since
}
