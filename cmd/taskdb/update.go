package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

const updateLong = `Update changes the records that FILTER and all of the shortcuts select, as UPDATE
says: a document of MongoDB's update operators, or a pipeline.

  $set $unset $rename $setOnInsert      keys
  $inc $mul $min $max $bit              numbers and dates
  $currentDate                          the time now
  $push $addToSet $pop $pull $pullAll   arrays

A pipeline is a list of the stages $set, $unset, $project and $replaceWith, and makes
the record's values of one another: [{$set: {label: {$toUpper: "$queue"}}}].

FILTER may be left out if there is a shortcut; {} is every record. To change more
than one record takes --yes. With --one only the first is changed, in the order of
--sort. --dry-run changes nothing, and tells what would be.

Strings that UPDATE gives to submitted, started, completed or received are dates,
as in FILTER: "-0s" is now. In a pipeline "$started" is the value of that key.

It prints how many records were selected, and how many are different now. Each is
changed whole or not at all; if UPDATE does not suit one, those before it stay
changed, and are counted.`

const updateExample = `  taskdb update '{msg_id: "fit-1"}' '{$set: {label: "fit"}, $inc: {retries: 1}}'
  # what it would do, and then do it: give up tasks of a lost engine
  taskdb update --running --engine e1 '{$set: {completed: "-0s", result_content: {status: "aborted"}}}' --dry-run
  taskdb update --running --engine e1 '{$set: {completed: "-0s", result_content: {status: "aborted"}}}' --yes
  # the oldest that waits
  taskdb update --one '{engine_uuid: null, completed: null}' '{$set: {engine_uuid: "e2"}}'
  # from values of the record
  taskdb update --finished '[{$set: {took: {$subtract: ["$completed", "$submitted"]}}}]' --yes
  # elements of arrays
  taskdb update '{msg_id: "fit-1"}' '{$set: {"runs.$[r].ok": true}}' --array-filter '{"r.engine": "e1"}'`

func (p *program) updateCommand() *cobra.Command {
	var (
		store  storeFlags
		filter filterFlags
		update updateFlags
	)
	cmd := &cobra.Command{
		Use:     "update [FILTER] UPDATE",
		Short:   "Change the records that a filter selects",
		Long:    updateLong,
		Example: updateExample,
		Args:    filterAndUpdate,
	}
	store.register(cmd)
	filter.register(cmd)
	update.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		before, last := filterArg(args[:len(args)-1], 0), args[len(args)-1]
		selected, err := filter.selection(before, p.now)
		if err != nil {
			return err
		}
		if before == "" && selected.filter.MatchesAll() {
			return usage(updateHint, "FILTER and UPDATE are wanted, or UPDATE and a shortcut such as --failed")
		}
		change, err := update.change(cmd, selected.filter, last, p.now)
		if err != nil {
			return err
		}
		use := store.change
		switch {
		case update.dryRun:
			use = store.read
		case update.upsert:
			use = store.write
		}
		return use(ctx, p, func(db *taskdb.DB) error {
			if err := p.pointOut(ctx, db, cmd, spelling.Paths(selected.asked)); err != nil {
				return err
			}
			if err := p.pointOutNew(ctx, db, cmd, change.paths()); err != nil {
				return err
			}
			if update.dryRun {
				return p.tryUpdate(ctx, db, change)
			}
			return p.update(ctx, db, change, update.yes)
		})
	})
	return cmd
}

const updateHint = `as: taskdb update '{msg_id: "fit-1"}' '{$set: {label: "fit"}}'; the FILTER of every record is '{}'`

// filterAndUpdate checks that there is an UPDATE, after a FILTER or none.
func filterAndUpdate(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usage(updateHint, "arguments are missing")
	case len(args) > 2:
		return usage("put each in single quotes, "+updateHint, "one FILTER and one UPDATE are wanted, not %d words", len(args))
	}
	return nil
}

// update changes records. Unless the user is sure, it changes no more than one.
func (p *program) update(ctx context.Context, db *taskdb.DB, c *updating, sure bool) error {
	many := !c.one
	if many && !sure {
		n, err := db.Count(ctx, taskdb.Query{Filter: c.filter})
		if err != nil {
			return err
		}
		if n > 1 {
			return usage("if you are sure: --yes; what it would do: --dry-run; the first of them only: --one", "this changes %d records", n)
		}
		many = false
	}
	outcome, err := db.Update(ctx, taskdb.Update{Filter: c.filter, Update: c.update, Sort: c.sort, Many: many, Upsert: c.upsert})
	if err != nil {
		err = notSuited(err)
	}
	if err != nil && ctx.Err() != nil && outcome.Matched > 0 {
		err = &hinted{err, "what is counted stays changed"}
	}
	if err == nil || outcome.Matched > 0 {
		_, writeErr := fmt.Fprintln(p.stdout, summaryOf(outcome))
		err = errors.Join(err, writeErr)
	}
	return err
}

// notSuited explains that an update, which is right in itself, does not suit a
// record.
func notSuited(err error) error {
	var refused *query.Error
	if !errors.As(err, &refused) {
		return err
	}
	err = fmt.Errorf("UPDATE does not suit a record: %s (MongoDB's error %d, %s)", refused.Message, refused.Code, refused.CodeName())
	if refused.Code == query.CodePathNotViable {
		return &hinted{err, "nothing can be set below null or a plain value: set the document whole, {$set: {a: {b: …}}}"}
	}
	return err
}

func summaryOf(o taskdb.Outcome) string {
	s := fmt.Sprintf("%d matched, %d changed", o.Matched, o.Modified)
	if o.UpsertedID.Type != 0 {
		s += ", 1 added: " + printable(text(o.UpsertedID))
	}
	return s
}
