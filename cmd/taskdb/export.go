package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/jsonlines"
	"github.com/taskdb/taskdb/taskdb"
)

const exportLong = `Export writes the records that FILTER and all of the shortcuts select, without a
FILTER all: whole, with _id and buffers, a record a line in canonical extended
JSON, which keeps all types.

What import reads from it is the same to the byte: each line is read back before
it is written. A record of which that is not true, such as one with keys that are
extended JSON's own ($date, $oid), is written all the same, but named on standard
error, and the exit code is 1.

With --out it writes a file. The file appears when it is complete, or not at all.`

const exportExample = `  taskdb export > tasks.jsonl
  taskdb export --out failed.jsonl --failed
  taskdb export --in tasks.db '{queue: "task"}' | gzip > tasks.jsonl.gz`

func (p *program) exportCommand() *cobra.Command {
	var (
		source sourceFlags
		filter filterFlags
		target fileFlags
	)
	cmd := &cobra.Command{
		Use:     "export [FILTER]",
		Short:   "Write whole records as JSON lines, which import reads",
		Long:    exportLong,
		Example: exportExample,
		Args:    oneFilter(0),
	}
	source.register(cmd)
	filter.register(cmd)
	target.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		selected, err := filter.selection(filterArg(args, 0), p.now)
		if err != nil {
			return err
		}
		if err := target.check(); err != nil {
			return err
		}
		q := taskdb.Query{Filter: selected.filter, Projection: bson.D{}}
		return source.use(ctx, p, cmd, func(db *taskdb.DB) error { return p.export(ctx, db, q, &target) })
	})
	return cmd
}

// export writes whole records to the target.
func (p *program) export(ctx context.Context, db *taskdb.DB, q taskdb.Query, target *fileFlags) error {
	e := exporter{notes: notes{p: p}}
	if err := target.write(p.stdout, func(w io.Writer) error { return e.export(ctx, db, q, w) }); err != nil {
		return err
	}
	e.notes.end()
	if target.path != "" {
		if _, err := fmt.Fprintf(p.stdout, "%s: %d exported\n", target.path, e.written); err != nil {
			return err
		}
	}
	if e.notes.count > 0 {
		return fmt.Errorf("records that import will not read as they are: %d", e.notes.count)
	}
	return nil
}

// exporter writes records as canonical extended JSON and notes those that will not
// be read as they are.
type exporter struct {
	notes   notes
	written int
}

func (e *exporter) export(ctx context.Context, db *taskdb.DB, q taskdb.Query, w io.Writer) error {
	out := bufio.NewWriter(w)
	for doc, err := range db.FindRaw(ctx, q) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if err := e.write(ctx, out, doc); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (e *exporter) write(ctx context.Context, out *bufio.Writer, doc bson.Raw) error {
	line, err := extendedJSON(doc, true)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if err := readBack(ctx, line, doc); err != nil {
		e.notes.add("record %s: %v", printable(text(doc.Lookup("_id"))), err)
	}
	e.written++
	_, err = out.Write(line)
	return err
}

// readBack checks that an exported line is read as the document that it was.
func readBack(ctx context.Context, line []byte, doc bson.Raw) error {
	reader, err := jsonlines.NewReader("its line", bytes.NewReader(line))
	if err != nil {
		return err
	}
	for record, err := range reader.Records(ctx) {
		if err != nil {
			return err
		}
		if !bytes.Equal(record.Doc, doc) {
			return errors.New("extended JSON has another meaning for one of its values")
		}
	}
	return reader.Close()
}
