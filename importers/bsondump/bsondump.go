// Package bsondump reads records from a BSON dump: documents one after another, as
// mongodump, bsondump and taskdb export write them. The file may be compressed with
// gzip.
//
// Beside the file X.bson, mongodump puts X.metadata.json, which has the indexes of
// the collection: see [ReadIndexes]. A folder of a dump has a folder for each
// database, and in it a file for each collection: see [Collections].
package bsondump

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/source"
	"github.com/taskdb/taskdb/query"
)

// MaxDocument is how many bytes a document may have. Only one is held in memory at
// a time.
const MaxDocument = 1 << 30

// ErrFormat is returned for a file that does not begin with a BSON document.
var ErrFormat = errors.New("not BSON: no document at the beginning")

// Every document begins with its length and ends in NUL.
const (
	lengthBytes = 4
	minDocument = lengthBytes + 1
)

// IsBSON tells, by its first bytes, whether a file is BSON. It needs those
// of the first key: source.HeadBytes will do.
//
// The length of a document could be text, but a name ends in NUL, which no text has.
func IsBSON(head []byte) bool {
	if len(head) < minDocument {
		return false
	}
	length := binary.LittleEndian.Uint32(head)
	kind := head[lengthBytes]
	if length == minDocument {
		return kind == 0
	}
	isKind := kind >= byte(bson.TypeDouble) && kind <= byte(bson.TypeDecimal128) || kind == byte(bson.TypeMinKey) || kind == byte(bson.TypeMaxKey)
	return length > minDocument && length <= MaxDocument && isKind && bytes.IndexByte(head[minDocument:], 0) >= 0
}

// A Reader reads the documents of one file. It is a [source.Reader].
type Reader struct {
	name  string
	close func() error
	in    *bufio.Reader
	count int64 // the documents so far
	done  bool
}

var _ source.Reader = (*Reader)(nil)

// NewReader reads from in, whose name is used in records and errors. It looks at the
// first bytes at once, and returns ErrFormat if they are no BSON; a file without any
// byte has no documents. Close closes in if it is an [io.Closer].
func NewReader(name string, in io.Reader) (*Reader, error) {
	r := &Reader{name: name, close: source.CloserOf(in)}
	if err := r.begin(in); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return r, nil
}

// begin looks at the first bytes.
func (r *Reader) begin(in io.Reader) (err error) {
	if r.in, err = source.Unzipped(in); err != nil {
		return err
	}
	head, err := r.in.Peek(source.HeadBytes)
	switch {
	case err != nil && err != io.EOF:
		return err
	case len(head) > 0 && !IsBSON(head):
		return ErrFormat
	}
	return nil
}

// Records returns the documents of the file; a record's Row is the number of the
// document, from 1. After a document that is broken it goes on with the next. One
// whose length cannot be right, or that the file ends in, ends it.
func (r *Reader) Records(ctx context.Context) iter.Seq2[source.Record, error] {
	return func(yield func(source.Record, error) bool) {
		for !r.done {
			record := source.Record{Source: r.name, Row: r.count + 1}
			if ctx.Err() != nil {
				yield(record, context.Cause(ctx))
				return
			}
			doc, err := r.next()
			if err == io.EOF {
				return
			}
			r.count++
			if err == nil {
				err = query.Validate(doc)
			}
			if err != nil {
				err = fmt.Errorf("%s: document %d: %w", r.name, record.Row, err)
			} else {
				record.Doc = doc
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// next returns the next document, which may be broken within. The error is io.EOF if
// there is none; after another there is none.
func (r *Reader) next() (doc bson.Raw, err error) {
	defer func() { r.done = err != nil }()
	var length [lengthBytes]byte
	switch _, err := io.ReadFull(r.in, length[:]); err {
	case nil:
	case io.ErrUnexpectedEOF:
		return nil, errEnd
	default:
		return nil, err
	}
	size := binary.LittleEndian.Uint32(length[:])
	if size < minDocument || size > MaxDocument {
		return nil, fmt.Errorf("its length is said to be %d bytes; a document has %d to %d", size, minDocument, MaxDocument)
	}
	// A length may be wrong: memory is taken for what is there.
	buffer := bytes.NewBuffer(make([]byte, 0, min(size, 1<<20)))
	buffer.Write(length[:])
	switch _, err := io.CopyN(buffer, r.in, int64(size)-lengthBytes); err {
	case nil:
		return buffer.Bytes(), nil
	case io.EOF:
		return nil, errEnd
	default:
		return nil, err
	}
}

var errEnd = errors.New("the file ends before the document does")

// Close closes the file.
func (r *Reader) Close() error { return r.close() }
