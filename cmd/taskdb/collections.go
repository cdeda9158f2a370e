package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/taskdb"
)

func (p *program) collectionsCommand() *cobra.Command {
	var (
		store  storeFlags
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:     "collections",
		Short:   "Show the collections of a store, and drop them",
		Long:    "Collections shows the collections of a store, and how many records each has.",
		Example: "  taskdb collections\n  taskdb collections drop ipython-tasks.task_records --yes",
		Args:    cobra.NoArgs,
	}
	store.registerStore(cmd)
	output.register(cmd, formTable, listForms...)
	cmd.RunE = p.action(func(ctx context.Context, _ []string) error {
		form, err := output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		return store.read(ctx, p, func(db *taskdb.DB) error { return p.listCollections(ctx, db, form) })
	})
	cmd.AddCommand(p.collectionsDropCommand())
	return cmd
}

var collectionColumns = []column{
	{title: "collection", cell: textOf("collection"), whole: true},
	{title: "records", cell: textOf("records"), whole: true},
}

func (p *program) listCollections(ctx context.Context, db *taskdb.DB, form string) error {
	names, err := db.Collections(ctx)
	if err != nil {
		return err
	}
	out := p.printer(form, collectionColumns)
	for _, name := range names {
		n, err := db.In(name).Count(ctx, taskdb.Query{})
		if err != nil {
			return err
		}
		doc := bsoncore.NewDocumentBuilder().AppendString("collection", name).AppendInt64("records", n)
		if err := out.print(bson.Raw(doc.Build())); err != nil {
			return err
		}
	}
	return out.finish()
}

func (p *program) collectionsDropCommand() *cobra.Command {
	var (
		store storeFlags
		yes   bool
	)
	cmd := &cobra.Command{
		Use:     "drop NAME",
		Short:   "Remove a collection with all its records",
		Long:    "Drop removes a collection with all its records and indexes. It cannot be undone.",
		Example: "  taskdb collections drop ipython-tasks.task_records --yes",
		Args:    oneArgument,
	}
	store.registerStore(cmd)
	store.alwaysWrites(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "yes, remove the records")
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		if !yes {
			return usage("if you are sure: --yes", "this removes %s with all its records", args[0])
		}
		return store.change(ctx, p, func(db *taskdb.DB) error { return p.dropCollection(ctx, db, args[0]) })
	})
	return cmd
}

func (p *program) dropCollection(ctx context.Context, db *taskdb.DB, name string) error {
	names, err := db.Collections(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(names, name) {
		return &missing{"collection", name}
	}
	if err := db.In(name).DropCollection(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s: dropped\n", name)
	return err
}
