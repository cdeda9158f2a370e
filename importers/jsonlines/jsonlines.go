// Package jsonlines reads records from text: one MongoDB Extended JSON (v2)
// document a line, as mongoexport and taskdb export write it, or one array of
// such documents, as mongoexport --jsonArray does. Either may be compressed
// with gzip and may begin with a byte order mark.
//
// Both forms of Extended JSON are read, canonical and relaxed. Numbers without
// a type are int32 if they fit, else int64, else double; with a fraction or an
// exponent, double. Relaxed text says no more: a double that happens to be
// whole is told from an integer by its fraction (1.0) only, and a whole number
// beyond 64 bits becomes the nearest double. An object whose keys are those of
// a type ({"$date": …}) is that type; {"$regex": …, "$options": …}, the query
// operator, stays a document, as in MongoDB.
//
// What would lose something is refused, with its place: text that is not
// UTF-8, an escaped lone surrogate, a key that stands twice in one object,
// something after the document on its line. So are documents nested more than
// 200 deep and those of more than [MaxDocument] bytes of text.
package jsonlines

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/taskdb/taskdb/importers/source"
)

// MaxDocument is how many bytes of text a document may have, the end of its line
// included. Only one is held in memory at a time.
const MaxDocument = 64 << 20

var (
	// ErrFormat is returned for a file that begins with neither { nor [.
	ErrFormat = errors.New("not JSON: neither { nor [ at the beginning")
	// ErrTooLong is returned for a document of more than MaxDocument bytes.
	ErrTooLong = fmt.Errorf("more than %d bytes of text", MaxDocument)
)

// A LineError says where a file is wrong, and how.
type LineError struct {
	// Name is the file's.
	Name string
	// Line counts from 1. If the place within a document is not known, it is
	// the line on which the document begins.
	Line int64
	// Column counts bytes from 1; 0 is not known.
	Column int
	// Err is the reason.
	Err error
}

// Error returns file, line, column if it is known, and reason.
func (e *LineError) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.Name, e.Line, e.Column, e.Err)
}

// Unwrap returns e.Err.
func (e *LineError) Unwrap() error { return e.Err }

// A Reader reads the documents of one text. It is a [source.Reader].
type Reader struct {
	name  string
	close func() error
	in    *bufio.Reader
	split func() (text []byte, line int64, err error) // the next document
	text  []byte                                      // of the document at work
	line  int64                                       // the next one to be read, from 1
	items int                                         // of an array, so far
	max   int                                         // MaxDocument
	done  bool
}

var _ source.Reader = (*Reader)(nil)

// Open opens the file at path.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open JSON lines: %w", err)
	}
	r, err := NewReader(path, f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// NewReader reads from in, whose name is used in records and errors. It looks
// at the first bytes at once, and returns ErrFormat if they are no JSON; text
// without any document, white space only, is none of its errors. Close closes
// in if it is an [io.Closer].
func NewReader(name string, in io.Reader) (*Reader, error) {
	r := &Reader{
		name:  name,
		close: source.CloserOf(in),
		line:  1,
		max:   MaxDocument,
	}
	r.split = r.nextLine
	if err := r.begin(in); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return r, nil
}

// begin reads what stands before the first document.
func (r *Reader) begin(in io.Reader) (err error) {
	if r.in, err = source.Unzipped(in); err != nil {
		return err
	}
	if mark, _ := r.in.Peek(3); string(mark) == "\xef\xbb\xbf" {
		r.in.Discard(3)
	}
	switch c, err := r.peek(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	case c == '[':
		r.in.Discard(1)
		r.split = r.nextItem
		return nil
	case c == '{':
		return nil
	}
	return ErrFormat
}

// peek skips white space and returns the byte that follows, which stays unread.
func (r *Reader) peek() (byte, error) {
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			return 0, err
		}
		switch c {
		case '\n':
			r.line++
		case ' ', '\t', '\r':
		default:
			return c, r.in.UnreadByte()
		}
	}
}

// Records returns the documents of the text. After a document that is wrong it
// goes on with the next; a file that cannot be read any further, or an array
// whose items cannot be told from each other, ends it.
//
// A context that is done is noticed between documents: a read from a pipe that
// nobody writes to waits.
func (r *Reader) Records(ctx context.Context) iter.Seq2[source.Record, error] {
	return func(yield func(source.Record, error) bool) {
		for !r.done {
			if ctx.Err() != nil {
				yield(source.Record{Source: r.name, Row: r.line}, context.Cause(ctx))
				return
			}
			record, err := r.next()
			if err == io.EOF || !yield(record, err) {
				return
			}
		}
	}
}

// next returns the next record. The error is io.EOF if there is none.
func (r *Reader) next() (source.Record, error) {
	text, line, err := r.split()
	if err == io.EOF {
		return source.Record{}, err
	}
	record := source.Record{Source: r.name, Row: line}
	if err != nil {
		return record, &LineError{Name: r.name, Line: line, Err: err}
	}
	doc, err := parse(text)
	if err != nil {
		return record, r.located(err, text, line)
	}
	record.Doc = doc
	return record, nil
}

// located returns err with its place in the file. The text with the mistake
// begins on the given line.
func (r *Reader) located(err error, text []byte, line int64) error {
	var at *placeError
	if !errors.As(err, &at) {
		return &LineError{Name: r.name, Line: line, Err: err}
	}
	before := text[:at.offset]
	return &LineError{
		Name:   r.name,
		Line:   line + int64(bytes.Count(before, []byte("\n"))),
		Column: at.offset - bytes.LastIndexByte(before, '\n'),
		Err:    at.err,
	}
}

// Close closes the file.
func (r *Reader) Close() error { return r.close() }
