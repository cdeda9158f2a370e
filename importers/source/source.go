// Package source says what every importer hands out: the records of a file
// that some other program, or taskdb's own export, has written, one by one and
// as BSON.
package source

import (
	"context"
	"fmt"
	"io"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Record is one task as a file holds it.
type Record struct {
	// Doc is the record's BSON document. It belongs to the caller.
	Doc bson.Raw
	// Source names where the record stood: the table of a database, the name
	// of any other file.
	Source string
	// Row is the record's place in Source, for messages: the row id in a
	// table, the line (from 1) on which the record begins in a text file.
	Row int64
	// Warnings tells what could not be read as what it should be, or only
	// nearly. Such a value is in Doc all the same.
	Warnings []Warning
}

// A Warning tells of one key of a record whose value is not what it should be.
type Warning struct {
	// Key is the key, or the path, within the record.
	Key string
	// Err says what is wrong with its value, and what Doc has instead.
	Err error
}

// Error returns the key and what is wrong with it.
func (w Warning) Error() string { return fmt.Sprintf("%s: %v", w.Key, w.Err) }

// Unwrap returns w.Err.
func (w Warning) Unwrap() error { return w.Err }

// A Reader reads the records of one file. It is not safe for concurrent use.
type Reader interface {
	// Records returns every record in the order of the file, reading as the
	// caller asks for them; it can be ranged over once.
	//
	// An error does not end the sequence as long as what follows it can still
	// be read: a caller that wants all or nothing stops at the first. The
	// Record beside an error has no Doc, but says where. A context that is
	// done ends the sequence with its error.
	Records(ctx context.Context) iter.Seq2[Record, error]

	// Close releases the file. Records must not be called or continued after.
	Close() error
}

// CloserOf returns what closes in: nothing, if it is no [io.Closer].
func CloserOf(in io.Reader) func() error {
	if c, ok := in.(io.Closer); ok {
		return c.Close
	}
	return func() error { return nil }
}
