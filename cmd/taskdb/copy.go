package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

const copyLong = `Copy stores the records of FROM in TO, whole, with their buffers, in their order,
and then makes the indexes that were declared.

FROM is the URL of a store of any kind; or a file, as --in reads it; or a folder with
a dump of mongodump; or - for JSON or BSON on standard input. It is not changed. TO is
the URL of a store. All collections of FROM are copied, or those of --collection, and of
these all records, or those that FILTER and all of the shortcuts select.

A record that is there already, byte for byte, is counted. So copy can be interrupted,
and be run again to go on. Where TO has another record with the same _id or msg_id,
that stays, is named, and the exit code is 1; with --overwrite the one of FROM takes the
place of the other with its _id. What only TO has stays.

With --verify every record is read once more in the end, on both sides, and compared
byte for byte.`

const copyExample = `  taskdb copy sqlite:tasks.db mongodb://localhost/ --verify
  taskdb copy ~/.ipython/profile_default/security/tasks.db sqlite:tasks.db
  taskdb copy mongodb://localhost/ sqlite:failed.db --failed --since 7d
  taskdb copy dump/ sqlite:tasks.db`

// copyFlags say what to copy and how.
type copyFlags struct {
	collections       []string
	filter            filterFlags
	overwrite, verify bool
}

func (p *program) copyCommand() *cobra.Command {
	var flags copyFlags
	cmd := &cobra.Command{
		Use:     "copy FROM TO [FILTER]",
		Short:   "Copy records and indexes from one store to another",
		Long:    copyLong,
		Example: copyExample,
		Args:    oneFilter(2),
	}
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	registerCollections(cmd, &flags.collections)
	cmd.Flags().BoolVar(&flags.overwrite, "overwrite", false, "have records take the places of others with their _id")
	cmd.Flags().BoolVar(&flags.verify, "verify", false, "compare all records in the end, byte for byte")
	flags.filter.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		selected, err := flags.filter.selection(filterArg(args, 2), p.now)
		if err != nil {
			return err
		}
		return p.copy(ctx, args[0], args[1], selected.filter, &flags)
	})
	return cmd
}

// registerCollections adds the flag of commands that are about several collections.
func registerCollections(cmd *cobra.Command, names *[]string) {
	cmd.Flags().SortFlags = false
	cmd.Flags().StringArrayVar(names, "collection", nil,
		"only this collection, `DATABASE.NAME` (repeat it for several); of a file that has none: into this one (default "+taskdb.DefaultCollection+")")
}

func (p *program) copy(ctx context.Context, from, to string, filter *query.Filter, flags *copyFlags) error {
	target, err := locateTarget(to)
	if err != nil {
		return err
	}
	switch {
	case from == to:
		return usage("name another", "FROM and TO are the same")
	case from == "-" && flags.verify:
		return usage("leave --verify out", "standard input cannot be read twice, and --verify does")
	}
	collection, err := ofFile(flags.collections)
	if err != nil {
		return err
	}
	source, err := p.openOrigin(ctx, "FROM", from, collection)
	if err != nil {
		return err
	}
	names, err := source.collections(ctx)
	if err == nil {
		names, err = chosen(names, flags.collections)
	}
	if err == nil {
		err = target.write(ctx, p, func(db *taskdb.DB) error {
			c := copier{p: p, from: source, to: db, filter: filter, flags: flags}
			return c.copyAll(ctx, names)
		})
	}
	return errors.Join(err, source.close())
}

// ofFile returns the collection of a file's records: the one that was asked for.
func ofFile(asked []string) (string, error) {
	for _, name := range asked {
		if err := checkCollection("--collection", name); err != nil {
			return "", err
		}
	}
	if len(asked) == 0 {
		return taskdb.DefaultCollection, nil
	}
	return asked[0], nil
}

// locateTarget returns where to copy to.
func locateTarget(to string) (location, error) {
	if !isStoreURL(to) {
		return location{}, usage("write a file as sqlite:"+to, "TO is no URL of a store: %q", to)
	}
	return locate("TO", to)
}

// copier copies collections.
type copier struct {
	p      *program
	from   origin
	to     *taskdb.DB
	filter *query.Filter
	flags  *copyFlags

	left, different, unverified int // records
}

