package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/taskdb"
)

const indexesLong = `Indexes shows the indexes of a collection: name, keys with their directions, and

  standard   every collection of its kind has it; it cannot be dropped
  unique     no two records have a key in common
  multikey   a record has several keys in it, since a value is an array
  partial    the filter of the records that it has`

func (p *program) indexesCommand() *cobra.Command {
	var (
		store  storeFlags
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:     "indexes",
		Short:   "Show, add and drop indexes",
		Long:    indexesLong,
		Example: "  taskdb indexes\n  taskdb indexes add 'header.username,-submitted'\n  taskdb indexes drop header.username_1_submitted_-1",
		Args:    cobra.NoArgs,
	}
	store.register(cmd)
	output.register(cmd, formTable, listForms...)
	cmd.RunE = p.action(func(ctx context.Context, _ []string) error {
		form, err := output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		return store.read(ctx, p, func(db *taskdb.DB) error {
			indexes, err := db.Indexes(ctx)
			if err != nil {
				return err
			}
			out := p.printer(form, indexColumns)
			for _, index := range indexes {
				if err := out.print(indexDocument(index)); err != nil {
					return err
				}
			}
			return out.finish()
		})
	})
	cmd.AddCommand(p.indexesAddCommand(), p.indexesDropCommand())
	return cmd
}

var indexColumns = []column{
	{title: "name", cell: textOf("name"), whole: true},
	{title: "keys", cell: textOf("keys"), whole: true},
	{title: "kind", cell: kindOfIndex},
	{title: "partial", cell: textOf("partial"), optional: true},
}

// kindOfIndex lists what an index is.
func kindOfIndex(doc bson.Raw) string {
	var kinds []string
	for _, kind := range []string{"standard", "unique", "multikey"} {
		if doc.Lookup(kind).Boolean() {
			kinds = append(kinds, kind)
		}
	}
	return strings.Join(kinds, ", ")
}

func indexDocument(index taskdb.IndexInfo) bson.Raw {
	doc := bsoncore.NewDocumentBuilder().
		AppendString("name", index.Name).
		AppendDocument("keys", bsoncore.Document(index.Keys)).
		AppendBoolean("standard", index.Standard).
		AppendBoolean("unique", index.Unique).
		AppendBoolean("multikey", index.Multikey)
	if index.Partial != nil {
		doc.AppendDocument("partial", bsoncore.Document(index.Partial))
	}
	return bson.Raw(doc.Build())
}

const indexesAddLong = `Add makes an index on KEYS: paths with commas, a minus for descending, or a document
of paths and directions, and prints its name. It returns when the index has all
records. One that is there already is left as it is.`

const indexesAddExample = `  taskdb indexes add 'header.username,-submitted'
  taskdb indexes add --unique --partial '{label: {$type: "string"}}' label
  taskdb indexes add --name by_queue '{queue: 1, completed: -1}'`

func (p *program) indexesAddCommand() *cobra.Command {
	var (
		store   storeFlags
		index   taskdb.Index
		partial string
	)
	cmd := &cobra.Command{
		Use:     "add KEYS",
		Short:   "Make an index",
		Long:    indexesAddLong,
		Example: indexesAddExample,
		Args:    oneArgument,
	}
	store.register(cmd)
	store.alwaysWrites(cmd)
	cmd.Flags().BoolVar(&index.Unique, "unique", false, "refuse records that have a key in common with another")
	cmd.Flags().StringVar(&index.Name, "name", "", "call it `NAME` (default made of the keys, as MongoDB does)")
	cmd.Flags().StringVar(&partial, "partial", "", "only for records that `FILTER` selects")
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		keys, err := parseSort("index", args[0])
		if err != nil {
			return err
		}
		index.Keys = keys.Source()
		if partial != "" {
			if index.Partial, err = parseFilter(partial, p.now); err != nil {
				return err
			}
		}
		return store.write(ctx, p, func(db *taskdb.DB) error {
			name, err := db.CreateIndex(ctx, index)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.stdout, name)
			return err
		})
	})
	return cmd
}

func (p *program) indexesDropCommand() *cobra.Command {
	var store storeFlags
	cmd := &cobra.Command{
		Use:     "drop NAME",
		Short:   "Remove an index",
		Example: "  taskdb indexes drop header.username_1_submitted_-1",
		Args:    oneArgument,
	}
	store.register(cmd)
	store.alwaysWrites(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		return store.change(ctx, p, func(db *taskdb.DB) error {
			err := db.DropIndex(ctx, args[0])
			if errors.Is(err, taskdb.ErrNotFound) {
				return &missing{"index", args[0]}
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "%s: dropped\n", args[0])
			return err
		})
	})
	return cmd
}

// noArguments checks that there is none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("want: "+cmd.UseLine(), "no argument is wanted, and there is %q", args[0])
	}
	return nil
}

// oneArgument checks that there is one, not more or less.
func oneArgument(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("want: "+cmd.UseLine(), "one argument is wanted, not %d", len(args))
	}
	return nil
}
