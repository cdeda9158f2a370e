package main

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/taskdb"
)

const statsLong = `Stats shows figures about a collection:

  records, bytes     how many records it has, and how large they are, with buffers
  culled             how many records its bounds have removed
  lost               how many tasks were aborted since nobody touched them
  states             how many records are in each state
  bounds             what is in force of the options of the store's URL
  file, free         how large the store's file is, with all of its collections, and
                     how much of it is free for what comes

What a store has no figure of is left out. The more records there are the longer it
takes, since the states are counted.`

func (p *program) statsCommand() *cobra.Command {
	var (
		source sourceFlags
		output outputFlags
	)
	cmd := &cobra.Command{
		Use:     "stats",
		Short:   "Show how many records there are, in which states, and how large",
		Long:    statsLong,
		Example: "  taskdb stats\n  taskdb stats -o json --collection mine.task_records",
		Args:    noArguments,
	}
	source.register(cmd)
	output.register(cmd, formTable, listForms...)
	cmd.RunE = p.action(func(ctx context.Context, _ []string) error {
		form, err := output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		return source.use(ctx, p, cmd, func(db *taskdb.DB) error {
			stats, err := db.Stats(ctx)
			if err != nil {
				return err
			}
			return p.printStats(statsDocument(db.Collection(), stats), form)
		})
	})
	return cmd
}

// states are in the order in which they are shown.
var states = []taskdb.State{
	taskdb.StateIncomplete, taskdb.StatePending, taskdb.StateRunning,
	taskdb.StateFinished, taskdb.StateOK, taskdb.StateFailed, taskdb.StateAborted,
}

// statsDocument is the figures as JSON has them.
func statsDocument(collection string, s taskdb.Stats) bson.Raw {
	counts := bsoncore.NewDocumentBuilder()
	for _, state := range states {
		counts.AppendInt64(string(state), s.States[state])
	}
	doc := bsoncore.NewDocumentBuilder().
		AppendString("collection", collection).
		AppendInt64("records", s.Records).
		AppendInt64("bytes", s.Bytes).
		AppendInt64("culled", s.Culled).
		AppendInt64("lost", s.Lost).
		AppendDocument("states", counts.Build())
	if b := s.Bounds; b.Records > 0 || b.Bytes > 0 || b.LostAfter > 0 {
		doc.AppendDocument("bounds", bsoncore.Document(boundsDocument(s.Bounds)))
	}
	if s.FileBytes > 0 {
		doc.AppendDocument("file", bsoncore.NewDocumentBuilder().
			AppendInt64("bytes", s.FileBytes).
			AppendInt64("free", s.FreeBytes).
			Build())
	}
	return bson.Raw(doc.Build())
}

// boundsDocument has the bounds that there are, by the names that they have in URLs.
func boundsDocument(b taskdb.Bounds) bson.Raw {
	doc := bsoncore.NewDocumentBuilder()
	if b.Records > 0 {
		doc.AppendInt64("max_records", b.Records)
	}
	if b.Bytes > 0 {
		doc.AppendInt64("max_bytes", b.Bytes)
	}
	if b.Records > 0 || b.Bytes > 0 {
		doc.AppendDouble("cull", b.Cull)
	}
	if b.LostAfter > 0 {
		doc.AppendString("lost_after", b.LostAfter.String())
	}
	return bson.Raw(doc.Build())
}

// printStats writes the figures, to a terminal as tables of one row.
func (p *program) printStats(doc bson.Raw, form string) error {
	if form != formTable {
		return printOne(newJSONPrinter(form, p.stdout), doc)
	}
	if err := printOne(newTable(p.stdout, statsColumns), doc); err != nil {
		return err
	}
	for _, part := range []struct {
		key     string
		columns []column
	}{{"states", stateColumns()}, {"bounds", boundColumns}, {"file", fileColumns}} {
		if row, ok := doc.Lookup(part.key).DocumentOK(); ok {
			fmt.Fprintln(p.stdout)
			if err := printOne(newTable(p.stdout, part.columns), row); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	statsColumns = []column{
		{title: "collection", cell: textOf("collection"), whole: true},
		{title: "records", cell: textOf("records"), whole: true},
		{title: "size", cell: sizeOf("bytes"), whole: true},
		{title: "culled", cell: textOf("culled"), whole: true},
		{title: "lost", cell: textOf("lost"), whole: true},
	}
	boundColumns = []column{
		{title: "max_records", cell: textOf("max_records"), whole: true, optional: true},
		{title: "max_bytes", cell: textOf("max_bytes"), whole: true, optional: true},
		{title: "cull", cell: textOf("cull"), whole: true, optional: true},
		{title: "lost_after", cell: textOf("lost_after"), whole: true, optional: true},
	}
	fileColumns = []column{
		{title: "file", cell: sizeOf("bytes"), whole: true},
		{title: "free", cell: sizeOf("free"), whole: true},
	}
)

func stateColumns() []column {
	columns := make([]column, len(states))
	for i, state := range states {
		columns[i] = column{title: string(state), cell: textOf(string(state)), whole: true}
	}
	return columns
}

// sizeOf returns the function that shows a number of bytes.
func sizeOf(key string) func(doc bson.Raw) string {
	return func(doc bson.Raw) string {
		n, ok := doc.Lookup(key).Int64OK()
		if !ok {
			return ""
		}
		return humanize.IBytes(uint64(n))
	}
}
