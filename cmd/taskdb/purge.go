package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

const purgeLong = `Purge removes the records that FILTER and all of the shortcuts select, for good.

By itself it removes nothing, and tells what would go. With --yes it removes them.
Every record has to be meant: --all.

If there are tasks among them that are not finished, they are named and nothing is
removed, unless --force says that those are to go too.

A removal that has begun is carried through. If it is interrupted it goes on while
the store is open for writing, by whichever command; run it again to wait for the end.`

const purgeExample = `  # what finished more than a week ago: how many, and then remove them
  taskdb purge '{completed: {$lt: "-7d"}}'
  taskdb purge '{completed: {$lt: "-7d"}}' --yes
  taskdb purge --finished --label 'fit-*' --yes
  taskdb purge --all --force --yes`

func (p *program) purgeCommand() *cobra.Command {
	var (
		store           storeFlags
		filter          filterFlags
		all, force, yes bool
	)
	cmd := &cobra.Command{
		Use:        "purge [FILTER]",
		Short:      "Remove the records that a filter selects, or tell what would go",
		Long:       purgeLong,
		Example:    purgeExample,
		Args:       oneFilter(0),
		SuggestFor: []string{"delete", "remove", "rm"},
	}
	store.register(cmd)
	filter.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&yes, "yes", false, "yes, remove the records")
	flags.BoolVar(&all, "all", false, "every record, if there is neither a FILTER nor a shortcut")
	flags.BoolVar(&force, "force", false, "tasks that are not finished, too")
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		selected, err := filter.selection(filterArg(args, 0), p.now)
		if err != nil {
			return err
		}
		if selected.filter.MatchesAll() && !all {
			return usage("say which, by a FILTER or a shortcut; or mean it: --all", "this selects every record")
		}
		use := store.read
		if yes {
			use = store.change
		}
		request := taskdb.Purge{Filter: selected.filter, All: all, Force: force, DryRun: !yes}
		return use(ctx, p, func(db *taskdb.DB) error {
			if err := p.pointOut(ctx, db, cmd, spelling.Paths(selected.asked)); err != nil {
				return err
			}
			return p.purge(ctx, db, cmd, request)
		})
	})
	return cmd
}

// purge removes records, or tells what would go.
func (p *program) purge(ctx context.Context, db *taskdb.DB, cmd *cobra.Command, request taskdb.Purge) error {
	purged, err := purgeStore(ctx, db, request)
	var kept *taskdb.UnfinishedError
	switch {
	case errors.As(err, &kept):
		return wrongPurge(kept)
	case errors.Is(err, taskdb.ErrUnderWay):
		return &hinted{err, "the removal goes on while the store is open for writing; run it again to wait for the end"}
	case err != nil:
		return err
	case request.DryRun:
		return p.tellPurge(cmd, purged, request.Force)
	}
	_, err = fmt.Fprintf(p.stdout, "%d removed, %d of them not finished\n", purged.Records, purged.Unfinished)
	return err
}

// purgeStore removes records. Of tasks of a hub the hub does, by its rules.
func purgeStore(ctx context.Context, db *taskdb.DB, request taskdb.Purge) (taskdb.Purged, error) {
	c, isBehind := clientOf(db)
	if isBehind {
		tasks, err := tasksOf(ctx, c)
		if err != nil {
			return taskdb.Purged{}, err
		}
		isBehind = tasks == db.Collection()
	}
	if !isBehind {
		return purgeOpen(ctx, db, request)
	}
	filter := request.Filter.(*query.Filter)
	purged, err := c.Purge(ctx, api.Purge{
		Choice: api.Choice{Filter: api.Expression{Text: filter.String()}, All: request.All},
		Force:  request.Force, DryRun: request.DryRun,
	})
	return taskdb.Purged{Records: purged.Removed, Unfinished: purged.Unfinished}, err
}

// purgeOpen removes records of a store that no hub has. Where tasks wait a hub in this
// process does it: it tells those that come after others how these ended.
func purgeOpen(ctx context.Context, db *taskdb.DB, request taskdb.Purge) (taskdb.Purged, error) {
	waiting, err := db.Count(ctx, taskdb.Query{Filter: `{completed: null, "hub.ready": false}`, Limit: 1})
	if err != nil {
		return taskdb.Purged{}, err
	}
	if waiting == 0 || request.DryRun {
		return db.Purge(ctx, request)
	}
	h, err := hub.Open(ctx, db, hub.Options{})
	if err != nil {
		return taskdb.Purged{}, err
	}
	purged, err := h.Purge(ctx, hub.Purge{Selection: hub.Selection{Filter: request.Filter, All: request.All}, Force: request.Force})
	return purged.Purged, err
}

// wrongPurge names the tasks that keep a purge from removing anything.
func wrongPurge(kept *taskdb.UnfinishedError) error {
	wrong := usage("nothing was removed; the finished ones only: --finished; those too: --force", "tasks that are not finished: %d", kept.Count)
	for _, id := range kept.MsgIDs {
		wrong.where = append(wrong.where, printable(id))
	}
	if int64(len(kept.MsgIDs)) < kept.Count {
		wrong.where = append(wrong.where, "…")
	}
	return wrong
}

// tellPurge tells what would go, and what it takes.
func (p *program) tellPurge(cmd *cobra.Command, purged taskdb.Purged, force bool) error {
	_, err := fmt.Fprintf(p.stdout, "%d would be removed, %d of them not finished\n", purged.Records, purged.Unfinished)
	switch {
	case err != nil || purged.Records == 0:
	case purged.Unfinished > 0 && !force:
		p.note(cmd.CommandPath(), "nothing was removed; to remove them: --yes --force; the finished ones only: --yes --finished")
	default:
		p.note(cmd.CommandPath(), "nothing was removed; to remove them: --yes")
	}
	return err
}
