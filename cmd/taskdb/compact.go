package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/taskdb"
)

const compactLong = `Compact makes the store as small as it can be, all collections of it: what removed
records took is given back to the machine. It prints the sizes before and after.

It takes about as long as copying the store, and twice its space meanwhile. Others can
read the store until it is done. If it is interrupted the store is as it was.`

func (p *program) compactCommand() *cobra.Command {
	var store storeFlags
	cmd := &cobra.Command{
		Use:     "compact",
		Short:   "Give back to the machine what removed records took",
		Long:    compactLong,
		Example: "  taskdb purge '{completed: {$lt: \"-7d\"}}' --yes\n  taskdb compact",
		Args:    noArguments,
	}
	store.registerStore(cmd)
	store.alwaysWrites(cmd)
	cmd.RunE = p.action(func(ctx context.Context, _ []string) error {
		return store.change(ctx, p, func(db *taskdb.DB) error { return p.compact(ctx, db) })
	})
	return cmd
}

func (p *program) compact(ctx context.Context, db *taskdb.DB) error {
	done, err := db.Compact(ctx)
	if errors.Is(err, taskdb.ErrUnsupported) {
		return usage("a store in a file has: sqlite:FILE", "a store of this kind has nothing to compact")
	}
	if err != nil {
		return err
	}
	summary := humanize.IBytes(uint64(done.Before)) + " before, " + humanize.IBytes(uint64(done.After)) + " after"
	if done.After >= done.Before {
		summary += ": there was nothing to give back"
	}
	_, err = fmt.Fprintln(p.stdout, summary)
	return err
}
