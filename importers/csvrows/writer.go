package csvrows

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Writer writes records as rows. Lines end in a carriage return and a newline, as
// RFC 4180 has them. It does not buffer, but by the row.
type Writer struct {
	out   io.Writer
	paths []string
	rows  *csv.Writer // to row
	row   bytes.Buffer
}

// NewWriter writes to out, first the line that names the columns. It fails if the
// paths cannot be those of one document.
func NewWriter(out io.Writer, paths []string) (*Writer, error) {
	if len(paths) == 0 {
		return nil, fmt.Errorf("write CSV: there are no columns")
	}
	if err := CheckPaths(paths); err != nil {
		return nil, fmt.Errorf("write CSV: %w", err)
	}
	w := &Writer{out: out, paths: slices.Clone(paths)}
	w.rows = csv.NewWriter(&w.row)
	return w, w.write(paths)
}

// Write writes the values that a document has at the paths: keys within documents,
// and elements of arrays by their index.
func (w *Writer) Write(doc bson.Raw) error {
	values := make([]string, len(w.paths))
	for i, path := range w.paths {
		var err error
		if values[i], err = textOf(lookup(doc, path)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return w.write(values)
}

// write writes a line. The csv package would change the newlines in values, too, if
// it were told to end lines as RFC 4180 has it. And it writes a row of one column
// without a value as an empty line, which readers pass over.
func (w *Writer) write(values []string) error {
	w.row.Reset()
	if len(values) == 1 && values[0] == "" {
		w.row.WriteString(`""`)
	} else if err := w.rows.Write(values); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	w.rows.Flush()
	w.row.Truncate(len(bytes.TrimSuffix(w.row.Bytes(), []byte("\n"))))
	w.row.WriteString("\r\n")
	_, err := w.out.Write(w.row.Bytes())
	return err
}
