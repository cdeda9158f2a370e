package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/taskdb"
)

// pageFlags say which page of an answer to show.
type pageFlags struct {
	size  int64 // 0: no pages
	token string
}

func (f *pageFlags) register(cmd *cobra.Command) {
	cmd.Flags().Int64Var(&f.size, "page-size", 0, "show a page of `N` records, and tell how to go on")
	cmd.Flags().StringVar(&f.token, "page", "", "show the page that `TOKEN` stands for, not the first")
}

// apply bounds a query to a page.
func (f *pageFlags) apply(q *taskdb.Query) error {
	switch {
	case f.size < 0:
		return usage("want a number above 0", "wrong --page-size: %d", f.size)
	case f.size == 0 && f.token != "":
		return usage("repeat the command of the page before, and add --page", "--page goes with --page-size")
	case f.size > 0 && (q.Skip > 0 || q.Limit > 0):
		return usage("go on by --page", "--page-size excludes --skip and --limit")
	}
	if f.size > 0 {
		q.Limit = f.size
	}
	return nil
}

// showPage writes a page and tells how to go on.
func (p *program) showPage(ctx context.Context, db *taskdb.DB, cmd *cobra.Command, q taskdb.Query, token string, out printer) error {
	page, err := db.Page(ctx, q, token)
	if err != nil {
		return err
	}
	for _, doc := range page.Docs {
		if err := out.print(doc); err != nil {
			return err
		}
	}
	if err := out.finish(); err != nil {
		return err
	}
	if page.Next != "" {
		p.note(cmd.CommandPath(), "next page: --page %s", page.Next)
	}
	return nil
}
