// Package importers reads the records that another program, or taskdb's own
// export, has left in a file, whichever of the known formats it is in:
//
//   - the SQLite database of IPython parallel, of any version: see
//     [github.com/taskdb/taskdb/importers/ipython];
//   - MongoDB Extended JSON, one document a line or an array of them, as mongoexport
//     and taskdb export write it: see
//     [github.com/taskdb/taskdb/importers/jsonlines];
//   - BSON, as mongodump and taskdb export write it: see
//     [github.com/taskdb/taskdb/importers/bsondump];
//   - CSV: see [github.com/taskdb/taskdb/importers/csvrows].
//
// All but the first may be compressed with gzip. The format is told by the content,
// not by the name; but what begins like nothing else is CSV only if its name ends in
// .csv, or .csv.gz.
package importers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/taskdb/taskdb/importers/bsondump"
	"github.com/taskdb/taskdb/importers/csvrows"
	"github.com/taskdb/taskdb/importers/ipython"
	"github.com/taskdb/taskdb/importers/jsonlines"
	"github.com/taskdb/taskdb/importers/source"
)

type (
	// Record is one record of a file.
	Record = source.Record
	// Reader reads the records of one file.
	Reader = source.Reader
)

// ErrUnknownFormat is returned for a file in none of the known formats.
var ErrUnknownFormat = errors.New("unknown format")

// sqliteHeader begins every SQLite database but an empty one.
const sqliteHeader = "SQLite format 3\x00"

// Open opens the file at path in the format that its first bytes tell. The
// options are for a database of IPython; other formats leave nothing open.
//
// A file in no known format is ErrUnknownFormat, one that is empty has no
// records. A pipe can be read too, if it is not a database.
func Open(ctx context.Context, path string, opts ...ipython.Option) (Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	in := bufio.NewReader(f)
	head, err := in.Peek(len(sqliteHeader))
	if err != nil && err != io.EOF {
		return nil, errors.Join(fmt.Errorf("import: %w", err), f.Close())
	}
	if string(head) == sqliteHeader {
		return openDatabase(ctx, f, opts)
	}
	r, err := NewReader(path, peeked{in, f})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("import: %w", err), f.Close())
	}
	return r, nil
}

// peeked is a file whose first bytes have been looked at.
type peeked struct {
	io.Reader
	io.Closer
}

// OpenCSV opens the file at path as CSV, whatever it is called.
func OpenCSV(path string) (Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	r, err := csvrows.NewReader(path, f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("import: %w", err), f.Close())
	}
	return r, nil // it closes the file
}

// NewReader reads from in, in the format that its first bytes and its name tell: as
// Open does, but for databases. Close closes in if it is an [io.Closer].
func NewReader(name string, in io.Reader) (Reader, error) {
	plain, err := source.Unzipped(in)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	head, err := plain.Peek(source.HeadBytes)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	r, err := newReader(name, plain, head)
	if err != nil {
		return nil, err
	}
	if c, ok := in.(io.Closer); ok {
		return closing{r, c}, nil
	}
	return r, nil
}

func newReader(name string, in io.Reader, head []byte) (Reader, error) {
	if bsondump.IsBSON(head) {
		return bsondump.NewReader(name, in)
	}
	r, err := jsonlines.NewReader(name, in)
	switch {
	case !errors.Is(err, jsonlines.ErrFormat):
		return r, err
	// What was passed over, a byte order mark and blanks, CSV has no use for either.
	case strings.HasSuffix(strings.TrimSuffix(strings.ToLower(name), ".gz"), ".csv"):
		return csvrows.NewReader(name, in)
	}
	return nil, fmt.Errorf("%s: %w: neither a SQLite database, nor Extended JSON, "+
		"one document a line or an array of them, nor a BSON dump, nor CSV by its name", name, ErrUnknownFormat)
}

// closing closes what it reads from too.
type closing struct {
	Reader
	in io.Closer
}

func (c closing) Close() error { return errors.Join(c.Reader.Close(), c.in.Close()) }

// openDatabase opens the file anew, as SQLite must.
func openDatabase(ctx context.Context, f *os.File, opts []ipython.Option) (Reader, error) {
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	r, err := ipython.Open(ctx, f.Name(), opts...)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	return r, nil
}
