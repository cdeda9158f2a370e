// Package ipython reads the SQLite task database of IPython parallel
// (ipyparallel, before that IPython.parallel), usually called tasks.db.
//
// # Which tables
//
// One file may hold several task tables: one of each session up to IPython
// 1.x, and one of each start of the controller where SQLite is 3.37 or newer.
// Every table that has the columns of a task is read, whatever its name and
// whichever version of IPython made it, 0.11 to today: the columns it has are
// what counts. Columns that IPython does not know are kept too. Other tables
// are left alone; a file without any task table is [ErrNoTasks].
//
// # What a record looks like
//
// msg_id comes first, then the other columns in the order of the table, those
// that are NULL too. Keys keep the names of their version: the tables of 0.11
// to 2.x say pyin, pyout and pyerr where newer ones say execute_input,
// execute_result and error.
//
//   - A dict becomes a document with its keys in order: the columns declared
//     so, and error, execute_result, pyout and pyerr, which SQLite's table
//     declares as text and IPython's other two backends keep as documents. Text
//     in these four that is no JSON object stays text. Whole numbers become
//     int32 if they fit, else int64, else Decimal128 if they have at most 34
//     digits, else a string.
//   - A list of buffers becomes an array of binary. IPython pickles them; the
//     reader here can make nothing but byte strings out of a pickle, and runs
//     nothing that one may contain.
//   - A time becomes a date: in UTC, cut to the millisecond towards the past.
//     header.date, metadata.submitted, result_header.date and
//     result_metadata.started, .completed, .submitted and .date become dates
//     too, as they do in IPython's own reader. (That reader takes any text that
//     looks like a time for one; this one only these.) IPython before 6.0
//     wrote times without a zone: they are taken as UTC unless [Location] says
//     where the writer was. In its repeated hour of autumn, the choice between
//     the two is that of [time.Date].
//
// A value that cannot be read as what it should be is kept as it is, text as a
// string and everything else as binary, and the record carries a warning: one
// bad value spoils neither its record nor the others.
//
// # What it does to the file
//
// Nothing: it is opened for reading only, and no file appears beside it. It may
// stand in a directory that cannot be written to. A controller may go on
// writing to it: the file is read in batches, each one a consistent view, with
// no lock held in between.
//
// A controller that was killed may leave a -journal beside the file, and a
// program that set journal_mode=wal a -wal without its -shm. What the file says
// then holds only together with what stands beside it, and SQLite would have to
// write to bring them together. Both are copied into a directory for temporary
// files, brought together there and read from there; Close removes the copy. A
// -wal with its -shm, as a running writer has it, is read in its place.
//
// # Hostile files
//
// A file may come from anywhere: nothing in it is run, and a broken or hostile
// one gives errors or warnings. Memory is bounded by a batch (4 MiB) or the
// largest row, which may have [MaxRow] bytes.
package ipython

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/taskdb/taskdb/importers/source"
	"zombiezen.com/go/sqlite"
)

var (
	// ErrFormat is returned for a file that is not a SQLite database.
	ErrFormat = errors.New("not a SQLite database")
	// ErrNoTasks is returned for a SQLite database without a task table.
	ErrNoTasks = errors.New("no task table of IPython")
	// ErrRowTooBig is returned for a row of more than MaxRow bytes.
	ErrRowTooBig = errors.New("row too big")
)

// An Option says how a database is to be read.
type Option func(*Reader)

// Location says where the writer of a database was: a time without a zone is
// taken as that place's. Without this option it is taken as UTC.
func Location(loc *time.Location) Option {
	return func(r *Reader) { r.location = loc }
}

// A Reader reads the records of one database. It is a [source.Reader].
type Reader struct {
	path     string
	location *time.Location
	conn     *sqlite.Conn
	remove   func() error // the copy, if one was needed
	tables   []table
}

var _ source.Reader = (*Reader)(nil)

// Open opens the database at path and looks for its task tables.
//
// The errors are ErrFormat, ErrNoTasks, those of the file system and those of
// SQLite. A writer that holds its lock for longer than 10 seconds gives
// SQLite's "database is locked".
func Open(ctx context.Context, path string, opts ...Option) (*Reader, error) {
	r := &Reader{path: path, location: time.UTC}
	for _, opt := range opts {
		opt(r)
	}
	if err := r.open(ctx); err != nil {
		return nil, fmt.Errorf("open task database %s: %w", path, errors.Join(err, r.Close()))
	}
	return r, nil
}

func (r *Reader) open(ctx context.Context) (err error) {
	if r.conn, r.remove, err = connect(ctx, r.path); err != nil {
		return err
	}
	defer r.interruptWhen(ctx)()
	if r.tables, err = taskTables(r.conn); err != nil {
		return withCause(ctx, err)
	}
	if len(r.tables) == 0 {
		return ErrNoTasks
	}
	return nil
}

// Tables returns the names of the task tables, in the order in which they were
// made.
func (r *Reader) Tables() []string {
	names := make([]string, len(r.tables))
	for i, t := range r.tables {
		names[i] = t.name
	}
	return names
}

// Records returns the records of every task table, in the order of Tables and
// then of row ids, which is that of insertion. An error that stops the reading
// of a table is followed by the next table. Unlike that of other readers, the
// sequence can be ranged over again.
func (r *Reader) Records(ctx context.Context) iter.Seq2[source.Record, error] {
	return func(yield func(source.Record, error) bool) {
		for _, t := range r.tables {
			if !r.readTable(ctx, t, yield) {
				return
			}
		}
	}
}

// Close closes the database and removes what Open had to copy.
func (r *Reader) Close() error {
	var errs []error
	if r.conn != nil {
		errs = append(errs, r.conn.Close())
		r.conn = nil
	}
	if r.remove != nil {
		errs = append(errs, r.remove())
		r.remove = nil
	}
	return errors.Join(errs...)
}

// interruptWhen has ctx interrupt what the connection does until the returned
// function is called.
func (r *Reader) interruptWhen(ctx context.Context) (stop func()) {
	r.conn.SetInterrupt(ctx.Done())
	return func() { r.conn.SetInterrupt(nil) }
}

// withCause returns the reason why ctx is done, if it is, for SQLite's
// "interrupted".
func withCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
