package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/csvrows"
	"github.com/taskdb/taskdb/importers/jsonlines"
)

// The formats of files.
const (
	formatJSON = "jsonl" // canonical extended JSON, a record a line
	formatBSON = "bson"
	formatCSV  = "csv"
)

// csvKeys are the columns of CSV if none are asked for: the life of a task.
const csvKeys = "msg_id,submitted,started,completed,client_uuid,engine_uuid,queue,label,result_content.status"

// exportFlags say how to write records.
type exportFlags struct {
	name    string
	keys    string
	columns []string // of CSV
}

func (f *exportFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "format", formatJSON, "write `FORMAT`: jsonl, bson or csv")
	cmd.Flags().StringVar(&f.keys, "keys", "", "write these `KEYS` or paths as the columns of CSV: a,b or [\"a\", \"b\"] (default "+csvKeys+")")
	err := cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{formatJSON, formatBSON, formatCSV}, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is the one above
	}
}

// check checks the flags.
func (f *exportFlags) check() (err error) {
	switch {
	case f.name != formatJSON && f.name != formatBSON && f.name != formatCSV:
		return usage("want one of: jsonl, bson, csv", "unknown --format %q", f.name)
	case f.name != formatCSV && f.keys != "":
		return usage("for some keys as JSON: taskdb find --keys", "--keys are the columns of --format csv; %s has whole records", f.name)
	case f.name != formatCSV:
		return nil
	}
	if f.keys == "" {
		f.keys = csvKeys
	}
	if f.columns, err = parseKeys(f.keys); err != nil {
		return err
	}
	if err := csvrows.CheckPaths(f.columns); err != nil {
		return usage("write them as msg_id,header.username", "wrong --keys: %v", err)
	}
	return nil
}

// projection is what must be read of the records: for CSV the keys in which the
// columns are.
func (f *exportFlags) projection() bson.D {
	if f.name != formatCSV {
		return wholeRecords
	}
	projection := bson.D{{Key: "_id", Value: false}}
	for _, column := range f.columns {
		key, _, _ := strings.Cut(column, ".")
		at := slices.IndexFunc(projection, func(e bson.E) bool { return e.Key == key })
		if at < 0 {
			projection = append(projection, bson.E{Key: key, Value: true})
		} else {
			projection[at].Value = true
		}
	}
	return projection
}

// writer returns the function that writes a record. A record that it wrote, but that
// will not be read as it is, is a *notReadBack.
func (f *exportFlags) writer(ctx context.Context, out io.Writer) (func(doc bson.Raw) error, error) {
	switch f.name {
	case formatCSV:
		rows, err := csvrows.NewWriter(out, f.columns)
		if err != nil {
			return nil, err
		}
		return rows.Write, nil
	case formatBSON:
		return func(doc bson.Raw) error {
			_, err := out.Write(doc)
			return err
		}, nil
	}
	return func(doc bson.Raw) error { return writeLine(ctx, out, doc) }, nil
}

// writeLine writes a record as a line of canonical extended JSON.
func writeLine(ctx context.Context, out io.Writer, doc bson.Raw) error {
	line, err := extendedJSON(doc, true)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err := out.Write(line); err != nil {
		return err
	}
	if err := readBack(ctx, line, doc); err != nil {
		return &notReadBack{err}
	}
	return nil
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
