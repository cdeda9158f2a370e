package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/bsondump"
	"github.com/taskdb/taskdb/taskdb"
)

const exportLong = `Export writes the records that FILTER and all of the shortcuts select, without a
FILTER all, in one of these formats:

  jsonl  whole records, with _id and buffers, one a line in canonical extended JSON,
         which keeps all types. What import reads from it is the same to the byte:
         each line is read back before it is written. A record of which that is not
         true, such as one with keys that are extended JSON's own ($date, $oid), is
         written all the same, but named on standard error, and the exit code is 1
  bson   whole records as mongodump writes them, the same to the byte. With --out
         FILE.bson the indexes that were declared go to FILE.metadata.json, where
         mongorestore and copy look for them
  csv    the values of --keys, for other programs: a line of names, then a record a
         line. Dates are ISO 8601; documents, arrays and what else is no text or
         number are extended JSON; null and missing are nothing

With --out it writes a file. The file appears when it is complete, or not at all.`

const exportExample = `  taskdb export > tasks.jsonl
  taskdb export --out failed.jsonl --failed
  taskdb export --in tasks.db '{queue: "task"}' | gzip > tasks.jsonl.gz
  taskdb export --format bson --out tasks.bson
  taskdb export --format csv --keys msg_id,completed,header.username > tasks.csv`

func (p *program) exportCommand() *cobra.Command {
	var (
		source sourceFlags
		filter filterFlags
		format exportFlags
		target fileFlags
	)
	cmd := &cobra.Command{
		Use:     "export [FILTER]",
		Short:   "Write records as JSON lines, BSON or CSV, which import reads",
		Long:    exportLong,
		Example: exportExample,
		Args:    oneFilter(0),
	}
	source.register(cmd)
	filter.register(cmd)
	format.register(cmd)
	target.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		selected, err := filter.selection(filterArg(args, 0), p.now)
		if err != nil {
			return err
		}
		if err := errors.Join(format.check(), target.check()); err != nil {
			return err
		}
		if format.name == formatBSON {
			if target.path == "" && isTerminal(p.stdout) {
				return usage("write a file: --out FILE.bson", "BSON is nothing for a terminal")
			}
			if err := target.beside().check(); err != nil {
				return err
			}
		}
		q := taskdb.Query{Filter: selected.filter, Projection: format.projection()}
		return source.use(ctx, p, cmd, func(db *taskdb.DB) error {
			return p.export(ctx, db, q, &format, &target)
		})
	})
	return cmd
}

// export writes records to the target.
func (p *program) export(ctx context.Context, db *taskdb.DB, q taskdb.Query, format *exportFlags, target *fileFlags) error {
	e := exporter{notes: notes{p: p}, format: format}
	if err := target.write(p.stdout, func(w io.Writer) error { return e.export(ctx, db, q, w) }); err != nil {
		return err
	}
	e.notes.end()
	if target.path != "" {
		if format.name == formatBSON {
			if err := exportIndexes(ctx, db, target); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(p.stdout, "%s: %d exported\n", target.path, e.written); err != nil {
			return err
		}
	}
	if e.notes.count > 0 {
		return fmt.Errorf("records that import will not read as they are: %d", e.notes.count)
	}
	return nil
}

// exportIndexes writes the indexes that were declared beside the records; nothing if
// there are none.
func exportIndexes(ctx context.Context, db *taskdb.DB, target *fileFlags) error {
	indexes, err := db.Indexes(ctx)
	if err != nil {
		return err
	}
	beside := target.beside()
	if !slices.ContainsFunc(indexes, isDeclared) {
		// What an earlier export left belongs to other records.
		if err := os.Remove(beside.path); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := bsondump.Metadata(db.Collection(), indexes)
	if err != nil {
		return err
	}
	return beside.write(nil, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// beside is the file of the indexes beside one of records.
func (f *fileFlags) beside() *fileFlags {
	if f.path == "" {
		return f
	}
	return &fileFlags{bsondump.MetadataPath(f.path), f.force}
}

func isDeclared(index taskdb.IndexInfo) bool { return !index.Standard }

// exporter writes records and notes those that will not be read as they are.
type exporter struct {
	notes   notes
	format  *exportFlags
	written int
}

func (e *exporter) export(ctx context.Context, db *taskdb.DB, q taskdb.Query, w io.Writer) error {
	out := bufio.NewWriter(w)
	write, err := e.format.writer(ctx, out)
	if err != nil {
		return err
	}
	for doc, err := range db.FindRaw(ctx, q) {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		err := write(doc)
		var another *notReadBack
		if errors.As(err, &another) {
			e.notes.add("record %s: %v", printable(text(doc.Lookup("_id"))), err)
		} else if err != nil {
			return err
		}
		e.written++
	}
	return out.Flush()
}

// notReadBack says why a record that was written will not be read as it is.
type notReadBack struct{ error }

func (e *notReadBack) Unwrap() error { return e.error }

// wholeRecords is the projection that leaves nothing out.
var wholeRecords = bson.D{}
