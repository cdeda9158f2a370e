package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/taskdb"
)

const findLong = `Find shows the records that FILTER and all of the shortcuts select, without a
FILTER all. They come by the time at which they were submitted, then by msg_id.

Strings that FILTER compares with submitted, started, completed or received are
dates: "2026-11-22T10:00Z" with its zone, or "-2h", "-30m", "-7d" before now.

With --page-size the answer comes in pages: each but the last tells on standard
error the --page with which the same command shows the next. No record is left out
or shown twice, whatever is written meanwhile.

A key that no record has is pointed out, with the one that may have been meant.
The answer is MongoDB's all the same: a missing key is like null.`

const findExample = `  # the outstanding tasks
  taskdb find '{completed: null}'
  # what was submitted in the last hour and failed, the newest first
  taskdb find --failed --sort -submitted '{submitted: {$gt: "-1h"}}'
  # the tasks on two engines, only when they ran
  taskdb find --keys started,completed '{engine_uuid: {$in: ["e1", "e2"]}}'
  # the errors, by name
  taskdb find --failed --keys result_content.ename,result_content.evalue`

// forms of output that find has.
var findForms = []string{formTable, formLines, formArray, formCanonical}

func (p *program) findCommand() *cobra.Command {
	var (
		source sourceFlags
		find   findFlags
		page   pageFlags
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:     "find [FILTER]",
		Short:   "Show the records that a filter selects",
		Long:    findLong,
		Example: findExample,
		Args:    oneFilter(0),
	}
	source.register(cmd)
	find.register(cmd)
	page.register(cmd)
	output.register(cmd, formTable, findForms...)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		q, asked, err := find.query(filterArg(args, 0), p.now)
		if err != nil {
			return err
		}
		if err := page.apply(&q); err != nil {
			return err
		}
		form, err := output.choose(p.stdout, formTable, findForms...)
		if err != nil {
			return err
		}
		return source.use(ctx, p, cmd, func(db *taskdb.DB) error {
			shown := q
			out := p.recordPrinter(form, &shown)
			if err := p.show(ctx, db, cmd, shown, &page, out); err != nil {
				return err
			}
			return p.pointOut(ctx, db, cmd, slices.Concat(asked, q.Keys, find.window.paths(cmd)))
		})
	})
	return cmd
}

// findFlags say what find finds.
type findFlags struct {
	filter filterFlags
	keys   keysFlags
	window windowFlags
}

func (f *findFlags) register(cmd *cobra.Command) {
	f.filter.register(cmd)
	f.keys.register(cmd)
	f.window.register(cmd)
}

// query returns what the flags and the FILTER ask for, and the paths of the FILTER.
func (f *findFlags) query(text string, now time.Time) (q taskdb.Query, asked []string, err error) {
	selected, err := f.filter.selection(text, now)
	if err != nil {
		return q, nil, err
	}
	q.Filter = selected.filter
	err = errors.Join(f.keys.apply(&q), f.window.apply(&q))
	return q, spelling.Paths(selected.asked), err
}

// show writes the records that a query selects, or a page of them.
func (p *program) show(ctx context.Context, db *taskdb.DB, cmd *cobra.Command, q taskdb.Query, page *pageFlags, out printer) error {
	if page.size > 0 {
		return p.showPage(ctx, db, cmd, q, page.token, out)
	}
	if _, err := printAll(ctx, db, q, out); err != nil {
		return err
	}
	return out.finish()
}

// printAll writes the records that a query selects, and returns how many. Those
// before an error of the store are shown.
func printAll(ctx context.Context, db *taskdb.DB, q taskdb.Query, out printer) (n int, err error) {
	for doc, err := range db.FindRaw(ctx, q) {
		if err != nil {
			return n, errors.Join(err, out.finish())
		}
		if err := out.print(doc); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// recordPrinter returns the printer for the records of a query. A table that was
// not told what to show shows an overview.
func (p *program) recordPrinter(form string, q *taskdb.Query) printer {
	switch {
	case form != formTable:
		return newJSONPrinter(form, p.stdout)
	case q.Projection != nil:
		return newTable(p.stdout, nil)
	case len(q.Keys) > 0:
		return newTable(p.stdout, columnsOf(q.Keys))
	}
	q.Keys = overviewKeys
	return newTable(p.stdout, overview)
}
