package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

const addLong = `Add stores the records that are given as RECORD, or else stand on standard input:
all of them or none. If one cannot be stored, because a record with its msg_id is
there already, say, none is.

A RECORD is written as a filter is, in single quotes; strings in submitted,
started, completed and received are dates. Standard input is JSON lines or an
array, as import reads it, and kept as it is written.

With --each every record is stored by itself. What became of it is printed as a
line of JSON, in the order of the records; if one was not stored the exit code is 1.`

const addExample = `  taskdb add '{msg_id: "fit-1", label: "fit", submitted: "-0s"}'
  taskdb add --each < records.jsonl`

// maxAtomicBytes is how many bytes records may have that are stored all or none:
// they are in memory at once.
const maxAtomicBytes = 256 << 20

func (p *program) addCommand() *cobra.Command {
	var (
		store storeFlags
		each  bool
	)
	cmd := &cobra.Command{
		Use:     "add [RECORD...]",
		Short:   "Store records, all of them or none",
		Long:    addLong,
		Example: addExample,
	}
	store.register(cmd)
	store.alwaysWrites(cmd)
	cmd.Flags().BoolVar(&each, "each", false, "store each record by itself, and print what became of it")
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		records, err := p.recordsToAdd(ctx, args)
		if err != nil {
			return err
		}
		if each {
			return store.write(ctx, p, func(db *taskdb.DB) error { return p.addEach(ctx, db, records) })
		}
		docs, err := allOf(records)
		if err != nil {
			return noneAdded(err)
		}
		return store.write(ctx, p, func(db *taskdb.DB) error { return p.addAll(ctx, db, docs) })
	})
	return cmd
}

// recordsToAdd returns the records of the arguments, of which a wrong one is told
// at once, or else of standard input.
func (p *program) recordsToAdd(ctx context.Context, args []string) (iter.Seq2[importers.Record, error], error) {
	if len(args) == 0 {
		reader, err := p.readInput(ctx, false)
		if err != nil {
			return nil, err
		}
		return reader.Records(ctx), nil
	}
	var docs []bson.Raw
	for _, text := range args {
		doc, err := query.Document(text)
		if err != nil {
			return nil, wrongText("record", text, err)
		}
		if doc, err = datesIn("record", doc, p.now); err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return func(yield func(importers.Record, error) bool) {
		for _, doc := range docs {
			if !yield(importers.Record{Doc: doc}, nil) {
				return
			}
		}
	}, nil
}

// addAll stores all records or none.
func (p *program) addAll(ctx context.Context, db *taskdb.DB, docs []bson.Raw) error {
	err := db.AddRaw(ctx, docs...)
	var refused *query.Error
	if errors.Is(err, taskdb.ErrExists) || errors.Is(err, taskdb.ErrTooLarge) || errors.As(err, &refused) {
		return noneAdded(err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%d added\n", len(docs))
	return err
}

// noneAdded is for an error that is one record's.
func noneAdded(err error) error {
	return &hinted{err, "no record was added; --each adds those that can be"}
}

// allOf collects records, up to the bound.
func allOf(records iter.Seq2[importers.Record, error]) (docs []bson.Raw, err error) {
	size := 0
	for record, err := range records {
		if err != nil {
			return nil, err
		}
		if size += len(record.Doc); size > maxAtomicBytes {
			return nil, fmt.Errorf("more than %d MiB of records cannot be stored all or none", maxAtomicBytes>>20)
		}
		docs = append(docs, record.Doc)
	}
	return docs, nil
}

// addEach stores each record by itself, and prints what became of it.
func (p *program) addEach(ctx context.Context, db *taskdb.DB, records iter.Seq2[importers.Record, error]) error {
	out := newJSONPrinter(formLines, p.stdout)
	count, refused := 0, 0
	err := transfer.Add(ctx, db, records, func(r transfer.Result) error {
		count++
		if r.Err != nil {
			refused++
		}
		return out.print(additionOf(r, count))
	})
	if err == nil && refused > 0 {
		err = fmt.Errorf("records that were not added: %d", refused)
	}
	return errors.Join(err, out.finish())
}

// additionOf is what add prints of the n-th record, from 1.
func additionOf(r transfer.Result, n int) bson.Raw {
	doc := bsoncore.NewDocumentBuilder().AppendInt64("record", int64(n))
	if id, ok := r.Record.Doc.Lookup("msg_id").StringValueOK(); ok {
		doc.AppendString("msg_id", id)
	}
	doc.AppendBoolean("added", r.Err == nil)
	if r.Err != nil {
		doc.AppendString("error", r.Err.Error())
	}
	return bson.Raw(doc.Build())
}
