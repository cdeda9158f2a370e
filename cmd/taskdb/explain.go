package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/taskdb"
)

const explainLong = `Explain carries out what find does with the same FILTER and flags, and shows how
instead of what:

  index              what was walked; there are several lines for an $or
  ranges             how many ranges of its keys were walked, and in which direction
  exact              whether the indexes alone decided; if not, FILTER was asked
                     about every record that was read
  sorted in memory   whether no index gave the order of --sort
  keys read          how many entries of indexes were read
  records read       how many records were read
  returned           how many records find shows

A query is fast if it reads few records beside those that it returns.`

func (p *program) explainCommand() *cobra.Command {
	var (
		source sourceFlags
		find   findFlags
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:     "explain [FILTER]",
		Short:   "Show how a store finds records: indexes, and how much is read",
		Long:    explainLong,
		Example: "  taskdb explain --running\n  taskdb explain --sort -completed --limit 50 '{queue: \"task\"}'",
		Args:    oneFilter(0),
	}
	source.register(cmd)
	find.register(cmd)
	output.register(cmd, formTable, listForms...)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		q, _, err := find.query(filterArg(args, 0), p.now)
		if err != nil {
			return err
		}
		form, err := output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		return source.use(ctx, p, cmd, func(db *taskdb.DB) error {
			explanation, err := db.Explain(ctx, q)
			if err != nil {
				return err
			}
			return p.printExplanation(explanation, form)
		})
	})
	return cmd
}

// explanationDocument is the explanation as JSON has it.
func explanationDocument(e *taskdb.Explanation) bson.Raw {
	scans := bsoncore.NewArrayBuilder()
	for _, scan := range e.Scans {
		doc := bsoncore.NewDocumentBuilder()
		if scan.Index != "" {
			doc.AppendString("index", scan.Index).AppendDocument("keys", bsoncore.Document(scan.KeyPattern))
		}
		doc.AppendInt64("ranges", int64(scan.Ranges)).AppendBoolean("reverse", scan.Reverse)
		scans.AppendDocument(doc.Build())
	}
	return bson.Raw(bsoncore.NewDocumentBuilder().
		AppendArray("scans", scans.Build()).
		AppendBoolean("exact", e.Exact).
		AppendBoolean("sortedInMemory", e.SortedInMemory).
		AppendInt64("keysExamined", e.KeysExamined).
		AppendInt64("recordsExamined", e.RecordsExamined).
		AppendInt64("returned", e.Returned).
		Build())
}

func (p *program) printExplanation(e *taskdb.Explanation, form string) error {
	doc := explanationDocument(e)
	if form != formTable {
		return printOne(newJSONPrinter(form, p.stdout), doc)
	}
	scans, _ := doc.Lookup("scans").Array().Values()
	walked := newTable(p.stdout, scanColumns)
	for _, scan := range scans {
		if err := walked.print(scan.Document()); err != nil {
			return err
		}
	}
	if err := walked.finish(); err != nil {
		return err
	}
	if len(scans) == 0 {
		fmt.Fprintln(p.stdout, "nothing is walked: no record can be what the filter asks for")
	}
	fmt.Fprintln(p.stdout)
	return printOne(newTable(p.stdout, costColumns), doc)
}

func printOne(out printer, v any) error {
	if err := out.print(v); err != nil {
		return err
	}
	return out.finish()
}

var (
	scanColumns = []column{
		{title: "index", cell: indexOf, whole: true},
		{title: "keys", cell: textOf("keys"), whole: true, optional: true},
		{title: "ranges", cell: textOf("ranges"), whole: true},
		{title: "direction", cell: directionOf, whole: true},
	}
	costColumns = []column{
		{title: "exact", cell: yesOrNo("exact"), whole: true},
		{title: "sorted in memory", cell: yesOrNo("sortedInMemory"), whole: true},
		{title: "keys read", cell: textOf("keysExamined"), whole: true},
		{title: "records read", cell: textOf("recordsExamined"), whole: true},
		{title: "returned", cell: textOf("returned"), whole: true},
	}
)

func indexOf(scan bson.Raw) string {
	if name, ok := scan.Lookup("index").StringValueOK(); ok {
		return name
	}
	return "none: all records"
}

func directionOf(scan bson.Raw) string {
	if scan.Lookup("reverse").Boolean() {
		return "backward"
	}
	return "forward"
}

func yesOrNo(key string) func(doc bson.Raw) string {
	return func(doc bson.Raw) string {
		if doc.Lookup(key).Boolean() {
			return "yes"
		}
		return "no"
	}
}
