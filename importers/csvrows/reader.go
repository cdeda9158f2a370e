package csvrows

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/importers/source"
)

// A Reader reads the rows of one file. It is a [source.Reader].
type Reader struct {
	name  string
	close func() error
	rows  *csv.Reader
	root  *node // nil if the file is empty
	width int   // columns
}

var _ source.Reader = (*Reader)(nil)

// NewReader reads from in, whose name is used in records and errors. It reads the
// first line at once, and fails if that cannot be one of paths. A file without any
// line has no records. Close closes in if it is an [io.Closer].
//
// The file may be compressed with gzip and may begin with a byte order mark. Lines
// may end in a newline alone. The end of a line within a value is read as a newline,
// however it is written.
func NewReader(name string, in io.Reader) (*Reader, error) {
	r := &Reader{name: name, close: source.CloserOf(in)}
	if err := r.begin(in); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return r, nil
}

// begin reads the first line.
func (r *Reader) begin(in io.Reader) error {
	text, err := source.Unzipped(in)
	if err != nil {
		return err
	}
	if mark, _ := text.Peek(3); string(mark) == "\xef\xbb\xbf" {
		text.Discard(3)
	}
	head, _ := text.Peek(source.HeadBytes) // an error is csv's to find
	if bytes.IndexByte(head, 0) >= 0 || len(head) > 0 && (head[0] == '{' || head[0] == '[') {
		return ErrFormat
	}
	r.rows = csv.NewReader(text)
	paths, err := r.rows.Read()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return err
	}
	if err := CheckPaths(paths); err != nil {
		return fmt.Errorf("the first line names the columns: %w", err)
	}
	r.rows.ReuseRecord = true
	r.width = len(paths)
	r.root = treeOf(paths)
	return nil
}

// Records returns the records of the file; a record's Row is the line on which it
// begins. After a row that is wrong it goes on with the next; a file that cannot be
// read any further ends it.
//
// A context that is done is noticed between rows.
func (r *Reader) Records(ctx context.Context) iter.Seq2[source.Record, error] {
	return func(yield func(source.Record, error) bool) {
		for r.root != nil {
			record := source.Record{Source: r.name}
			if ctx.Err() != nil {
				yield(record, context.Cause(ctx))
				return
			}
			row, err := r.rows.Read()
			if err == io.EOF {
				return
			}
			var wrong *csv.ParseError
			switch {
			case err == nil:
				line, _ := r.rows.FieldPos(0)
				record.Row = int64(line)
				record.Doc, err = r.document(row)
			case errors.As(err, &wrong):
				record.Row = int64(wrong.StartLine)
				err = wrong.Err
				if err == csv.ErrFieldCount {
					err = fmt.Errorf("the row has %d values, and there are %d columns", len(row), r.width)
				}
			default:
				yield(record, fmt.Errorf("%s: %w", r.name, err))
				return
			}
			if err != nil {
				err = fmt.Errorf("%s:%d: %w", r.name, record.Row, err)
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// document returns the record of a row.
func (r *Reader) document(row []string) (bson.Raw, error) {
	for _, value := range row {
		if !utf8.ValidString(value) {
			return nil, errors.New("a value is not UTF-8")
		}
	}
	start, doc := bsoncore.AppendDocumentStart(nil)
	doc, _ = r.root.append(doc, row)
	doc, err := bsoncore.AppendDocumentEnd(doc, start)
	return bson.Raw(doc), err
}

// Close closes the file.
func (r *Reader) Close() error { return r.close() }

// node is a column, or a document with columns in it.
type node struct {
	key      string
	column   int // of the row, if it is a column
	isText   bool
	children []*node // if it is a document
}

// treeOf returns the document that paths make, in their order.
func treeOf(paths []string) *node {
	root := new(node)
	for column, path := range paths {
		at := root
		for part := range strings.SplitSeq(path, ".") {
			at = at.child(part)
		}
		at.column, at.isText = column, isTextKey(path)
	}
	return root
}

func (n *node) child(key string) *node {
	for _, c := range n.children {
		if c.key == key {
			return c
		}
	}
	c := &node{key: key}
	n.children = append(n.children, c)
	return c
}

// append appends what a row has of a document. It tells whether there was anything.
func (n *node) append(dst []byte, row []string) (_ []byte, any bool) {
	for _, c := range n.children {
		if c.children == nil {
			if value := row[c.column]; value != "" {
				dst = bsoncore.AppendValueElement(dst, c.key, valueOf(value, c.isText))
				any = true
			}
			continue
		}
		before := len(dst)
		at, doc := bsoncore.AppendDocumentElementStart(dst, c.key)
		doc, some := c.append(doc, row)
		if !some {
			dst = dst[:before]
			continue
		}
		any = true
		dst, _ = bsoncore.AppendDocumentEnd(doc, at) // it has begun
	}
	return dst, any
}
