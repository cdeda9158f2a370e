package ipython

import (
	"context"
	"fmt"
	"math"

	"github.com/taskdb/taskdb/importers/source"
	"zombiezen.com/go/sqlite"
)

const (
	// batchBytes ends a batch that has as many bytes.
	batchBytes = 4 << 20
	// MaxRow is how many bytes the values of one row may have together.
	MaxRow = 1 << 30
)

// A result is what Records yields for one row.
type result struct {
	record source.Record
	err    error
}

// readTable yields the records of t and reports whether to go on to the next
// table.
func (r *Reader) readTable(ctx context.Context, t table, yield func(source.Record, error) bool) bool {
	next := int64(math.MinInt64)
	for {
		results, err := r.readBatch(ctx, t, next)
		for _, row := range results {
			if !yield(row.record, row.err) {
				return false
			}
			next = row.record.Row + 1
		}
		if err != nil {
			err = fmt.Errorf("read %s: table %q: %w", r.path, t.name, err)
			return yield(source.Record{Source: t.name}, err) && ctx.Err() == nil
		}
		if len(results) == 0 || next == math.MinInt64 { // none left, or none possible
			return true
		}
	}
}

// readBatch returns the next rows of t, the first with the row id from or the
// one after it. Rows that were read before an error are returned with it.
func (r *Reader) readBatch(ctx context.Context, t table, from int64) (results []result, err error) {
	defer func() {
		if err != nil {
			err = withCause(ctx, err)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer r.interruptWhen(ctx)()
	stmt, err := r.conn.Prepare(t.query)
	if err != nil {
		return nil, err
	}
	defer stmt.Reset() // gives the lock back
	stmt.BindInt64(1, from)
	for size := 0; size < batchBytes; {
		if found, err := stmt.Step(); err != nil || !found {
			return results, err
		}
		// A sound table has its rows in order. In one that has not, the same
		// rows could be found for ever.
		row := stmt.ColumnInt64(0)
		if last := len(results) - 1; row < from || last >= 0 && row <= results[last].record.Row {
			return results, fmt.Errorf("row %d is out of order: the file is damaged", row)
		}
		record, err := r.record(stmt, t, row)
		results = append(results, result{record, err})
		size += len(record.Doc)
	}
	return results, nil
}

// record returns the record of the row on which stmt stands.
func (r *Reader) record(stmt *sqlite.Stmt, t table, row int64) (source.Record, error) {
	record := source.Record{Source: t.name, Row: row}
	size := rowSize(stmt)
	if size > MaxRow {
		return record, fmt.Errorf("read %s: table %q: row %d: %d bytes, at most %d can be read: %w",
			r.path, t.name, row, size, MaxRow, ErrRowTooBig)
	}
	d := newDoc(r.location, size)
	for i, c := range t.columns {
		d.add(c, stmt, i+1)
	}
	var err error
	record.Doc, record.Warnings, err = d.finish()
	if err != nil {
		return record, fmt.Errorf("read %s: table %q: row %d: %w", r.path, t.name, row, err)
	}
	return record, nil
}

// rowSize returns the bytes of the texts and blobs of a row. It leaves numbers
// alone: to ask for the length of one makes SQLite turn it into text.
func rowSize(stmt *sqlite.Stmt) int {
	size := 0
	for i := range stmt.ColumnCount() {
		switch stmt.ColumnType(i) {
		case sqlite.TypeText, sqlite.TypeBlob:
			size += stmt.ColumnLen(i)
		}
	}
	return size
}