// copyAll copies collections, one after another. What keeps a record, or an index,
// from being copied is an error in the end, after all else was done.
func (c *copier) copyAll(ctx context.Context, names []string) error {
	if len(names) == 0 {
		c.p.note("taskdb", "FROM has no collections")
	}
	var indexErrs []error
	for _, name := range names {
		indexErr, err := c.copy(ctx, name)
		if err != nil {
			return err
		}
		indexErrs = append(indexErrs, indexErr)
		if c.flags.verify {
			if err := c.verify(ctx, name); err != nil {
				return err
			}
		}
	}
	return errors.Join(append(indexErrs, c.failures()...)...)
}

// failures says of which records TO does not have what FROM has.
func (c *copier) failures() (errs []error) {
	if c.different > 0 && c.flags.overwrite {
		errs = append(errs, fmt.Errorf("records whose msg_id another one has, and that were left out: %d", c.different))
	} else if c.different > 0 {
		err := fmt.Errorf("records in whose place are others, which were left: %d", c.different)
		errs = append(errs, &hinted{err, "those of FROM take their places with --overwrite"})
	}
	if c.left > 0 {
		errs = append(errs, fmt.Errorf("records that could not be read or stored, and are left out: %d", c.left))
	}
	if c.unverified > 0 {
		errs = append(errs, fmt.Errorf("records that are not in TO as they are in FROM: %d", c.unverified))
	}
	return errs
}

// copy copies a collection, and tells what became of it, whether or not it came to
// the end. Of the two errors the second ends all.
func (c *copier) copy(ctx context.Context, name string) (indexErr, err error) {
	existing := transfer.Keep
	if c.flags.overwrite {
		existing = transfer.Overwrite
	}
	to := c.to.In(name)
	t := c.tally(name)
	err = c.pass(ctx, "copying", t, func(records transfer.Records) error {
		return transfer.Copy(ctx, to, records, existing, t.countAll)
	})
	if t.nameless > 0 {
		c.p.note("taskdb", "%s: records with neither _id nor msg_id, which another copy would store again: %d", name, t.nameless)
	}
	var indexes int
	if err == nil {
		list, listErr := c.from.indexes(ctx, name)
		if listErr == nil {
			indexes, listErr = transfer.Indexes(ctx, to, list)
		}
		if indexErr = listErr; ctx.Err() != nil {
			indexErr, err = nil, listErr
		}
	}
	if ctx.Err() != nil {
		err = &hinted{err, "what is counted is stored; run it again to go on"}
	}
	c.left += t.fates[transfer.Refused]
	c.different += t.fates[transfer.Different]
	if err == nil || t.read > 0 {
		_, writeErr := fmt.Fprintf(c.p.stdout, "%s: %s\n", name, list(2,
			counted{t.fates[transfer.Added], "copied"},
			counted{t.there(), "there already"},
			counted{t.fates[transfer.Different], "of them different"},
			counted{t.fates[transfer.Replaced], "replaced"},
			counted{t.fates[transfer.Refused], "left out"},
			counted{indexes, plural(indexes, "index", "indexes")}))
		err = errors.Join(err, writeErr)
	}
	return indexErr, err
}

// verify compares a collection with what was copied of it.
func (c *copier) verify(ctx context.Context, name string) error {
	t := c.tally(name)
	err := c.pass(ctx, "comparing", t, func(records transfer.Records) error {
		return transfer.Verify(ctx, c.to.In(name), records, t.countAll)
	})
	c.unverified += t.read - t.fates[transfer.Same]
	if err == nil || t.read > 0 {
		_, writeErr := fmt.Fprintf(c.p.stdout, "%s: %s\n", name, list(1,
			counted{t.fates[transfer.Same], "verified"},
			counted{t.fates[transfer.Different], "different"},
			counted{t.fates[transfer.Missing], "missing"},
			counted{t.fates[transfer.Refused], "not read"}))
		err = errors.Join(err, writeErr)
	}
	return err
}

func (c *copier) tally(name string) *tally {
	_, isStore := c.from.(storeOrigin)
	return &tally{what: name, isFile: !isStore, notes: notes{p: c.p}}
}

// pass goes once through the records of a collection, and shows that it does.
func (c *copier) pass(ctx context.Context, doing string, t *tally, do func(transfer.Records) error) error {
	records := int64(unknown)
	if isTerminal(c.p.stderr) { // else nobody asks
		var err error
		if records, err = c.from.count(ctx, t.what, c.filter); err != nil {
			return err
		}
	}
	c.p.beginProgress(doing+" "+t.what, records)
	err := c.from.each(ctx, t.what, c.filter, do)
	c.p.endProgress()
	t.notes.end()
	return err
}

func plural(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}
