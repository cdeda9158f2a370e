// Package importers reads the records that another program, or taskdb's own
// export, has left in a file, whichever of the known formats it is in:
//
//   - the SQLite database of IPython parallel, of any version: see
//     [github.com/taskdb/taskdb/importers/ipython];
//   - MongoDB Extended JSON, one document a line or an array of them, plain or
//     compressed with gzip, as mongoexport and taskdb export write it: see
//     [github.com/taskdb/taskdb/importers/jsonlines].
//
// The format is told by the content, not by the name.
package importers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

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
	r, err := jsonlines.NewReader(path, peeked{in, f})
	if errors.Is(err, jsonlines.ErrFormat) {
		err = fmt.Errorf("%s: %w: neither a SQLite database nor Extended JSON, "+
			"one document a line or an array of them, plain or gzip", path, ErrUnknownFormat)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("import: %w", err), f.Close())
	}
	return r, nil
}

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

// peeked is a file whose first bytes have been looked at.
type peeked struct {
	io.Reader
	io.Closer
}
